"""Two calibrated numbers for a consensus, from the records of the members behind it.

With weights ``w_i`` (summing to 1), mean results ``m_i`` in R net of costs, standard errors ``s_i = sd_i /
sqrt(n_i)`` and correlations ``rho_ij`` of the members' results:

    m  = sum_i w_i m_i
    s2 = sum_ij w_i w_j rho_ij s_i s_j
    confidence = T_nu(m / s),  nu = min_i n_i - 1        (Student 1908; correlation of estimates as in any portfolio)
    n_effective = 1 / sum_ij w_i w_j rho_ij
    win_probability = sum_i w_i (wins_i + k p0_i) / (n_i + k)
    breakeven = L / (W + L)                              from mean net win W and mean net loss L

``p0_i`` is the member's own break-even, so that few trades say "no skill" and not "no opinion"; ``k`` is
``prior_strength``. Unknown correlations count as 1: agreeing members are one member until shown otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.ensemble.student import student_cdf
from tradewind.kernels.correlated import pair_sums
from tradewind.model.decision import Record


class Calibration(msgspec.Struct, frozen=True):
    """What the records say of a group of members; probabilities are null where no member has enough trades."""

    confidence: float | None
    win_probability: float | None
    breakeven: float | None
    expectancy_r: float | None
    n_effective: float
    calibrated_on: str


def breakeven_of(record: Record) -> float | None:
    """Net break-even win rate ``L / (W + L)``; null without both a win and a loss."""
    if record.mean_win_r is None or record.mean_loss_r is None:
        return None
    gain, loss = record.mean_win_r, abs(record.mean_loss_r)
    return loss / (gain + loss) if gain + loss > 0.0 else None


def n_effective(weights: Sequence[float], correlation: NDArray[np.float64]) -> float:
    """Number of independent members: ``(sum w)^2 / sum_ij w_i w_j rho_ij``; ``correlation`` has shape (m, m)."""
    return _independent(weights, [0.0] * len(weights), correlation)[0]


def compile_now() -> None:
    """Have the kernels compiled (or read from their cache) now: no candle waits for a compiler."""
    n_effective([1.0], np.ones((1, 1)))
    student_cdf(1.0, 5.0)


def calibrate(
    records: Sequence[Record],
    weights: Sequence[float],
    correlation: NDArray[np.float64],
    *,
    min_record: int,
    prior_strength: float,
    min_members: int = 1,
) -> Calibration:
    """Confidence and win probability of members with ``records`` voting together.

    ``correlation`` has shape (m, m), rows in the order of ``records``. Members with fewer than ``min_record`` trades,
    or without variance, take no part; when fewer than ``min_members`` remain every probability is null: one member's
    record does not speak for a quorum.
    """
    usable = [i for i, record in enumerate(records) if record.n >= min_record and record.sd_r]
    if len(usable) < max(1, min_members):
        most = max((record.n for record in records), default=0)
        needs = f"{max(1, min_members)} agreeing member(s) with {min_record} closed trades"
        effective = n_effective(weights, correlation)
        return Calibration(None, None, None, None, effective, f"needs {needs}, has {len(usable)} (most trades: {most})")
    chosen = [records[i] for i in usable]
    whole = mean = 0.0
    for i in usable:
        whole += weights[i]
    shares = [weights[i] / whole for i in usable]
    errors = [0.0] * len(weights)  # those who take no part err by nothing
    for i, share, record in zip(usable, shares, chosen, strict=True):
        mean += share * (record.mean_r or 0.0)
        errors[i] = share * (record.sd_r or 0.0) / math.sqrt(record.n)
    effective, variance = _independent(weights, errors, correlation)
    degrees = min([record.n for record in chosen]) - 1
    confidence = student_cdf(mean / math.sqrt(variance), degrees) if variance > 0.0 else None
    win, even = _win_probability(chosen, shares, prior_strength)
    return Calibration(confidence, win, even, mean, effective, _described(chosen))


def _independent(
    weights: Sequence[float], errors: Sequence[float], correlation: NDArray[np.float64]
) -> tuple[float, float]:
    """``((sum w)^2 / sum_ij w_i w_j rho_ij, sum_ij e_i e_j rho_ij)``."""
    total, spread, variance = pair_sums(np.array(weights, dtype=np.float64), np.array(errors), correlation)
    return total * total / spread if spread > 0.0 else 0.0, variance


def _win_probability(
    records: Sequence[Record], weights: Sequence[float], strength: float
) -> tuple[float | None, float | None]:
    """Shrunk win rate and break-even of the group, both null when a member lacks a win or a loss."""
    win = even = 0.0
    for weight, record in zip(weights, records, strict=True):
        if record.mean_win_r is None or record.mean_loss_r is None:
            return None, None
        loss = abs(record.mean_loss_r)
        both = record.mean_win_r + loss
        if not both > 0.0:
            return None, None
        own = loss / both  # as breakeven_of, for each of many at every decision
        win += weight * (record.wins + strength * own) / (record.n + strength)
        even += weight * own
    return win, even


def _described(records: Sequence[Record]) -> str:
    """Where the numbers come from, for a person."""
    total = sum([record.n for record in records])
    origins = sorted({record.origin for record in records if record.origin})
    return f"{total} closed trades of {len(records)} member(s)" + (f": {'; '.join(origins)}" if origins else "")
