"""The SQLite database: where it is, how it is opened, who may write."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError

from tradewind.adapters.store.faults import translated
from tradewind.adapters.store.lease import WriterLock
from tradewind.adapters.store.location import SCHEMA_REVISION, absent, path_of, refuse_newer, require_current
from tradewind.adapters.store.schema import utc_text
from tradewind.errors import Misconfigured, Unavailable

CHECKPOINT_PAGES: Final = 4000  # 16 MB of log: the copy back into the database costs one commit in some five hundred


class Database:
    """One SQLite file in WAL mode with ``synchronous=FULL``: what a commit returned from survives a power cut.

    Opening asks nothing of the file but that it is there; ``prepare`` creates and migrates it. ``driver`` is the DBAPI
    module, for proofs that put a recording file system under the very same statements.
    """

    def __init__(
        self,
        location: str | Path,
        *,
        busy_timeout_s: float = 5.0,
        checkpoint_pages: int = CHECKPOINT_PAGES,
        driver: ModuleType = sqlite3,
    ) -> None:
        self.path = path_of(location)
        self._timeout_s = busy_timeout_s
        self._checkpoint_pages = checkpoint_pages
        self._driver = driver
        self.engine = self._make_engine()

    def _make_engine(self) -> Engine:
        def connect() -> Any:
            return self._driver.connect(
                f"file:{quote(str(self.path.absolute()))}?mode=rw",
                uri=True,
                timeout=self._timeout_s,
                isolation_level=None,
                check_same_thread=False,
            )

        engine = create_engine("sqlite://", module=self._driver, creator=connect, poolclass=QueuePool)

        @event.listens_for(engine, "connect")
        def on_connect(connection: Any, _: object) -> None:
            cursor = connection.cursor()
            for pragma in (
                "journal_mode=WAL",
                "synchronous=FULL",
                "foreign_keys=ON",
                "trusted_schema=OFF",
                f"wal_autocheckpoint={self._checkpoint_pages}",
            ):
                cursor.execute(f"PRAGMA {pragma}")
                cursor.fetchall()
            cursor.close()

        @event.listens_for(engine, "begin")
        def on_begin(connection: Connection) -> None:
            connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

        return engine

    def faults(self, *, reading: bool = False) -> AbstractContextManager[None]:
        """Block in which the driver's errors become those of ``tradewind.errors``, naming this file."""
        return translated(str(self.path), DBAPIError, self._driver.Error, reading=reading)

    def require(self) -> None:
        """Raises ``Unavailable`` when there is no file, ``Misconfigured`` when its schema is not this version's."""
        if not self.path.is_file():
            raise absent(self.path)
        require_current(self.path, self.revision())

    def prepare(self, now: int) -> bool:
        """Creates the file and folder where absent and migrates the schema; True when anything had to be done.

        Several processes may be the first ones at once: one does it, the others wait for it.

        Raises:
            Unavailable: the schema must change while another process is writing, or the disk refuses.
            Misconfigured: the file was made by a newer version.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as fault:
            raise Unavailable(
                f"the database cannot be created ({fault.strerror})",
                where=str(self.path),
                next_step="name a folder this user may write to",
            ) from fault
        if self.revision() == SCHEMA_REVISION:
            return False
        with _alone_in(self.path.parent):
            revision = self.revision()
            if revision == SCHEMA_REVISION:  # the one that was waited for did it
                return False
            refuse_newer(self.path, revision)
            lock = WriterLock(self.path)
            lock.acquire()
            try:
                self._migrate(now)
            finally:
                lock.release()
            _sync_folder(self.path.parent)
        return True

    def _migrate(self, now: int) -> None:
        from tradewind.adapters.store import migrate  # alembic costs 0.3 s; a start on a current schema needs none

        engine = self.engine.execution_options(begin="BEGIN IMMEDIATE")
        with self.faults(), engine.begin() as connection:
            migrate.upgrade(connection)
            connection.exec_driver_sql(
                "INSERT INTO meta (key, value) VALUES ('schema_version', ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (SCHEMA_REVISION,),
            )
            connection.exec_driver_sql(
                "INSERT INTO meta (key, value) VALUES ('created', ?) ON CONFLICT (key) DO NOTHING",
                (utc_text(now),),
            )

    def revision(self) -> str | None:
        """The schema's revision, None for an empty file."""
        _, tables = self.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'")
        if not tables:
            return None
        _, rows = self.query("SELECT version_num FROM alembic_version")
        return str(rows[0][0]) if rows else None

    def query(self, sql: str, parameters: Sequence[object] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        """``(column names, rows)`` of a statement that only reads; writing is refused by SQLite itself."""
        with self.faults(reading=True), self.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA query_only=ON")
            try:
                result = connection.exec_driver_sql(sql, tuple(parameters))
                if not result.returns_rows:
                    return [], []
                return list(result.keys()), [tuple(row) for row in result]
            finally:
                connection.exec_driver_sql("PRAGMA query_only=OFF")

    def ask(self, sql: str, *, limit_s: float, most_rows: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        """As ``query``, for a statement that a person wrote.

        Raises:
            TimedOut: it takes longer than ``limit_s`` seconds.
            Misconfigured: it gives more than ``most_rows`` rows.
        """
        with self.faults(reading=True), self.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA query_only=ON")
            driver: Any = connection.connection.driver_connection
            stop = threading.Timer(limit_s, driver.interrupt)
            stop.start()
            try:
                result = connection.exec_driver_sql(sql)
                if not result.returns_rows:
                    return [], []
                rows = [tuple(row) for row in result.fetchmany(most_rows + 1)]
                columns = list(result.keys())
                result.close()
            finally:
                stop.cancel()
                connection.exec_driver_sql("PRAGMA query_only=OFF")
        if len(rows) > most_rows:
            raise Misconfigured(
                f"the statement gives more than {most_rows:,} rows", where=str(self.path), next_step="add a LIMIT"
            )
        return columns, rows

    def close(self) -> None:
        """Closes every connection; the last one copies the log into the database."""
        self.engine.dispose()


class Writer:
    """The one connection that writes, with the lease that makes it the only one."""

    def __init__(self, database: Database, now: int) -> None:
        """Becomes the writer of ``database``.

        Raises:
            Unavailable: another process is; nothing was changed.
        """
        self.database = database
        self._lock = WriterLock(database.path)
        self._lock.acquire()
        try:
            with database.faults():
                self._connection = database.engine.raw_connection()
                self._cursor: Any = self._connection.cursor()
            self.fencing = self._raise_fence(now)
        except BaseException:
            self._lock.release()
            raise

    def _raise_fence(self, now: int) -> int:
        with self._begun() as cursor:
            cursor.execute(
                "INSERT INTO lease (id, fencing, pid, timestamp, acquired_ts) VALUES (1, 1, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET fencing = fencing + 1, pid = excluded.pid,"
                " timestamp = excluded.timestamp, acquired_ts = excluded.acquired_ts",
                (os.getpid(), utc_text(now), now),
            )
            return int(cursor.execute("SELECT fencing FROM lease").fetchone()[0])

    @contextmanager
    def _begun(self) -> Iterator[Any]:
        cursor = self._cursor
        with self.database.faults():
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                with suppress(self.database.engine.dialect.dbapi.Error):  # type: ignore[union-attr]  # always loaded
                    cursor.execute("ROLLBACK")  # SQLite may have rolled back by itself
                raise

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """A cursor inside a write transaction: durable when the block ends, undone when it raises.

        Raises:
            Retryable: another connection held the write lock longer than the busy timeout.
            Unavailable: the disk is full or fails, or another writer has taken the lease over.
            Corrupt: the file is damaged.
        """
        with self._begun() as cursor:
            row = cursor.execute("SELECT fencing, pid FROM lease").fetchone()
            if row is None or row[0] != self.fencing:
                raise Unavailable(
                    f"process {row[1] if row else '?'} has taken this database over",
                    where=str(self.database.path),
                    allowed="one writer at a time",
                    next_step="stop this process; the other one is the writer now",
                )
            yield cursor

    def checkpoint(self) -> None:
        """Copies the log into the database as far as readers allow; for idle moments."""
        with self.database.faults():
            self._cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def close(self) -> None:
        """Ends writing and gives the lock back."""
        try:
            with self.database.faults():
                self._cursor.close()
                self._connection.close()
        finally:
            self._lock.release()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
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
