"""How deep the drawdown of these trades could as well have been: other orders, and other trades like them.

``shuffled``: the same trades in random order, what the order alone did. ``resampled``: stationary block bootstrap
(Politis and Romano 1994), trades drawn in blocks so that losing streaks stay together. A position is sized by the 95th
percentile, not by the one path that happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Corrupt, Misconfigured
from tradewind.kernels.drawdown_paths import resampled_falls, shuffled_falls
from tradewind.validation.bootstrap import mean_block, stationary_blocks

Floats = NDArray[np.float64]

PERCENTILES = (5.0, 50.0, 95.0)

_CELLS_AT_ONCE = 500_000
_FEWEST_TRADES = 2


class DrawdownRange(NamedTuple):
    """Percentiles 5, 50 and 95 of a maximum drawdown, positive."""

    low: float
    median: float
    high: float


class DrawdownLuck(NamedTuple):
    """Ranges in R (of the running sum of R) and as a fraction of equity at ``risk`` of equity a trade, compounded."""

    shuffled_r: DrawdownRange
    shuffled: DrawdownRange
    resampled_r: DrawdownRange
    resampled: DrawdownRange
    risk: float
    draws: int
    mean_block: float


def drawdown_luck(
    r: Floats, generator: np.random.Generator, *, risk: float = 0.01, draws: int = 1000, block: float | None = None
) -> DrawdownLuck | None:
    """Ranges of the maximum drawdown over ``draws`` orders and ``draws`` resamples of the trades ``r``, shape ``(n,)``.

    In R: ``max over t of (peak of running sum before t - running sum at t)``. As a fraction of equity:
    ``1 - equity / peak`` of ``equity = prod(1 + risk * r)``; an equity at or below 0 is a drawdown of 1. The start
    counts as a peak. ``risk`` is the fraction of equity lost with 1 R; ``block`` the mean block, ``n^(1/3)`` by
    default. None for fewer than two trades.

    Raises:
        Corrupt: an R is not finite.
        Misconfigured: ``risk`` outside (0, 1), fewer than one draw, or a block shorter than one trade.
    """
    if not bool(np.all(np.isfinite(r))):
        raise Corrupt("the R of a trade is not finite", where="drawdown_luck")
    n = int(r.size)
    length = mean_block(n) if block is None else block
    if not 0.0 < risk < 1.0 or draws < 1 or not 1.0 <= length < np.inf:
        raise Misconfigured(
            f"{draws} draws at a risk of {risk} in blocks of {length}",
            where="drawdown_luck",
            allowed="at least 1 draw, a risk between 0 and 1, blocks of at least 1 trade",
        )
    if n < _FEWEST_TRADES:
        return None
    # A loss of all there is ends the path: equity 0, a drawdown of 1, whatever would have followed.
    growth = np.where(risk * r > -1.0, np.log1p(np.maximum(risk * r, -1.0 + np.finfo(float).eps)), -np.inf)
    steps = np.ascontiguousarray(r, dtype=np.float64), growth
    return DrawdownLuck(
        *_ranges(_of_orders(steps, draws, generator)),
        *_ranges(_of_resamples(steps, draws, length, generator)),
        risk,
        draws,
        length,
    )


def _of_orders(steps: tuple[Floats, Floats], draws: int, generator: np.random.Generator) -> Floats:
    """Falls of random orders, in R and in log equity, shape ``(draws, 2)``."""
    n = int(steps[0].size)
    order, falls = np.arange(n), np.empty((draws, 2))
    for own in _portions(n, draws):
        drawn = generator.integers(0, 1 << 32, size=(own.stop - own.start, n), dtype=np.uint32)
        shuffled_falls(*steps, drawn, order, falls[own])
    return falls


def _of_resamples(steps: tuple[Floats, Floats], draws: int, block: float, generator: np.random.Generator) -> Floats:
    """Falls of stationary-bootstrap resamples, in R and in log equity, shape ``(draws, 2)``."""
    n = int(steps[0].size)
    falls = np.empty((draws, 2))
    for own in _portions(n, draws):
        starts, ends = stationary_blocks(n, own.stop - own.start, block, generator)
        resampled_falls(*steps, starts, ends, falls[own])
    return falls


def _portions(n: int, draws: int) -> Iterator[slice]:
    most = max(1, _CELLS_AT_ONCE // n)
    for first in range(0, draws, most):
        yield slice(first, min(first + most, draws))


def _ranges(falls: Floats) -> tuple[DrawdownRange, DrawdownRange]:
    """In R, and as a fraction of equity."""
    return _range(falls[:, 0]), _range(-np.expm1(-falls[:, 1]))


def _range(drawdowns: Floats) -> DrawdownRange:
    return DrawdownRange(*np.percentile(drawdowns, PERCENTILES).tolist())
