"""The durable seam. What ``append`` returned from is on disk; what it did not return from may be or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from tradewind.model.event import InputEvent


class Entry(msgspec.Struct, frozen=True):
    """One sequenced input with everything the engine made of it, as stored.

    ``outputs`` is the canonical JSON array of output events (decisions, intents, fills, trades, charges, outcomes);
    ``digest`` chains the outputs alone: sha256(previous digest || outputs), unmoved by an entry
    that has none. ``hash`` chains the whole entry.
    """

    seq: int
    ts: int
    event: InputEvent
    outputs: bytes
    digest: bytes
    hash: bytes


class Journal(Protocol):
    """Hash-chained, append-only record of inputs and what followed from them. One writer."""

    def append(self, event: InputEvent, outputs: bytes) -> Entry:
        """Adds one entry to the open batch; it is not durable before ``commit``."""
        ...

    def commit(self) -> None:
        """Makes every appended entry durable, all or none."""
        ...

    def read(self, first_seq: int = 1) -> Iterator[Entry]:
        """Entries from ``first_seq``, verifying the chain; raises ``Corrupt`` naming the first broken entry."""
        ...

    @property
    def head(self) -> tuple[int, bytes, bytes]:
        """``(seq, digest, hash)`` of the last durable entry; zeros when empty."""
        ...


class SnapshotStore(Protocol):
    """Engine state at a journal position, to shorten recovery; always reproducible from the journal alone."""

    def save(self, seq: int, digest: bytes, config_hash: str, state: bytes) -> None:
        """Stores a snapshot, replacing none."""
        ...

    def latest(self, config_hash: str, at_most_seq: int) -> tuple[int, bytes, bytes] | None:
        """``(seq, digest, state)`` of the newest usable snapshot, or None."""
        ...


class Note(Protocol):
    """A journal position noted beside the journal: cheap, never ahead of what is durable, perhaps behind it."""

    def write(self, seq: int, digest: bytes) -> None:
        """Notes entry ``seq``, whose chain hash is ``digest``."""
        ...

    def read(self) -> tuple[int, bytes] | None:
        """``(seq, hash)`` of the entry noted last, or None."""
        ...


class Tables(Protocol):
    """The tables people query; written in the same transaction as the journal entry they follow from."""

    def record(self, entry: Entry, outputs: Sequence[object]) -> None:
        """Projects one entry, with its outputs decoded: candles, signals, decisions, positions, trade outcomes."""
        ...
