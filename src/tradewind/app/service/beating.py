"""The task that shows that the service lives, and carries logged errors into the store."""

from __future__ import annotations

from typing import Final

from tradewind.adapters.store.heartbeats import Figures
from tradewind.app.service.life import Life
from tradewind.app.service.service import Service
from tradewind.app.service.supervision import unwell
from tradewind.app.service.supervisor import Beat, Work
from tradewind.app.service_note import BEAT_EVERY
from tradewind.model.timeframe import MINUTE

ROW_EVERY: Final = MINUTE


def figures(service: Service) -> Figures:
    """The counters a heartbeat carries."""
    used = service.used()
    return Figures(
        operations=service.operations + service.traffic.requests,
        failed=service.failed,
        errors=service.errors.total,
        restarts=service.supervision.restarts,
        rss=used.rss,
        cpu_s=used.cpu_s,
    )


def finish(life: Life, why: str) -> None:
    """The last beat of a life: ``stopped`` or ``failed``; errors that are still owed are written."""
    life.service.errors.drain(life.run.store.log_error)
    if life.book is not None:
        life.book.beat(life.clock.now(), figures(life.service), healthy=True)
        life.book.end(why)


def beating(life: Life) -> Work:
    """Every five seconds: a sign of life to systemd and to the file beside the store, errors into ``error_log``."""
    service, clock = life.service, life.clock

    async def work(beat: Beat) -> None:
        row_at = 0
        while True:
            beat()
            service.errors.drain(life.run.store.log_error)
            service.beat()
            if (now := clock.monotonic()) >= row_at:
                row_at = now + ROW_EVERY
                if life.book is not None:
                    life.book.beat(clock.now(), figures(service), healthy=not unwell(service.tasks()))
            await clock.sleep_until(clock.monotonic() + BEAT_EVERY)

    return work
