"""The screen: what one list of net trades shows by itself, in two windows. It informs; it promotes nobody.

A gate is a function from the evidence to one row; a profile is a named tuple of gates. A later criterion is a new
function and a longer tuple, nothing here changes. What decides about promotion is in ``gates_profiles``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final, NamedTuple

import msgspec
import numpy as np

from tradewind.model.report import GateKind, GateReport, GateRow, Stamp, Verdict, Window
from tradewind.validation.bootstrap import MeanBounds, mean_bounds
from tradewind.validation.sample import Split, TradeSample, chronological_split
from tradewind.validation.significance import binomial_p, bonferroni
from tradewind.validation.trade_metrics import TradeMetrics, trade_metrics

_SAME_PAYOFF = 1e-9


class GateRules(msgspec.Struct, frozen=True):
    """Limits of the gate.

    ``sealed_share`` of the span, the latest part, is looked at once. ``alpha`` is the one-sided level of both tests,
    shared over all candidates looked at. Fewer trades than the minimums is INSUFFICIENT, never PASS.
    """

    sealed_share: Annotated[float, msgspec.Meta(gt=0.0, lt=1.0)] = 0.2
    min_development: Annotated[int, msgspec.Meta(ge=2)] = 200
    min_sealed: Annotated[int, msgspec.Meta(ge=2)] = 100
    alpha: Annotated[float, msgspec.Meta(gt=0.0, lt=0.5)] = 0.05
    resamples: Annotated[int, msgspec.Meta(ge=200)] = 4000


class Evidence(NamedTuple):
    """What the gates may look at: both windows measured, the bounds of their means, and the rules."""

    split: Split
    development: TradeMetrics
    sealed: TradeMetrics
    development_bounds: MeanBounds | None
    sealed_bounds: MeanBounds | None
    rules: GateRules
    looked_at: int


Gate = Callable[[Evidence], GateRow]


class GateProfile(NamedTuple):
    """A named list of gates; all of them must pass."""

    name: str
    gates: tuple[Gate, ...]


def development_trades(evidence: Evidence) -> GateRow:
    """Enough closed trades before the sealed window."""
    return _count("trades.development", evidence.development.n, evidence.rules.min_development)


def sealed_trades(evidence: Evidence) -> GateRow:
    """Enough closed trades inside the sealed window."""
    return _count("trades.sealed", evidence.sealed.n, evidence.rules.min_sealed)


def development_expectancy(evidence: Evidence) -> GateRow:
    """Net expectancy before the sealed window above 0 R."""
    return _expectancy("expectancy.development", evidence.development, evidence.development_bounds)


def sealed_expectancy(evidence: Evidence) -> GateRow:
    """Net expectancy inside the sealed window above 0 R."""
    return _expectancy("expectancy.sealed", evidence.sealed, evidence.sealed_bounds)


def sealed_win_rate(evidence: Evidence) -> GateRow:
    """Exact binomial test of the sealed win rate against its own net break-even.

    The break-even is the larger of the two windows' ``1 / (1 + payoff)``: a window that happened to hold few large
    losses must not lower the bar it is held to. The threshold shown is the smallest win rate that passes at this n;
    p and the level beside it are of this one look, so that all three speak of the same test.
    """
    sealed, rules = evidence.sealed, evidence.rules
    known = [m.breakeven for m in (evidence.development, sealed) if m.breakeven is not None]
    if not known or sealed.n == 0:
        return GateRow(
            "win_rate.sealed", sealed.win_rate, None, ">=", sealed.n, False, GateKind.EVIDENCE,
            note="break-even unknown: wins and losses are both needed",
        )  # fmt: skip
    breakeven = max(known)
    p, looks = binomial_p(sealed.wins, sealed.n, breakeven), evidence.looked_at
    level = f"level {rules.alpha / looks:.4g}" + (
        f" ({rules.alpha:g} shared by {looks} looked at)" if looks > 1 else ""
    )
    return GateRow(
        "win_rate.sealed",
        sealed.win_rate,
        _least_wins(sealed.n, breakeven, rules.alpha / looks) / sealed.n,
        ">=",
        sealed.n,
        bonferroni(p, looks) <= rules.alpha,
        GateKind.EDGE,
        low=sealed.win_rate_low,
        high=sealed.win_rate_high,
        note=f"break-even {breakeven:.3f}, exact p {p:.3g}, {level}",
    )


def sealed_bound(evidence: Evidence) -> GateRow:
    """One-sided stationary-bootstrap bound of the sealed expectancy above 0 R; needed where payoffs are unequal.

    With equal wins and equal losses the exact test says all there is, and the row passes saying so.
    """
    bounds, sealed = evidence.sealed_bounds, evidence.sealed
    if _equal_payoffs(evidence.split.sealed):
        note, passed = "not needed: equal payoffs, the exact test decides", True
    else:
        level = 1.0 - evidence.rules.alpha / evidence.looked_at
        note, passed = f"one-sided level {level:.4g}", bounds is not None and bounds.lower > 0.0
    return GateRow(
        "expectancy.sealed.lower_bound",
        None if bounds is None else bounds.lower,
        0.0,
        ">",
        sealed.n,
        passed,
        GateKind.EVIDENCE if bounds is None else GateKind.EDGE,
        low=None if bounds is None else bounds.low,
        high=None if bounds is None else bounds.high,
        note=note,
    )


SCREEN: Final = GateProfile(
    "screen",
    (development_trades, sealed_trades, development_expectancy, sealed_expectancy, sealed_win_rate, sealed_bound),
)


def judge(
    trades: TradeSample,
    span: Window,
    generator: np.random.Generator,
    *,
    rules: GateRules = GateRules(),  # noqa: B008  frozen values, safe as a default
    looked_at: int = 1,
    stamp: Stamp = Stamp(),  # noqa: B008  frozen values, safe as a default
    subject: str = "",
    profile: GateProfile = SCREEN,
) -> GateReport:
    """Judges the net trades of one candidate over ``span``, its last ``rules.sealed_share`` sealed.

    PASS when every gate passes; else INSUFFICIENT when a gate of kind evidence is missed; else FAIL. ``looked_at``
    is the number of candidates whose sealed window was looked at, this one included; each is held to
    ``alpha / looked_at``, so that the chance that any of them passes without an edge stays at ``alpha``.

    Raises:
        Misconfigured: the span is empty or ``looked_at`` below 1.
        Corrupt: a trade lies outside the span, or its R is not finite.
    """
    bonferroni(1.0, looked_at)  # refuses a count below 1 before anything is computed
    split = chronological_split(trades, span, rules.sealed_share)
    alpha = rules.alpha / looked_at
    evidence = Evidence(
        split,
        trade_metrics(split.development.r),
        trade_metrics(split.sealed.r),
        mean_bounds(split.development.r, generator, alpha=alpha, resamples=rules.resamples),
        mean_bounds(split.sealed.r, generator, alpha=alpha, resamples=rules.resamples),
        rules,
        looked_at,
    )
    rows = tuple(gate(evidence) for gate in profile.gates)
    missed = {row.kind for row in rows if not row.passed}
    refusal = Verdict.INSUFFICIENT if GateKind.EVIDENCE in missed else Verdict.FAIL
    verdict = refusal if missed else Verdict.PASS
    return GateReport(
        subject,
        profile.name,
        verdict,
        rows,
        split.development_window,
        split.sealed_window,
        split.purged,
        looked_at,
        stamp,
    )


def _count(name: str, n: int, least: int) -> GateRow:
    """A row on a number of trades."""
    return GateRow(name, n, least, ">=", n, n >= least, GateKind.EVIDENCE, digits=0)


def _expectancy(name: str, measured: TradeMetrics, bounds: MeanBounds | None) -> GateRow:
    """A row on a mean net R."""
    value = measured.expectancy
    return GateRow(
        name,
        value,
        0.0,
        ">",
        measured.n,
        value is not None and value > 0.0,
        GateKind.EVIDENCE if value is None else GateKind.EDGE,
        low=None if bounds is None else bounds.low,
        high=None if bounds is None else bounds.high,
        note="R, net of costs",
    )


def _least_wins(n: int, rate: float, alpha: float) -> int:
    """Smallest k with ``P(K >= k) <= alpha``; n + 1 when not even n wins would do. Bisection: the tail falls in k."""
    low, high = 0, n + 1
    while low < high:
        middle = (low + high) // 2
        if middle <= n and binomial_p(middle, n, rate) > alpha:
            low = middle + 1
        else:
            high = middle
    return low


def _equal_payoffs(sample: TradeSample) -> bool:
    """Whether all wins are alike and all losses are alike."""
    won, lost = sample.r[sample.r > 0.0], sample.r[sample.r < 0.0]
    scratches = sample.r.size - won.size - lost.size
    return scratches == 0 and all(side.size == 0 or float(np.ptp(side)) <= _SAME_PAYOFF for side in (won, lost))
