"""The hash chain: which bytes vouch for which.

``digest_n = sha256(digest_{n-1} || outputs)`` when entry n has outputs, else ``digest_{n-1}``. It chains the outputs
alone, so two runs that decide the same have the same digest although their inputs carry other provenance (source,
cause, time of arrival), and inputs nothing followed from (a stale feed, a restart) do not move it. No outputs means
empty bytes or an empty array, ``[]``.

``hash_n = sha256(hash_{n-1} || seq || len(event) || event || outputs)`` chains the whole entry; ``seq`` and the length
are 8 bytes, big-endian, so that no byte can move from the event to the outputs unseen. Both chains start from 32 zeros.
"""

from __future__ import annotations

import struct
from hashlib import sha256
from typing import NamedTuple

from tradewind.adapters.store.codec import decode_event, kind_of, ts_of
from tradewind.errors import Corrupt
from tradewind.ports.store import Entry

ZERO = bytes(32)
_lengths = struct.Struct(">qq").pack


class Head(NamedTuple):
    """Where a chain ends."""

    seq: int
    digest: bytes
    hash: bytes


EMPTY = Head(0, ZERO, ZERO)


class Row(NamedTuple):
    """One row of the ``journal`` table."""

    seq: int
    kind: str
    ts: int
    event: bytes
    outputs: bytes
    digest: bytes
    hash: bytes


def next_head(head: Head, event: bytes, outputs: bytes) -> Head:
    """The head after one more entry."""
    seq, digest, own = head
    seq += 1
    if len(outputs) > len(b"[]"):
        digest = sha256(digest + outputs).digest()
    return Head(seq, digest, sha256(own + _lengths(seq, len(event)) + event + outputs).digest())


def followed(head: Head, row: Row) -> Head:
    """The head after a stored row whose bytes follow ``head``. Nothing is decoded.

    Raises:
        Corrupt: the row does not follow; the message names its ``seq`` and what differs.
    """
    seq = head.seq + 1
    if row.seq != seq:
        raise Corrupt(
            f"entry {seq} is missing; the next stored one is {row.seq}", where="journal", next_step=_NEXT_STEP
        )
    try:
        expected = next_head(head, row.event, row.outputs)
    except TypeError as fault:  # SQLite keeps whatever type was written
        raise _differs(seq, "event or outputs are not bytes") from fault
    if row.hash != expected.hash:
        raise _differs(seq, "event or outputs do not give the stored hash")
    if row.digest != expected.digest:
        raise _differs(seq, "the stored digest is not the digest of its outputs")
    return expected


def verified(head: Head, row: Row) -> Entry:
    """The entry of a stored row that follows ``head``.

    Raises:
        Corrupt: as ``followed``, or the row's columns are not those of its event.
    """
    followed(head, row)
    event = decode_event(row.event)
    if (row.kind, row.ts) != (kind_of(event), ts_of(event)):
        raise _differs(
            row.seq, f"columns say {row.kind} at {row.ts}, the event says {kind_of(event)} at {ts_of(event)}"
        )
    return Entry(row.seq, row.ts, event, row.outputs, row.digest, row.hash)


_NEXT_STEP = "restore the last backup, or run tradewind db check for the extent of the damage"


def _differs(seq: int, what: str) -> Corrupt:
    return Corrupt(f"entry {seq} is damaged: {what}", where="journal", next_step=_NEXT_STEP)
