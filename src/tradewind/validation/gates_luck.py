"""The gates that ask whether luck would have done as well: counts, exact test, bootstrap, deflation, stress."""

from __future__ import annotations

from tradewind.model.report import GateKind, GateRow
from tradewind.model.timeframe import DAY
from tradewind.validation.gates_evidence import CandidateEvidence, SealedEvidence
from tradewind.validation.gates_rows import (
    Limits,
    count_row,
    decided,
    drawdown_row,
    expectancy_row,
    level_row,
    sealed_gate,
)


def sealed_length(evidence: CandidateEvidence, limits: Limits) -> GateRow:
    """The sealed window is long enough, in days."""
    windows = evidence.windows
    least = windows.rules.min_sealed / DAY
    note = windows.reason or f"days; {windows.text()}"
    row = GateRow("windows.sealed_length", windows.sealed_days, least, ">=", _developed(evidence), False,
                  GateKind.EVIDENCE, digits=0, note=note)  # fmt: skip
    return decided(row, windows.sealed_days >= least)


def expected_trades(evidence: CandidateEvidence, limits: Limits) -> GateRow:
    """Enough trades are expected in the sealed window, from the family's rate before it."""
    windows = evidence.windows
    row = GateRow("windows.expected_trades", windows.expected_trades, windows.rules.min_trades, ">=",
                  _developed(evidence), False, GateKind.EVIDENCE, digits=0,
                  note=windows.reason or "at the family's rate before it")  # fmt: skip
    return decided(row, windows.expected_trades >= windows.rules.min_trades)


def train_trades(evidence: CandidateEvidence, limits: Limits) -> GateRow:
    """Enough closed trades in the train window."""
    return count_row("train.trades", evidence.train.trades.n, limits.min_train)


def train_expectancy(evidence: CandidateEvidence, limits: Limits) -> GateRow:
    """Net expectancy of the train window above 0 R."""
    return expectancy_row("train.expectancy", evidence.train)


def doubled_costs(evidence: CandidateEvidence, limits: Limits) -> GateRow:
    """Profit factor above 1 with spread and slippage multiplied, over the development window."""
    factor = limits.stress_factor
    found = next((row for row in evidence.robustness.stress if row.factor == factor), None)
    value = None if found is None else found.profit_factor
    row = GateRow("robustness.stressed_profit_factor", value, limits.stress_profit_factor, ">",
                  0 if found is None else found.n, False, GateKind.EDGE,
                  low=None if found is None else found.low, high=None if found is None else found.high,
                  note=f"spread and slippage x{factor:g}")  # fmt: skip
    return decided(row, None if value is None else value > limits.stress_profit_factor)


def delayed_execution(evidence: CandidateEvidence, limits: Limits) -> GateRow:
    """Share of the expectancy that is kept when every vote is executed one bar later, over the development window."""
    own, late = evidence.robustness.expectancy, evidence.robustness.delayed_expectancy
    kept = None if own is None or late is None or own <= 0.0 else late / own
    note = "one bar later" if kept is not None or own is None else "one bar later; nothing to keep: no net expectancy"
    row = GateRow("robustness.delay_kept", kept, limits.delay_kept, ">=", evidence.robustness.delayed_n, False,
                  GateKind.EDGE, note=note)  # fmt: skip
    if own is not None and own <= 0.0:
        return row
    return decided(row, None if kept is None else kept >= limits.delay_kept)


def shuffled_drawdown(evidence: CandidateEvidence, limits: Limits) -> GateRow:
    """95th percentile of the drawdown over random orders of the same trades: what the one order that happened hid."""
    found = evidence.robustness
    return drawdown_row(
        "robustness.shuffle_drawdown", found.shuffle_drawdown, limits.path_drawdown, found.n, "95th percentile"
    )


def resampled_drawdown(evidence: CandidateEvidence, limits: Limits) -> GateRow:
    """95th percentile of the drawdown over stationary bootstrap resamples; sizes follow from it, not from one path."""
    found = evidence.robustness
    return drawdown_row(
        "robustness.bootstrap_drawdown", found.bootstrap_drawdown, limits.path_drawdown, found.n, "95th percentile"
    )


def backtest_overfitting(evidence: CandidateEvidence, limits: Limits) -> GateRow:
    """Probability of backtest overfitting of the whole batch; above the limit it blocks every member.

    A single trial was not selected from anything, so nothing can be overfitted by the choice, unless the ledger holds
    other trials: then it must be judged together with them.
    """
    batch = evidence.batch
    if batch.trials <= 1 and batch.ledger_trials <= 1:
        return GateRow("batch.pbo", None, limits.pbo, "<=", batch.trials, True, GateKind.EVIDENCE,
                       note="not needed: one trial, nothing was chosen")  # fmt: skip
    warned = batch.pbo is not None and batch.pbo > limits.pbo_warning
    note = f"{batch.trials} trials over {batch.days} days" + (
        f"; warning: above {limits.pbo_warning:g}" if warned else ""
    )
    if batch.trials <= 1:
        note = f"one trial alone, {batch.ledger_trials} in the ledger: judge it together with its batch"
    return level_row("batch.pbo", batch.pbo, limits.pbo, batch.days, note, least=False)


def superior_ability(evidence: CandidateEvidence, limits: Limits) -> GateRow:
    """Studentised SPA test of the whole batch: its best trial is better than nothing, the search considered."""
    batch = evidence.batch
    note = f"{batch.trials} trials over {batch.days} days"
    return level_row("batch.spa", batch.spa_p, limits.spa, batch.days, note, least=False)


@sealed_gate("sealed.looks")
def one_look(evidence: CandidateEvidence, sealed: SealedEvidence, limits: Limits) -> GateRow:
    """Nobody of this family looked into this sealed window before; a window that was used proves nothing again."""
    earlier = sealed.earlier_looks
    note = f"{sealed.looked_at} candidates looked at" + (
        f"; contaminated by {earlier} earlier looks" if earlier else ""
    )
    return GateRow("sealed.looks", earlier, 0, "<=", sealed.looked_at, earlier == 0, GateKind.EVIDENCE, digits=0,
                   note=note)  # fmt: skip


@sealed_gate("sealed.trades")
def sealed_trades(evidence: CandidateEvidence, sealed: SealedEvidence, limits: Limits) -> GateRow:
    """Enough closed trades in the sealed window."""
    return count_row("sealed.trades", sealed.window.trades.n, limits.min_sealed)


@sealed_gate("sealed.expectancy")
def sealed_expectancy(evidence: CandidateEvidence, sealed: SealedEvidence, limits: Limits) -> GateRow:
    """Net expectancy of the sealed window above 0 R."""
    return expectancy_row("sealed.expectancy", sealed.window)


@sealed_gate("sealed.exact_test")
def exact_test(evidence: CandidateEvidence, sealed: SealedEvidence, limits: Limits) -> GateRow:
    """Exact binomial test of the win rate against the net break-even, Holm over everything that was looked at."""
    return level_row("sealed.exact_test", sealed.holm_p, limits.alpha, sealed.window.trades.n,
                     _tested(sealed, f"{sealed.looked_at} looks"), least=False)  # fmt: skip


@sealed_gate("sealed.exact_test_ledger")
def exact_test_ledger(evidence: CandidateEvidence, sealed: SealedEvidence, limits: Limits) -> GateRow:
    """The same test, Holm over every trial of the ledger."""
    return level_row("sealed.exact_test_ledger", sealed.holm_p_ledger, limits.alpha, sealed.window.trades.n,
                     _tested(sealed, f"{evidence.batch.ledger_trials} trials"), least=False)  # fmt: skip


@sealed_gate("sealed.expectancy_bound")
def expectancy_bound(evidence: CandidateEvidence, sealed: SealedEvidence, limits: Limits) -> GateRow:
    """One-sided 95% stationary-bootstrap bound of the expectancy above 0 R; needed where payoffs are unequal."""
    bounds, n = sealed.window.bounds, sealed.window.trades.n
    row = GateRow("sealed.expectancy_bound", None if bounds is None else bounds.lower, 0.0, ">", n, False,
                  GateKind.EDGE, low=None if bounds is None else bounds.low,
                  high=None if bounds is None else bounds.high, note="R, lower 5%")  # fmt: skip
    if sealed.window.equal_payoffs and n:
        return GateRow("sealed.expectancy_bound", row.value, 0.0, ">", n, True, GateKind.EDGE, row.low, row.high,
                       note="not needed: equal payoffs, the exact test decides")  # fmt: skip
    return decided(row, None if bounds is None else bounds.lower > 0.0)


@sealed_gate("sealed.psr")
def probabilistic_sharpe(evidence: CandidateEvidence, sealed: SealedEvidence, limits: Limits) -> GateRow:
    """Probability that the Sharpe ratio behind the sealed daily returns is above 0."""
    track = sealed.min_track_record
    note = "of daily returns" if track is None else f"of daily returns, {track:.0f} days would do"
    return level_row("sealed.psr", sealed.psr, limits.psr, sealed.window.returns.n, note, least=True)


@sealed_gate("sealed.dsr")
def deflated_sharpe(evidence: CandidateEvidence, sealed: SealedEvidence, limits: Limits) -> GateRow:
    """Deflated Sharpe ratio of all daily returns, with the effective number of trials of the ledger."""
    note = _deflation(evidence, sealed)
    if sealed.dsr is not None and sealed.dsr >= limits.strong_dsr:
        note = f"strong; {note}"
    return level_row("sealed.dsr", sealed.dsr, limits.dsr, sealed.dsr_days, note, least=True)


@sealed_gate("sealed.dsr_strong")
def strong_deflated_sharpe(evidence: CandidateEvidence, sealed: SealedEvidence, limits: Limits) -> GateRow:
    """The deflated Sharpe ratio at the level called strong, by the whole spread of the trials as it was published.

    Generated trials that lose their costs every day widen that spread, so that this hurdle is higher than what luck
    reaches: the strict profile asks for it all the same.
    """
    note = _deflation(evidence, sealed)
    return level_row("sealed.dsr_strong", sealed.dsr_spread, limits.strong_dsr, sealed.dsr_days, note, least=True)


def _tested(sealed: SealedEvidence, among: str) -> str:
    if sealed.p is None or sealed.breakeven is None:
        return "break-even unknown: wins and losses are both needed"
    return f"break-even {sealed.breakeven:.3f}, exact p {sealed.p:.4f}, Holm over {among}"


def _deflation(evidence: CandidateEvidence, sealed: SealedEvidence) -> str:
    batch = evidence.batch
    effective = "" if batch.effective_trials is None else f", {batch.effective_trials:.1f} effective"
    years = sealed.min_backtest_years
    least = "" if years is None else f"; least backtest {years:.1f} years"
    plain = "" if sealed.dsr_spread is None else f"; {sealed.dsr_spread:.3f} by the whole spread of the trials"
    return f"all windows, {batch.ledger_trials} trials in the ledger{effective}{least}{plain}"


def _developed(evidence: CandidateEvidence) -> int:
    return evidence.train.trades.n + evidence.test.trades.n
