"""The task that keeps the economic calendar: what is known at the start, then the feed from time to time."""

from __future__ import annotations

from tradewind.app.news_calendar import doubts, fetched, newest
from tradewind.app.service.life import Life
from tradewind.app.service.supervisor import Beat, Work
from tradewind.errors import TradewindError
from tradewind.model.timeframe import HOUR, MINUTE

RETRY = 15 * MINUTE
"""How soon a feed that did not answer is asked again."""
GLANCE = MINUTE


def calendar(life: Life) -> Work | None:
    """Tells the engine what is due; None where no veto of the run asks for it.

    A feed that fails is said once, asked again soon, and changes nothing: what was known before counts until it is too
    old, then rules block as well. A calendar that was imported meanwhile is taken without a restart.
    """
    run, config, clock = life.run, life.config, life.clock
    if not run.plan.asks_for("calendar"):
        return None
    refresh = round(config.filters.news.refresh_hours * HOUR)

    async def ask() -> int:
        """How long to wait before the feed is asked again."""
        try:
            found = await fetched(config, life.transport, clock)
        except TradewindError as error:
            life.service.attempted(error, "economic calendar")
            return min(refresh, RETRY)
        life.service.attempted(None, "economic calendar")
        for line in doubts(found):
            life.service.say(f"WARNING: {line}")
        return refresh

    async def work(beat: Beat) -> None:
        due = clock.monotonic()
        while True:
            beat()
            if config.filters.news.url and clock.monotonic() >= due:
                due = clock.monotonic() + await ask()
            run.inform(newest(config, run.session.clock.now()))
            await clock.sleep_until(clock.monotonic() + GLANCE)

    return work
