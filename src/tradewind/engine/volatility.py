"""Exponential daily volatility of each symbol, from the last close of each day of the account.

variance_t = 0.94 * variance_{t-1} + 0.06 * return_t^2, started at the first squared return.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

from tradewind.model.bar import Bar
from tradewind.model.session import SessionCalendar
from tradewind.risk.dynamic import DECAY

LEAST_DAYS: Final = 10
"""Returns below which nothing is said."""


class _Day(msgspec.Struct):
    end: int
    close: float
    before: float = 0.0
    variance: float = 0.0
    returns: int = 0


class Volatility:
    """Volatility of the symbols whose bars it is given."""

    def __init__(self, calendar: SessionCalendar) -> None:
        self._calendar = calendar
        self._days: dict[str, _Day] = {}

    def on_close(self, bar: Bar) -> None:
        """Takes the close of a bar."""
        day = self._days.get(bar.symbol)
        if day is None:
            self._days[bar.symbol] = _Day(self._calendar.day(bar.ts_close - 1).end, bar.close)
            return
        if bar.ts_close > day.end:
            if day.before:
                change = math.log(day.close / day.before)
                day.variance = change**2 if not day.returns else DECAY * day.variance + (1.0 - DECAY) * change**2
                day.returns += 1
            day.before, day.end = day.close, self._calendar.day(bar.ts_close - 1).end
        day.close = bar.close

    def daily(self, symbol: str) -> float | None:
        """Volatility of a day's return, None before ten of them or where nothing moved."""
        day = self._days.get(symbol)
        return math.sqrt(day.variance) if day is not None and day.returns >= LEAST_DAYS and day.variance else None

    def snapshot(self) -> bytes:
        """All of it, as bytes that ``restore`` takes."""
        return msgspec.msgpack.encode(self._days)

    def restore(self, state: bytes) -> None:
        """Continues from a snapshot; empty bytes are those of an engine without it."""
        if state:
            self._days = msgspec.msgpack.decode(state, type=dict[str, _Day])
