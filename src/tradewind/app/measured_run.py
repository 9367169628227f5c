"""What a finished run found: one result for a backtest, a recorded run and the demo, measured by the same rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from tradewind import __version__
from tradewind.adapters.replay_feed import Recording
from tradewind.app.recordings import origin_lines
from tradewind.app.run_summary import RunCounts, RunSummary
from tradewind.app.signal_rate import SignalRate
from tradewind.app.wiring import account_calendar, calendars_of
from tradewind.engine.aggregate import aggregate
from tradewind.engine.pipeline import Engine
from tradewind.engine.plan import EnginePlan
from tradewind.model.outcome import Trade
from tradewind.model.report import Baseline, CostStress, Stamp, Window
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import Timeframe
from tradewind.research.proof import MemberProof, judge_member
from tradewind.validation.baselines import ALWAYS_FLAT, RANDOM_ENTRY, baselines
from tradewind.validation.metrics import Metrics, metrics
from tradewind.validation.return_metrics import annualisation


class EquityPoint(msgspec.Struct, frozen=True):
    """Equity at the end of a trading day."""

    day: str
    equity: float


class MeasuredRun(msgspec.Struct, frozen=True):
    """What a run found after its warm-up. ``digest`` covers every decision; ``proofs`` are the members on their own.

    ``opening_balance`` is the equity before the first bar decided on. ``origins`` says which series the bars of each
    symbol are. ``baselines`` are there when they were asked for, and so is ``stress``.
    """

    symbols: tuple[str, ...]
    timeframes: tuple[Timeframe, ...]
    stamp: Stamp
    digest: str
    counts: RunCounts
    metrics: Metrics
    opening_balance: float
    closing_equity: float
    costs: dict[str, float]
    equity: tuple[EquityPoint, ...]
    proofs: tuple[MemberProof, ...]
    open_positions: int
    rate: SignalRate
    origins: tuple[str, ...]
    baselines: tuple[Baseline, ...] = ()
    stress: tuple[CostStress, ...] = ()


class FinishedRun(NamedTuple):
    """What a run leaves behind: its engine, what was watched, its bars, the digest of its decisions."""

    engine: Engine
    summary: RunSummary
    recordings: tuple[Recording, ...]
    digest: str

    @property
    def plan(self) -> EnginePlan:
        """The engine's plan."""
        return self.engine.plan


def measure(
    run: FinishedRun, data_hash: str, seed: int, *, proofs: Sequence[MemberProof] | None = None, naive: bool = False
) -> MeasuredRun:
    """Measures the finished run; ``seed`` drives the bootstrap of the gates and the random entries.

    ``proofs`` are taken as given where the members were judged before. ``naive`` adds the baselines.
    """
    plan, portfolio = run.plan, run.engine.portfolio
    portfolio.finish()
    counts = run.summary.counts()
    stamp = Stamp(data_hash, plan.config_hash, __version__, seed, plan.simulated, plan.unproven)
    opening, equity = _equity(run, counts)
    return MeasuredRun(
        symbols=tuple(one.instrument.symbol for one in plan.symbols),
        timeframes=tuple(sorted({tf for one in plan.symbols for tf in one.timeframes}, key=_rank)),
        stamp=stamp,
        digest=run.digest,
        counts=counts,
        metrics=_metrics(run, opening, equity),
        opening_balance=opening,
        closing_equity=portfolio.equity,
        costs=_costs(run.summary.trades),
        equity=equity,
        proofs=_proofs(run, stamp, seed) if proofs is None else tuple(proofs),
        open_positions=len(portfolio.positions()),
        rate=run.summary.rate(calendars_of(plan)),
        origins=origin_lines(run.recordings, {one.instrument.symbol: one.instrument for one in plan.symbols}),
        baselines=_baselines(run, counts, seed) if naive else (),
    )


def decided_bars(plan: EnginePlan, recording: Recording) -> Recording:
    """The bars of the shortest timeframe decided on; the recording itself where that is its own."""
    own = next(one for one in plan.symbols if one.instrument.symbol == recording.symbol)
    shortest = min(own.timeframes, key=_rank)
    if shortest is recording.timeframe:
        return recording
    columns = aggregate(recording.columns, calendar_of(own.instrument.calendar), shortest)
    return msgspec.structs.replace(recording, timeframe=shortest, columns=columns)


def _equity(run: FinishedRun, counts: RunCounts) -> tuple[float, tuple[EquityPoint, ...]]:
    """Equity before the first day with a decision, and at the end of each day from then on."""
    first = account_calendar(run.plan).trading_day(counts.first_ts - 1) if counts.first_ts else None
    opening, points = run.plan.opening_balance, []
    for day, equity in run.engine.portfolio.daily:
        if first is None or day < first:
            opening = equity
        else:
            points.append(EquityPoint(day.isoformat(), equity))
    return opening, tuple(points)


def _metrics(run: FinishedRun, opening: float, equity: Sequence[EquityPoint]) -> Metrics:
    trades = run.summary.trades
    marks = np.array([opening, *(point.equity for point in equity)])
    risked = [abs(float(trade.net) / trade.r) for trade in trades if trade.r]
    paid = [_cost_of(trade.spread_cost, trade.slippage_cost, trade.commission) for trade in trades if trade.r]
    return metrics(
        np.diff(marks) / marks[:-1],
        np.array([trade.r for trade in trades], dtype=np.float64),
        periods_per_year=float(max(annualisation(one.instrument.asset_class) for one in run.plan.symbols)),
        cost_to_risk=float(np.mean(np.array(paid) / np.array(risked))) if risked else None,
        ambiguous=sum(trade.ambiguous for trade in trades),
    )


def _costs(trades: Sequence[Trade]) -> dict[str, float]:
    """Costs of the closed trades by kind, account currency, positive when paid."""
    return {
        "spread": sum(float(trade.spread_cost) for trade in trades),
        "slippage": sum(float(trade.slippage_cost) for trade in trades),
        "commission": sum(float(trade.commission) for trade in trades),
        "swap": 0.0 - sum(float(trade.swap) for trade in trades),
    }


def _proofs(run: FinishedRun, stamp: Stamp, seed: int) -> tuple[MemberProof, ...]:
    """Every member of every symbol on its own shadow trades, all counted as looked at."""
    generator = np.random.default_rng(seed)
    found = []
    books = [(symbol, one) for symbol, desk in run.engine.desks.items() for one in desk.series.values()]
    looked_at = sum(len(series.members) for _, series in books)
    for symbol, series in books:
        columns = next(one.columns for one in run.recordings if one.symbol == symbol)
        span = Window(int(columns.ts_open[0]), int(columns.ts_close[-1]))
        for position, member in enumerate(series.members):
            trades = series.shadow.closed(position)
            record = series.record(position)
            found.append(
                judge_member(member, trades, record, span, generator, looked_at=looked_at, stamp=stamp, symbol=symbol)
            )
    return tuple(found)


def _baselines(run: FinishedRun, counts: RunCounts, seed: int) -> tuple[Baseline, ...]:
    """Buy and hold of every symbol, random entry where it was traded, and always flat once."""
    generator = np.random.default_rng(seed)
    rows: list[Baseline] = []
    flat: list[Baseline] = []
    for recording in run.recordings:
        bars = decided_bars(run.plan, recording)
        instrument = run.engine.desks[bars.symbol].plan.instrument
        first = int(np.searchsorted(bars.columns.ts_close, counts.first_ts))
        columns = bars.columns.slice(first, len(bars.columns.ts_close))
        days, _ = calendar_of(instrument.calendar).buckets(columns.ts_open, Timeframe.D1)
        trades = [trade for trade in run.summary.trades if trade.symbol == bars.symbol]
        year = float(annualisation(instrument.asset_class))
        for one in baselines(columns, days, trades, generator, periods_per_year=year):
            if one.name == ALWAYS_FLAT:
                flat = [one]
            elif trades or one.name != RANDOM_ENTRY:
                rows.append(msgspec.structs.replace(one, name=f"{bars.symbol}: {one.name}"))
    return (*rows, *flat)


def _cost_of(*parts: str) -> float:
    return sum(float(part) for part in parts)


def _rank(timeframe: Timeframe) -> int:
    return timeframe.rank
