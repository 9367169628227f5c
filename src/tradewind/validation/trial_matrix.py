"""Daily results of all trials, a few rows at a time: what every statistic over a whole search reads.

The matrix has one row for a trial and one column for a day, shape ``(trials, days)``, flat days kept as 0. It may be
float32, as the sweep writes it; every sum is taken in float64, and nothing of the size of the matrix is allocated.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured

Floats = NDArray[np.float64]
Daily = NDArray[np.floating[Any]]

_CELLS_AT_ONCE = 300_000
_MATRIX = 2


class TrialRows(NamedTuple):
    """Some usable trials, standardised.

    ``row`` are their rows in the matrix, shape ``(k,)``; ``mean`` and ``deviation`` (population) theirs, ``(k,)``;
    ``scores = (x - mean) / deviation``, shape ``(k, days)``, of mean 0 and mean square 1.
    """

    row: NDArray[np.int64]
    mean: Floats
    deviation: Floats
    scores: Floats


def matrix_shape(daily: Daily) -> tuple[int, int]:
    """``(trials, days)``.

    Raises:
        Misconfigured: the matrix has another number of axes than two.
    """
    if daily.ndim != _MATRIX:
        raise Misconfigured(f"an array of {daily.ndim} axes", where="daily results", allowed="shape (trials, days)")
    trials, days = daily.shape
    return trials, days


def usable_rows(daily: Daily) -> Iterator[TrialRows]:
    """The trials that can be measured, in order, in portions of a few MiB.

    NaN rule: a trial with any value that is not finite, and one whose days are all equal (it never traded, or has no
    spread to be measured by), is passed over whole; the caller counts what it was not given.

    Raises:
        Misconfigured: the matrix has another number of axes than two.
    """
    trials, days = matrix_shape(daily)
    if days == 0:
        return
    rows = max(1, _CELLS_AT_ONCE // days)
    for first in range(0, trials, rows):
        portion = np.asarray(daily[first : first + rows], dtype=np.float64)
        # Values too large for their squares count as not finite; the warning would say no more than that.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            part = _standardised(portion, first)
        if part.row.size:
            yield part


def daily_sharpes(daily: Daily) -> Floats:
    """``mean / std(ddof 1)`` of each trial's days, not annualised, shape ``(trials,)``; NaN for trials not usable."""
    trials, days = matrix_shape(daily)
    found = np.full(trials, np.nan)
    for rows in usable_rows(daily):
        found[rows.row] = rows.mean / rows.deviation * np.sqrt((days - 1.0) / days)
    return found


def _standardised(portion: Floats, first: int) -> TrialRows:
    """The usable rows of a portion; equal values leave exact zeros behind because the first one is taken off."""
    base = portion[:, :1]
    scores = portion - base
    shift = scores.mean(axis=1, keepdims=True)
    scores -= shift
    # Squares of very small values would underflow.
    scale = np.maximum(scores.max(axis=1), -scores.min(axis=1))[:, None]
    good = np.flatnonzero(np.isfinite(scale[:, 0]) & (scale[:, 0] > 0.0))
    if good.size < len(portion):
        scores, base, shift, scale = scores[good], base[good], shift[good], scale[good]
    scores /= scale
    spread = np.sqrt(np.einsum("ij,ij->i", scores, scores) / scores.shape[1])[:, None]
    scores /= spread
    return TrialRows(good + first, (base + shift)[:, 0], (scale * spread)[:, 0], scores)
