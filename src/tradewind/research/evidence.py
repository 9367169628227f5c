"""From one candidate's own trades to the evidence its gates ask for, in the order in which it may be looked at.

``develop`` measures what lies before the sealed window and cuts the bars there before anything is computed;
``open_window`` measures the rest, for candidates that ``may_open``.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import msgspec
import numpy as np

from tradewind.ensemble.shadow import ShadowColumns
from tradewind.model.report import Baseline, Window
from tradewind.model.trial import TrialPopulation
from tradewind.research.candidate_trades import (
    Market,
    Runs,
    cost_in_r,
    daily_returns_of,
    inside_of,
    repriced,
    sample_of,
)
from tradewind.validation.backtest_overfitting import backtest_overfitting
from tradewind.validation.baselines import baselines
from tradewind.validation.bootstrap import profit_factor_bounds
from tradewind.validation.effective_trials import effective_number
from tradewind.validation.gates_evidence import (
    BatchEvidence,
    CandidateEvidence,
    Robustness,
    SealedEvidence,
    StressedTrades,
    WindowEvidence,
)
from tradewind.validation.gates_measure import fold_counts, measure_window
from tradewind.validation.moments import moments
from tradewind.validation.monte_carlo import drawdown_luck
from tradewind.validation.return_metrics import Floats
from tradewind.validation.sharpe_evidence import (
    deflated_sharpe,
    minimum_backtest_years,
    minimum_track_record,
    probabilistic_sharpe,
)
from tradewind.validation.superior_ability import superior_ability
from tradewind.validation.trade_metrics import trade_metrics
from tradewind.validation.trial_matrix import Daily
from tradewind.validation.walk_forward import walk_forward
from tradewind.validation.windows import Windows, straddling

STRESS: Final = (1.0, 2.0, 3.0)
"""Factors of spread and slippage."""
FOLDS: Final = 5
_GATED: Final = 2.0
"""The factor that a gate asks for: its profit factor gets an interval."""


class _Trip(NamedTuple):
    ts_entry: int
    ts_exit: int
    side: int


def window_evidence(
    trades: ShadowColumns, market: Market, window: Window, generator: np.random.Generator | None, resamples: int = 4000
) -> tuple[WindowEvidence, Floats]:
    """One window measured, and its daily returns; a trade that straddles a boundary is left out of both.

    Without a generator the intervals that the bootstrap draws are left out.
    """
    kept = inside_of(trades, window)
    daily = daily_returns_of(kept, market.within(window))
    measured = measure_window(
        kept.r,
        daily,
        generator,
        periods_per_year=market.periods_per_year,
        resamples=resamples,
        cost_to_risk=float(cost_in_r(kept).mean()) if kept.r.size else None,
        ambiguous=int(kept.ambiguous.sum()),
    )
    return measured, daily


def develop(
    subject: str,
    runs: Runs,
    market: Market,
    windows: Windows,
    batch: BatchEvidence,
    generator: np.random.Generator,
    *,
    resamples: int = 1000,
    draws: int = 500,
) -> CandidateEvidence:
    """Everything before the sealed window; ``runs`` and ``market`` may reach beyond it and are cut first.

    Args:
        subject: the candidate's id.
        runs: its trades; those not wholly inside the development window are not looked at.
        market: the bars.
        windows: of its family.
        batch: what its whole batch shows.
        generator: source of every resample.
        resamples: of the bootstrap, which here only draws intervals; no gate before the seal depends on it.
        draws: orders and resamples behind the 95th percentiles of the drawdown.
    """
    before = market.within(windows.development)
    own, late = inside_of(runs.own, windows.development), inside_of(runs.delayed, windows.development)
    train, _ = window_evidence(own, before, windows.train, generator, resamples)
    test, _ = window_evidence(own, before, windows.test, generator, resamples)
    sample = sample_of(own)
    luck = drawdown_luck(own.r, generator, risk=market.risk, draws=draws)
    stress = tuple(_stressed(own, before, factor, generator, resamples) for factor in STRESS)
    return CandidateEvidence(
        subject=subject,
        windows=windows,
        train=train,
        test=test,
        folds=fold_counts(sample, walk_forward(windows.development, folds=FOLDS) or ()),
        robustness=Robustness(
            stress=stress,
            n=own.r.size,
            expectancy=float(own.r.mean()) if own.r.size else None,
            delayed_n=late.r.size,
            delayed_expectancy=float(late.r.mean()) if late.r.size else None,
            shuffle_drawdown=None if luck is None else luck.shuffled.high,
            bootstrap_drawdown=None if luck is None else luck.resampled.high,
        ),
        batch=batch,
        purged=straddling(sample, (windows.train, windows.test)),
    )


def outline(
    subject: str, own: ShadowColumns, market: Market, windows: Windows, batch: BatchEvidence
) -> CandidateEvidence:
    """What ``develop`` measures, less all that takes resamples and other costs: no interval, no robustness.

    For a candidate that misses a threshold of the train window already. Its sealed window cannot be opened.
    """
    before = market.within(windows.development)
    kept = inside_of(own, windows.development)
    sample = sample_of(kept)
    return CandidateEvidence(
        subject=subject,
        windows=windows,
        train=window_evidence(kept, before, windows.train, None)[0],
        test=window_evidence(kept, before, windows.test, None)[0],
        folds=fold_counts(sample, walk_forward(windows.development, folds=FOLDS) or ()),
        robustness=Robustness(),
        batch=batch,
        purged=straddling(sample, (windows.train, windows.test)),
    )


def open_window(
    evidence: CandidateEvidence,
    runs: Runs,
    market: Market,
    population: TrialPopulation,
    generator: np.random.Generator,
    *,
    earlier_looks: int = 0,
    contamination: str = "",
    resamples: int = 4000,
) -> CandidateEvidence:
    """The candidate with its sealed window measured; ``settle`` adds what only all candidates looked at can say.

    Record the look before this is called. ``population`` are the trials of the ledger, which deflate the Sharpe ratio.
    """
    windows = evidence.windows
    whole = Window(windows.train.start, windows.sealed.end)
    own = inside_of(runs.own, whole)
    sealed, last = window_evidence(own, market, windows.sealed, generator, resamples)
    parts = [daily_returns_of(inside_of(own, one), market.within(one)) for one in (windows.train, windows.test)]
    found = _sharpe_evidence(sealed, last, np.concatenate((*parts, last)), population, market.periods_per_year)
    return msgspec.structs.replace(
        evidence,
        sealed=msgspec.structs.replace(found, earlier_looks=earlier_looks, contamination=contamination),
        purged=straddling(sample_of(own), (windows.train, windows.test, windows.sealed)),
        baselines=naive_alternatives(own, market.within(whole), generator),
    )


def batch_evidence(daily: Daily, population: TrialPopulation, generator: np.random.Generator) -> BatchEvidence:
    """What a whole batch shows: ``daily`` is the P&L of all its trials before the sealed window, ``(trials, days)``.

    ``population`` are the trials of the ledger, this batch included.
    """
    overfitting = backtest_overfitting(daily)
    ability = superior_ability(daily, generator)
    trials, days = daily.shape
    return BatchEvidence(
        trials=trials,
        days=days,
        pbo=None if overfitting is None else overfitting.pbo,
        spa_p=None if ability is None else ability.consistent,
        ledger_trials=max(trials, population.distinct),
        effective_trials=effective_number(population.mean_correlation, population.distinct),
    )


def naive_alternatives(trades: ShadowColumns, market: Market, generator: np.random.Generator) -> tuple[Baseline, ...]:
    """Buy and hold, random entry with the same exposure, always flat, over the bars of ``market``, before costs."""
    trips = [
        _Trip(*row) for row in zip(trades.ts_entry.tolist(), trades.ts_exit.tolist(), trades.side.tolist(), strict=True)
    ]
    return baselines(market.columns, market.day, trips, generator, periods_per_year=market.periods_per_year)


def _sharpe_evidence(
    sealed: WindowEvidence, last: Floats, whole: Floats, population: TrialPopulation, periods_per_year: float
) -> SealedEvidence:
    """PSR and track record of the sealed days, deflated Sharpe ratio and least backtest of all days."""
    trials = max(1.0, effective_number(population.mean_correlation, population.distinct) or population.distinct)
    # One trial alone was chosen from nothing; several whose spread is unknown cannot be deflated.
    alone = population.distinct <= 1
    spread = 0.0 if alone else population.sharpe_variance
    variance = spread if alone or population.luck_variance is None else population.luck_variance
    all_days, sealed_days = moments(whole), moments(last)
    dsr = plain = psr = track = years = None
    if all_days is not None:
        years = minimum_backtest_years(all_days.sharpe * math.sqrt(periods_per_year), trials)
        shape = (all_days.sharpe, all_days.n, all_days.skew, all_days.kurtosis)
        dsr, plain = (
            None if one is None else deflated_sharpe(*shape, sharpe_variance=one, trials=trials)
            for one in (variance, spread)
        )
    if sealed_days is not None:
        psr = probabilistic_sharpe(sealed_days.sharpe, sealed_days.n, sealed_days.skew, sealed_days.kurtosis)
        track = minimum_track_record(sealed_days.sharpe, 0.0, sealed_days.skew, sealed_days.kurtosis)
    return SealedEvidence(
        window=sealed, psr=psr, dsr=dsr, dsr_days=whole.size, dsr_spread=plain,
        min_track_record=track, min_backtest_years=years,
    )  # fmt: skip


def _stressed(
    trades: ShadowColumns, market: Market, factor: float, generator: np.random.Generator, resamples: int
) -> StressedTrades:
    r = repriced(trades, market, factor)
    found = trade_metrics(r)
    low, high = profit_factor_bounds(r, generator, resamples=resamples) if factor == _GATED else (None, None)
    return StressedTrades(factor, found.n, found.profit_factor, found.expectancy, low, high)
