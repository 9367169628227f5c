"""Microseconds per bar for the votes of all members and for their shadow trades, one member and two hundred.

Run as ``python -m benchmarks.votes --json``. Bars are SIMULATED; medians over rounds, compilation excluded.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time

import numpy as np

from benchmarks.machine import machine
from tradewind.ensemble.shadow import ShadowBook
from tradewind.features.bank import FeatureBank
from tradewind.features.rule import Member, member_of
from tradewind.features.rule_program import RuleProgram, indicators_of
from tradewind.model.bar import Bar
from tradewind.model.instrument import CostModel
from tradewind.model.timeframe import HOUR, Timeframe
from tradewind.strategies import family

BARS = 6_000
ROUNDS = 7


def members_of(count: int) -> list[Member]:
    """EMA crosses with periods and gates drawn at random."""
    generator = np.random.default_rng(42)
    cross = family("EMA_Crossover")
    drawn = []
    for version in range(1, count + 1):
        fast = generator.integers(3, 51)
        slow = fast + generator.integers(5, 151)
        params = cross.Params(fast=int(fast), slow=int(slow), gate=float(generator.choice([45.0, 50.0, 55.0])))
        drawn.append(member_of(cross, Timeframe.H1, params, version))
    return drawn


def bars_of() -> list[Bar]:
    """A random walk of hours."""
    generator = np.random.default_rng(7)
    close = 1.1 * np.exp(np.cumsum(generator.normal(0.0, 0.0012, BARS)))
    open_ = np.concatenate((close[:1], close[:-1]))
    reach = 1.0 + generator.exponential(0.0005, (2, BARS))
    high, low = np.maximum(open_, close) * reach[0], np.minimum(open_, close) / reach[1]
    return [
        Bar("EUR/USD", Timeframe.H1, i * HOUR, (i + 1) * HOUR, *map(float, (open_[i], high[i], low[i], close[i])), 1.0)
        for i in range(BARS)
    ]


def measure(count: int, bars: list[Bar]) -> dict[str, float]:
    """Median over rounds of the mean microseconds per bar."""
    members = members_of(count)
    rounds: dict[str, list[float]] = {"features": [], "votes": [], "shadow": []}
    for _ in range(ROUNDS + 1):
        bank = FeatureBank(indicators_of(members))
        program = RuleProgram(members, bank.index)
        book = ShadowBook(members, CostModel())
        sides = np.zeros(count, dtype=np.int8)
        spent = [0, 0, 0]
        for bar in bars:
            t0 = time.perf_counter_ns()
            bank.step(bar.ts_close, bar.open, bar.high, bar.low, bar.close, bar.volume)
            t1 = time.perf_counter_ns()
            program.evaluate(bank.values, bank.previous, sides)
            t2 = time.perf_counter_ns()
            book.step(bar, sides, program.atr)
            t3 = time.perf_counter_ns()
            spent = [spent[0] + t1 - t0, spent[1] + t2 - t1, spent[2] + t3 - t2]
        for name, total in zip(rounds, spent, strict=True):
            rounds[name].append(total / BARS / 1000.0)
    trades = sum(book.record(k).n for k in range(count))
    medians = {name: round(statistics.median(times[1:]), 3) for name, times in rounds.items()}
    return (
        {"members": count, "indicators": len(bank.index), "instructions": program.n_instructions}
        | medians
        | {"shadow_trades": trades}
    )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    arguments = parser.parse_args()
    bars = bars_of()
    figures = {
        "unit": "microseconds per bar",
        "machine": machine(),
        "bars": BARS,
        "runs": [measure(count, bars) for count in (1, 200)],
    }
    print(json.dumps(figures, indent=None if arguments.json else 2))


if __name__ == "__main__":
    main()
