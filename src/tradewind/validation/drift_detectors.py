"""Detectors of decline that may be looked at after every outcome, with a bound on false alarms and nothing to tune.

Each is a mixture of Shiryaev-Roberts statistics (Shiryaev 1963, Roberts 1966; as e-detectors Shin, Ramdas, Rinaldo
2022): ``M_k <- (1 + M_k) * L_k(outcome)`` with ``E[L_k | past] <= 1`` for everybody who is as good as believed, and
``R = mean_k M_k``. Then the mean number of outcomes until ``R >= A`` is at least ``A``, whatever the dependence on the
past. ``M`` is capped, which makes ``R`` smaller and keeps the bound for every A below the cap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from tradewind.errors import Misconfigured
from tradewind.model.timeframe import DAY

CAP: Final = 1e12
PUBLISHED_RATE: Final = 0.58
PUBLISHED_ALTERNATIVES: Final = (0.53, 0.50, 0.46, 0.42, 0.36, 0.30)
SHARES: Final = tuple(rate / PUBLISHED_RATE for rate in PUBLISHED_ALTERNATIVES)
"""The alternatives as shares of what is believed: at 0.58 exactly the published ones."""
STAKES: Final = (0.05, 0.1, 0.2, 0.35, 0.5)
"""Bets on R as shares of the largest bet that cannot be lost."""
SLOPES: Final = (0.0005, 0.001, 0.002, 0.004)
"""Loss of win rate a day that the decay detector looks for."""
FLOOR: Final = 0.05
STARTS: Final = 40
"""Weeks in which a decay may have begun; older ones are dropped, which makes the statistic smaller."""


class WinDetector(msgspec.Struct):
    """Wins and losses against a win rate: ``L = q / p0`` for a win, ``(1 - q) / (1 - p0)`` for a loss, ``q < p0``.

    For every true rate >= p0 the mean time until ``level >= A`` is at least A outcomes. ``p0`` may differ from outcome
    to outcome, as with calibrated probabilities, so long as it was known before.
    """

    weights: list[float] = msgspec.field(default_factory=lambda: [0.0] * len(SHARES))
    seen: int = 0

    @property
    def level(self) -> float:
        """The statistic R; 0 before the first outcome."""
        return sum(self.weights) / len(self.weights)

    def step(self, won: bool, believed: float) -> float:
        """Takes one outcome that was believed to be a win with probability ``believed``; the level after it.

        Raises:
            Misconfigured: a probability outside (0, 1).
        """
        if not 0.0 < believed < 1.0:
            raise Misconfigured(f"a believed win rate of {believed}", where="drift", allowed="between 0 and 1, outside")
        if won:
            self.weights = [min(CAP, (1.0 + m) * share) for m, share in zip(self.weights, SHARES, strict=True)]
        else:
            lost = 1.0 - believed
            self.weights = [
                min(CAP, (1.0 + m) * ((1.0 - share * believed) / lost))
                for m, share in zip(self.weights, SHARES, strict=True)
            ]
        self.seen += 1
        return self.level


class ResultDetector(msgspec.Struct):
    """R multiples against a mean: bets ``L = 1 - s (x - m0) / (b - m0)`` (Waudby-Smith and Ramdas 2023) on a lower one.

    ``x`` is R, cut to ``[worst, best]``; ``b = best``, so that no bet can lose more than it has. Cut below, ``x`` only
    gets larger, and above, a win counts as the best that the baseline showed, as it did there. For everybody whose cut
    mean is at least ``mean`` the mean time until ``level >= A`` is at least A outcomes.
    """

    mean: float
    best: float
    worst: float
    weights: list[float] = msgspec.field(default_factory=lambda: [0.0] * len(STAKES))
    seen: int = 0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mean) and self.worst < self.mean < self.best < math.inf):
            raise Misconfigured(
                f"results between {self.worst} and {self.best} R with a mean of {self.mean}",
                where="drift",
                allowed="worst < mean < best, all finite",
            )

    @property
    def level(self) -> float:
        """The statistic R; 0 before the first outcome."""
        return sum(self.weights) / len(self.weights)

    def step(self, r: float) -> float:
        """Takes one closed trade in R, net of costs; the level after it. One that is no number raises Misconfigured."""
        if math.isnan(r):
            raise Misconfigured("a result that is no number", where="drift", allowed="R of a closed trade")
        over = (min(self.best, max(self.worst, r)) - self.mean) / (self.best - self.mean)
        self.weights = [
            min(CAP, (1.0 + m) * (1.0 - stake * over)) for m, stake in zip(self.weights, STAKES, strict=True)
        ]
        self.seen += 1
        return self.level


class DecayDetector(msgspec.Struct):
    """Wins and losses against a win rate that wears off: a start a week, alternatives ``q = p0 - slope * days since``.

    ``level`` is the sum over the starts of the mean likelihood ratio over the slopes. For every true rate >= p0 the
    mean time until ``level >= A`` is at least A weeks: no start can gain on its own, and one begins a week.
    """

    starts: list[int] = msgspec.field(default_factory=list)
    ratios: list[list[float]] = msgspec.field(default_factory=list)
    seen: int = 0

    @property
    def level(self) -> float:
        """The statistic; 0 before the first outcome."""
        return sum([sum(one) for one in self.ratios]) / len(SLOPES)

    def step(self, won: bool, believed: float, ts: int) -> float:
        """Takes one outcome known at ``ts`` (UTC nanoseconds); the level after it.

        Raises:
            Misconfigured: a probability outside (0, 1).
        """
        if not 0.0 < believed < 1.0:
            raise Misconfigured(f"a believed win rate of {believed}", where="drift", allowed="between 0 and 1, outside")
        if not self.starts or ts >= self.starts[-1] + 7 * DAY:
            self.starts.append(ts)
            self.ratios.append([1.0] * len(SLOPES))
            if len(self.starts) > STARTS:
                del self.starts[0], self.ratios[0]
        for start, ratios in zip(self.starts, self.ratios, strict=True):
            days = (ts - start) / DAY
            for k, slope in enumerate(SLOPES):
                worse = max(FLOOR * believed, believed - slope * days)
                ratio = worse / believed if won else (1.0 - worse) / (1.0 - believed)
                ratios[k] = min(CAP, ratios[k] * ratio)
        self.seen += 1
        return self.level


def pooled(levels: Sequence[float]) -> float:
    """The level of a family: the mean of its members' levels, 0 for nobody.

    A mean of e-detectors is one, however their outcomes hang together: nobody may multiply correlated members.
    """
    return sum(levels) / len(levels) if levels else 0.0


def fleet_limit(outcomes_a_month: float, least: float) -> float:
    """The level at which a fleet has at most one false alarm a month: its outcomes a month, and never below ``least``.

    Each member alarms falsely once in A outcomes or less often; n outcomes a month make n / A false alarms.
    """
    return max(least, outcomes_a_month)


def e_bh(values: Sequence[float], alpha: float) -> list[int]:
    """Positions of the e-values that e-BH finds at a false discovery rate of ``alpha``, largest first.

    The largest k with ``k e_(k) >= K / alpha``; valid under any dependence (Wang and Ramdas 2022). A level R after n
    outcomes is used as ``R / n``, since E[R] <= n for a member in order.
    """
    order = sorted(range(len(values)), key=lambda place: (-values[place], place))
    found = 0
    for k, place in enumerate(order, start=1):
        if k * values[place] >= len(values) / alpha:
            found = k
    return order[:found]
