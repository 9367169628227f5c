"""The store on PostgreSQL: the same schema, statements and guarantees as on SQLite.

The one writer holds an advisory lock of the server, which ends with its session however it died, and the fencing
number of the ``lease`` table, locked and looked at in every transaction: a writer that lost its session and was
overtaken cannot commit. ``synchronous_commit`` is on whatever the server's default is.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Engine, Integer, QueuePool, Table, Text, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles

from tradewind.adapters.store.database import RESTORE, Cursor, Database, Writer, fence, overtaken
from tradewind.adapters.store.lease import WriterLock
from tradewind.adapters.store.location import lost, require_current
from tradewind.adapters.store.postgres_cursor import PostgresCursor
from tradewind.adapters.store.postgres_faults import server_faults
from tradewind.adapters.store.postgres_session import GIVEN_UP, LEAST_PROBE_S, PATIENCE_S, AttendedConnection
from tradewind.adapters.store.seat import PostgresSeat
from tradewind.errors import Corrupt, Misconfigured, StoreAway, Unavailable

_SESSION: Final = {
    "synchronous_commit": "on",
    "timezone": "UTC",
    "client_min_messages": "warning",
    # A host that went away without a word gives its lock back within a minute.
    "tcp_keepalives_idle": "20",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
_PATH: Final[dict[str, Any]] = {  # a path that dies under one session alone is noticed by this host
    "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 15_000,
}  # fmt: skip
_HANDED_OVER_MS: Final = 2_000
_KIND: Final = 0x5457_4E44  # which of the application's advisory locks; the other half is the schema
_WRITER: Final = f"{_KIND}, hashtext(current_schema())"
_MIGRATION: Final = f"{_KIND + 1}, hashtext(current_schema())"
_HOLDER: Final = (  # the lease says which process, the server from where
    "SELECT coalesce(host(a.client_addr), 'this machine'), (SELECT l.pid FROM lease l), a.pid FROM pg_locks k"
    " JOIN pg_stat_activity a ON a.pid = k.pid WHERE k.locktype = 'advisory' AND k.granted AND k.classid = %s"
    " AND k.objid::bigint = (hashtext(current_schema())::bigint & 4294967295)"
    " AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_DURABLE: Final = ("fsync", "full_page_writes")
_PORTION: Final = 1_000
_PLAIN: Final = ("select", "with", "values")


@compiles(Text, "postgresql")
def _text(*_: Any, **__: Any) -> str:
    """Texts sort by their bytes, as they do on SQLite, whatever the server's language."""
    return 'TEXT COLLATE "C"'


def connect(seat: PostgresSeat, *, lock_timeout_s: float) -> psycopg.Connection[tuple[Any, ...]]:
    """A session that commits only what it is told to, durably."""
    reach_s = max(2, round(2 * lock_timeout_s))  # whoever waits little for a lock waits little for the server too
    probe_s = max(LEAST_PROBE_S, lock_timeout_s - PATIENCE_S)
    connection = AttendedConnection.to(
        seat.url, within_s=reach_s, probe_s=probe_s, application_name="tradewind", **_PATH
    )
    settings = _SESSION | {"lock_timeout": f"{round(lock_timeout_s * 1000)}ms"}
    chosen = ", ".join("set_config(%s, %s, false)" for _ in settings)
    connection.execute(f"SELECT {chosen}", [word for pair in settings.items() for word in pair])
    return connection


class PostgresDatabase(Database):
    """One PostgreSQL database, reached by the URL of its seat."""

    def __init__(self, seat: PostgresSeat, *, busy_timeout_s: float = 5.0) -> None:
        self.path: PostgresSeat = seat
        self.busy_timeout_s = busy_timeout_s
        self.engine = self._make_engine()

    def _make_engine(self) -> Engine:
        engine = create_engine(
            "postgresql+psycopg://", creator=self.connect, poolclass=QueuePool, pool_pre_ping=True, max_overflow=20
        )

        @event.listens_for(engine, "begin")
        def on_begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN")

        return engine

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection of its own, outside of the pool."""
        return connect(self.path, lock_timeout_s=self.busy_timeout_s)

    def faults(self, *, reading: bool = False) -> AbstractContextManager[None]:
        """As ``Database.faults``."""
        return server_faults(self.path.shown, DBAPIError, psycopg.Error, reading=reading)

    def _make(self) -> None:
        if not self.path.is_file():
            self.path.touch(mode=0o600)
            self.path.write_text(f"The data is in {self.path.shown}; its lock and marks lie beside this file.\n")

    def _keep(self, revision: str) -> None:
        """Nothing: a server changes its schema in one transaction, and its backups are an administrator's or ours."""

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self.faults():
            session = self.connect()
            try:
                session.execute(f"SELECT set_config('lock_timeout', '0', false), pg_advisory_lock({_MIGRATION})")
                if not session.execute(f"SELECT pg_try_advisory_lock({_WRITER})").fetchone() == (True,):
                    raise taken(self.path, session)
                yield
            finally:
                session.close()

    def _migration(self) -> AbstractContextManager[Connection]:
        return self.engine.begin()

    def require(self) -> None:
        """As ``Database.require``; a host that has no seat yet gets one, since the data is on the server."""
        revision = self.revision()
        if revision is None:
            raise lost(self.path, "the database is empty") or Unavailable(
                "there is no database of this program yet", where=self.path.shown, next_step="run tradewind db init"
            )
        require_current(self.path, revision)
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._make()

    def prepare(self, now: int) -> bool:
        """As ``Database.prepare``; a server that does not answer leaves no file and no folder behind."""
        self.revision()
        return super().prepare(now)

    def revision(self) -> str | None:
        """The schema's revision, None for an empty database."""
        _, tables = self.query("SELECT to_regclass('alembic_version')::text")
        if tables[0][0] is None:
            return None
        _, rows = self.query("SELECT version_num FROM alembic_version")
        return str(rows[0][0]) if rows else None

    def query(self, sql: str, parameters: Sequence[object] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        """``(column names, rows)`` of a statement that only reads; writing is refused by the server itself."""
        with self.faults(reading=True), self._session("BEGIN READ ONLY") as cursor:
            cursor.execute(sql, tuple(parameters))
            columns = cursor.columns
            return columns, cursor.fetchall() if columns else []

    def ask(self, sql: str, *, limit_s: float, most_rows: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        """As ``Database.ask``; rows beyond the limit stay on the server."""
        with self.faults(reading=True), self._session("BEGIN READ ONLY") as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {round(limit_s * 1000)}")
            if sql.lstrip().lower().startswith(_PLAIN):
                cursor.raw.execute(b"DECLARE asked NO SCROLL CURSOR FOR " + sql.rstrip().rstrip(";").encode())
                cursor.execute(f"FETCH {most_rows + 1} FROM asked")
            else:
                cursor.raw.execute(sql.encode())
            columns = cursor.columns
            rows = cursor.fetchall() if columns else []
        if len(rows) > most_rows:
            raise Misconfigured(
                f"the statement gives more than {most_rows:,} rows", where=str(self.path), next_step="add a LIMIT"
            )
        return columns, rows

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """As ``Database.reading``."""
        with self.faults(), self._session("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY") as cursor:
            yield cursor

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """As ``Database.transaction``."""
        with self.faults(), self._session("BEGIN") as cursor:
            yield cursor

    @contextmanager
    def _session(self, begin: str) -> Iterator[PostgresCursor]:
        """A pooled connection inside a transaction, which is kept when the block ends and undone when it raises."""
        pooled = self.engine.raw_connection()
        try:
            raw: Any = pooled.driver_connection
            with committed(raw, begin) as cursor:
                yield cursor
        finally:
            pooled.close()

    def walk(self, cursor: Cursor, sql: str) -> Iterator[list[tuple[Any, ...]]]:
        """As ``Database.walk``: the rows stay on the server until they are asked for."""
        cursor.execute(f"DECLARE walk NO SCROLL CURSOR FOR {sql}")
        try:
            while rows := cursor.execute(f"FETCH {_PORTION} FROM walk").fetchall():
                yield rows
        finally:
            with suppress(psycopg.Error):
                cursor.execute("CLOSE walk")

    def count_on(self, cursor: Cursor, table: Table) -> None:
        """As ``Database.count_on``: tells the sequences."""
        keys = list(table.primary_key)
        for column in ("id",) if [key.name for key in keys] == ["id"] and isinstance(keys[0].type, Integer) else ():
            cursor.execute(
                f"SELECT setval(s, (SELECT coalesce(max({column}), 0) + 1 FROM {table.name}), false)"  # noqa: S608  names of the schema
                f" FROM pg_get_serial_sequence('{table.name}', '{column}') AS s WHERE s IS NOT NULL"
            )

    def size(self) -> int:
        """As ``Database.size``."""
        return int(self.query("SELECT pg_database_size(current_database())")[1][0][0])

    @contextmanager
    def scratch(self, folder: Path) -> Iterator[Path]:
        """As ``Database.scratch``: a schema of its own in this database."""
        name = f"tradewind_selftest_{os.getpid()}"
        with self.faults(), self._session("BEGIN") as cursor:
            cursor.execute(f"CREATE SCHEMA {name}")
        try:
            joined = "&" if "?" in self.path.url else "?"
            yield PostgresSeat.at(folder / "selftest", f"{self.path.url}{joined}options=-csearch_path%3D{name}")
        finally:
            with self.faults(), self._session("BEGIN") as cursor:
                cursor.execute(f"DROP SCHEMA {name} CASCADE")
            self.close()

    def check_pages(self) -> str:
        """As ``Database.check_pages``: pages are the server's to check, its settings say what a commit is worth."""
        names = [*_DURABLE, "data_checksums"]
        _, rows = self.query("SELECT name, setting FROM pg_settings WHERE name = ANY(?)", (names,))
        found = dict(rows)
        weak = [name for name in _DURABLE if found.get(name) == "off"]
        if weak:
            raise Corrupt(
                f"the server runs with {' and '.join(weak)} off: a power cut loses what was acknowledged",
                where=self.path.shown,
                next_step="switch it on in postgresql.conf and restart the server",
            )
        return f"the server's to check; data_checksums {found.get('data_checksums', 'unknown')}"

    def check_references(self) -> str:
        """As ``Database.check_references``: the server holds them, unless somebody switched that off."""
        _, rows = self.query(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint"
            " WHERE contype = 'f' AND NOT convalidated AND connamespace = current_schema()::regnamespace"
        )
        if rows:
            raise Corrupt(f"{rows[0][1]} of {rows[0][0]} was never validated", where=self.path.shown, next_step=RESTORE)
        return "held by the server, all validated"

    def writer(self, now: int) -> PostgresWriter:
        """As ``Database.writer``."""
        return PostgresWriter(self, now)


class PostgresWriter(Writer):
    """The one session that writes. A session the server has lost is opened again where nobody took over meanwhile."""

    def __init__(self, database: PostgresDatabase, now: int) -> None:
        """Becomes the writer of ``database``.

        Raises:
            Unavailable: another process is, on this host or on another one; nothing was changed.
        """
        self.database: PostgresDatabase = database
        self._lock = WriterLock(database.path)
        self._lock.acquire()
        _WRITERS.add(self)
        try:
            with database.faults():
                self._session = self._owned()
                with committed(self._session, "BEGIN") as cursor:
                    self.fencing = fence(cursor, now)
        except BaseException:
            self._lock.release()
            raise

    def _owned(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A session that holds the writer's lock.

        The server gives up the lock of a session a moment after it has ended, so a start right behind a stop waits.
        """
        session = self.database.connect()
        try:
            with committed(session, "BEGIN") as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {_HANDED_OVER_MS}")
                cursor.execute(f"SELECT pg_advisory_lock({_WRITER})")
        except psycopg.errors.LockNotAvailable:
            try:
                raise taken(self.database.path, session) from None
            finally:
                session.close()
        except BaseException:
            session.close()
            raise
        return session

    def let_go_in_child(self) -> None:
        """Cuts a forked child off from its parent's session, which would outlive a killed parent with its lock."""
        session = getattr(self, "_session", None)
        if session is not None and not session.closed:
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing, session.fileno())
            os.close(nothing)

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """As ``Writer.transaction``."""
        with self.database.faults():
            if self._session.closed:
                self._session = self._owned()
            with committed(self._session, "BEGIN") as cursor:
                row = cursor.execute("SELECT fencing, pid FROM lease FOR UPDATE").fetchone()
                if row is None or row[0] != self.fencing:
                    raise overtaken(self.database.path, row[1] if row else "?")
                yield cursor

    def checkpoint(self) -> None:
        """Nothing to do: the server does it."""

    def close(self) -> None:
        """Ends writing and gives the lock back."""
        try:
            self._session.close()
        finally:
            self._lock.release()


_WRITERS: weakref.WeakSet[PostgresWriter] = weakref.WeakSet()


def _let_go_in_child() -> None:
    for writer in list(_WRITERS):
        writer.let_go_in_child()


os.register_at_fork(after_in_child=_let_go_in_child)


@contextmanager
def committed(session: psycopg.Connection[tuple[Any, ...]], begin: str) -> Iterator[PostgresCursor]:
    """A cursor of ``session`` inside a transaction that starts with ``begin``."""
    cursor = PostgresCursor(session.cursor())
    cursor.execute(begin)
    try:
        yield cursor
        cursor.execute("COMMIT")
    except BaseException:
        with suppress(psycopg.Error):  # the session may be gone, and the transaction with it
            session.rollback()
        raise
    finally:
        cursor.close()


def taken(seat: PostgresSeat, session: psycopg.Connection[tuple[Any, ...]]) -> Unavailable:
    """What somebody is told who wants to write beside the writer."""
    row = session.execute(_HOLDER, (_KIND,)).fetchone()
    if row and row[2] in GIVEN_UP:
        return StoreAway(
            "an earlier session of this process, which stood still, still holds it", where=seat.shown,
            next_step="the server ends it within a minute", retry_after_s=1.0,
        )  # fmt: skip
    who = f"process {row[1]} from {row[0]}" if row else "another process"
    return Unavailable(
        f"{who} is writing to this database",
        where=seat.shown,
        allowed="one writer at a time",
        next_step="stop that one first, or use another database",
    )
