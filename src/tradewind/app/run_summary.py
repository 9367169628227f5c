"""Counts what a run did, from the outputs it made; the same for a backtest, a replay and a stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from tradewind.app.signal_rate import SignalRate, signal_rate
from tradewind.model.decision import NoDecision, NoTrade, Signal
from tradewind.model.event import BarClosed, BarMissing, BarRevised, InputEvent
from tradewind.model.order import Refusal
from tradewind.model.outcome import Trade
from tradewind.model.output import Output
from tradewind.model.session import SessionCalendar

HISTORY: Final = "history"
"""Reason and cause of a bar that was given to warm up."""


class RunCounts(msgspec.Struct, frozen=True):
    """The numbers of a run. ``reasons`` counts every reason of every refused bar, so it sums to more than the bars.

    ``history`` bars were given to warm up: nothing could be decided on them, so they, and bars missing among them, are
    in no other number. ``first_ts`` is the first close after them. ``tiers`` is the mix of the signals: high, medium,
    low.
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
    history: int = 0

    def bars_text(self) -> str:
        """``168 (0 missing, 0 revised, 0 synthetic) after 20,000 to warm up``."""
        text = f"{self.bars:,} ({self.missing} missing, {self.revised} revised, {self.synthetic} synthetic)"
        return f"{text} after {self.history:,} to warm up" if self.history else text


class RunSummary:
    """Watches a session: give ``watch`` to it. Signals and trades are kept, the rest is counted."""

    def __init__(self) -> None:
        self.signals: list[Signal] = []
        self.trades: list[Trade] = []
        self.reasons: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self._bars = self._history = 0
        self._warming: set[str] = set()
        self._first = 0
        self._last = 0

    def watch(self, event: InputEvent, outputs: Sequence[Output]) -> None:
        """Takes one event with its outputs."""
        if isinstance(event, BarClosed):
            bar = event.bar
            self._last = bar.ts_close
            if event.cause == HISTORY:
                self._warming.add(bar.symbol)
                self._history += 1
            else:
                self._bars += 1
                self._first = self._first or bar.ts_close
                if self._warming:
                    self._warming.discard(bar.symbol)
                if bar.synthetic:
                    self._kinds["synthetic"] += 1
        elif isinstance(event, BarMissing):
            if event.symbol in self._warming:
                outputs = [output for output in outputs if not isinstance(output, NoDecision)]
            else:
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
            first_ts=self._first or self._last,
            last_ts=self._last,
            history=self._history,
        )

    def rate(self, calendars: Sequence[SessionCalendar]) -> SignalRate:
        """How often signals came while any of the markets was open."""
        first = self._first or self._last
        return signal_rate([signal.ts for signal in self.signals], first, self._last, calendars)

    def _take(self, output: Output) -> None:
        if isinstance(output, NoTrade):
            self._kinds["no_trade"] += 1
            for reason in output.reasons:
                self.reasons[reason.code] += 1
        elif isinstance(output, NoDecision):
            if output.reason.code != HISTORY:
                self._kinds["no_decision"] += 1
                self.reasons[output.reason.code] += 1
        elif isinstance(output, Signal):
            self._kinds["signal"] += 1
            self.signals.append(output)
        elif isinstance(output, Trade):
            self.trades.append(output)
        elif isinstance(output, Refusal):
            self._kinds["refusal"] += 1


def _most_first(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]
