"""Text for a chat: escaped, marked, cut and split by the rules of the Bot API."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

TEXT_LIMIT: Final = 4096
CAPTION_LIMIT: Final = 1024
_COLUMNS: Final = re.compile(r"^(\S[^:]{0,16}?)\s{2,}(?=\S)")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def length(text: str) -> int:
    """Length as the API counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def clean(text: str) -> str:
    """``text`` without control characters and without marks that turn the direction of writing."""
    return _CONTROL.sub("", text)


def labelled(line: str) -> str:
    """``Stop         1.0950`` as ``Stop: 1.0950``: columns mean nothing in a chat's type."""
    return _COLUMNS.sub(r"\1: ", line)


def html_of(lines: Sequence[str]) -> str:
    """The lines as HTML of the Bot API: all of it escaped, the first one bold, labels in italics."""
    out = []
    for number, line in enumerate(map(clean, lines)):
        label, colon, rest = line.partition(": ")
        if number == 0:
            out.append(f"<b>{escape(line, quote=False)}</b>")
        elif colon and len(label) <= 18 and label[:1].isalpha():
            out.append(f"<i>{escape(label, quote=False)}</i>: {escape(rest, quote=False)}")
        else:
            out.append(escape(line, quote=False))
    return "\n".join(out)


def fitted(lines: Sequence[str], limit: int) -> list[str]:
    """As many of the lines as fit into ``limit``; what was left out is said, and a single long line is cut."""
    kept: list[str] = []
    room = limit - length("\n...")
    for line in map(clean, lines):
        need = length(line) + 1
        if need > room:
            kept.append(_cut(line, room) + "..." if not kept else "...")
            break
        kept.append(line)
        room -= need
    return kept


def split(lines: Sequence[str], limit: int = TEXT_LIMIT) -> Iterator[list[str]]:
    """The lines in as few messages as hold them, broken between lines, and inside only where one is too long alone."""
    page: list[str] = []
    room = limit
    for line in (piece for whole in lines for piece in _pieces(clean(whole), limit)):
        need = length(line) + 1
        if need > room and page:
            yield page
            page, room = [], limit
        page.append(line)
        room -= need
    if page:
        yield page


def _pieces(line: str, limit: int) -> Iterator[str]:
    while length(line) >= limit:
        head = _cut(line, limit - 1)
        yield head
        line = line[len(head) :]
    yield line


def _cut(line: str, room: int) -> str:
    """The longest beginning of ``line`` of at most ``room`` UTF-16 units, whole characters only."""
    raw = line.encode("utf-16-le")[: 2 * max(room, 1)]
    return raw.decode("utf-16-le", "ignore")
