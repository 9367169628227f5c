"""What is known about the connections behind the feeds: up or down, since when, and which provider speaks."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tradewind.model.event import FeedState
from tradewind.model.timeframe import SECOND
from tradewind.ports.market import Update

FIRST_WAIT = SECOND
LONGEST_WAIT = 30 * SECOND


class FeedLinks:
    """One link per symbol. A link that broke is doubtful until a bar is heard on it again, or history answered for it
    after a sign of life.
    """

    def __init__(self) -> None:
        self._down: set[str] = set()
        self._alive: set[str] = set()
        self._broken_at: dict[str, int] = {}
        self._source: dict[str, str] = {}

    @property
    def doubtful(self) -> tuple[str, ...]:
        """Symbols whose link is down, sorted."""
        return tuple(sorted(self._down)) if self._down else ()

    def broke(self, symbols: Sequence[str], now: int, ts_recv: int, detail: str) -> list[FeedState]:
        """A connection was lost at ``now``; said once per symbol until it is back."""
        told = [FeedState(symbol, "disconnected", ts_recv, detail) for symbol in symbols if symbol not in self._down]
        self._down.update(symbols)
        self._alive.difference_update(symbols)
        self._broken_at.update(dict.fromkeys(symbols, now))
        return told

    def beat(self, symbols: Sequence[str]) -> None:
        """The connection is up, though no bar moved."""
        self._alive.update(symbols)

    def heard(self, item: Update, now: int) -> Sequence[FeedState]:
        """A bar came; what changed with it: the link is back, or another provider speaks."""
        symbol = item.bar.symbol
        before = self._source.get(symbol, "")
        if item.source == before and symbol not in self._down:
            return ()
        told = []
        if item.cause == "venue" and item.source:
            if before and before != item.source:
                told.append(FeedState(symbol, "switched", now, f"from {before} to {item.source}"))
            self._source[symbol] = item.source
        if symbol in self._down:
            told.append(self._up(symbol, now))
        return told

    def answered(self, symbol: str, now: int, *, polls: bool) -> list[FeedState]:
        """History answered for a symbol in doubt; that is enough where it is the feed, or where the stream beats."""
        if symbol in self._down and (polls or symbol in self._alive):
            return [self._up(symbol, now)]
        return []

    def interrupted(self, symbol: str, since: int) -> bool:
        """Whether the link broke at or after ``since``."""
        return self._broken_at.get(symbol, -1) >= since

    def _up(self, symbol: str, now: int) -> FeedState:
        self._down.discard(symbol)
        return FeedState(symbol, "connected", now, f"from {self._source[symbol]}" if symbol in self._source else "")


class Hole(msgspec.Struct):
    """Bars from ``start`` on that history could not be asked for since ``since``; asked again at ``next_try``."""

    start: int
    since: int
    next_try: int
    wait: int = FIRST_WAIT


class Holes:
    """Holes that nobody could fill yet. A hole holds back the decisions after it, for at most ``patience`` ns.

    An outage of everything must not be taken for a market without bars, and must not stop the other markets for long:
    once the patience is used up, further holes of the symbol hold nothing back until history answers again.
    """

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._open: dict[str, Hole] = {}
        self._tired: set[str] = set()

    def unanswered(self, symbol: str, start: int, monotonic: int) -> bool:
        """History could not be asked from ``start`` on; whether that is news."""
        known = self._open.get(symbol)
        if known is None:
            self._open[symbol] = Hole(start, monotonic, monotonic + FIRST_WAIT)
            return symbol not in self._tired
        known.start = min(known.start, start)
        known.wait = min(2 * known.wait, LONGEST_WAIT)
        known.next_try = monotonic + known.wait
        return False

    @property
    def none(self) -> bool:
        """Whether there is no hole in any symbol."""
        return not self._open

    def due(self, symbol: str, monotonic: int) -> int | None:
        """From where to ask now; None while there is nothing to ask."""
        hole = self._open.get(symbol)
        return hole.start if hole is not None and monotonic >= hole.next_try else None

    def waiting(self, symbol: str) -> bool:
        """Whether the symbol has a hole."""
        return symbol in self._open

    def filled(self, symbol: str, start: int) -> None:
        """History answered from ``start`` on."""
        hole = self._open.get(symbol)
        self._tired.discard(symbol)
        if hole is not None and start <= hole.start:
            del self._open[symbol]

    def tired(self, symbol: str) -> bool:
        """Whether the patience was used up and history has not answered since."""
        return symbol in self._tired

    def given_up(self, symbol: str, monotonic: int) -> bool:
        """Whether the hole is older than the patience; it is closed then."""
        hole = self._open.get(symbol)
        if hole is None or (monotonic - hole.since < self._patience and symbol not in self._tired):
            return False
        self._tired.add(symbol)
        del self._open[symbol]
        return True

    def reached(self, symbol: str, known: int) -> int:
        """``known``, held back to the start of a hole."""
        hole = self._open.get(symbol)
        return known if hole is None else min(known, hole.start)
