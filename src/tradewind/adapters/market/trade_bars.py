"""Bars from a tape of trades, for venues whose stream has no candles."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec

from tradewind.model.bar import Bar
from tradewind.model.timeframe import Timeframe

_REMEMBERED = 5000


class TradeBars:
    """Builds the bar of each interval from its trades: first, highest, lowest, last price and the sum of sizes.

    The interval in which the tape was joined is left out, because its beginning was not seen. An interval without a
    trade makes no bar: nothing is invented, the hole is for the calendar to judge. A trade is counted once however
    often it is sent (``trade_id`` tells); one that belongs to an interval already left is counted in ``late`` and
    changes nothing.

    ``bucket`` gives the interval that holds a moment; left out, intervals are cut in UTC.

    >>> bars = TradeBars("BTC/USD", Timeframe.M1)
    >>> bars.on_trade("1", 0, 100.0, 1.0) is None
    True
    >>> bars.on_trade("2", 60_000_000_000, 101.0, 0.5).open
    101.0
    """

    def __init__(
        self, symbol: str, timeframe: Timeframe, bucket: Callable[[int], tuple[int, int]] | None = None
    ) -> None:
        self._symbol = symbol
        self._timeframe = timeframe
        self._bucket = bucket or self._utc
        self._joined: int | None = None
        self._bar: Bar | None = None
        self._order: deque[str] = deque()
        self._seen: set[str] = set()
        self.late = 0

    def on_trade(self, trade_id: str, ts: int, price: float, size: float) -> Bar | None:
        """Takes one trade (UTC nanoseconds, quote price, base size); the bar it changed, or None."""
        if trade_id in self._seen:
            return None
        self._remember(trade_id)
        start, end = self._bucket(ts)
        if self._joined is None:
            self._joined = start
        if start <= self._joined:
            return None
        bar = self._bar
        if bar is None or start > bar.ts_open:
            self._bar = Bar(self._symbol, self._timeframe, start, end, price, price, price, price, round(size, 8))
        elif start < bar.ts_open:
            self.late += 1
            return None
        else:
            self._bar = msgspec.structs.replace(
                bar,
                high=max(bar.high, price),
                low=min(bar.low, price),
                close=price,
                volume=round(bar.volume + size, 8),
            )
        return self._bar

    def _utc(self, ts: int) -> tuple[int, int]:
        start = ts - ts % self._timeframe.ns
        return start, start + self._timeframe.ns

    def _remember(self, trade_id: str) -> None:
        self._seen.add(trade_id)
        self._order.append(trade_id)
        if len(self._order) > _REMEMBERED:
            self._seen.discard(self._order.popleft())
