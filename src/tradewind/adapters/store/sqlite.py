"""The store on one SQLite file."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, Table, create_engine, event
from sqlalchemy.exc import DBAPIError

from tradewind.adapters.store.database import RESTORE, Database, Writer, fence, overtaken
from tradewind.adapters.store.faults import error_of, translated
from tradewind.adapters.store.lease import WriterLock
from tradewind.adapters.store.location import lost, path_of
from tradewind.errors import Corrupt, Misconfigured

CHECKPOINT_PAGES: Final = 4000  # 16 MB of log: the copy back into the database costs one commit in some five hundred
_PORTION: Final = 1_000
_BUSY: Final = 5
_LEASE: Final = "SELECT fencing, pid FROM lease"
_TURN_S: Final = 0.002
_WRITERS_TURN_S: Final = 0.0005  # the journal goes before those who write beside it
_turn = threading.Event()  # never set: a wait that is only a wait


class SqliteDatabase(Database):
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
        self.driver = driver
        self._closed = False
        self._kept_out = False
        self.engine = self._make_engine()

    def _make_engine(self) -> Engine:
        def connect() -> Any:
            return self.driver.connect(
                f"file:{quote(str(self.path.absolute()))}?mode=rw",
                uri=True,
                timeout=self._timeout_s,
                isolation_level=None,
                check_same_thread=False,
            )

        engine = create_engine("sqlite://", module=self.driver, creator=connect, poolclass=QueuePool)

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
        return translated(str(self.path), DBAPIError, self.driver.Error, reading=reading)

    def close(self) -> None:
        """As ``Database.close``; a reading that goes on closes its own connection when it ends."""
        self._closed = True
        super().close()

    def _make(self) -> None:
        if not self.path.exists() and (fault := lost(self.path, "the database is gone")):
            raise fault
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))

    def _keep(self, revision: str) -> None:
        """``X.db.before-0002``, which ``db restore`` takes as any backup; one that is there stays."""
        kept = self.path.with_name(f"{self.path.name}.before-{revision}")
        if kept.exists():
            return
        with translated(str(self.path), sqlite3.Error), closing(sqlite3.connect(self.path)) as source:
            os.close(os.open(kept, os.O_RDWR | os.O_CREAT, 0o600))
            with closing(sqlite3.connect(kept)) as copy:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE").fetchall()

    def _alone(self) -> AbstractContextManager[None]:
        return nullcontext()  # the lock on the folder and the writer's lock beside the file are enough

    def _migration(self) -> AbstractContextManager[Connection]:
        return self.engine.execution_options(begin="BEGIN IMMEDIATE").begin()

    def revision(self) -> str | None:
        """The schema's revision, None for an empty file, which is not touched: opening it would begin a database."""
        if self.path.is_file() and not self.size():
            return None
        _, tables = self.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'")
        if not tables:
            return None
        _, rows = self.query("SELECT version_num FROM alembic_version")
        return str(rows[0][0]) if rows else None

    def query(self, sql: str, parameters: Sequence[object] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        """``(column names, rows)`` of a statement that only reads; writing is refused by SQLite itself.

        The driver is asked past SQLAlchemy, which takes four times as long: a run asks its inbox at every message.
        """
        with self.faults(reading=True), closing(self.engine.raw_connection()) as borrowed:
            cursor = borrowed.cursor()
            cursor.execute("PRAGMA query_only=ON")
            try:
                cursor.execute(sql, tuple(parameters))
                found = cursor.description
                return (
                    ([], [])
                    if found is None
                    else ([one[0] for one in found], [tuple(row) for row in cursor.fetchall()])
                )
            finally:
                cursor.execute("PRAGMA query_only=OFF")

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

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """As ``Database.reading``."""
        with self.faults():
            connection = self.engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute("BEGIN")
                yield cursor
            finally:
                if self._closed:  # a reading that outlived its database: no pool takes the connection back
                    connection.invalidate()
                connection.close()

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """As ``Database.transaction``."""
        with self.faults():
            connection = self.engine.raw_connection()
            try:
                with committed(connection.cursor(), self.driver.Error, self._begin) as cursor:
                    yield cursor
            finally:
                connection.close()

    def walk(self, cursor: Any, sql: str) -> Iterator[list[tuple[Any, ...]]]:
        """As ``Database.walk``."""
        cursor.execute(sql)
        while rows := cursor.fetchmany(_PORTION):
            yield rows

    def count_on(self, cursor: Any, table: Table) -> None:
        """As ``Database.count_on``: SQLite does by itself."""

    def size(self) -> int:
        """As ``Database.size``."""
        return sum(
            path.stat().st_size for path in (self.path, self.path.with_name(self.path.name + "-wal")) if path.is_file()
        )

    @contextmanager
    def scratch(self, folder: Path) -> Iterator[Path]:
        """As ``Database.scratch``."""
        yield folder / "selftest.db"

    def _begin(self, cursor: Any) -> None:
        cursor.execute("PRAGMA busy_timeout=0").fetchall()
        try:
            self.begin(cursor, _TURN_S)
        finally:
            cursor.execute(f"PRAGMA busy_timeout={round(self._timeout_s * 1000)}").fetchall()

    def begin(self, cursor: Any, turn_s: float) -> None:
        """Begins a write transaction on a connection without a busy timeout, asking every ``turn_s`` while it is busy.

        SQLite's own wait asks ten times a second and can miss every gap of busy writers for seconds. A wait that was
        in vain is not repeated until somebody was let in: many who ask in a row must not hold up their thread for long.
        """
        try:
            cursor.execute("BEGIN IMMEDIATE")
        except self.driver.Error as fault:
            if not _is_busy(fault):
                raise
            self._wait_for_turn(cursor, turn_s)
        self._kept_out = False

    def _wait_for_turn(self, cursor: Any, turn_s: float) -> None:
        for left in range(0 if self._kept_out else int(self._timeout_s / turn_s), -1, -1):
            _turn.wait(turn_s)
            try:
                cursor.execute("BEGIN IMMEDIATE")
                return
            except self.driver.Error as again:
                if not left or not _is_busy(again):
                    self._kept_out = True
                    raise

    def check_pages(self) -> str:
        """As ``Database.check_pages``: all of SQLite's own checks."""
        _, rows = self.query("PRAGMA integrity_check(20)")
        if rows != [("ok",)]:
            raise Corrupt("; ".join(str(row[0]) for row in rows), where=str(self.path), next_step=RESTORE)
        _, pages = self.query("PRAGMA page_count")
        return f"{pages[0][0]} pages, integrity_check ok"

    def check_references(self) -> str:
        """As ``Database.check_references``."""
        _, rows = self.query("PRAGMA foreign_key_check")
        if rows:
            table, row, parent, _ = rows[0]
            raise Corrupt(
                f"{len(rows)} rows point to nothing, the first is {table} row {row} (to {parent})",
                where=str(self.path),
                next_step=RESTORE,
            )
        return "every reference has its row"

    def writer(self, now: int) -> SqliteWriter:
        """As ``Database.writer``."""
        return SqliteWriter(self, now)


class SqliteWriter(Writer):
    """The one connection to a SQLite file that writes."""

    def __init__(self, database: SqliteDatabase, now: int) -> None:
        """Becomes the writer of ``database``.

        Raises:
            Unavailable: another process is; nothing was changed.
        """
        self.database: SqliteDatabase = database
        self._lock = WriterLock(database.path)
        self._lock.acquire()
        try:
            with database.faults():
                self._connection = database.engine.raw_connection()
            try:
                with database.faults():
                    self._cursor: Any = self._connection.cursor()
                    self._cursor.execute("PRAGMA busy_timeout=0").fetchall()
                self.fencing = self._raise_fence(now)
            except BaseException:
                self._connection.close()  # before the pool goes: it would take back an open file after its own end
                raise
        except BaseException:
            self._lock.release()
            raise

    def _begin(self, cursor: Any) -> None:
        self.database.begin(cursor, _WRITERS_TURN_S)

    def _raise_fence(self, now: int) -> int:
        with self._begun() as cursor:
            return fence(cursor, now)

    @contextmanager
    def _begun(self) -> Iterator[Any]:
        with self.database.faults(), committed(self._cursor, self.database.driver.Error, self._begin) as cursor:
            yield cursor

    def transaction(self) -> AbstractContextManager[Any]:
        """A cursor inside a write transaction: durable when the block ends, undone when it raises.

        Raises:
            Retryable: another connection held the write lock longer than the busy timeout.
            Unavailable: the disk is full or fails, or another writer has taken the lease over.
            Corrupt: the file is damaged.
        """
        return _Transaction(self._cursor, self.database, self.fencing)

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


class _Transaction:
    """The writer's own block: ``committed`` with the lease looked at and errors translated, without their four frames.

    One is opened for every bar.
    """

    __slots__ = ("_cursor", "_database", "_fencing")

    def __init__(self, cursor: Any, database: SqliteDatabase, fencing: int) -> None:
        self._cursor = cursor
        self._database = database
        self._fencing = fencing

    def __enter__(self) -> Any:
        cursor, database = self._cursor, self._database
        try:
            database.begin(cursor, _WRITERS_TURN_S)
        except database.driver.Error as fault:
            raise error_of(fault, str(database.path)) from fault
        try:
            row = cursor.execute(_LEASE).fetchone()
            if row is None or row[0] != self._fencing:
                raise overtaken(database.path, row[1] if row else "?")
        except BaseException as fault:
            self._undo(fault)
            raise
        return cursor

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is not None:
            self._undo(error)
            return
        try:
            self._cursor.execute("COMMIT")
        except BaseException as fault:
            self._undo(fault)
            raise

    def _undo(self, fault: BaseException) -> None:
        """Rolls back; a fault of the driver goes on as one of ``tradewind.errors``."""
        error = self._database.driver.Error
        with suppress(error):
            self._cursor.execute("ROLLBACK")  # SQLite may have rolled back by itself
        if isinstance(fault, (error, DBAPIError)):
            raise error_of(getattr(fault, "orig", None) or fault, str(self._database.path)) from fault


@contextmanager
def committed(cursor: Any, error: type[Exception], begin: Callable[[Any], None]) -> Iterator[Any]:
    """``cursor`` inside a write transaction that ``begin`` begins; ``error`` is what the driver raises."""
    begin(cursor)
    try:
        yield cursor
        cursor.execute("COMMIT")
    except BaseException:
        with suppress(error):
            cursor.execute("ROLLBACK")  # SQLite may have rolled back by itself
        raise


def _is_busy(fault: Exception) -> bool:
    return (getattr(fault, "sqlite_errorcode", 0) or 0) & 0xFF == _BUSY
