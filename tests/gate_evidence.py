"""A candidate that meets every gate, made of real trades, and ways to change one thing about it."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from tradewind.model.report import GateReport, GateRow, Window
from tradewind.model.timeframe import DAY
from tradewind.validation.gates_evidence import (
    BatchEvidence,
    CandidateEvidence,
    Fold,
    Robustness,
    SealedEvidence,
    StressedTrades,
    WindowEvidence,
)
from tradewind.validation.gates_measure import measure_window, settle
from tradewind.validation.gates_profiles import HONEST, Profile, judge_candidate
from tradewind.validation.gates_rows import Limits
from tradewind.validation.windows import Windows, windows_of

LIMITS = Limits()
SPAN = Window(0, 3_000 * DAY)


def outcomes(wins: int, n: int, payoff: float = 1.0) -> np.ndarray:
    """``wins`` wins of ``payoff`` R spread evenly among ``n`` trades, the others -1 R."""
    won = np.diff(np.arange(n + 1) * wins // max(1, n)) > 0
    return np.where(won, payoff, -1.0)


def window(wins: int, n: int, payoff: float = 1.0) -> WindowEvidence:
    """A window of that many trades; its daily returns are theirs at 0.2% of equity each."""
    return measured(outcomes(wins, n, payoff))


def measured(r: np.ndarray) -> WindowEvidence:
    """A window of these trades, one a day."""
    return measure_window(r, 0.002 * r, np.random.default_rng(1), periods_per_year=252.0, resamples=300)


def with_returns(window: WindowEvidence, **changes: Any) -> WindowEvidence:
    """The window with other measures of its daily returns."""
    return msgspec.structs.replace(window, returns=msgspec.structs.replace(window.returns, **changes))


def with_trades(window: WindowEvidence, **changes: Any) -> WindowEvidence:
    """The window with other measures of its trades."""
    return msgspec.structs.replace(window, trades=msgspec.structs.replace(window.trades, **changes))


def folds(*validation_wins: int, train_wins: int = 60) -> tuple[Fold, ...]:
    """Folds of 100 trades on either side."""
    return tuple(Fold(train_wins, 100, wins, 100) for wins in validation_wins)


def long_windows(trades: int = 600) -> Windows:
    """Windows of a span of 3,000 days with that many trades spread over it."""
    return windows_of(SPAN, np.linspace(1, SPAN.end - 1, trades).astype(np.int64))


def candidate(**changes: Any) -> CandidateEvidence:
    """A candidate that passes even the strict profile, with ``changes`` to its fields; ``opened`` to its sealed part.

    The exact test is settled for one look and the ledger's single trial unless ``opened`` says otherwise.
    """
    opened = changes.pop("opened", {})
    base = {
        "subject": "Ten_Bar_Momentum_1h_v1",
        "windows": long_windows(),
        "train": window(700, 1000),
        "test": window(175, 250),
        "folds": folds(60, 60, 60, 60, 60),
        "robustness": Robustness(
            stress=(StressedTrades(2.0, 1250, 1.8, 0.3, 1.4, 2.3),),
            n=1250,
            expectancy=0.4,
            delayed_n=1250,
            delayed_expectancy=0.35,
            shuffle_drawdown=0.08,
            bootstrap_drawdown=0.1,
        ),
        "batch": BatchEvidence(trials=500, days=2400, pbo=0.05, spa_p=0.001, ledger_trials=500, effective_trials=40.0),
    }
    sealed = {
        "window": window(175, 250),
        "psr": 0.999,
        "dsr": 0.99,
        "dsr_spread": 0.98,
        "dsr_days": 3000,
        "min_track_record": 90.0,
    }
    made = CandidateEvidence(**(base | changes))
    if opened is None:
        return made
    ready = msgspec.structs.replace(made, sealed=SealedEvidence(**(sealed | opened)))
    settled = settle([ready])[0]
    kept = {name: opened[name] for name in ("holm_p", "holm_p_ledger", "p", "looked_at") if name in opened}
    return msgspec.structs.replace(settled, sealed=msgspec.structs.replace(settled.sealed, **kept))


def row(report: GateReport, name: str) -> GateRow:
    """The row of a report by its name."""
    return next(one for one in report.rows if one.name == name)


def judged(
    evidence: CandidateEvidence, name: str, profile: Profile = HONEST, limits: Limits = LIMITS
) -> tuple[GateRow, GateReport]:
    """One row of the report, and the report."""
    report = judge_candidate(evidence, profile, limits)
    return row(report, name), report
