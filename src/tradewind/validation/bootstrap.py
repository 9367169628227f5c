"""Bounds of a mean that make no assumption about the shape of trades, only that dependence fades."""

from __future__ import annotations

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_CELLS_AT_ONCE = 1_000_000
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


def stationary_indices(n: int, resamples: int, block: float, generator: np.random.Generator) -> NDArray[np.int64]:
    """Row indices of the stationary bootstrap, shape ``(resamples, n)`` (Politis and Romano 1994).

    Blocks start anywhere, have geometric length of mean ``block`` and wrap around the end.
    """
    starts = generator.integers(0, n, size=(resamples, n))
    fresh = generator.random((resamples, n)) < 1.0 / block
    fresh[:, 0] = True
    position = np.arange(n)
    begun = np.maximum.accumulate(np.where(fresh, position, 0), axis=1)
    indices: NDArray[np.int64] = (np.take_along_axis(starts, begun, axis=1) + position - begun) % n
    return indices


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
    rows = max(1, _CELLS_AT_ONCE // n)
    means = np.empty(resamples)
    deviations = np.empty(resamples)
    for first in range(0, resamples, rows):
        last = min(resamples, first + rows)
        drawn = sample[stationary_indices(n, last - first, block, generator)]
        means[first:last] = drawn.mean(axis=1)
        deviations[first:last] = drawn.std(axis=1, ddof=1)
    mean = float(sample.mean())
    spread = float(sample.std(ddof=1))
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
