"""Numeric rows with a millisecond stamp, the shape of ccxt, freqtrade and Jesse."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tradewind.adapters.market.files.raw import UNREADABLE, RawBars, unreadable

_MILLISECOND = 1_000_000
_LATEST = 7_258_118_400_000  # 2200-01-01


def from_rows(table: NDArray[np.float64], order: tuple[int, int, int, int, int, int]) -> RawBars:
    """Raw bars of an array ``(n, >= 6)``; ``order`` gives the columns of time, open, high, low, close, volume.

    Raises:
        Corrupt: there are no rows.
    """
    if not len(table):
        raise unreadable("candle", "it has no rows")
    time, opened, high, low, close, volume = (table[:, place] for place in order)
    good = (time >= 0) & (time < _LATEST) & (time == np.floor(time))
    stamp = np.where(good, np.where(good, time, 0).astype(np.int64) * _MILLISECOND, UNREADABLE)
    n = len(table)
    return RawBars(
        stamp=stamp,
        naive=np.zeros(n, dtype=bool),
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
        spread=np.full(n, np.nan),
        line=np.arange(1, n + 1),
    )
