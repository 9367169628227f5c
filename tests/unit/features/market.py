"""Bars for the feature tests: seeded random ones, and real ones where they are at hand."""

from __future__ import annotations

import numpy as np
import polars as pl

from tests.shared_data import shared
from tradewind.features.bank import FeatureBank
from tradewind.features.definitions import DEFINITIONS
from tradewind.features.spec import Indicator, atr
from tradewind.model.bar import BarColumns
from tradewind.model.timeframe import HOUR


def random_bars(n: int, seed: int = 1, *, volatility: float = 1e-3, tick: float = 1e-5) -> BarColumns:
    """A random walk on a price grid, so that ties between bars happen."""
    rng = np.random.default_rng(seed)
    close = np.round(1.1 * np.exp(np.cumsum(rng.normal(0.0, volatility, n))) / tick) * tick
    open_ = np.concatenate(([1.1], close[:-1]))
    high = np.maximum(open_, close) + np.round(rng.exponential(volatility, n) / tick) * tick
    low = np.minimum(open_, close) - np.round(rng.exponential(volatility, n) / tick) * tick
    ts = np.arange(n, dtype=np.int64) * HOUR + 1_700_000_000_000_000_000
    volume = rng.integers(0, 1000, n).astype(np.float64)
    return BarColumns(ts, ts + HOUR, open_, high, low, close, volume, np.full(n, np.nan))


def real_bars(name: str, n: int, skip: int = 0) -> BarColumns:
    """``n`` bars of a recorded series."""
    frame = pl.read_parquet(shared(f"data/bars/{name}.parquet")).slice(skip, n)
    ts = frame["time"].dt.epoch("us").to_numpy() * 1000
    prices = [frame[column].to_numpy().copy() for column in ("open", "high", "low", "close", "volume")]
    return BarColumns(ts, ts + HOUR, *prices, np.full(len(ts), np.nan))


def close_only(close: np.ndarray, volume: float = 1.0) -> BarColumns:
    """Bars without range whose every price is the close."""
    n = len(close)
    ts = np.arange(n, dtype=np.int64) * HOUR
    return BarColumns(ts, ts + HOUR, close, close, close, close, np.full(n, volume), np.full(n, np.nan))


def every_indicator() -> list[Indicator]:
    """Each output of each kind; windows cut to at most 40 bars so that short series warm them up."""
    found = []
    for kind, definition in DEFINITIONS.items():
        params = tuple(
            min(20.0 if p.default is None else p.default, 40.0) if p.whole else float(p.default or 0.5)
            for p in definition.params
        )
        source = atr(14) if definition.source == "" else None
        found += [Indicator(kind, params, output.name, source) for output in definition.outputs]
    return found


def stepped(bank: FeatureBank, bars: BarColumns, start: int = 0, stop: int | None = None) -> np.ndarray:
    """Rows of a bank fed one bar at a time."""
    stop = len(bars.ts_close) if stop is None else stop
    rows = np.empty((stop - start, len(bank.indicators)))
    for i in range(start, stop):
        bank.step(
            int(bars.ts_close[i]),
            float(bars.open[i]),
            float(bars.high[i]),
            float(bars.low[i]),
            float(bars.close[i]),
            float(bars.volume[i]),
        )
        rows[i - start] = bank.values
    return rows
