"""Reads the store with nothing but SQLite: for a look beside a running writer that must be over in a moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from tradewind.adapters.store.faults import translated
from tradewind.adapters.store.location import absent, path_of, require_current
from tradewind.adapters.store.seat import PostgresSeat

_REVISION = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"

Answer = tuple[list[str], list[tuple[Any, ...]]]


class Queryable(Protocol):
    """What answers statements that only read: a ``Database`` or a ``StoreReader``."""

    path: Path

    def query(self, sql: str, parameters: Sequence[object] = ()) -> Answer:
        """``(column names, rows)``."""
        ...


class StoreReader:
    """One connection that the database itself keeps from writing. A context manager.

    Raises:
        Unavailable: there is no file, or the server cannot be reached.
        Misconfigured: its schema is not this version's.
    """

    def __init__(self, path: Path, *, busy_timeout_s: float = 5.0) -> None:
        self.path = place = path_of(path)
        self._connection: _Connection = (
            _ServerReader(place) if isinstance(place, PostgresSeat) else _SqliteReader(place, busy_timeout_s)
        )

    def query(self, sql: str, parameters: Sequence[object] = ()) -> Answer:
        """``(column names, rows)`` of a statement that only reads."""
        return self._connection.query(sql, parameters)

    def changes(self) -> int:
        """A number that is another one when somebody else has written since the last call; it may change without."""
        return self._connection.changes()

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def __enter__(self) -> StoreReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Connection(Protocol):
    def query(self, sql: str, parameters: Sequence[object] = ()) -> Answer: ...

    def changes(self) -> int: ...

    def close(self) -> None: ...


class _SqliteReader:
    def __init__(self, path: Path, busy_timeout_s: float) -> None:
        self._path = path
        if not path.is_file():
            raise absent(path)
        location = f"file:{quote(str(path.absolute()))}?mode=rw"  # a WAL file cannot be read with mode=ro alone
        with translated(str(path), sqlite3.Error, reading=True):
            self._connection = sqlite3.connect(location, uri=True, timeout=busy_timeout_s, isolation_level=None)
            self._connection.execute("PRAGMA query_only=ON")
        found = self.query(_REVISION)[1]
        rows = self.query("SELECT version_num FROM alembic_version")[1] if found else []
        require_current(path, str(rows[0][0]) if rows else None)

    def query(self, sql: str, parameters: Sequence[object] = ()) -> Answer:
        with translated(str(self._path), sqlite3.Error, reading=True):
            cursor = self._connection.execute(sql, tuple(parameters))
            return [column[0] for column in cursor.description or ()], cursor.fetchall()

    def changes(self) -> int:
        return int(self.query("PRAGMA data_version")[1][0][0])

    def close(self) -> None:
        self._connection.close()


class _ServerReader:
    def __init__(self, seat: PostgresSeat) -> None:
        from tradewind.adapters.store.opening import database_at  # SQLAlchemy costs 0.2 s, and SQLite needs none here

        self._database = database_at(seat)
        self._asked = 0
        try:
            self._database.require()
        except BaseException:
            self._database.close()
            raise

    def query(self, sql: str, parameters: Sequence[object] = ()) -> Answer:
        return self._database.query(sql, parameters)

    def changes(self) -> int:
        self._asked += 1  # a server does not say who wrote; whoever asks reads again
        return self._asked

    def close(self) -> None:
        self._database.close()
