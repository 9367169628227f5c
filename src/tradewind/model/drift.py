"""What is known of a strategy's decline: severities, the reference it is held to, and what came of a check.

Severities are those of the detector. UNKNOWN is the answer where there is no reference; it is never taken for NONE.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from tradewind.model.timeframe import Timeframe


class Severity(StrEnum):
    """How sure and how bad, mildest first after UNKNOWN."""

    UNKNOWN = "UNKNOWN"
    NONE = "NONE"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"

    @property
    def rank(self) -> int:
        """0 for UNKNOWN and NONE, 4 for CRITICAL."""
        return RANKS[self]


RANKS: Final = {
    Severity.UNKNOWN: 0,
    Severity.NONE: 0,
    Severity.LOW: 1,
    Severity.MEDIUM: 2,
    Severity.HIGH: 3,
    Severity.CRITICAL: 4,
}


class Reference(msgspec.Struct, frozen=True, gc=False):
    """What one member showed on one symbol when its baseline was frozen; R net of costs.

    ``believed_win_rate`` is the lower 10% Wilson bound, which the detectors believe in; ``believed_mean_r`` the lower
    10% bound of the mean R. ``r`` are quantiles of R at the shares 0, 0.05 .. 1. Undefined is None. Trades entered
    before ``until`` (UTC nanoseconds) may be part of the baseline and are not counted against it.
    """

    member: str
    symbol: str
    n: int
    win_rate: float
    believed_win_rate: float
    mean_r: float | None = None
    sd_r: float | None = None
    profit_factor: float | None = None
    r: tuple[float, ...] = ()
    until: int = 0

    @property
    def believed_mean_r(self) -> float | None:
        """``mean_r - 1.2816 sd_r / sqrt(n)``; None without both."""
        if self.mean_r is None or self.sd_r is None or self.n < 1:
            return None
        return float(self.mean_r - LOWER_10 * self.sd_r / self.n**0.5)

    @property
    def sharpe(self) -> float | None:
        """``mean_r / sd_r`` of single trades, not annualised; None without spread."""
        return self.mean_r / self.sd_r if self.mean_r is not None and self.sd_r else None


LOWER_10: Final = 1.2815515655446004
"""Standard normal quantile of a one-sided 90% bound."""


class EffectSize(msgspec.Struct, frozen=True, gc=False):
    """How far the recent win rate lies below the reference, as a share of it: reported, never acted on.

    ``degradation = (reference - recent) / reference``, with the 95% Wilson interval of the recent rate put through
    the same formula. ``alert`` is whether it reaches the configured limit. ``band`` is of the effect alone.
    """

    band: Severity
    alert: bool
    n: int
    recent_win_rate: float | None = None
    degradation: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""


class PartDrift(msgspec.Struct, frozen=True, gc=False):
    """One other view: ``profit_factor``, ``sharpe`` or ``distribution``; ``limit`` is what ``value`` was held to."""

    name: str
    drifted: bool
    baseline: float | None = None
    recent: float | None = None
    value: float | None = None
    limit: float | None = None
    note: str = ""


class DriftCheck(msgspec.Struct, frozen=True, gc=False):
    """What one check of one member found at ``ts``.

    ``level`` is the larger statistic of the two streams, ``predictions`` that of the member's own bracket after every
    vote, ``trades`` that of the signals it led. ``decay`` is the trend detector's. A level of A is reached by a member
    that is as good as its reference once in A outcomes of the stream on average, or less often.
    """

    member: str
    symbol: str
    timeframe: Timeframe
    ts: int
    severity: Severity
    level: float
    predictions: float
    trades: float
    decay: float
    decaying: bool
    seen: int
    action: str
    effect: EffectSize
    parts: tuple[PartDrift, ...] = ()
    baseline_win_rate: float | None = None
    note: str = ""

    @property
    def subject(self) -> str:
        """``SYMBOL ID``, the name under which orders speak of a member."""
        return f"{self.symbol} {self.member}"


class DriftAlarm(msgspec.Struct, frozen=True, tag="drift_alarm", gc=False):
    """A check that people should hear of. ``escalated``: it came inside the cool-down because it got worse.

    ``confirmed`` is whether the level also exceeds the fleet's limit, ``fleet_limit``.
    """

    check: DriftCheck
    escalated: bool = False
    fleet_limit: float | None = None
    confirmed: bool = False


class MemberReplaced(msgspec.Struct, frozen=True, tag="member_replaced", gc=False):
    """A member was taken off because it drifted, and who sits in its place; ``replacement`` is empty for nobody."""

    ts: int
    symbol: str
    member: str
    replacement: str
    severity: Severity
    level: float
    reason: str


class LearningCycle(msgspec.Struct, frozen=True, tag="learning_cycle", gc=False):
    """One hourly cycle: members checked, alarms made, checks that failed, values in the table, market states.

    ``fleet_limit`` is the level at which all members together alarm falsely at most once a month. ``checks`` are those
    that were made anew: of members with news, and once a day of everybody.
    """

    ts: int
    number: int
    checked: int
    alarms: int
    failed: int
    fleet_limit: float
    entries: int
    states: dict[str, str]
    checks: tuple[DriftCheck, ...] = ()


class SelectorChoice(msgspec.Struct, frozen=True, tag="selector_choice", gc=False):
    """Who the selector put first on a symbol for the coming hour, in which state of the market and with which value.

    ``value`` is the weight (fixed share, 1 is equal) or the learnt value in R. ``weights`` are the largest of all
    members, as multiples of the equal one; ``applied`` is whether they multiply votes.
    """

    ts: int
    symbol: str
    state: str
    method: str
    action: str
    value: float
    explored: bool
    applied: bool
    weights: dict[str, float]
