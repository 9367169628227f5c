"""What people type in their own words: one bound for every verb, every order from the chat and the kill file."""

from __future__ import annotations

from typing import Final

from tradewind.errors import Misconfigured

LONGEST: Final = 200
"""Characters of a reason or a name."""


def one_line(text: str, where: str) -> str:
    """What was typed, as it will be shown on every terminal: one line without control characters.

    Raises:
        Misconfigured: it is none, or too long.
    """
    if not text.isprintable() or len(text) > LONGEST:
        what = f"{len(text)} characters" if text.isprintable() else f"{text[:40]!r} with control characters"
        raise Misconfigured(
            f"{what} cannot be kept as one line of text",
            where=where,
            allowed=f"up to {LONGEST} printable characters",
            next_step="write it shorter, on one line",
        )
    return text.strip()


def legible(text: str) -> str:
    """What a terminal can show of a text, on one line and cut to size: for an order that no text may hold up."""
    return "".join(one for one in text if one.isprintable())[:LONGEST].strip()
