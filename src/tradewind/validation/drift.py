"""What a member's outcomes say against its reference: severity by the detectors, effect size and other views beside.

Alarm, severity and action come from the detectors alone. The effect size and the other views are what a person asks
for next. A rule on "15% worse over the last 30 trades" alarms falsely once in 92 trades, so they switch nothing off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import kolmogorov

from tradewind.model.drift import EffectSize, PartDrift, Reference, Severity
from tradewind.validation.significance import wilson

LEVELS: Final = (
    (Severity.CRITICAL, 5000.0),
    (Severity.HIGH, 1500.0),
    (Severity.MEDIUM, 500.0),
    (Severity.LOW, 100.0),
)
"""Severity by level: each is the shortest mean number of outcomes to a false one."""
EFFECTS: Final = (
    (Severity.CRITICAL, 0.25),
    (Severity.HIGH, 0.15),
    (Severity.MEDIUM, 0.10),
    (Severity.LOW, 0.05),
)
"""Bands of the effect size: relative loss of win rate."""
ACTIONS: Final = {
    Severity.UNKNOWN: "FREEZE A BASELINE",
    Severity.NONE: "CONTINUE",
    Severity.LOW: "WATCH",
    Severity.MEDIUM: "REVIEW THE STRATEGY",
    Severity.HIGH: "REDUCE SIZE AND VALIDATE AGAIN",
    Severity.CRITICAL: "DISABLE IMMEDIATELY",
}
DECAY_WEEKS: Final = 104.0
"""Level at which the decay detector speaks: at most one false word in two years, and none without outcomes."""
SLACK: Final = 1e-9
"""Room for the rounding of a share: a loss of exactly 15% counts as one."""
KS_WINDOW: Final = 50


class DriftLimits(msgspec.Struct, frozen=True):
    """What the views are held to; shares are fractions, ``alpha`` is for the whole life of a baseline."""

    degradation: float = 0.15
    min_trades: int = 30
    alpha: float = 0.05


def severity_of(level: float) -> Severity:
    """The severity of a detector's level; at a bound it is the higher one."""
    return next((severity for severity, least in LEVELS if level >= least), Severity.NONE)


def recommend_action(severity: Severity) -> str:
    """What to do about it."""
    return ACTIONS[severity]


def effect_band(degradation: float, profit_factor: float | None, n: int, min_trades: int) -> Severity:
    """The band of a relative loss of win rate; CRITICAL too where ``min_trades`` trades lose money on the whole."""
    if profit_factor is not None and profit_factor < 1.0 and n >= min_trades:
        return Severity.CRITICAL
    return next((band for band, least in EFFECTS if degradation >= least - SLACK), Severity.NONE)


def effect_size(reference: Reference, r: Sequence[float], limits: DriftLimits) -> EffectSize:
    """The effect size of the closed trades ``r`` (R net of costs) of the look-back."""
    n = len(r)
    wins = sum([value > 0.0 for value in r])
    return effect_of(reference.win_rate, wins, n, profit_factor(r), limits)


def effect_of(baseline: float, wins: int, n: int, factor: float | None, limits: DriftLimits) -> EffectSize:
    """The effect size of ``wins`` in ``n`` trades against a win rate; NONE and a note below ``min_trades``."""
    if n < limits.min_trades:
        return EffectSize(Severity.NONE, False, n, note=f"insufficient: {n} of {limits.min_trades} trades")
    rate = wins / n
    lost = (baseline - rate) / baseline
    interval = wilson(wins, n)
    low, high = (0.0, 1.0) if interval is None else interval
    return EffectSize(
        band=effect_band(lost, factor, n, limits.min_trades),
        alert=lost >= limits.degradation - SLACK,
        n=n,
        recent_win_rate=rate,
        degradation=lost,
        low=(baseline - high) / baseline,
        high=(baseline - low) / baseline,
    )


def profit_factor(r: Sequence[float]) -> float | None:
    """Sum of wins / sum of losses; None without a loss."""
    won = sum([value for value in r if value > 0.0])
    lost = -sum([value for value in r if value < 0.0])
    return won / lost if lost > 0.0 else None


def sharpe_of_trades(r: Sequence[float]) -> float | None:
    """``mean / sd`` (ddof 1) of single trades, not annualised; None below two trades or without spread."""
    if len(r) < 2:
        return None
    values = np.array(r)
    spread = float(values.std(ddof=1))
    return float(values.mean()) / spread if spread > 0.0 else None


def profit_factor_drift(reference: Reference, r: Sequence[float], limits: DriftLimits) -> PartDrift:
    """Whether the profit factor fell by the configured share."""
    return _relative("profit_factor", reference.profit_factor, profit_factor(r), len(r), limits)


def sharpe_drift(reference: Reference, r: Sequence[float], limits: DriftLimits) -> PartDrift:
    """Whether the Sharpe ratio of single trades fell by the configured share."""
    return _relative("sharpe", reference.sharpe, sharpe_of_trades(r), len(r), limits)


def distribution_drift(reference: Reference, window: Sequence[float], looks: int, limits: DriftLimits) -> PartDrift:
    """Kolmogorov-Smirnov over one whole window of new trades, the ``looks``-th of this baseline.

    The reference is known at its quantiles, so its distribution function lies between two steps; D is the distance
    from that band, never larger than the true one. Look k is held to ``alpha / (k (k + 1))``, which sums to ``alpha``
    over all looks there can ever be. ``value`` is the p-value, ``recent`` is D.
    """
    if len(window) < KS_WINDOW or len(reference.r) < 2:
        note = f"insufficient: {len(window)} of {KS_WINDOW} new trades"
        return PartDrift("distribution", False, note=note if len(reference.r) > 1 else "the baseline holds no results")
    n, m = len(window), reference.n
    distance = band_distance(np.array(reference.r), np.array(window), m)
    p = float(kolmogorov(distance * np.sqrt(n * m / (n + m))))
    limit = limits.alpha / (looks * (looks + 1))
    return PartDrift("distribution", p <= limit, recent=distance, value=p, limit=limit)


def band_distance(quantiles: NDArray[np.float64], values: NDArray[np.float64], n: int) -> float:
    """How far the distribution function of ``values`` leaves the band that evenly spaced ``quantiles`` ``(q,)`` allow.

    Between quantile i and i + 1 of ``n`` values the function lies in ``[i / (q - 1) - 1 / n, (i + 1) / (q - 1) + 1 /
    n]``, so the distance is never larger than that of Kolmogorov and Smirnov.
    """
    steps, size = len(quantiles) - 1, len(values)
    ordered = np.sort(values)
    upto = np.searchsorted(ordered, ordered, side="right") / size
    before = np.searchsorted(ordered, ordered, side="left") / size
    most = np.searchsorted(quantiles, ordered, side="right") / steps
    least = (np.searchsorted(quantiles, ordered, side="left") - 1) / steps
    return max(0.0, float(np.maximum(upto - most, least - before).max()) - 1.0 / n)


def _relative(name: str, baseline: float | None, recent: float | None, n: int, limits: DriftLimits) -> PartDrift:
    if n < limits.min_trades:
        return PartDrift(name, False, baseline, recent, note=f"insufficient: {n} of {limits.min_trades} trades")
    if baseline is None or baseline <= 0.0:
        return PartDrift(name, False, baseline, recent, note="the baseline holds none above 0")
    if recent is None:
        return PartDrift(name, False, baseline, recent, note="undefined: no loss or no spread among the trades")
    lost = (baseline - recent) / baseline
    return PartDrift(name, lost >= limits.degradation - SLACK, baseline, recent, lost, limits.degradation)
