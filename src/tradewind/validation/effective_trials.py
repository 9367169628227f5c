"""How many independent trials a search of correlated ones amounts to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tradewind.errors import Misconfigured
from tradewind.validation.trial_matrix import Daily, Floats, matrix_shape, usable_rows

_PAIR = 2


class ScoreSum(NamedTuple):
    """Sum over ``trials`` of their standardised days, shape ``(days,)``: all that their mean correlation depends on.

    ``dropped`` trials never traded or hold a value that is not finite. Sums of batches over the same days add up.
    """

    total: Floats
    trials: int
    dropped: int

    def merged(self, other: ScoreSum) -> ScoreSum:
        """Both batches together.

        Raises:
            Misconfigured: they do not cover the same number of days.
        """
        if self.total.shape != other.total.shape:
            raise Misconfigured(
                f"batches of {self.total.size} and {other.total.size} days",
                where="effective number of trials",
                allowed="batches over the same days",
            )
        return ScoreSum(self.total + other.total, self.trials + other.trials, self.dropped + other.dropped)


def score_sum(daily: Daily) -> ScoreSum:
    """Sum of the standardised rows of ``daily``, shape ``(trials, days)``; one pass, no matrix of its own."""
    trials, days = matrix_shape(daily)
    total = np.zeros(days)
    used = 0
    for rows in usable_rows(daily):
        total += rows.scores.sum(axis=0)
        used += rows.row.size
    return ScoreSum(total, used, trials - used)


def mean_correlation(scores: ScoreSum) -> float | None:
    """``rho = (Var(sum of z) - M) / (M (M - 1))``: mean of all M (M - 1) / 2 pairwise correlations, without them.

    ``z`` are the M standardised trials, so that the variance of their sum is M plus every correlation twice. Within
    ``[-1 / (M - 1), 1]``; None below two usable trials.
    """
    m = scores.trials
    if m < _PAIR or scores.total.size < _PAIR:
        return None
    variance = float(scores.total @ scores.total) / scores.total.size
    return min(1.0, max(-1.0 / (m - 1), (variance - m) / (m * (m - 1.0))))


def effective_number(correlation: float | None, trials: int) -> float | None:
    """``N_eff = rho + (1 - rho) M``: independent trials that M trials of mean correlation rho amount to.

    Between 1 and M: a negative mean correlation makes no more independent trials than there are. One trial is one;
    None for no trial. Bailey and Lopez de Prado (2014), appendix on the number of independent trials.
    """
    if trials < 1 or (correlation is None and trials > 1):
        return None
    rho = 1.0 if correlation is None else correlation
    return min(float(trials), max(1.0, rho + (1.0 - rho) * trials))


def effective_trials(daily: Daily) -> float | None:
    """Effective number of all trials of ``daily``, shape ``(trials, days)``.

    Trials without a spread and trials with a value that is not finite have no correlation and are not counted; None
    where none is left, or where fewer than two days leave nothing to correlate.
    """
    scores = score_sum(daily)
    return effective_number(mean_correlation(scores), scores.trials)
