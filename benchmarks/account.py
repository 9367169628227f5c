"""Microseconds per base bar for aggregation, simulated broker and portfolio: flat, with a position, with swaps.

Run as ``python -m benchmarks.account --json``. Bars are SIMULATED; medians of CPU time over rounds, compilation
excluded.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from decimal import Decimal

import msgspec
import numpy as np

from benchmarks.machine import machine
from tradewind.engine.aggregate import Aggregator
from tradewind.engine.portfolio import Portfolio
from tradewind.engine.rates import Rates
from tradewind.model.bar import Bar
from tradewind.model.decision import Bracket, Consensus, Signal
from tradewind.model.instrument import CostModel
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.order import Charge, Fill, OrderIntent
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import HOUR, Timeframe
from tradewind.simulation.broker import SimBroker

BARS = 30_000
ROUNDS = 7
SYMBOL = "EUR/USD"


def bars_of() -> list[Bar]:
    """A random walk of the hours the market is open."""
    generator = np.random.default_rng(7)
    close = 1.1 * np.exp(np.cumsum(generator.normal(0.0, 0.0002, BARS)))
    spans = calendar_of("fx").expected_closes(0, BARS * 2 * HOUR, Timeframe.H1)[:BARS]
    return [
        Bar(SYMBOL, Timeframe.H1, start, end, price, price + 0.0005, price - 0.0005, price, 1.0)
        for (start, end), price in zip(spans, close.tolist(), strict=False)
    ]


def account(bars: list[Bar], *, held: bool, costs: CostModel) -> float:
    """CPU microseconds per bar of broker, rates and portfolio together."""
    instruments = {SYMBOL: msgspec.structs.replace(INSTRUMENTS[SYMBOL], costs=costs)}
    rates = Rates("USD", instruments.values())
    broker = SimBroker(instruments, rates)
    portfolio = Portfolio(instruments, Decimal(10_000), rates, calendar_of("fx"))
    if held:
        bracket = Bracket(1, 1.1, 1.1, 1.1, 0.1, 9.0, 0.1, 100.0, 0, 0.0, 0.0)
        consensus = Consensus(1, 1.0, (), 1, 1.0, None, None, None, None, "")
        portfolio.on_signal(Signal("s", SYMBOL, Timeframe.H1, 0, HOUR, bracket, consensus, "", ()))
        broker.submit(OrderIntent("c", "s", SYMBOL, 1, 10, 10_000, 900_000, 0, 0))
    begun = time.process_time_ns()
    for bar in bars:
        for report in broker.on_bar(bar):
            if isinstance(report, Fill):
                portfolio.on_fill(report)
            elif isinstance(report, Charge):
                portfolio.on_charge(report)
        rates.on_close(SYMBOL, bar.close)
        portfolio.mark(bar)
    return (time.process_time_ns() - begun) / len(bars) / 1000.0


def aggregation(bars: list[Bar]) -> float:
    """CPU microseconds per hourly bar, building 4h and 1d."""
    aggregator = Aggregator(SYMBOL, calendar_of("fx"), Timeframe.H1, (Timeframe.H4, Timeframe.D1))
    begun = time.process_time_ns()
    for bar in bars:
        aggregator.on_bar(bar)
    return (time.process_time_ns() - begun) / len(bars) / 1000.0


def median(run: Callable[[], float]) -> float:
    """Of all rounds but the first."""
    return round(statistics.median([run() for _ in range(ROUNDS + 1)][1:]), 3)


def main() -> None:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="compact output, for machines")
    indent = None if parser.parse_args().json else 2
    bars = bars_of()
    found = {
        "benchmark": "account",
        "unit": "CPU microseconds per base bar",
        "bars": len(bars),
        "flat": median(lambda: account(bars, held=False, costs=CostModel())),
        "one_position": median(lambda: account(bars, held=True, costs=CostModel())),
        "one_position_with_swap": median(lambda: account(bars, held=True, costs=CostModel(swap_long=-5.0))),
        "aggregate_4h_1d": median(lambda: aggregation(bars)),
        "data": "SIMULATED",
        "machine": machine(),
    }
    print(json.dumps(found, indent=indent))


if __name__ == "__main__":
    main()
