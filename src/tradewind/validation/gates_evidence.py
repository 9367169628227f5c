"""What the gates may look at: everything measured on one candidate, stage by stage, as plain numbers.

Whatever the sealed window would say is in ``SealedEvidence``, which is absent until the window has been opened.
"""

from __future__ import annotations

import msgspec

from tradewind.model.report import Baseline, Window
from tradewind.validation.bootstrap import MeanBounds
from tradewind.validation.return_metrics import ReturnMetrics
from tradewind.validation.trade_metrics import TradeMetrics
from tradewind.validation.windows import Windows


class WindowEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """One window: its closed net trades, its daily net returns, and how far both can be trusted.

    ``bounds`` are those of the mean net R, one-sided at 95%; ``profit_factor_low`` and ``_high`` the 95% interval of
    the profit factor. ``equal_payoffs``: all wins are alike and all losses are alike, so that wins say everything.
    """

    trades: TradeMetrics
    returns: ReturnMetrics
    bounds: MeanBounds | None = None
    profit_factor_low: float | None = None
    profit_factor_high: float | None = None
    equal_payoffs: bool = False


class Fold(msgspec.Struct, frozen=True):
    """One step of the walk forward: wins and trades before, and in the slice that follows."""

    train_wins: int
    train_n: int
    validation_wins: int
    validation_n: int
    train: Window | None = None
    validation: Window | None = None


class StressedTrades(msgspec.Struct, frozen=True):
    """The candidate's votes at ``factor`` times spread and slippage, over the development window.

    ``low`` and ``high`` are the 95% interval of the profit factor.
    """

    factor: float
    n: int
    profit_factor: float | None
    expectancy: float | None
    low: float | None = None
    high: float | None = None


class Robustness(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of the development window when the world is a little worse.

    ``expectancy`` is that of the candidate's own trades, ``delayed_expectancy`` that of its votes executed one bar
    later, both in net R. The drawdowns are the 95th percentiles over orders (shuffle) and over resamples (stationary
    bootstrap) of the trades, positive fractions of equity.
    """

    stress: tuple[StressedTrades, ...] = ()
    n: int = 0
    expectancy: float | None = None
    delayed_n: int = 0
    delayed_expectancy: float | None = None
    shuffle_drawdown: float | None = None
    bootstrap_drawdown: float | None = None


class BatchEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What the whole batch shows, over the daily P&L of all its trials before the sealed window.

    ``pbo`` is the probability of backtest overfitting by CSCV, ``spa_p`` the p-value of the studentised superior
    predictive ability test; ``days`` are the rows both saw. ``effective_trials`` and ``ledger_trials`` count the whole
    ledger, not this batch.
    """

    trials: int
    days: int
    pbo: float | None
    spa_p: float | None
    ledger_trials: int = 1
    effective_trials: float | None = None


class SealedEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What the sealed window showed when it was opened.

    ``looked_at`` candidates had this window opened, ``p`` is this one's exact p-value against ``breakeven``, ``holm_p``
    that after Holm over the looks and ``holm_p_ledger`` after Holm over every trial of the ledger. ``psr`` is PSR(0) of
    the sealed daily returns; ``dsr`` the deflated Sharpe ratio of the daily returns of all three windows together, and
    ``dsr_spread`` the same with the plain variance of all trials, their costs included, for comparison.
    ``min_track_record`` are the days that would prove the sealed Sharpe ratio, ``min_backtest_years`` those below which
    luck alone is expected to show it.
    ``earlier_looks`` are reads of this window by the same family before this batch: any at all contaminate it, and
    ``contamination`` says which.
    """

    window: WindowEvidence
    looked_at: int = 1
    breakeven: float | None = None
    p: float | None = None
    holm_p: float | None = None
    holm_p_ledger: float | None = None
    psr: float | None = None
    dsr: float | None = None
    dsr_days: int = 0
    dsr_spread: float | None = None
    min_track_record: float | None = None
    min_backtest_years: float | None = None
    earlier_looks: int = 0
    contamination: str = ""


class CandidateEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known about one candidate. ``purged`` trades straddled a boundary and are in no window."""

    subject: str
    windows: Windows
    train: WindowEvidence
    test: WindowEvidence
    folds: tuple[Fold, ...]
    robustness: Robustness
    batch: BatchEvidence
    sealed: SealedEvidence | None = None
    baselines: tuple[Baseline, ...] = ()
    purged: int = 0
