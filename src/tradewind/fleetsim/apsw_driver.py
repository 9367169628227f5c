"""A DBAPI module over apsw, so that SQLAlchemy and the store run on a virtual file system of one's choosing.

Only what the store's engine asks for: autocommit connections, qmark parameters, rows fetched at once. Errors carry
``sqlite_errorcode`` as those of the standard library's driver do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import apsw

apilevel = "2.0"
paramstyle = "qmark"
threadsafety = 1
sqlite_version = apsw.sqlite_lib_version()
sqlite_version_info = tuple(int(part) for part in sqlite_version.split("."))


class Error(Exception):
    """Any fault of SQLite."""

    def __init__(self, fault: BaseException) -> None:
        super().__init__(str(fault))
        self.sqlite_errorcode = getattr(fault, "extendedresult", None) or getattr(fault, "result", None)


class DatabaseError(Error):
    """Same tree as every DBAPI."""


class OperationalError(DatabaseError):
    """Locks, disk, SQL."""


class IntegrityError(DatabaseError):
    """A constraint."""


class InterfaceError(Error):
    """Never raised here."""


class ProgrammingError(DatabaseError):
    """Never raised here."""


class NotSupportedError(DatabaseError):
    """Never raised here."""


class InternalError(DatabaseError):
    """Never raised here."""


class DataError(DatabaseError):
    """Never raised here."""


def _error(fault: apsw.Error) -> Error:
    return IntegrityError(fault) if isinstance(fault, apsw.ConstraintError) else OperationalError(fault)


class Cursor:
    """Executes and keeps the rows."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[tuple[Any, ...]] = []
        self._next = 0
        self.description: tuple[Any, ...] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Cursor:
        """Runs one statement and keeps its rows."""
        raw = self._connection.raw
        self.description = None

        def describe(cursor: apsw.Cursor, _: str, __: object) -> bool:
            columns = cursor.get_description()
            if columns:
                self.description = tuple((column[0], None, None, None, None, None, None) for column in columns)
            return True

        cursor = raw.cursor()
        cursor.exec_trace = describe
        try:
            self._rows = list(cursor.execute(sql, tuple(parameters)))
        except apsw.Error as fault:
            raise _error(fault) from fault
        finally:
            cursor.close(True)
        self._next = 0
        self.rowcount = raw.changes()
        self.lastrowid = raw.last_insert_rowid()
        return self

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> Cursor:
        """Runs one statement for each row of parameters."""
        try:
            self._connection.raw.executemany(sql, rows)
        except apsw.Error as fault:
            raise _error(fault) from fault
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, None at the end."""
        rows = self.fetchmany(1)
        return rows[0] if rows else None

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        """The next ``size`` rows."""
        rows = self._rows[self._next : self._next + size]
        self._next += len(rows)
        return rows

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows that are left."""
        return self.fetchmany(len(self._rows))

    def close(self) -> None:
        """Drops the rows."""
        self._rows = []


class Connection:
    """One connection on the chosen virtual file system."""

    def __init__(self, name: str, vfs: str, timeout_s: float) -> None:
        try:
            self.raw = apsw.Connection(name, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI, vfs)
            self.raw.set_busy_timeout(int(timeout_s * 1000))
        except apsw.Error as fault:
            raise _error(fault) from fault

    def cursor(self) -> Cursor:
        """A new cursor."""
        return Cursor(self)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Cursor:
        """As a new cursor's."""
        return self.cursor().execute(sql, parameters)

    def create_function(self, *_: object, **__: object) -> None:
        """SQLAlchemy offers SQL functions the store does not use."""

    def commit(self) -> None:
        """Ends an open transaction, keeping it."""
        if self.raw.in_transaction:
            self.execute("COMMIT")

    def rollback(self) -> None:
        """Ends an open transaction, undoing it."""
        if self.raw.in_transaction:
            self.execute("ROLLBACK")

    def close(self) -> None:
        """Closes the file."""
        self.raw.close(True)


VFS_NAME = "recording"


def connect(name: str, *, timeout: float = 5.0, **_: object) -> Connection:
    """A connection on the VFS called ``VFS_NAME``."""
    return Connection(name, VFS_NAME, timeout)
