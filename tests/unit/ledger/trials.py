"""Batches and looks with an answer of their own."""

from __future__ import annotations

import numpy as np

from tradewind.model.timeframe import DAY
from tradewind.model.trial import Look, TrialBatch, trial_batch

START = 1_600_000_000_000_000_000
FAMILIES = ("EMA_Crossover", "RSI_Reversion", "Session_Breakout")


def batch(n: int = 20, seed: int = 1, *, symbol: str = "EUR/USD", **changed: object) -> TrialBatch:
    """``n`` trials drawn from ``seed``; the third has no Sharpe ratio."""
    rng = np.random.default_rng(seed)
    sharpe = rng.normal(0.0, 0.05, n)
    sharpe[2:3] = np.nan
    asked: dict = {
        "symbol": symbol,
        "timeframe": "1h",
        "data_hash": "d" * 64,
        "start": START,
        "end": START + 900 * DAY,
        "n_trades": rng.integers(0, 900, n),
        "sharpe": sharpe,
        "days": 642,
        "mean_correlation": 0.25,
    } | changed
    return trial_batch(hashes(n, seed), [FAMILIES[i % 3] for i in range(n)], **asked)


def hashes(n: int, seed: int = 1) -> list[str]:
    """Hashes as a generator of strategies gives them."""
    numbers = np.random.default_rng(seed + 10_000).integers(0, 2**64, n, dtype=np.uint64)
    return [f"{number:016x}" for number in numbers.tolist()]


def look(number: int = 1, *, family: str = "EMA_Crossover", first: int = 900, days: int = 220, **changed: str) -> Look:
    """A look at ``days`` days from day ``first`` on."""
    window = (START + first * DAY, START + (first + days) * DAY)
    named = {"symbol": "EUR/USD", "timeframe": "1h", "data_hash": "d" * 64} | changed
    return Look(f"{number:016x}", family, named["symbol"], named["timeframe"], *window, named["data_hash"])
