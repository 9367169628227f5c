"""Errors on their way into ``error_log``: kept until the single writer has a moment, floods folded."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Lock

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

    def same(self, other: ErrorRow) -> bool:
        """Whether ``other`` is this one again."""
        mine, its = (self.error_type, self.message, self.origin), (other.error_type, other.message, other.origin)
        return mine == its and other.ts - self.ts < SAME_WITHIN

    @property
    def text(self) -> str:
        """The message, and how often it came."""
        return self.message if self.times == 1 else f"{self.message} ({self.times} times)"


class ErrorBook:
    """Takes errors at any moment and from any thread; ``drain`` writes them. ``total`` counts all of them.

    ``clean`` takes secrets out of what is kept.
    """

    def __init__(self, clean: Callable[[str], str] = str) -> None:
        self._clean = clean
        self._lock = Lock()
        self.total = 0
        self.dropped = 0
        self._rows: deque[ErrorRow] = deque()

    def note(self, ts: int, error_type: str, message: str, origin: str) -> None:
        """Takes one error; when nobody drains, the oldest of five hundred are dropped and counted."""
        row = ErrorRow(ts, error_type, self._clean(message), origin)
        with self._lock:
            self.total += 1
            for known in self._rows:
                if known.same(row):
                    known.times += 1
                    return
            if len(self._rows) == KEPT:
                self._rows.popleft()
                self.dropped += 1
            self._rows.append(row)

    def drain(self, write: Callable[[int, str, str, str], None]) -> None:
        """Hands every row to ``write(ts, error_type, message, origin)``; one that cannot be written stays."""
        while self._rows:
            row = self._rows.popleft()
            try:
                write(row.ts, row.error_type, row.text, row.origin)
            except BaseException:
                self._rows.appendleft(row)
                raise
