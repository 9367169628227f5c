"""Limits of the gates, and the rows they are printed in. Win rates are compared as whole counts, never rounded."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Annotated, Final

import msgspec

from tradewind.model.report import GateKind, GateRow
from tradewind.validation.gates_evidence import CandidateEvidence, SealedEvidence, WindowEvidence
from tradewind.validation.return_metrics import ReturnMetrics
from tradewind.validation.significance import wilson

Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Level = Annotated[float, msgspec.Meta(gt=0.0, lt=1.0)]

_Z95: Final = 1.959963984540054


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every number a gate compares with; equality passes everywhere but at expectancies and doubled costs (above 0, 1).

    Rates, drawdowns and decays are fractions. ``retention`` is the least share of the training win rate that test and
    validation keep, ``decay`` the largest share that the sealed window may lose. ``drawdown_budget`` is the sealed
    window's. ``pbo_warning`` only warns. ``alpha`` is the one-sided level of exact test and bootstrap bound.
    """

    train_win_rate: Share = 0.50
    train_profit_factor: float = 1.2
    train_sharpe: float = 0.5
    train_drawdown: Share = 0.25
    retention: Share = 0.85
    consistency: Share = 0.70
    validation_win_rate: Share = 0.45
    sealed_win_rate: Share = 0.65
    sealed_profit_factor: float = 1.3
    decay: Share = 0.15
    drawdown_budget: Share = 0.25
    min_train: Annotated[int, msgspec.Meta(ge=1)] = 200
    min_sealed: Annotated[int, msgspec.Meta(ge=1)] = 100
    alpha: Level = 0.05
    psr: Level = 0.95
    dsr: Level = 0.50
    strong_dsr: Level = 0.95
    pbo_warning: Share = 0.20
    pbo: Share = 0.50
    spa: Level = 0.05
    stress_factor: float = 2.0
    stress_profit_factor: float = 1.0
    delay_kept: Share = 0.50
    path_drawdown: Share = 0.25


CandidateGate = Callable[[CandidateEvidence, Limits], GateRow]
"""From everything known about a candidate to one row; it reads the sealed window only where that was opened."""


def exact(limit: float) -> Fraction:
    """The decimal number a limit was written as: 0.65 is 13/20 and not its nearest binary fraction."""
    return Fraction(repr(limit))


def rate(wins: int, n: int) -> Fraction | None:
    """A win rate as a fraction of whole counts; None for no trades."""
    return Fraction(wins, n) if n else None


def sealed_gate(name: str) -> Callable[[Callable[[CandidateEvidence, SealedEvidence, Limits], GateRow]], CandidateGate]:
    """Makes a gate of one that needs the sealed window; until that is opened its row says so and is not met."""

    def made(judge: Callable[[CandidateEvidence, SealedEvidence, Limits], GateRow]) -> CandidateGate:
        @functools.wraps(judge)
        def gate(evidence: CandidateEvidence, limits: Limits) -> GateRow:
            if evidence.sealed is None:
                return GateRow(name, None, None, "", 0, False, GateKind.UNOPENED, note="sealed window not opened")
            return judge(evidence, evidence.sealed, limits)

        return gate

    return made


def count_row(name: str, n: int, least: int, note: str = "") -> GateRow:
    """A number of trades; too few are too little evidence, whatever they earned."""
    return GateRow(name, n, least, ">=", n, n >= least, GateKind.EVIDENCE, digits=0, note=note)


def win_rate_row(name: str, window: WindowEvidence, least: float) -> GateRow:
    """A win rate with its Wilson interval; the note carries what a win rate means: break-even and payoff."""
    trades = window.trades
    value = rate(trades.wins, trades.n)
    return decided(
        GateRow(name, trades.win_rate, least, ">=", trades.n, False, GateKind.EDGE,
                low=trades.win_rate_low, high=trades.win_rate_high, note=_meaning(window)),
        None if value is None else value >= exact(least),
    )  # fmt: skip


def profit_factor_row(name: str, window: WindowEvidence, least: float) -> GateRow:
    """A profit factor with its bootstrap interval; without one loss it is undefined."""
    value = window.trades.profit_factor
    return decided(
        GateRow(name, value, least, ">=", window.trades.n, False, GateKind.EDGE,
                low=window.profit_factor_low, high=window.profit_factor_high,
                note="; ".join(window.trades.flags)),
        None if value is None else value >= least,
    )  # fmt: skip


def drawdown_row(name: str, value: float | None, most: float, n: int, note: str) -> GateRow:
    """A drawdown as a positive fraction of equity."""
    return decided(
        GateRow(name, value, most, "<=", n, False, GateKind.EDGE, note=note), None if value is None else value <= most
    )


def expectancy_row(name: str, window: WindowEvidence) -> GateRow:
    """A mean net R above 0 with its bootstrap interval."""
    value, bounds = window.trades.expectancy, window.bounds
    return decided(
        GateRow(name, value, 0.0, ">", window.trades.n, False, GateKind.EDGE,
                low=None if bounds is None else bounds.low, high=None if bounds is None else bounds.high,
                note="R, net of costs"),
        None if value is None else value > 0.0,
    )  # fmt: skip


def kept_row(
    name: str, later: tuple[int, int], earlier: tuple[int, int], least: float, *, as_decay: bool = False
) -> GateRow:
    """``later`` win rate as a share of the ``earlier`` one, both ``(wins, n)``; equality on the whole counts passes.

    ``as_decay`` shows one minus that share against one minus the limit, which is the same comparison. The interval is
    Katz's for a ratio of two rates. An earlier rate of 0 left nothing to keep, which is not met.
    """
    after, before = rate(*later), rate(*earlier)
    kept = None if after is None or not before else after / before
    bounds = _ratio_interval(later, earlier)
    value = None if kept is None else float(1 - kept if as_decay else kept)
    limit = float(1 - exact(least)) if as_decay else least
    if bounds is not None and as_decay:
        bounds = 1.0 - bounds[1], 1.0 - bounds[0]
    return decided(
        GateRow(name, value, limit, "<=" if as_decay else ">=", later[1], False, GateKind.EDGE,
                low=None if bounds is None else bounds[0], high=None if bounds is None else bounds[1],
                note=f"{later[0]}/{later[1]} against {earlier[0]}/{earlier[1]}"),
        False if before == 0 else None if kept is None else kept >= exact(least),
    )  # fmt: skip


def level_row(name: str, value: float | None, limit: float, n: int, note: str, *, least: bool) -> GateRow:
    """A probability or p-value against its level."""
    met = None if value is None else (value >= limit if least else value <= limit)
    return decided(GateRow(name, value, limit, ">=" if least else "<=", n, False, GateKind.EDGE, note=note), met)


def decided(row: GateRow, met: bool | None) -> GateRow:
    """The row with its outcome; ``met`` None: the value is undefined, which is too little evidence."""
    if met is None:
        return msgspec.structs.replace(row, kind=GateKind.EVIDENCE)
    return msgspec.structs.replace(row, passed=met)


def sharpe_interval(returns: ReturnMetrics) -> tuple[float, float] | None:
    """95% interval of the annual Sharpe ratio, ``SR -+ 1.96 SE sqrt(P)`` with the standard error of PSR (2012)."""
    if returns.sharpe is None or returns.skew is None or returns.kurtosis is None:
        return None
    root = math.sqrt(returns.periods_per_year)
    each = returns.sharpe / root
    variance = 1.0 - returns.skew * each + (returns.kurtosis - 1.0) / 4.0 * each**2
    if not variance > 0.0:
        return None
    half = _Z95 * math.sqrt(variance / (returns.n - 1)) * root
    return returns.sharpe - half, returns.sharpe + half


def share_row(name: str, good: int, n: int, least: float, note: str) -> GateRow:
    """A share of whole counts with its Wilson interval."""
    value, bounds = rate(good, n), wilson(good, n)
    return decided(
        GateRow(name, None if value is None else float(value), least, ">=", n, False, GateKind.EDGE,
                low=None if bounds is None else bounds[0], high=None if bounds is None else bounds[1], note=note),
        None if value is None else value >= exact(least),
    )  # fmt: skip


def _meaning(window: WindowEvidence) -> str:
    trades = window.trades
    if trades.breakeven is None or trades.payoff is None:
        return "; ".join(("break-even unknown", *trades.flags))
    cost = "" if trades.cost_to_risk is None else f", costs {trades.cost_to_risk:.1%} of the risk"
    return (
        f"break-even {trades.breakeven:.3f}, payoff {trades.payoff:.2f}, "
        f"expectancy {trades.expectancy or 0.0:+.3f} R{cost}"
    )


def _ratio_interval(later: tuple[int, int], earlier: tuple[int, int]) -> tuple[float, float] | None:
    """Katz's 95% interval of a ratio of two independent rates, on the log scale; None where a count is 0."""
    (a, n), (b, m) = later, earlier
    if min(a, n, b, m) == 0:
        return None
    centre = math.log(a / n) - math.log(b / m)
    half = _Z95 * math.sqrt(max(0.0, 1.0 / a - 1.0 / n + 1.0 / b - 1.0 / m))
    return math.exp(centre - half), math.exp(centre + half)
