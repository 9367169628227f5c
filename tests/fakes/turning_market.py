"""SIMULATED hourly bars whose last return says where the next one goes, until the market turns against it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tests.models.markets import bars_of
from tradewind.model.bar import BarColumns


def turning(parts: Sequence[tuple[int, float]], seed: int) -> BarColumns:
    """``(bars, strength)`` one after the other: ``r_t = strength r_{t-1} + e_t``; reversed where it is below 0."""
    generator = np.random.default_rng([seed, 9])
    strength = np.concatenate([np.full(bars, one) for bars, one in parts])
    returns = generator.normal(0.0, 0.005, strength.size)
    for bar in range(1, returns.size):
        returns[bar] += strength[bar] * returns[bar - 1]
    return bars_of(returns, np.random.default_rng([seed, 10]), 0.003)
