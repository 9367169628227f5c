"""Bars made up for tests: seeded random walks and hand-drawn paths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tradewind.model.bar import BarColumns
from tradewind.model.timeframe import HOUR


def path_bars(closes: Sequence[float], reach: float = 0.0005) -> BarColumns:
    """Hourly bars through ``closes``: each opens at the close before and reaches ``reach`` beyond both ends."""
    close = np.asarray(closes, dtype=float)
    open_ = np.concatenate((close[:1], close[:-1]))
    high = np.maximum(open_, close) * (1 + reach)
    low = np.minimum(open_, close) * (1 - reach)
    n = len(close)
    ts_open = np.arange(24, 24 + n, dtype=np.int64) * HOUR
    return BarColumns(ts_open, ts_open + HOUR, open_, high, low, close, np.full(n, 1000.0), np.full(n, np.nan))


def random_bars(n: int, seed: int = 7, level: float = 100.0, sigma: float = 0.002) -> BarColumns:
    """A random walk whose volatility comes and goes, with honest highs and lows."""
    generator = np.random.default_rng(seed)
    calm = 1.0 + 0.8 * np.sin(np.arange(n) / 60.0)
    steps = generator.normal(0.0, sigma / 2.0, (n, 4)) * calm[:, None]
    walk = np.cumsum(steps.ravel()).reshape(n, 4)
    start = np.concatenate(([0.0], walk[:-1, -1]))
    path = np.column_stack((start, walk)) + level / 100.0
    ts_open = np.arange(24, 24 + n, dtype=np.int64) * HOUR
    return BarColumns(
        ts_open,
        ts_open + HOUR,
        path[:, 0] * 100.0,
        path.max(axis=1) * 100.0,
        path.min(axis=1) * 100.0,
        path[:, -1] * 100.0,
        generator.uniform(500.0, 1500.0, n),
        np.full(n, np.nan),
    )


def turned_over(bars: BarColumns, about: float) -> BarColumns:
    """The same market upside down: every price p becomes 2 * about - p."""
    flip = 2.0 * about
    return bars._replace(open=flip - bars.open, high=flip - bars.low, low=flip - bars.high, close=flip - bars.close)
