"""Bounds of a mean that make no assumption about the shape of trades, only that dependence fades."""

from __future__ import annotations

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_CELLS_AT_ONCE = 100_000
_MIN_TRADES = 2


class MeanBounds(msgspec.Struct, frozen=True):
    """Bootstrap bounds of a mean: ``lower`` one-sided at ``level``, ``[low, high]`` the two-sided 95% interval."""

    lower: float
    low: float
    high: float
    level: float
    resamples: int
    mean_block: float


def mean_block(n: int) -> float:
    """Mean block length ``n^(1/3)``, at least 1."""
    return max(1.0, math.cbrt(n))


def stationary_blocks(
    n: int, resamples: int, block: float, generator: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """``(starts, ends)`` of the blocks of the stationary bootstrap (Politis and Romano 1994), ``(resamples, k)`` each.

    Block j of a resample takes rows ``starts[j]``, ``starts[j] + 1``, ... of the sample, around its end, and fills
    places ``ends[j - 1]`` to ``ends[j]`` (exclusive, from 0). Starts are uniform, lengths geometric of mean ``block``;
    the last block is cut at ``n``, those after it are empty.
    """
    expected = n / block
    rate = math.inf if block <= 1.0 else -math.log1p(-1.0 / block)

    def lengths(columns: int) -> NDArray[np.int64]:
        # 1 + floor(E / rate) with E exponential of mean 1 is geometric with P(1) = 1 / block.
        drawn = generator.standard_exponential((resamples, columns)) / rate
        return 1 + np.minimum(drawn, n).astype(np.int64)

    ends = np.cumsum(lengths(int(expected + 4.0 * math.sqrt(expected)) + 4), axis=1)
    while int(ends[:, -1].min()) < n:
        ends = np.hstack((ends, ends[:, -1:] + np.cumsum(lengths(8), axis=1)))
    return generator.integers(0, n, size=ends.shape), np.minimum(ends, n)


def _resampled(centred: Floats, resamples: int, block: float, generator: np.random.Generator) -> tuple[Floats, Floats]:
    """Mean and standard deviation (ddof 1) of every resample of a sample of mean 0.

    A block's sums are differences of running sums, so that a resample costs its blocks and not its values.
    """
    n = int(centred.size)
    wrapped = np.concatenate((centred, centred))
    running = np.concatenate(([0.0], np.cumsum(wrapped)))
    running_squares = np.concatenate(([0.0], np.cumsum(wrapped * wrapped)))
    rows = max(1, int(_CELLS_AT_ONCE * block / n))
    means, variances = np.empty(resamples), np.empty(resamples)
    for first in range(0, resamples, rows):
        own = slice(first, min(resamples, first + rows))
        starts, ends = stationary_blocks(n, own.stop - first, block, generator)
        stops = starts + np.diff(ends, prepend=0, axis=1)
        total = (running.take(stops) - running.take(starts)).sum(axis=1)
        squares = (running_squares.take(stops) - running_squares.take(starts)).sum(axis=1)
        means[own] = total / n
        variances[own] = (squares - total * total / n) / (n - 1)
    # Equal values leave rounding behind where there is no variance.
    nothing = variances <= 1e-12 * running_squares[n] / n
    return means, np.sqrt(np.where(nothing, 0.0, variances))


def mean_bounds(
    sample: Floats, generator: np.random.Generator, *, alpha: float = 0.05, resamples: int = 4000
) -> MeanBounds | None:
    """Bounds of the mean of ``sample``, shape ``(n,)``, in its order; None below 2 values or when all are equal.

    ``lower`` is the studentised bound ``m - q(1-alpha) * s / sqrt(n)``, ``q`` the quantile of
    ``(m* - m) / (s* / sqrt(n))`` over the resamples: with few, large losses the plain percentile bound lies too high
    (Hall 1988). It is the smaller of that and the percentile bound. ``low`` and ``high`` are percentiles.
    An ``alpha`` below ``1 / resamples`` cannot be resolved: the bound is then that of the most extreme resample.
    """
    n = int(sample.size)
    if n < _MIN_TRADES or float(np.ptp(sample)) == 0.0:
        return None
    block = mean_block(n)
    mean = float(sample.mean())
    spread = float(sample.std(ddof=1))
    means, deviations = _resampled(sample - mean, resamples, block, generator)
    means += mean
    # A resample of equal values has no deviation; its pivot is unbounded on the side its mean lies.
    with np.errstate(divide="ignore", invalid="ignore"):
        pivots = np.nan_to_num((means - mean) / deviations, nan=0.0, posinf=np.finfo(float).max)
    reach = float(np.quantile(pivots, 1.0 - alpha, method="higher"))
    studentised = mean - reach * spread if math.isfinite(reach * spread) else -math.inf
    percentile = float(np.quantile(means, alpha, method="lower"))
    return MeanBounds(
        lower=max(min(studentised, percentile), float(sample.min())),
        low=float(np.quantile(means, 0.025)),
        high=float(np.quantile(means, 0.975)),
        level=1.0 - alpha,
        resamples=resamples,
        mean_block=block,
    )


def profit_factor_bounds(
    r: Floats, generator: np.random.Generator, *, resamples: int = 2000
) -> tuple[float | None, float | None]:
    """95% percentile interval of sum of wins / |sum of losses| by the stationary bootstrap, ``r`` of shape ``(n,)``.

    A resample without a loss counts as above everything; an end of the interval that lies there is None. Both are None
    below 2 trades or without one loss.
    """
    n = int(r.size)
    if n < _MIN_TRADES or not bool((r < 0.0).any()):
        return None, None
    twice = np.concatenate((r, r))
    won = np.concatenate(([0.0], np.cumsum(np.maximum(twice, 0.0))))
    lost = np.concatenate(([0.0], np.cumsum(np.maximum(-twice, 0.0))))
    starts, ends = stationary_blocks(n, resamples, mean_block(n), generator)
    stops = starts + np.diff(ends, prepend=0, axis=1)
    gains = (won.take(stops) - won.take(starts)).sum(axis=1)
    losses = (lost.take(stops) - lost.take(starts)).sum(axis=1)
    # Differences of running sums leave rounding behind where a resample holds no loss.
    none = losses <= 1e-12 * lost[-1]
    factors = np.where(none, math.inf, gains / np.where(none, 1.0, losses))
    low, high = (float(q) for q in np.quantile(factors, [0.025, 0.975], method="nearest"))
    return (low if math.isfinite(low) else None), (high if math.isfinite(high) else None)
