"""A database: where it is, how it is opened, who may write. What is the same on SQLite and on PostgreSQL.

Statements are written once, for both: ``?`` for every parameter, no ``?`` and no ``%`` inside a literal, the column's
own table named on the right of ``DO UPDATE SET``, ``bool`` for Boolean columns, ``RETURNING`` instead of a last row id.
"""

from __future__ import annotations

import fcntl
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol, Self

from sqlalchemy import Connection, Engine, Table

from tradewind.adapters.store.lease import WriterLock
from tradewind.adapters.store.location import SCHEMA_REVISION, absent, lost, refuse_newer, require_current
from tradewind.adapters.store.schema import utc_text
from tradewind.errors import Unavailable

RAISE_FENCE = (
    "INSERT INTO lease (id, fencing, pid, timestamp, acquired_ts) VALUES (1, 1, ?, ?, ?)"
    " ON CONFLICT (id) DO UPDATE SET fencing = lease.fencing + 1, pid = excluded.pid,"
    " timestamp = excluded.timestamp, acquired_ts = excluded.acquired_ts"
)
RESTORE = "keep a copy of the damaged database, then restore the last backup (tradewind db restore --last-good)"
PUT_META = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


class Cursor(Protocol):
    """What statements run on in a transaction: the driver's own cursor on SQLite, one that speaks as it elsewhere."""

    @property
    def rowcount(self) -> int:
        """Rows that the last statement changed."""
        ...

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Any:
        """Runs one statement; gives the cursor back."""
        ...

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Any:
        """Runs one statement for each row of parameters."""
        ...

    def fetchone(self) -> Any:
        """The next row, None at the end."""
        ...

    def fetchmany(self, size: int = ..., /) -> list[Any]:
        """The next ``size`` rows."""
        ...

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        ...


class Database(ABC):
    """One database. ``path`` is the SQLite file, or what the marks of a PostgreSQL database lie beside.

    Opening asks nothing but that it is there; ``prepare`` creates and migrates it. ``database_at`` makes its kind.
    """

    path: Path
    engine: Engine

    @abstractmethod
    def faults(self, *, reading: bool = False) -> AbstractContextManager[None]:
        """Block in which the driver's errors become those of ``tradewind.errors``, naming this database."""

    @abstractmethod
    def revision(self) -> str | None:
        """The schema's revision, None for an empty database."""

    @abstractmethod
    def query(self, sql: str, parameters: Sequence[object] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        """``(column names, rows)`` of a statement that only reads; writing is refused by the database itself."""

    @abstractmethod
    def ask(self, sql: str, *, limit_s: float, most_rows: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        """As ``query``, for a statement that a person wrote.

        Raises:
            TimedOut: it takes longer than ``limit_s`` seconds.
            Misconfigured: it gives more than ``most_rows`` rows.
        """

    @abstractmethod
    def reading(self) -> AbstractContextManager[Cursor]:
        """A cursor that sees the database as it is now until the block ends, whoever writes meanwhile."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Cursor]:
        """A cursor inside a short write transaction beside the one writer, for tables that no journal entry leads to.

        Raises:
            Retryable: the writer held the lock longer than the busy timeout.
        """

    @abstractmethod
    def walk(self, cursor: Cursor, sql: str) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a statement of many, a portion at a time, on the cursor of ``reading`` or ``transaction``."""

    @abstractmethod
    def count_on(self, cursor: Cursor, table: Table) -> None:
        """After rows were put in with their ids: the next id counts on from the highest."""

    @abstractmethod
    def size(self) -> int:
        """Bytes on disk."""

    @abstractmethod
    def scratch(self, folder: Path) -> AbstractContextManager[Path]:
        """Where a database of the same kind can be made in ``folder`` for a trial; gone when the block ends."""

    @abstractmethod
    def check_pages(self) -> str:
        """What is known of the pages.

        Raises:
            Corrupt: one is damaged, or the server is set up to lose what it has acknowledged.
        """

    @abstractmethod
    def check_references(self) -> str:
        """Whether every foreign key has its row, in words.

        Raises:
            Corrupt: rows point to nothing.
        """

    @abstractmethod
    def writer(self, now: int) -> Writer:
        """Becomes the one writer; ``now`` is UTC nanoseconds, for the stamp only.

        Raises:
            Unavailable: another process is; nothing was changed.
        """

    @abstractmethod
    def _make(self) -> None:
        """Makes the file, or the seat; raises ``OSError`` where that is refused."""

    @abstractmethod
    def _keep(self, revision: str) -> None:
        """Before a migration: a copy of what an earlier version left, where the database is a file."""

    @abstractmethod
    def _alone(self) -> AbstractContextManager[None]:
        """Waits until nobody else migrates; refuses while somebody writes."""

    @abstractmethod
    def _migration(self) -> AbstractContextManager[Connection]:
        """A transaction for a migration."""

    def require(self) -> None:
        """Raises ``Unavailable`` when there is no database, ``Misconfigured`` when its schema is not this version's."""
        if not self.path.is_file():
            raise absent(self.path)
        require_current(self.path, self.revision())

    def prepare(self, now: int) -> bool:
        """Creates it where absent and migrates the schema; True when anything had to be done.

        Several processes may be the first ones at once: one does it, the others wait for it.

        Raises:
            Unavailable: the schema must change while another process is writing, or the disk refuses.
            Corrupt: it is empty, and entries were acknowledged from it.
            Misconfigured: it was made by a newer version.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._make()
        except OSError as fault:
            raise Unavailable(
                f"the database cannot be created ({fault.strerror})",
                where=str(self.path),
                next_step="name a folder this user may write to",
            ) from fault
        if self.revision() == SCHEMA_REVISION:
            return False
        with alone_in(self.path.parent), self._alone():
            revision = self.revision()
            if revision == SCHEMA_REVISION:  # the one that was waited for did it
                return False
            refuse_newer(self.path, revision)
            if revision is None and (gone := lost(self.path, "the database is empty")):
                raise gone
            lock = WriterLock(self.path)
            lock.acquire()
            try:
                if revision is not None:
                    self._keep(revision)
                self._migrate(now)
            finally:
                lock.release()
            _sync_folder(self.path.parent)
        return True

    def _migrate(self, now: int) -> None:
        from tradewind.adapters.store import migrate  # alembic costs 0.3 s; a start on a current schema needs none

        with self.faults(), self._migration() as connection:
            migrate.upgrade(connection)
            put = connection.exec_driver_sql
            mark = "?" if connection.dialect.name == "sqlite" else "%s"
            put(PUT_META.replace("?", mark), ("schema_version", SCHEMA_REVISION))
            put(
                f"INSERT INTO meta (key, value) VALUES ('created', {mark}) ON CONFLICT (key) DO NOTHING",  # noqa: S608  a parameter's mark
                (utc_text(now),),
            )

    def close(self) -> None:
        """Closes every connection; on SQLite the last one copies the log into the database."""
        self.engine.dispose()


class Writer(ABC):
    """The one connection that writes, with the lease that makes it the only one; ``fencing`` is its number."""

    database: Database
    fencing: int

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Cursor]:
        """A cursor inside a write transaction: durable when the block ends, undone when it raises.

        Raises:
            Retryable: another connection held the write lock longer than the busy timeout.
            Unavailable: the disk is full or fails, the server is gone, or another writer has taken the lease over.
            Corrupt: the database is damaged.
        """

    @abstractmethod
    def checkpoint(self) -> None:
        """Copies SQLite's log into the database as far as readers allow; for idle moments."""

    @abstractmethod
    def close(self) -> None:
        """Ends writing and gives the lock back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def overtaken(path: Path, pid: object) -> Unavailable:
    """What a writer is told whose fencing number is not the newest any more."""
    return Unavailable(
        f"process {pid} has taken this database over",
        where=str(path),
        allowed="one writer at a time",
        next_step="stop this process; the other one is the writer now",
    )


def fence(cursor: Cursor, now: int) -> int:
    """Raises the fencing number inside a transaction; the new one."""
    cursor.execute(RAISE_FENCE, (os.getpid(), utc_text(now), now))
    return int(cursor.execute("SELECT fencing FROM lease").fetchone()[0])


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Waits until nobody else is here for this folder; ends with the process too."""
    file = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
