"""Hansen's test for superior predictive ability: is the best of all trials better than earning nothing?

With ``d[k]`` the mean daily result of trial k over n days and ``w2[k]`` the variance of ``sqrt(n) d[k]``:
``T = max(0, max_k sqrt(n) d[k] / w[k])``, and for resample b of the days, whose means are ``d*[k]``,
``T*_b = max(0, max_k sqrt(n) (d*[k] - g(d[k])) / w[k])``. The p-value is the share of ``T*_b >= T``. The recentring g
says what a trial that does badly is taken for:

- upper ``g = d``: every trial is as good as nothing (White 2000), the largest p;
- consistent ``g = d`` where ``d >= -w sqrt(2 ln ln n / n)``, else 0: a trial clearly worse keeps its own mean;
- lower ``g = max(d, 0)``: every trial that lost keeps its own mean, the smallest p.

As w is estimated too, the test is generous, 10% of noise at a level of 5%: docs/metrics.md has the counts.

Hansen (2005), A test for superior predictive ability; the resamples are stationary-bootstrap (Politis and Romano 1994).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured
from tradewind.validation.bootstrap import mean_block, stationary_blocks
from tradewind.validation.trial_matrix import Daily, Floats, matrix_shape, usable_rows

_FEWEST_DAYS = 16
_CELLS_AT_ONCE = 4_000_000

Reals = NDArray[np.float32] | NDArray[np.float64]


class SuperiorAbility(NamedTuple):
    """``lower <= consistent <= upper`` p-values of the best of ``trials`` usable trials; ``consistent`` is the test.

    ``best`` is its row and ``statistic`` its T, 0 where no trial earned anything. ``dropped`` trials were not usable.
    """

    lower: float
    consistent: float
    upper: float
    statistic: float
    best: int
    trials: int
    dropped: int
    days: int
    resamples: int
    mean_block: float
    studentised: bool


def superior_ability(
    daily: Daily,
    generator: np.random.Generator,
    *,
    resamples: int = 500,
    block: float | None = None,
    studentised: bool = True,
) -> SuperiorAbility | None:
    """SPA p-values of all trials of a search against earning nothing.

    The p-values are ``(1 + count) / (1 + resamples)``, so that none is ever 0 (Davison and Hinkley 1997). ``w2`` is
    the exact variance under the stationary bootstrap, not one estimated from the resamples.

    Args:
        daily: result of each trial on each day, shape ``(trials, days)``, any float type; trials with a value that is
            not finite and trials whose days are all equal are dropped and counted.
        generator: source of the resamples.
        resamples: number of them.
        block: mean block length in days; by default ``days^(1/3)``.
        studentised: False leaves every ``w`` out of T (White's reality check): a steady small edge then hides behind
            trials of large swings. For comparison with programs that do not divide by it.

    Returns:
        None where no trial is usable, or for fewer than 16 days.

    Raises:
        Misconfigured: not a matrix, fewer than one resample, or a block shorter than a day.
    """
    trials, days = matrix_shape(daily)
    length = mean_block(days) if block is None else block
    if resamples < 1 or not 1.0 <= length < math.inf:
        raise Misconfigured(
            f"{resamples} resamples of blocks of {length} days",
            where="superior_ability",
            allowed="at least 1 resample and a mean block of at least 1 day",
        )
    if days < _FEWEST_DAYS:
        return None
    counts = _day_counts(days, resamples, length, generator)
    # Standardised trials are near 1 and single precision moves no count that matters; others may have any scale.
    peaks = _Peaks(counts if studentised else counts.astype(np.float64))
    kernel = _variance_kernel(days, length)
    reach = math.sqrt(2.0 * math.log(math.log(days)))
    statistic, best, used = -math.inf, -1, 0
    for rows in usable_rows(daily):
        # Of the standardised trial: w / deviation, and Hansen's t = sqrt(n) d / w.
        spread = _bootstrap_deviation(rows.scores, kernel)
        t = math.sqrt(days) * rows.mean / (rows.deviation * spread)
        scale = np.ones_like(t) if studentised else rows.deviation * spread
        at = int(np.argmax(t * scale))
        if float(t[at] * scale[at]) > statistic:
            statistic, best = float(t[at] * scale[at]), int(rows.row[at])
        used += rows.row.size
        peaks.add(rows.scores * (scale / spread)[:, None], t * scale, t < -reach)
    if used == 0:
        return None
    statistic = max(0.0, statistic)
    lower, consistent, upper = ((1.0 + (peaks.heights() >= statistic).sum(axis=1)) / (1.0 + resamples)).tolist()
    return SuperiorAbility(
        lower, consistent, upper, statistic, best, used, trials - used, days, resamples, length, studentised
    )


class _Peaks:
    """The highest T* of each resample so far, by lower, consistent and upper recentring.

    Trials wait until there are enough of them for one product with the resamples to be worth its start.
    """

    def __init__(self, counts: Reals) -> None:
        self._counts = counts
        self._heights = np.zeros((3, counts.shape[1]))
        self._waiting: list[tuple[Reals, Floats, NDArray[np.bool_]]] = []
        self._cells = 0

    def add(self, moves: Floats, own: Floats, clearly_worse: NDArray[np.bool_]) -> None:
        """Trials with their days ``(d_t - d) sqrt(n) / w``, shape ``(k, days)``, their own T, and who keeps it."""
        single = self._counts.dtype == np.float32
        self._waiting.append((moves.astype(np.float32) if single else moves, own, clearly_worse))
        self._cells += moves.size
        if self._cells >= _CELLS_AT_ONCE:
            self._work_off()

    def heights(self) -> Floats:
        """Shape ``(3, resamples)``."""
        if self._waiting:
            self._work_off()
        return self._heights

    def _work_off(self) -> None:
        """One matrix product for all trials that wait."""
        moves, own, clearly_worse = (np.concatenate(parts) for parts in zip(*self._waiting, strict=True))
        self._waiting, self._cells = [], 0
        reached = (moves @ self._counts) / math.sqrt(self._counts.shape[0])
        shifts = (np.minimum(own, 0.0), np.where(clearly_worse, own, 0.0), np.zeros_like(own))
        for height, shift in zip(self._heights, shifts, strict=True):
            shifted = reached + shift.astype(reached.dtype)[:, None] if shift.any() else reached
            np.maximum(height, shifted.max(axis=0), out=height)


def _day_counts(days: int, resamples: int, block: float, generator: np.random.Generator) -> NDArray[np.float32]:
    """How often each resample holds each day, shape ``(days, resamples)``."""
    counts = np.empty((days, resamples), dtype=np.float32)
    portion = max(1, int(_CELLS_AT_ONCE / (2 * days)))
    for first in range(0, resamples, portion):
        own = slice(first, min(resamples, first + portion))
        starts, ends = stationary_blocks(days, own.stop - first, block, generator)
        stops = starts + np.diff(ends, prepend=0, axis=1)
        # Steps up where a block begins and down behind it, over the days twice as a block may pass their end.
        width = 2 * days + 1
        row = np.arange(own.stop - first)[:, None] * width
        size = (own.stop - first) * width
        steps = np.bincount((row + starts).ravel(), minlength=size) - np.bincount((row + stops).ravel(), minlength=size)
        held = np.cumsum(steps.reshape(-1, width), axis=1)
        counts[:, own] = (held[:, :days] + held[:, days : 2 * days]).T
    return counts


def _variance_kernel(days: int, block: float) -> Floats:
    """Spectrum of ``kappa(i) = (1 - i/n) p^i + (i/n) p^(n-i)``, ``p = 1 - 1/block``, shape ``(n // 2 + 1,)``.

    The variance of ``sqrt(n)`` times a resample's mean is ``gamma(0) + 2 sum kappa(i) gamma(i)`` of the
    autocovariances (Politis and Romano 1994, lemma 1). ``kappa(i) = kappa(n - i)``: a circular filter, so a product
    of spectra; the values here hold the division by n^2 and the two halves of the spectrum.
    """
    keep = 1.0 - 1.0 / block
    lag = np.arange(days)
    share = lag / days
    kappa = (1.0 - share) * keep**lag + share * keep ** (days - lag)
    spectrum = np.maximum(np.fft.rfft(kappa).real, 0.0) / days**2
    spectrum[1 : (days + 1) // 2] *= 2.0
    return spectrum


def _bootstrap_deviation(scores: Floats, kernel: Floats) -> Floats:
    """Standard deviation of ``sqrt(n)`` times a resample's mean, exact, shape ``(k,)``."""
    transform = np.fft.rfft(scores, axis=1)
    power = transform.real**2
    power += transform.imag**2
    deviation: Floats = np.sqrt(power @ kernel)
    return deviation
