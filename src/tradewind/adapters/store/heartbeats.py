"""When the service was alive: a row for every hour of a life, lengthened with every beat.

So the table grows by some 9,000 rows a year, however often the service beats. ``operations``, ``failed`` and ``errors``
are those of the row's own span; ``cpu_s`` is the processor time it used, ``rss`` the most memory it was seen with.
``ended`` is why no beat followed: ``stopped`` where somebody asked for it, ``failed`` where the service said so, empty
where it said nothing.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tradewind.adapters.store.database import Writer
from tradewind.adapters.store.schema import utc_text
from tradewind.model.timeframe import HOUR, SECOND

GAP: Final = 150 * SECOND
"""A longer silence is an outage, also where the process lived on: it was frozen, or the machine asleep."""
_INSERT: Final = (
    "INSERT INTO heartbeats (timestamp, ts, first_ts, fencing, beats, operations, failed, errors, restarts, rss, cpu_s,"
    " pid, healthy, ended) VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, '') RETURNING id"
)
_LENGTHEN: Final = (
    "UPDATE heartbeats SET timestamp = ?, ts = ?, beats = beats + 1, operations = ?, failed = ?, errors = ?,"
    " restarts = ?, rss = ?, cpu_s = ? WHERE id = ?"
)


class Figures(msgspec.Struct, frozen=True):
    """Counters of the process since it began; ``rss`` is of now."""

    operations: int = 0
    failed: int = 0
    errors: int = 0
    restarts: int = 0
    rss: int = 0
    cpu_s: float = 0.0


class HeartbeatBook:
    """Writes the beats of one life of the service."""

    def __init__(self, writer: Writer, pid: int) -> None:
        self._writer = writer
        self._pid = pid
        self._row: int | None = None
        self._first = self._last = 0
        self._healthy = True
        self._peak = 0
        self._before = self._latest = Figures()

    def beat(self, ts: int, figures: Figures, *, healthy: bool) -> None:
        """The service is alive at ``ts``; durable on return. A clock that was set back begins a new row."""
        goes_on = (
            self._row is not None
            and self._healthy is healthy
            and self._last <= ts <= self._last + GAP
            and ts // HOUR == self._first // HOUR
        )
        if not goes_on:
            self._begin(ts, figures, healthy=healthy)
            return
        self._peak = max(self._peak, figures.rss)
        row = (utc_text(ts), ts, *self._counted(figures), self._row)
        with self._writer.transaction() as cursor:
            cursor.execute(_LENGTHEN, row)
        self._last, self._latest = ts, figures

    def _begin(self, ts: int, figures: Figures, *, healthy: bool) -> None:
        contiguous = self._row is not None and self._last <= ts <= self._last + GAP
        first = self._last if contiguous else ts
        self._first, self._last, self._healthy, self._peak = ts, ts, healthy, figures.rss
        self._before, self._latest = self._latest, figures  # what was counted since the row before belongs to this one
        row = (utc_text(ts), ts, first, self._writer.fencing, *self._counted(figures), self._pid, healthy)
        with self._writer.transaction() as cursor:
            self._row = int(cursor.execute(_INSERT, row).fetchall()[0][0])

    def _counted(self, figures: Figures) -> tuple[float, ...]:
        before = self._before
        return (
            figures.operations - before.operations,
            figures.failed - before.failed,
            figures.errors - before.errors,
            figures.restarts - before.restarts,
            self._peak,
            round(figures.cpu_s - before.cpu_s, 3),
        )

    def end(self, why: str) -> None:
        """No beat follows: ``stopped`` or ``failed``."""
        if self._row is not None:
            with self._writer.transaction() as cursor:
                cursor.execute("UPDATE heartbeats SET ended = ? WHERE id = ?", (why, self._row))
            self._row = None
