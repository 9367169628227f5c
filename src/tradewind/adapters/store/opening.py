"""Which kind of database a location names."""

from __future__ import annotations

from pathlib import Path

from tradewind.adapters.store.database import Database
from tradewind.adapters.store.location import path_of
from tradewind.adapters.store.seat import PostgresSeat
from tradewind.adapters.store.sqlite import SqliteDatabase
from tradewind.errors import Unavailable


def database_at(location: str | Path | Database, *, busy_timeout_s: float = 5.0) -> Database:
    """The database at a path, a ``PostgresSeat``, ``sqlite:///PATH`` or ``postgresql://...``; an open one stays itself.

    Raises:
        Misconfigured: the location names no database.
        Unavailable: the driver for PostgreSQL is not installed.
    """
    if isinstance(location, Database):
        return location
    path = path_of(location)
    if not isinstance(path, PostgresSeat):
        return SqliteDatabase(path, busy_timeout_s=busy_timeout_s)
    try:
        from tradewind.adapters.store.postgres import PostgresDatabase  # an extra of its own, and 0.1 s
    except ImportError as fault:
        raise Unavailable(
            f"{fault.name} is not installed",
            where=path.shown,
            next_step="pip install --require-hashes -r requirements/postgres.txt, in the checkout of Tradewind",
        ) from fault
    return PostgresDatabase(path, busy_timeout_s=busy_timeout_s)
