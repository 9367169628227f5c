"""Whether the service is well: its tasks, its feeds, its providers, its disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tradewind.adapters.host_resources import disk_free
from tradewind.adapters.market.circuit_breaker import BreakerStatus
from tradewind.app.live_sources import notes_of
from tradewind.app.service.life import Life
from tradewind.app.service.supervision import unwell

LEAST_DISK: Final = 200_000_000


def breakers(life: Life) -> dict[str, BreakerStatus]:
    """The circuit breaker of every provider, by name."""
    return {one.name: one.breaker for note in notes_of(life.sources) for one in note.providers}


def stale_line(symbol: str) -> str:
    """What is wrong while nothing is decided on a symbol because its prices do not move."""
    return f"the feed of {symbol} is stale"


def examined(life: Life, now: int) -> tuple[str, ...]:
    """Everything that is wrong, a line each, in words that stay the same while it lasts; empty while all is well."""
    return tuple(_faults(life))


def _faults(life: Life) -> Iterator[str]:
    for task in unwell(life.service.tasks()):
        yield f"task {task.name} {'gives no sign of life' if task.stale else 'is not running'}"
    for symbol, state in sorted(life.service.feeds.items()):
        if state == "stale":
            yield stale_line(symbol)
        elif state == "disconnected":
            yield f"the feed of {symbol} is disconnected"
    for name, breaker in sorted(breakers(life).items()):
        if breaker.state != "closed":
            yield f"{name} is left alone after failures in a row"
    free = disk_free(life.service.database.parent)
    if 0 < free < LEAST_DISK:
        yield f"less than {LEAST_DISK // 1_000_000} MB are left on the disk of the store"
