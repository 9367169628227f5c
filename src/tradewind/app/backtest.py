"""One engine over stored bars, in memory: the same walk as paper and live, at full speed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from tradewind import __version__
from tradewind.adapters.host_process import HostProcess
from tradewind.adapters.notify.console import SilentNotifier
from tradewind.adapters.replay_feed import Recording, ReplayFeed
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.memory_journal import MemoryJournal
from tradewind.app.recordings import origin_lines
from tradewind.app.replay_loop import LoopResult, drive_replay
from tradewind.app.run_summary import RunCounts, RunSummary
from tradewind.app.session import Session
from tradewind.app.signal_rate import SignalRate
from tradewind.app.wiring import calendars_of, engine_for, sequencer_for, started_event
from tradewind.engine.pipeline import Engine
from tradewind.engine.plan import EnginePlan
from tradewind.model.report import Stamp, Window
from tradewind.model.timeframe import Timeframe
from tradewind.research.proof import MemberProof, judge_member
from tradewind.validation.metrics import Metrics, metrics
from tradewind.validation.return_metrics import annualisation


class EquityPoint(msgspec.Struct, frozen=True):
    """Equity at the end of a trading day."""

    day: str
    equity: float


class BacktestResult(msgspec.Struct, frozen=True):
    """What a backtest found. ``digest`` covers every decision; ``proofs`` are the members on their own.

    ``origins`` says which series the bars of each symbol are.
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


class Backtest:
    """A wired engine with everything it needs to run over recordings once.

    ``keep_journal`` keeps entries for a comparison; otherwise only the digest survives.
    """

    def __init__(self, plan: EnginePlan, recordings: Sequence[Recording], *, keep_journal: bool = False) -> None:
        self.plan = plan
        self.recordings = tuple(recordings)
        self.summary = RunSummary()
        self.journal = MemoryJournal(keep=keep_journal)
        self.clock = ManualClock()
        self.engine: Engine = engine_for(plan, keep_shadow=True)
        self.session = Session(
            self.engine,
            sequencer_for(plan),
            self.journal,
            SilentNotifier(),
            self.clock,
            HostProcess(),
            commit_every=4096,
            watch=self.summary.watch,
        )

    def run(self, on_bars: Callable[[int], None] | None = None) -> LoopResult:
        """Runs to the end; ``on_bars`` is told how many bars each step held."""
        feed = ReplayFeed(self.recordings)
        self.session.begin(started_event(self.plan, feed.first_ts))
        return drive_replay(
            self.session,
            feed,
            self.clock,
            on_step=None if on_bars is None else lambda step: on_bars(len(step.bars)),
        )

    def result(self, data_hash: str, seed: int) -> BacktestResult:
        """Measures the finished run; ``seed`` drives the bootstrap of the gates."""
        portfolio = self.engine.portfolio
        portfolio.finish()
        stamp = Stamp(data_hash, self.plan.config_hash, __version__, seed, bool(self.plan.stamp))
        return BacktestResult(
            symbols=tuple(one.instrument.symbol for one in self.plan.symbols),
            timeframes=tuple(sorted({tf for one in self.plan.symbols for tf in one.timeframes}, key=_rank)),
            stamp=stamp,
            digest=self.journal.head[1].hex(),
            counts=self.summary.counts(),
            metrics=self._metrics(),
            opening_balance=self.plan.opening_balance,
            closing_equity=portfolio.equity,
            costs=self._costs(),
            equity=tuple(EquityPoint(day.isoformat(), equity) for day, equity in portfolio.daily),
            proofs=self._proofs(stamp, seed),
            open_positions=len(portfolio.positions()),
            rate=self.summary.rate(calendars_of(self.plan)),
            origins=origin_lines(self.recordings, {one.instrument.symbol: one.instrument for one in self.plan.symbols}),
        )

    def _metrics(self) -> Metrics:
        trades = self.summary.trades
        equity = np.array([self.plan.opening_balance, *(value for _, value in self.engine.portfolio.daily)])
        returns = np.diff(equity) / equity[:-1]
        classes = [one.instrument.asset_class for one in self.plan.symbols]
        risked = [abs(float(trade.net) / trade.r) for trade in trades if trade.r]
        paid = [_cost_of(trade.spread_cost, trade.slippage_cost, trade.commission) for trade in trades if trade.r]
        return metrics(
            returns,
            np.array([trade.r for trade in trades], dtype=np.float64),
            periods_per_year=float(max(annualisation(one) for one in classes)),
            cost_to_risk=float(np.mean(np.array(paid) / np.array(risked))) if risked else None,
            ambiguous=sum(trade.ambiguous for trade in trades),
        )

    def _costs(self) -> dict[str, float]:
        """Costs of the closed trades by kind, account currency, positive when paid."""
        trades = self.summary.trades
        return {
            "spread": sum(float(trade.spread_cost) for trade in trades),
            "slippage": sum(float(trade.slippage_cost) for trade in trades),
            "commission": sum(float(trade.commission) for trade in trades),
            "swap": -sum(float(trade.swap) for trade in trades),
        }

    def _proofs(self, stamp: Stamp, seed: int) -> tuple[MemberProof, ...]:
        """Every member of every symbol on its own shadow trades, all counted as looked at."""
        generator = np.random.default_rng(seed)
        found = []
        books = [(symbol, one) for symbol, desk in self.engine.desks.items() for one in desk.series.values()]
        looked_at = sum(len(series.members) for _, series in books)
        for symbol, series in books:
            columns = next(one.columns for one in self.recordings if one.symbol == symbol)
            span = Window(int(columns.ts_open[0]), int(columns.ts_close[-1]))
            for position, member in enumerate(series.members):
                trades = series.shadow.closed(position)
                record = series.record(position)
                found.append(
                    judge_member(
                        member, trades, record, span, generator, looked_at=looked_at, stamp=stamp, symbol=symbol
                    )
                )
        return tuple(found)


def _cost_of(*parts: str) -> float:
    return sum(float(part) for part in parts)


def _rank(timeframe: Timeframe) -> int:
    return timeframe.rank
