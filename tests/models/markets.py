"""Markets whose truth is known: one that nobody can forecast, and one that everybody can who looks at the last bars."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tradewind.features.input_schema import default_schema
from tradewind.model.bar import BarColumns
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import HOUR, Timeframe
from tradewind.research.dataset import DataSet, feature_set, labelled

START = 1_600_000_000 * 10**9 // HOUR * HOUR
STEPS = 12


def bars_of(returns: NDArray[np.float64], generator: np.random.Generator, noise: float) -> BarColumns:
    """SIMULATED hourly bars whose closes follow ``returns``; between open and close the price walks at random."""
    n = returns.size
    close = 100.0 * np.exp(np.cumsum(returns))
    opened = np.concatenate(([100.0], close[:-1]))
    bridge = generator.standard_normal((n, STEPS)).cumsum(axis=1) * (noise / STEPS**0.5)
    bridge -= bridge[:, -1:] * (np.arange(1, STEPS + 1) / STEPS)
    path = np.log(opened)[:, None] + (np.log(close / opened))[:, None] * (np.arange(1, STEPS + 1) / STEPS) + bridge
    high = np.maximum(np.exp(path.max(axis=1)), np.maximum(opened, close))
    low = np.minimum(np.exp(path.min(axis=1)), np.minimum(opened, close))
    ts = START + np.arange(n, dtype=np.int64) * HOUR
    volume = generator.uniform(50.0, 150.0, n)
    zero = np.zeros(n)
    return BarColumns(
        ts_open=ts, ts_close=ts + HOUR, open=opened, high=high, low=low, close=close, volume=volume, spread=zero
    )


def random_walk(n: int, seed: int) -> DataSet:
    """Nothing to know: the next return is independent of everything."""
    return _set(walk_bars(n, seed))


def walk_bars(n: int, seed: int) -> BarColumns:
    """The bars of ``random_walk``."""
    generator = np.random.default_rng([seed, 1])
    return bars_of(generator.normal(0.0, 0.005, n), generator, 0.005)


def momentum(n: int, seed: int, strength: float = 0.85) -> tuple[DataSet, NDArray[np.float64]]:
    """``r_t = strength r_{t-1} + e_t``; beside it the sign of each return, which is all there is to know."""
    columns, known = momentum_bars(n, seed, strength)
    return _set(columns), known


def momentum_bars(n: int, seed: int, strength: float = 0.85) -> tuple[BarColumns, NDArray[np.float64]]:
    """The bars of ``momentum``; ``strength`` below 0 turns every return round."""
    generator = np.random.default_rng([seed, 2])
    shocks = generator.normal(0.0, 0.005, n)
    returns = np.zeros(n)
    for bar in range(1, n):
        returns[bar] = strength * returns[bar - 1] + shocks[bar]
    return bars_of(returns, generator, 0.003), np.sign(returns)


def regimes(parts: tuple[tuple[int, float], ...], seed: int) -> DataSet:
    """``(bars, strength)`` one after the other: ``r_t = strength r_{t-1} + e_t``, a reversal where it is below 0."""
    generator = np.random.default_rng([seed, 9])
    strength = np.concatenate([np.full(bars, one) for bars, one in parts])
    returns = generator.normal(0.0, 0.005, strength.size)
    for bar in range(1, returns.size):
        returns[bar] += strength[bar] * returns[bar - 1]
    return _set(bars_of(returns, generator, 0.003))


def _set(columns: BarColumns) -> DataSet:
    made = feature_set("BTC/USDT", default_schema(Timeframe.H1), columns, calendar_of("crypto"))
    return labelled(made, columns)
