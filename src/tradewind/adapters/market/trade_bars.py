"""Bars from a tape of trades, for venues whose stream has no candles."""

from __future__ import annotations

from collections import deque

import msgspec

from tradewind.model.bar import Bar
from tradewind.model.timeframe import Timeframe

_REMEMBERED = 5000


class TradeBars:
    """Builds the bar of each interval from its trades: first, highest, lowest, last price and the sum of sizes.

    The interval in which the tape was joined is left out, because its beginning was not seen. An interval without a
    trade makes no bar: nothing is invented, the hole is for the calendar to judge. A trade is counted once however
    often it is sent; one that belongs to an interval already left is counted in ``late`` and changes nothing.

    >>> bars = TradeBars("BTC/USD", Timeframe.M1)
    >>> bars.on_trade("1", 0, 100.0, 1.0) is None
    True
    >>> bars.on_trade("2", 60_000_000_000, 101.0, 0.5).open
    101.0
    """

    def __init__(self, symbol: str, timeframe: Timeframe) -> None:
        self._symbol = symbol
        self._timeframe = timeframe
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
        length = self._timeframe.ns
        start = ts // length * length
        if self._joined is None:
            self._joined = start
        if start <= self._joined:
            return None
        bar = self._bar
        if bar is None or start > bar.ts_open:
            self._bar = Bar(
                self._symbol, self._timeframe, start, start + length, price, price, price, price, round(size, 8)
            )
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

    def _remember(self, trade_id: str) -> None:
        self._seen.add(trade_id)
        self._order.append(trade_id)
        if len(self._order) > _REMEMBERED:
            self._seen.discard(self._order.popleft())
