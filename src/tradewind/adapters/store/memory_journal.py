"""The journal of a backtest: the same chain, nothing on disk."""

from __future__ import annotations

from collections.abc import Iterator

from tradewind.adapters.store.chain import EMPTY, Head, next_head
from tradewind.adapters.store.codec import encode_event, ts_of
from tradewind.errors import Misconfigured
from tradewind.model.event import InputEvent
from tradewind.ports.store import Entry


class MemoryJournal:
    """Implements ``ports.store.Journal`` in memory; its digest and hash equal those of the durable journal.

    With ``keep=False`` entries are chained and dropped, for runs over millions of bars that need only the head.
    """

    def __init__(self, *, keep: bool = True) -> None:
        self._keep = keep
        self._entries: list[Entry] = []
        self._tail = EMPTY
        self._head = EMPTY

    @property
    def head(self) -> Head:
        """``(seq, digest, hash)`` of the last committed entry; zeros when empty."""
        return self._head

    def append(self, event: InputEvent, outputs: bytes) -> Entry:
        """Adds one entry to the open batch."""
        self._tail = next_head(self._tail, encode_event(event), outputs)
        entry = Entry(self._tail.seq, ts_of(event), event, outputs, self._tail.digest, self._tail.hash)
        if self._keep:
            self._entries.append(entry)
        return entry

    def commit(self) -> None:
        """Ends the open batch."""
        self._head = self._tail

    def read(self, first_seq: int = 1) -> Iterator[Entry]:
        """Committed entries from ``first_seq``.

        Raises:
            Misconfigured: the journal was made with ``keep=False``.
        """
        if not self._keep:
            raise Misconfigured(
                "this journal kept no entries", where="MemoryJournal(keep=False)", next_step="make it with keep=True"
            )
        yield from self._entries[max(first_seq, 1) - 1 : self._head.seq]
