"""Errors on their way into ``error_log``: kept until the single writer has a moment, floods folded."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec

from tradewind.model.timeframe import MINUTE

KEPT = 500
SAME_WITHIN = MINUTE


class ErrorRow(msgspec.Struct):
    """One error: ``times`` it came within a minute; ``ts`` of the first, UTC nanoseconds."""

    ts: int
    error_type: str
    message: str
    origin: str
    times: int = 1

    @property
    def text(self) -> str:
        """The message, and how often it came."""
        return self.message if self.times == 1 else f"{self.message} ({self.times} times)"


class ErrorBook:
    """Takes errors at any moment, also inside a transaction; ``drain`` writes them. ``total`` counts all of them."""

    def __init__(self) -> None:
        self.total = 0
        self.dropped = 0
        self._rows: deque[ErrorRow] = deque()

    def note(self, ts: int, error_type: str, message: str, origin: str) -> None:
        """Takes one error; when nobody drains, the oldest of five hundred are dropped and counted."""
        self.total += 1
        for row in self._rows:
            if (row.error_type, row.message, row.origin) == (error_type, message, origin) and ts - row.ts < SAME_WITHIN:
                row.times += 1
                return
        if len(self._rows) == KEPT:
            self._rows.popleft()
            self.dropped += 1
        self._rows.append(ErrorRow(ts, error_type, message, origin))

    def drain(self, write: Callable[[int, str, str, str], None]) -> None:
        """Hands every row to ``write(ts, error_type, message, origin)``; one that cannot be written stays."""
        while self._rows:
            row = self._rows[0]
            write(row.ts, row.error_type, row.text, row.origin)
            self._rows.popleft()
