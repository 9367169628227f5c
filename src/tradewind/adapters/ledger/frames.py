"""Bytes of the trial ledger: a header, then frames that each vouch for everything before them.

::

    file    "tradewind trial ledger 1\\n"  frame  frame  ...
    frame   "\\nTWL"  kind u8  3 zeros  length u32  entry u64  ts i64  crc32 u32  |  payload  |  hash (32 bytes)

Numbers are big-endian. ``crc32`` is over the 28 bytes before it, so that a damaged length is known as damage and not
taken for a frame that was cut off. ``hash = sha256(hash of the frame before || 32 header bytes || payload)``; the first
frame follows the sha256 of the file's header.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from enum import StrEnum
from hashlib import sha256
from typing import Final, NamedTuple

FILE_HEADER: Final = b"tradewind trial ledger 1\n"
TRIALS: Final = 1
LOOKS: Final = 2

_MAGIC: Final = b"\nTWL"
_FIELDS: Final = struct.Struct(">4sB3xIQq")
_CRC: Final = struct.Struct(">I")
_HEADER: Final = _FIELDS.size + _CRC.size
_HASH: Final = 32


class Head(NamedTuple):
    """Where a ledger ends: number and hash of its last entry, and the bytes up to there."""

    entry: int
    hash: bytes
    end: int


START: Final = Head(0, sha256(FILE_HEADER).digest(), len(FILE_HEADER))


class Frame(NamedTuple):
    """One entry as stored."""

    kind: int
    ts: int
    payload: memoryview
    head: Head


class Damage(StrEnum):
    """What is wrong with the bytes after the last whole frame."""

    CUT = "it is cut off"
    HEADER = "its header is damaged"
    NUMBER = "it carries another number"
    HASH = "its bytes do not give the stored hash"


class Tail(NamedTuple):
    """Bytes after the last whole frame that are none; ``followed`` when a whole header of a later entry comes after."""

    damage: Damage
    followed: bool


def frame_bytes(head: Head, kind: int, ts: int, payload: bytes) -> tuple[bytes, Head]:
    """The bytes of the entry after ``head`` and the head after it."""
    fields = _FIELDS.pack(_MAGIC, kind, len(payload), head.entry + 1, ts)
    header = fields + _CRC.pack(zlib.crc32(fields))
    digest = sha256(head.hash + header + payload).digest()
    return header + payload + digest, Head(head.entry + 1, digest, head.end + _HEADER + len(payload) + _HASH)


def frames(data: memoryview) -> Iterator[Frame | Tail]:
    """Every whole frame of a file in order, verified; a ``Tail`` last where something else follows them."""
    head = START
    while head.end < len(data):
        found = _frame_after(head, data)
        if isinstance(found, Damage):
            yield Tail(found, _followed(data, head))
            return
        yield found
        head = found.head


def _frame_after(head: Head, data: memoryview) -> Frame | Damage:
    begin = head.end + _HEADER
    header = bytes(data[head.end : begin])
    if len(header) < _HEADER:
        return Damage.CUT
    fields = _parsed(header)
    if fields is None:
        return Damage.HEADER
    kind, length, entry, ts = fields
    if entry != head.entry + 1:
        return Damage.NUMBER
    end = begin + length + _HASH
    if end > len(data):
        return Damage.CUT
    payload = data[begin : begin + length]
    chain = sha256(head.hash + header)
    chain.update(payload)
    if chain.digest() != data[begin + length : end]:
        return Damage.HASH
    return Frame(kind, ts, payload, Head(entry, chain.digest(), end))


def _parsed(header: bytes) -> tuple[int, int, int, int] | None:
    """``(kind, payload length, entry, ts)``; None where the bytes are no header."""
    magic, kind, length, entry, ts = _FIELDS.unpack_from(header)
    whole = magic == _MAGIC and _CRC.unpack_from(header, _FIELDS.size)[0] == zlib.crc32(header[: _FIELDS.size])
    return (kind, length, entry, ts) if whole else None


def _followed(data: memoryview, head: Head) -> bool:
    """Whether a header of an entry after the next one stands anywhere behind ``head``."""
    rest = bytes(data[head.end + 1 :])
    place = rest.find(_MAGIC)
    while place >= 0:
        header = rest[place : place + _HEADER]
        fields = _parsed(header) if len(header) == _HEADER else None
        if fields is not None and fields[2] > head.entry + 1:
            return True
        place = rest.find(_MAGIC, place + 1)
    return False
