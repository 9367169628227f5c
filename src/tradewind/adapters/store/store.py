"""The store as a process opens it: folder, schema, lease, journal, tables, snapshots, in that order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tradewind.adapters.notify.pace import Pace
from tradewind.adapters.store.database import Database, Writer
from tradewind.adapters.store.head_mark import HeadMark
from tradewind.adapters.store.journal import SqlJournal
from tradewind.adapters.store.opening import database_at
from tradewind.adapters.store.outbox import Outbox
from tradewind.adapters.store.outbox_rows import OutboxRows
from tradewind.adapters.store.schema import utc_text
from tradewind.adapters.store.snapshots import SqlSnapshots
from tradewind.adapters.store.tables import SqlTables
from tradewind.errors import Misconfigured
from tradewind.model.instrument import Instrument


class Store:
    """An open store; its parts are ``journal``, ``snapshots``, ``told`` and ``database``. A context manager.

    ``told`` notes up to which entry people were told; None where the store was opened to read.
    """

    def __init__(self, database: Database, writer: Writer | None, tables: SqlTables | None) -> None:
        self.database = database
        self.writer = writer
        self.journal = SqlJournal(database, writer, tables)
        self.snapshots = SqlSnapshots(database, writer)
        self.told = HeadMark(database.path, ".told") if writer is not None else None
        self._outbox_rows = tables.outbox if tables is not None else None

    def outbox(self, now: int, pace: Pace | None = None, market_time: Callable[[int], int] = lambda now: now) -> Outbox:
        """The senders' side of what is told; one for each process. Arguments as in ``Outbox``.

        Raises:
            Misconfigured: the store was opened to read.
        """
        if self.writer is None or self._outbox_rows is None:
            raise Misconfigured("this store was opened to read", where=str(self.database.path))
        return Outbox(self.writer, self._outbox_rows, now, pace, market_time)

    @classmethod
    def open(
        cls,
        location: str | Path | Database,
        now: int,
        *,
        instruments: Mapping[str, Instrument] | None = None,
        outbox: OutboxRows | None = None,
    ) -> Store:
        """Opens to write, creating and migrating where needed. ``now`` is UTC nanoseconds, for stamps only.

        ``outbox`` names the channels that are told; without it what is said is kept and owed to nobody.

        Raises:
            Unavailable: another process is writing; nothing was changed.
            Corrupt: the file is damaged, or is older than what was acknowledged from it.
        """
        database = database_at(location)
        try:
            database.prepare(now)
            writer = database.writer(now)
        except BaseException:
            database.close()
            raise
        try:
            return cls(database, writer, SqlTables(instruments, outbox=outbox))
        except BaseException:
            writer.close()
            database.close()
            raise

    @classmethod
    def read(cls, location: str | Path | Database) -> Store:
        """Opens to read, beside a running writer or without one.

        Raises:
            Unavailable: there is no database.
            Misconfigured: its schema is not this version's.
        """
        database = database_at(location)
        database.require()
        return cls(database, None, None)

    def log_error(self, ts: int, error_type: str, message: str, origin: str = "") -> None:
        """Adds a row to ``error_log``, durable on return; ``ts`` is UTC nanoseconds."""
        if self.writer is None:
            return
        with self.writer.transaction() as cursor:
            cursor.execute(
                "INSERT INTO error_log (timestamp, error_type, message, origin) VALUES (?, ?, ?, ?)",
                (utc_text(ts), error_type, message, origin),
            )

    def note(self, key: str, text: str) -> None:
        """Puts ``text`` into ``meta`` under ``key``, in place of what stood there; durable on return."""
        if self.writer is None:
            return
        with self.writer.transaction() as cursor:
            cursor.execute(
                "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, text),
            )

    def noted(self, key: str) -> str:
        """What ``note`` put under ``key`` last; empty where nothing was."""
        _, rows = self.database.query("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else ""

    def close(self) -> None:
        """Gives the lease back and closes the file; appended entries that were not committed are dropped."""
        self.journal.close()
        if self.told is not None:
            self.told.close()
        if self.writer is not None:
            self.writer.close()
        self.database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
