"""Counts what a run did, from the outputs it made; the same for a backtest, a replay and a stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from tradewind.app.signal_rate import SignalRate, signal_rate
from tradewind.model.bar import Bar
from tradewind.model.decision import NoDecision, NoTrade, Signal
from tradewind.model.event import BarClosed, BarMissing, BarRevised, InputEvent
from tradewind.model.order import Charge, Refusal
from tradewind.model.outcome import Trade
from tradewind.model.output import Output
from tradewind.model.session import SessionCalendar


class RunCounts(msgspec.Struct, frozen=True):
    """The numbers of a run. ``reasons`` counts every reason of every refused bar, so it sums to more than the bars.

    ``tiers`` is the mix of the signals: high, medium, low.
    """

    bars: int
    missing: int
    revised: int
    synthetic: int
    decisions: int
    signals: int
    no_trade: int
    no_decision: int
    trades: int
    refused_orders: int
    ambiguous: int
    reasons: dict[str, int]
    tiers: dict[str, int]
    first_ts: int
    last_ts: int


class RunSummary:
    """Watches a session: give ``watch`` to it. Signals and trades are kept, the rest is counted.

    Bars of at most ``keep_bars`` are kept per symbol for a picture, the newest ones.
    """

    def __init__(self) -> None:
        self.signals: list[Signal] = []
        self.trades: list[Trade] = []
        self.charges: list[Charge] = []
        self.reasons: Counter[str] = Counter()
        self.by_series: Counter[tuple[str, str, str]] = Counter()
        self.last_bar: dict[str, Bar] = {}
        self._kinds: Counter[str] = Counter()
        self._bars = 0
        self._first = 0
        self._last = 0

    def watch(self, event: InputEvent, outputs: Sequence[Output]) -> None:
        """Takes one event with its outputs."""
        if isinstance(event, BarClosed):
            bar = event.bar
            self._bars += 1
            if bar.synthetic:
                self._kinds["synthetic"] += 1
            self.last_bar[bar.symbol] = bar
            self._first = self._first or bar.ts_close
            self._last = bar.ts_close
        elif isinstance(event, BarMissing):
            self._kinds["missing"] += 1
        elif isinstance(event, BarRevised):
            self._kinds["revised"] += 1
        for output in outputs:
            self._take(output)

    def counts(self) -> RunCounts:
        """The numbers so far."""
        kinds = self._kinds
        return RunCounts(
            bars=self._bars,
            missing=kinds["missing"],
            revised=kinds["revised"],
            synthetic=kinds["synthetic"],
            decisions=kinds["signal"] + kinds["no_trade"] + kinds["no_decision"],
            signals=kinds["signal"],
            no_trade=kinds["no_trade"],
            no_decision=kinds["no_decision"],
            trades=len(self.trades),
            refused_orders=kinds["refusal"],
            ambiguous=sum(trade.ambiguous for trade in self.trades),
            tiers={tier: sum(one.tier == tier for one in self.signals) for tier in ("high", "medium", "low")},
            reasons=dict(sorted(self.reasons.items(), key=_most_first)),
            first_ts=self._first,
            last_ts=self._last,
        )

    def rate(self, calendars: Sequence[SessionCalendar]) -> SignalRate:
        """How often signals came while any of the markets was open."""
        return signal_rate([signal.ts for signal in self.signals], self._first, self._last, calendars)

    def _take(self, output: Output) -> None:
        if isinstance(output, NoTrade):
            self._count("no_trade", output)
            for reason in output.reasons:
                self.reasons[reason.code] += 1
        elif isinstance(output, NoDecision):
            self._count("no_decision", output)
            self.reasons[output.reason.code] += 1
        elif isinstance(output, Signal):
            self._count("signal", output)
            self.signals.append(output)
        elif isinstance(output, Trade):
            self.trades.append(output)
        elif isinstance(output, Charge):
            self.charges.append(output)
        elif isinstance(output, Refusal):
            self._kinds["refusal"] += 1

    def _count(self, kind: str, decision: Signal | NoTrade | NoDecision) -> None:
        self._kinds[kind] += 1
        self.by_series[decision.symbol, decision.timeframe, kind] += 1


def _most_first(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]
