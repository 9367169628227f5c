"""The task that lets another model serve without a restart; it verifies before a swap counts."""

from __future__ import annotations

from tradewind.app.service.life import Life
from tradewind.app.service.supervisor import Beat, Work
from tradewind.model.timeframe import SECOND

GLANCE = 5 * SECOND
"""How often the files that name champions and challengers are looked at."""


def models(life: Life) -> Work | None:
    """Swaps models as the shelf says; None where the run has no seats.

    A model that is not what was promoted, or that does not fit, is told once and the one before it serves on.
    """
    run, service, clock = life.run, life.service, life.clock
    if run.serving is None:
        return None

    async def work(beat: Beat) -> None:
        while True:
            beat()
            for one in run.serve(run.session.clock.now()):
                service.attempted(one.error, f"model {one.version or '?'}")
                seat = f"{one.seat.symbol} {one.seat.timeframe} {one.place}"
                what = "nobody speaks there" if one.gone else "not served, the one that was loaded goes on"
                service.alarm("model_refused", seat, None, None, f"{what}: {one.text}")
            await clock.sleep_until(clock.monotonic() + GLANCE)

    return work
