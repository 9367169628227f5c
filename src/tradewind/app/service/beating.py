"""The task that shows that the service lives, and carries logged errors into the store."""

from __future__ import annotations

from tradewind.app.service.life import Life
from tradewind.app.service.note import BEAT_EVERY
from tradewind.app.service.supervisor import Beat, Work


def beating(life: Life) -> Work:
    """Every five seconds: a sign of life to systemd and to the file beside the store, errors into ``error_log``."""
    service, clock = life.service, life.clock

    async def work(beat: Beat) -> None:
        while True:
            beat()
            service.errors.drain(life.run.store.log_error)
            service.beat()
            await clock.sleep_until(clock.monotonic() + BEAT_EVERY)

    return work
