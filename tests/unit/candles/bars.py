"""Made-up bars for the store's tests."""

from __future__ import annotations

import numpy as np

from tradewind.model.bar import BarColumns
from tradewind.model.timeframe import MINUTE

START = int(np.datetime64("2024-01-30T00:00", "ns").astype(np.int64))


def walk(n: int, *, start: int = START, step: int = MINUTE, seed: int = 1, spread: float = np.nan) -> BarColumns:
    """A random walk of sound bars, one every ``step``."""
    generator = np.random.default_rng(seed)
    drawn = generator.normal(0, 1e-4, (n, 4)).T  # row by row, so that a longer walk continues a shorter one
    close = 100.0 * np.exp(np.cumsum(drawn[0]))
    opened = np.r_[100.0, close[:-1]]
    wiggle = np.abs(drawn[1:3]) * close
    ts = start + step * np.arange(n, dtype=np.int64)
    return BarColumns(
        ts,
        ts + step,
        opened,
        np.maximum(opened, close) + wiggle[0],
        np.minimum(opened, close) - wiggle[1],
        close,
        np.round(np.abs(drawn[3]) * 1e6),
        np.full(n, spread),
    )


def rows(columns: BarColumns, picked: object) -> BarColumns:
    """The picked rows, as copies."""
    return BarColumns(*(np.array(column[picked]) for column in columns))


def same(a: BarColumns, b: BarColumns) -> bool:
    """Equal values in every column, NaN equal to NaN."""
    return all(np.array_equal(x, y, equal_nan=x.dtype.kind == "f") for x, y in zip(a, b, strict=True))
