"""Reads when the service was alive, with nothing but a connection: for a look from outside."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tradewind.adapters.store.reader import Queryable


class Span(msgspec.Struct, frozen=True):
    """A stretch of life, UTC nanoseconds, with what was counted in it."""

    first_ts: int
    ts: int
    healthy: bool
    ended: str
    operations: int = 0
    failed: int = 0
    errors: int = 0
    restarts: int = 0


def spans(database: Queryable, since: int) -> Sequence[Span]:
    """Every span that reaches beyond ``since``, in order."""
    columns = "first_ts, ts, healthy, ended, operations, failed, errors, restarts"
    rows = database.query(f"SELECT {columns} FROM heartbeats WHERE ts > ? ORDER BY first_ts, id", (since,))[1]  # noqa: S608  constants
    return [Span(int(r[0]), int(r[1]), bool(r[2]), str(r[3]), *(int(value) for value in r[4:])) for r in rows]
