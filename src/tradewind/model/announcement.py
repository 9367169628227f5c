"""What people are told that is no output of the engine: a report of the day, a started or dying process, a test."""

from __future__ import annotations

import msgspec

from tradewind.model.notice import Severity


class Announcement(msgspec.Struct, frozen=True, tag="announcement"):
    """A title and lines of plain text; every channel puts them into its own form and escapes them."""

    title: str
    ts: int
    lines: tuple[str, ...] = ()
    severity: Severity = "info"
