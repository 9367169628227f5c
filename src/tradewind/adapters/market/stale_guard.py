"""Notices a feed that looks calm because it is dead."""

from __future__ import annotations

from tradewind.model.bar import Bar
from tradewind.model.event import FeedState
from tradewind.model.session import SessionCalendar
from tradewind.model.timeframe import Timeframe
from tradewind.ports.market import FeedItem, Update

STALE, FRESH = "stale", "fresh"


class StaleGuard:
    """One symbol's feed is stale when no bar moved for ``silent_bars`` bars, or ``frozen_bars`` closed bars in a row
    stood at one price; it is fresh again with the first bar that moves.

    Silence is counted on the monotonic clock and only while the symbol's market is open. Heartbeats do not count as
    life of a price, nor do bars older than the newest and repeats of it: a venue can be alive and its prices not.
    ``stale`` is how an earlier process life left the feed.
    """

    def __init__(
        self,
        symbol: str,
        timeframe: Timeframe,
        calendar: SessionCalendar,
        monotonic: int,
        *,
        silent_bars: float = 1.5,
        frozen_bars: int = 3,
        stale: bool = False,
    ) -> None:
        self.symbol = symbol
        self._calendar = calendar
        self._limit = round(silent_bars * timeframe.ns)
        self._frozen_bars = frozen_bars
        self._heard = monotonic
        self._forming: Bar | None = None
        self._frozen = 0
        self.stale = stale

    def observe(self, item: FeedItem, now: int, monotonic: int) -> FeedState | None:
        """Takes what the feed said; the change of state it caused (``now``: wall time for the stamp)."""
        if not isinstance(item, Update) or item.bar.symbol != self.symbol:
            return self.check(now, monotonic)
        before = self._forming
        if before is not None and (item.bar.ts_open < before.ts_open or item.bar == before):
            return self.check(now, monotonic)
        self._heard = monotonic
        if before is not None and item.bar.ts_open > before.ts_open:
            flat = before.open == before.high == before.low == before.close == item.bar.open
            self._frozen = self._frozen + 1 if flat else 0
        self._forming = item.bar
        if item.bar.high != item.bar.low:
            self._frozen = 0
        if self._frozen >= self._frozen_bars:
            return self._turn(True, now, f"price frozen at {item.bar.close} for {self._frozen} bars")
        return self._turn(False, now, "bars move again") if self._frozen == 0 else None

    def check(self, now: int, monotonic: int) -> FeedState | None:
        """Judges the silence so far; to be called from time to time while nothing is heard."""
        if self._calendar.closes and not self._calendar.is_open(now):
            self._heard = monotonic
            return None
        silent = monotonic - self._heard
        if silent <= self._limit:
            return None
        return self._turn(True, now, f"no bar moved for {silent / 1e9:.0f} s")

    def _turn(self, stale: bool, now: int, detail: str) -> FeedState | None:
        if stale == self.stale:
            return None
        self.stale = stale
        return FeedState(self.symbol, STALE if stale else FRESH, now, detail)
