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
from tradewind.validation.bootstrap import mean_block, stationary_blocks

Floats = NDArray[np.float64]
Order = NDArray[np.int64]

PERCENTILES = (5.0, 50.0, 95.0)

_CELLS_AT_ONCE = 50_000
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
    return DrawdownLuck(
        *_ranges(r, _orders(n, draws, generator), risk),
        *_ranges(r, _resamples(n, draws, length, generator), risk),
        risk,
        draws,
        length,
    )


def _orders(n: int, draws: int, generator: np.random.Generator) -> Iterator[Order]:
    """Random orders of n trades, a portion of the draws at a time, shape ``(k, n)``."""
    for count in _portions(n, draws):
        yield generator.permuted(np.tile(np.arange(n), (count, 1)), axis=1)


def _resamples(n: int, draws: int, block: float, generator: np.random.Generator) -> Iterator[Order]:
    """Trades of stationary-bootstrap resamples, a portion of the draws at a time, shape ``(k, n)``."""
    for count in _portions(n, draws):
        starts, ends = stationary_blocks(n, count, block, generator)
        lengths = np.diff(ends, prepend=0, axis=1)
        # Place i of a block that fills places from p holds trade start + i - p, around the end.
        shifts = np.repeat((starts - ends + lengths).ravel(), lengths.ravel()).reshape(count, n)
        yield (shifts + np.arange(n)) % n


def _portions(n: int, draws: int) -> Iterator[int]:
    most = max(1, _CELLS_AT_ONCE // n)
    for first in range(0, draws, most):
        yield min(most, draws - first)


def _ranges(r: Floats, orders: Iterator[Order], risk: float) -> tuple[DrawdownRange, DrawdownRange]:
    """In R, and as a fraction of equity."""
    # A loss of all there is ends the path: equity 0, a drawdown of 1, whatever would have followed.
    growth = np.where(risk * r > -1.0, np.log1p(np.maximum(risk * r, -1.0 + np.finfo(float).eps)), -np.inf)
    in_r, in_equity = [], []
    for order in orders:
        in_r.append(_deepest(r[order]))
        in_equity.append(-np.expm1(-_deepest(growth[order])))
    return _range(np.concatenate(in_r)), _range(np.concatenate(in_equity))


def _deepest(steps: Floats) -> Floats:
    """Deepest fall of the running sum below its peak, the start being one, along the last axis."""
    running = np.cumsum(steps, axis=1)
    peak = np.maximum(np.maximum.accumulate(running, axis=1), 0.0)
    fall: Floats = np.max(peak - running, axis=1)
    return fall


def _range(drawdowns: Floats) -> DrawdownRange:
    return DrawdownRange(*np.percentile(drawdowns, PERCENTILES).tolist())
