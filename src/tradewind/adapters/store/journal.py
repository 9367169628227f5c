"""The durable journal: one transaction holds an input, what followed from it, and the tables that follow."""

from __future__ import annotations

from collections.abc import Iterator

from tradewind.adapters.store.chain import EMPTY, Head, Row, next_head, verified
from tradewind.adapters.store.codec import decode_outputs, encode_event, kind_of, ts_of
from tradewind.adapters.store.database import Cursor, Database, Writer
from tradewind.adapters.store.head_mark import HeadMark
from tradewind.adapters.store.tables import SqlTables
from tradewind.errors import Corrupt, Misconfigured
from tradewind.model.event import InputEvent
from tradewind.ports.store import Entry

_INSERT = "INSERT INTO journal (seq, kind, ts, event, outputs, digest, hash) VALUES (?, ?, ?, ?, ?, ?, ?)"
_READ = "SELECT seq, kind, ts, event, outputs, digest, hash FROM journal WHERE seq > ? ORDER BY seq LIMIT ?"
_LAST = "SELECT seq, digest, hash FROM journal ORDER BY seq DESC LIMIT 1"
_READ_AHEAD = 512


class SqlJournal:
    """Implements ``ports.store.Journal``.

    ``append`` chains and buffers, ``commit`` writes the batch and its projections in one transaction. The caller
    chooses the batch: one bar when people wait for the signal, thousands in a bulk replay. A commit that fails keeps
    the batch, so calling it again after the cause is gone loses nothing. Without a ``writer`` the journal only reads.
    """

    def __init__(self, database: Database, writer: Writer | None = None, tables: SqlTables | None = None) -> None:
        self._database = database
        self._writer = writer
        self._tables = tables
        self._mark = HeadMark(database.path) if writer is not None else None
        self._batch: list[Row] = []
        self._in_doubt = False
        self._head = self._tail = self._stored_head()
        if self._mark is not None:
            self.refuse_older_file(self._mark)

    @property
    def head(self) -> Head:
        """``(seq, digest, hash)`` of the last durable entry; zeros when empty. A reader asks the file every time."""
        return self._head if self._writer is not None else self._stored_head()

    @property
    def pending(self) -> int:
        """Entries appended and not yet durable; a commit that failed leaves them here."""
        return len(self._batch)

    def append(self, event: InputEvent, outputs: bytes) -> Entry:
        """Adds one entry to the open batch.

        Raises:
            Corrupt: the outputs cannot be read as output events (with tables only); nothing was added.
        """
        projected = decode_outputs(outputs) if self._tables is not None else []
        payload = encode_event(event)
        head = next_head(self._tail, payload, outputs)
        row = Row(head.seq, kind_of(event), ts_of(event), payload, outputs, head.digest, head.hash)
        entry = Entry(row.seq, row.ts, event, outputs, row.digest, row.hash)
        if self._tables is not None:
            self._tables.record(entry, projected)
        self._batch.append(row)
        self._tail = head
        return entry

    def commit(self) -> None:
        """Makes every appended entry durable together with its projections, all or none.

        Raises:
            Misconfigured: the journal was opened to read.
            Retryable: the database is locked; the batch is kept, call again.
            Unavailable: the disk is full or fails, or another process took over; the batch is kept.
            Corrupt: the file is damaged or holds entries this process did not write.
        """
        if not self._batch:
            return
        if self._writer is None:
            raise Misconfigured("this journal was opened to read", where=str(self._database.path))
        try:
            with self._writer.transaction() as cursor:
                if not (self._in_doubt and self._already_durable(cursor)):
                    cursor.executemany(_INSERT, self._batch)
                    if self._tables is not None:
                        self._tables.write(cursor)
        except BaseException:
            self._in_doubt = True
            raise
        self._in_doubt = False
        self._batch.clear()
        if self._tables is not None:
            self._tables.clear()
        self._head = self._tail
        if self._mark is not None:
            self._mark.write(self._head.seq, self._head.hash)

    def _already_durable(self, cursor: Cursor) -> bool:
        """Whether the commit that failed or was interrupted reached the disk after all."""
        stored = _head_of(cursor.execute(_LAST).fetchone())
        if stored == self._tail:
            return True
        if stored == self._head:
            return False
        raise Corrupt(
            f"the journal ends at entry {stored.seq}, this process wrote up to {self._head.seq}",
            where=str(self._database.path),
            next_step="stop and run tradewind db check",
        )

    def read(self, first_seq: int = 1) -> Iterator[Entry]:
        """Durable entries from ``first_seq``, as they were when the reading began.

        Raises:
            Corrupt: the chain breaks; the message names the first broken entry and what differs.
        """
        head = EMPTY
        with self._database.reading() as cursor:
            if first_seq > 1:
                cursor.execute("SELECT seq, digest, hash FROM journal WHERE seq = ?", (first_seq - 1,))
                head = _head_of(cursor.fetchone())
                if head is EMPTY:
                    return
            while rows := cursor.execute(_READ, (head.seq, _READ_AHEAD)).fetchall():
                for stored in rows:
                    entry = verified(head, Row(*stored))
                    head = Head(entry.seq, entry.digest, entry.hash)
                    yield entry

    def close(self) -> None:
        """Closes the head mark; the database is its owner's to close."""
        if self._mark is not None:
            self._mark.close()

    def _stored_head(self) -> Head:
        _, rows = self._database.query(_LAST)
        return _head_of(rows[0] if rows else None)

    def refuse_older_file(self, mark: HeadMark) -> None:
        """Raises ``Corrupt`` when the file lacks what was once acknowledged from it: it is an older copy."""
        remembered = mark.read()
        if remembered is None:
            return
        seq, digest = remembered
        _, rows = self._database.query("SELECT hash FROM journal WHERE seq = ?", (seq,))
        if rows and rows[0][0] == digest:
            return
        found = f"it ends at {self._head.seq}" if not rows else f"its entry {seq} is another one"
        raise Corrupt(
            f"entry {seq} was acknowledged from this file, but {found}: the -wal file was left behind or an older copy"
            " was restored",
            where=str(self._database.path),
            next_step=f"bring the matching -wal file back; to go on from this copy on purpose, delete {mark.path}",
        )


def _head_of(row: tuple[int, bytes, bytes] | None) -> Head:
    return EMPTY if row is None else Head(*row)
