"""Reads the store with nothing but SQLite: for a look beside a running writer that must be over in a moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from tradewind.adapters.store.faults import translated
from tradewind.adapters.store.location import absent, require_current

_REVISION = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"


class Queryable(Protocol):
    """What answers statements that only read: a ``Database`` or a ``StoreReader``."""

    path: Path

    def query(self, sql: str, parameters: Sequence[object] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        """``(column names, rows)``."""
        ...


class StoreReader:
    """One connection that SQLite itself keeps from writing. A context manager.

    Raises:
        Unavailable: there is no file.
        Misconfigured: its schema is not this version's.
    """

    def __init__(self, path: Path, *, busy_timeout_s: float = 5.0) -> None:
        self.path = path
        if not path.is_file():
            raise absent(path)
        location = f"file:{quote(str(path.absolute()))}?mode=rw"  # a WAL file cannot be read with mode=ro alone
        with translated(str(path), sqlite3.Error, reading=True):
            self._connection = sqlite3.connect(location, uri=True, timeout=busy_timeout_s, isolation_level=None)
            self._connection.execute("PRAGMA query_only=ON")
        found = self.query(_REVISION)[1]
        rows = self.query("SELECT version_num FROM alembic_version")[1] if found else []
        require_current(path, str(rows[0][0]) if rows else None)

    def query(self, sql: str, parameters: Sequence[object] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        """``(column names, rows)`` of a statement that only reads."""
        with translated(str(self.path), sqlite3.Error, reading=True):
            cursor = self._connection.execute(sql, tuple(parameters))
            return [column[0] for column in cursor.description or ()], cursor.fetchall()

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def __enter__(self) -> StoreReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
