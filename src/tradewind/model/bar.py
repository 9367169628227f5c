"""A finished OHLCV bar, and the columns many bars make."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tradewind.model.timeframe import Timeframe

if TYPE_CHECKING:  # events and decisions are read by verbs that have no columns to load numpy for
    import numpy as np
    from numpy.typing import NDArray


LEAST_PRICE, MOST_PRICE = 1e-12, 1e12
"""What has no price between these is no market: a unit or a column was mixed up."""


class Bar(msgspec.Struct, frozen=True, gc=False):
    """One bar, known at ``ts_close`` and never earlier.

    Times are UTC nanoseconds; the interval is half-open, ``[ts_open, ts_close)``. Prices are in quote currency, in the
    instrument's ``price_kind`` (bid, mid or last). ``spread`` is ask minus bid in price units at the close, ``None``
    where the source gives none. ``synthetic`` names why a bar was made rather than received; ``""`` for a real one.
    """

    symbol: str
    timeframe: Timeframe
    ts_open: int
    ts_close: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    spread: float | None = None
    synthetic: str = ""

    def fault(self) -> str:
        """Why the bar must not be decided on, or ``""``: non-finite, not positive, or OHLC-inconsistent prices."""
        low, high = self.low, self.high
        if not (0.0 < low <= high < math.inf):
            return "bad_price"
        if not (low <= self.open <= high and low <= self.close <= high):
            return "bad_ohlc"
        if not (0.0 <= self.volume < math.inf):
            return "bad_volume"
        if self.spread is not None and not (0.0 <= self.spread < math.inf):
            return "bad_spread"
        return ""


class BarColumns(NamedTuple):
    """Bars of one symbol and timeframe as columns; every array has shape ``(n_bars,)``, oldest first.

    ``ts_open`` and ``ts_close`` are int64 UTC nanoseconds, the rest float64. ``spread`` is NaN where unknown.
    """

    ts_open: NDArray[np.int64]
    ts_close: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    spread: NDArray[np.float64]

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> BarColumns:
        """The rows picked by index or by flag, as copies."""
        return BarColumns(
            self.ts_open[rows],
            self.ts_close[rows],
            self.open[rows],
            self.high[rows],
            self.low[rows],
            self.close[rows],
            self.volume[rows],
            self.spread[rows],
        )

    def slice(self, start: int, stop: int) -> BarColumns:
        """Rows ``start`` to ``stop`` (exclusive) as views."""
        rows = slice(start, stop)
        return BarColumns(
            self.ts_open[rows],
            self.ts_close[rows],
            self.open[rows],
            self.high[rows],
            self.low[rows],
            self.close[rows],
            self.volume[rows],
            self.spread[rows],
        )
