"""The plain thresholds: win rate, profit factor, Sharpe, drawdown, retention, walk forward, decay. No word on luck."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from tradewind.model.report import GateKind, GateRow
from tradewind.validation.gates_evidence import CandidateEvidence, Fold, SealedEvidence
from tradewind.validation.gates_rows import (
    Limits,
    decided,
    drawdown_row,
    exact,
    kept_row,
    profit_factor_row,
    rate,
    sealed_gate,
    share_row,
    sharpe_interval,
    win_rate_row,
)


def train_win_rate(evidence: CandidateEvidence, limits: Limits) -> GateRow:
    """Win rate of the train window."""
    return win_rate_row("train.win_rate", evidence.train, limits.train_win_rate)


def train_profit_factor(evidence: CandidateEvidence, limits: Limits) -> GateRow:
    """Profit factor of the train window."""
    return profit_factor_row("train.profit_factor", evidence.train, limits.train_profit_factor)


def train_sharpe(evidence: CandidateEvidence, limits: Limits) -> GateRow:
    """Annual Sharpe ratio of the train window's daily net returns, flat days kept."""
    returns = evidence.train.returns
    bounds = sharpe_interval(returns)
    row = GateRow(
        "train.sharpe",
        returns.sharpe,
        limits.train_sharpe,
        ">=",
        returns.n,
        False,
        GateKind.EDGE,
        low=None if bounds is None else bounds[0],
        high=None if bounds is None else bounds[1],
        note=f"daily net returns, flat days kept, x sqrt({returns.periods_per_year:g})",
    )
    return decided(row, None if returns.sharpe is None else returns.sharpe >= limits.train_sharpe)


def train_drawdown(evidence: CandidateEvidence, limits: Limits) -> GateRow:
    """Deepest drawdown of the train window's equity."""
    returns = evidence.train.returns
    value = -returns.max_drawdown if returns.n else None
    return drawdown_row("train.max_drawdown", value, limits.train_drawdown, returns.n, "of equity, days")


def test_retention(evidence: CandidateEvidence, limits: Limits) -> GateRow:
    """Win rate of the test window as a share of the train window's."""
    test, train = evidence.test.trades, evidence.train.trades
    return kept_row("test.retention", (test.wins, test.n), (train.wins, train.n), limits.retention)


def walk_forward_retention(evidence: CandidateEvidence, limits: Limits) -> GateRow:
    """Mean validation win rate of the folds as a share of their mean training win rate."""
    folds = _traded(evidence.folds)
    kept = None
    if folds:
        before = _mean([Fraction(fold.train_wins, fold.train_n) for fold in folds])
        after = _mean([Fraction(fold.validation_wins, fold.validation_n) for fold in folds])
        kept = after / before if before else None
    row = GateRow(
        "walk_forward.retention",
        None if kept is None else float(kept),
        limits.retention,
        ">=",
        sum(fold.validation_n for fold in folds),
        False,
        GateKind.EDGE,
        note=_folds(evidence.folds, folds),
    )
    nothing = bool(folds) and kept is None
    return decided(row, False if nothing else None if kept is None else kept >= exact(limits.retention))


def walk_forward_consistency(evidence: CandidateEvidence, limits: Limits) -> GateRow:
    """Share of the folds whose validation win rate keeps ``limits.retention`` of their own training win rate.

    A fold without a trade on either side has not kept anything.
    """
    good = 0
    for fold in evidence.folds:
        before, after = rate(fold.train_wins, fold.train_n), rate(fold.validation_wins, fold.validation_n)
        good += bool(before and after is not None and after >= exact(limits.retention) * before)
    return share_row(
        "walk_forward.consistency",
        good,
        len(evidence.folds),
        limits.consistency,
        f"folds that keep {limits.retention:.0%} of their own training win rate; n counts folds",
    )


def walk_forward_win_rate(evidence: CandidateEvidence, limits: Limits) -> GateRow:
    """Mean validation win rate of the folds; the interval takes the folds as independent."""
    folds = _traded(evidence.folds)
    rates = [Fraction(fold.validation_wins, fold.validation_n) for fold in folds]
    mean = _mean(rates) if rates else None
    pairs = zip(rates, folds, strict=True)
    spread = math.sqrt(sum(float(p * (1 - p)) / fold.validation_n for p, fold in pairs))
    half = 1.96 * spread / len(folds) if folds else 0.0
    row = GateRow(
        "walk_forward.validation_win_rate",
        None if mean is None else float(mean),
        limits.validation_win_rate,
        ">=",
        sum(fold.validation_n for fold in folds),
        False,
        GateKind.EDGE,
        low=None if mean is None else max(0.0, float(mean) - half),
        high=None if mean is None else min(1.0, float(mean) + half),
        note=_folds(evidence.folds, folds),
    )
    return decided(row, None if mean is None else mean >= exact(limits.validation_win_rate))


@sealed_gate("sealed.win_rate")
def sealed_win_rate(evidence: CandidateEvidence, sealed: SealedEvidence, limits: Limits) -> GateRow:
    """Win rate of the sealed window."""
    return win_rate_row("sealed.win_rate", sealed.window, limits.sealed_win_rate)


@sealed_gate("sealed.profit_factor")
def sealed_profit_factor(evidence: CandidateEvidence, sealed: SealedEvidence, limits: Limits) -> GateRow:
    """Profit factor of the sealed window."""
    return profit_factor_row("sealed.profit_factor", sealed.window, limits.sealed_profit_factor)


@sealed_gate("sealed.decay")
def sealed_decay(evidence: CandidateEvidence, sealed: SealedEvidence, limits: Limits) -> GateRow:
    """Share of the train window's win rate lost in the sealed window: the retention comparison read the other way."""
    after, before = sealed.window.trades, evidence.train.trades
    least = float(1 - exact(limits.decay))
    return kept_row("sealed.decay", (after.wins, after.n), (before.wins, before.n), least, as_decay=True)


@sealed_gate("sealed.max_drawdown")
def sealed_drawdown(evidence: CandidateEvidence, sealed: SealedEvidence, limits: Limits) -> GateRow:
    """Deepest drawdown of the sealed window's equity, within the configured budget."""
    returns = sealed.window.returns
    value = -returns.max_drawdown if returns.n else None
    return drawdown_row("sealed.max_drawdown", value, limits.drawdown_budget, returns.n, "of equity, budget, days")


def _traded(folds: Sequence[Fold]) -> list[Fold]:
    return [fold for fold in folds if fold.train_n and fold.validation_n]


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def _folds(folds: Sequence[Fold], traded: Sequence[Fold]) -> str:
    idle = len(folds) - len(traded)
    return f"mean of {len(traded)} folds" + (f", {idle} more without trades" if idle else "")
