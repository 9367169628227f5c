"""A made-up trading session for store tests: bars, decisions, fills and trades with every kind of output in it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tradewind.model.bar import Bar
from tradewind.model.decision import Bracket, Consensus, NoDecision, NoTrade, Reason, Signal
from tradewind.model.event import BarClosed, BarMissing, Command, FeedState, InputEvent, Started
from tradewind.model.order import Charge, Fill, Leg, OrderIntent
from tradewind.model.outcome import Outcome, Trade
from tradewind.model.timeframe import HOUR, Timeframe

START = 1_700_000_000 * 1_000_000_000 // HOUR * HOUR
SYMBOL = "EUR/USD"


def bar_closed(index: int, price: float = 1.1) -> BarClosed:
    """Hourly bar number ``index``."""
    ts = START + index * HOUR
    bar = Bar(SYMBOL, Timeframe.H1, ts, ts + HOUR, price, price + 0.002, price - 0.002, price + 0.001, 100.0, 1e-4)
    return BarClosed(bar, source="script", ts_recv=ts + HOUR + 7)


def consensus(confidence: float | None = 0.85) -> Consensus:
    """A long consensus of two members."""
    return Consensus(1, 0.9, ("a", "b"), 2, 1.8, 0.45, 0.4, confidence, 0.12, "made up for tests")


def signal(index: int) -> Signal:
    """A long signal at the close of bar ``index``."""
    bracket = Bracket(1, 1.1, 1.099, 1.101, 1.095, 1.11, 0.2, 100.0, 24, 50.0, 0.04)
    ts = START + (index + 1) * HOUR
    return Signal(f"s{index}", SYMBOL, Timeframe.H1, ts, ts + HOUR, bracket, consensus(), "A", (Reason("trend", 1.0),))


def trade(index: int, net: str) -> Trade:
    """The round trip of ``signal(index)``, closed four bars later."""
    ts = START + (index + 1) * HOUR
    costs = ("1.00", "0.50", "0.00", "0.00")
    r = float(net) / 100
    return Trade(
        *(f"s{index}", SYMBOL, Timeframe.H1, 1, 0.2, ts, ts + 4 * HOUR, 1.1, 1.11, "target", net),
        *(*costs, net, r, -0.3, 1.2),
    )


def session(bars: int, seed: int = 7) -> Iterator[tuple[InputEvent, list[object]]]:
    """Events with their outputs: a start, then bars; a signal every seventh bar, filled one and closed five later."""
    rng = np.random.default_rng(seed)
    yield Started(START, "c0ffee", "0.1.0", (SYMBOL,), simulated=True), []
    for index in range(bars):
        outputs: list[object] = []
        ts = START + (index + 1) * HOUR
        if index % 29 == 13:
            yield FeedState(SYMBOL, "stale", ts, "script"), []
            yield (
                BarMissing(SYMBOL, Timeframe.H1, ts - HOUR, ts),
                [NoDecision(SYMBOL, Timeframe.H1, ts, Reason("missing"))],
            )
            continue
        if index % 31 == 5:
            yield Command("note", "operator", ts, "lunch"), []
        if index % 7 == 1 and index > 1:
            ids = (f"s{index - 1}-entry", f"s{index - 1}", SYMBOL)
            outputs.append(Fill(*ids, Leg.ENTRY, 1, 20, 110_000, ts - HOUR, "1.00", "0.50", "0.00"))
        if index % 7 == 3 and index > 3:
            outputs.append(Charge(f"s{index - 3}", SYMBOL, ts, "swap", "-0.37"))
        if index % 7 == 5 and index > 5:
            opened = index - 5
            ids = (f"s{opened}-target", f"s{opened}", SYMBOL)
            net = f"{rng.normal(10, 100):.2f}"
            outputs.append(Fill(*ids, Leg.TARGET, -1, 20, 111_000, ts, "0.00", "0.00", "0.00"))
            outputs.append(trade(opened, net))
            outputs.append(Outcome(f"s{opened}", ts, "won" if float(net) > 0 else "lost", float(net) / 100))
        if index % 7 == 0 and index > 0:
            outputs.append(signal(index))
            outputs.append(OrderIntent(f"s{index}-entry", f"s{index}", SYMBOL, 1, 20, 109_500, 111_000, 0, ts))
        else:
            reasons = (Reason("regime", 0.4, 0.5), Reason("spread", 2.0, 1.5, "wide"))
            outputs.append(NoTrade(SYMBOL, Timeframe.H1, ts, reasons, consensus(0.3) if index % 2 else None))
        yield bar_closed(index, 1.1 + float(rng.normal(0, 0.001))), outputs
