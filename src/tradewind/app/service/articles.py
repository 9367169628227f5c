"""The task that reads the news: what the archive knows at the start, then every feed from time to time."""

from __future__ import annotations

from tradewind.app.news_articles import FeedResult, Library, fetched, readers_of
from tradewind.app.service.life import Life
from tradewind.app.service.supervisor import Beat, Work
from tradewind.errors import Retryable, TradewindError
from tradewind.model.timeframe import DAY, HOUR, MINUTE

GLANCE = MINUTE


def articles(life: Life) -> Work | None:
    """Tells the engine of articles; None where no feed is configured and nothing in the run asks for any.

    An article counts from the moment its reading was told, or from its own time where that lies ahead. A feed that
    fails is said, and keeps no other from being read. What other processes add to the archive is taken within a minute.
    """
    run, config, clock = life.run, life.config, life.clock
    if not config.sentiment.feeds and not run.plan.asks_for("articles"):
        return None
    refresh = round(config.sentiment.refresh_hours * HOUR)
    instruments = [one.instrument for one in run.plan.symbols]

    async def work(beat: Beat) -> None:
        library = Library(config)
        readers = readers_of(config, life.transport, clock)
        now = run.session.clock.now()
        run.hear(library.told(now, now - DAY, now + DAY, instruments))
        due = clock.monotonic()
        while True:
            beat()
            try:
                if readers and clock.monotonic() >= due:
                    due = clock.monotonic() + refresh
                    events, results = await fetched(library, readers, run.session.clock)
                    _said(life, results)
                    run.hear(events)
                run.hear(library.refreshed())
            except TradewindError as error:  # the archive: nothing more is told until it can be read again
                life.service.attempted(error, "news articles")
            await clock.sleep_until(clock.monotonic() + GLANCE)

    return work


def _said(life: Life, results: tuple[FeedResult, ...]) -> None:
    for one in results:
        fault = Retryable(one.fault, where=one.source) if one.fault else None
        life.service.attempted(fault, f"news feed of {one.source}")
