"""Microseconds an engine takes per bar, with one strategy and with two hundred, and what its kernels alone take.

``python -m benchmarks.engine --json``. *engine* is ``Engine.process`` over bars that were made before; *backtest* is
the whole loop: feed, sequencer, session, engine, hash-chained journal in memory, counts. *kernels* is the same bank,
rule program and shadow book called from Python bar by bar, the floor of anything that streams; *compiled* is the same
work in three calls over all bars. CPU time, medians over rounds taken in turns, compilation excluded; SIMULATED bars.
nautilus_trader 1.221.0 took 28 microseconds of wall clock a bar for one strategy with four indicators and bracket
orders on a machine of the same kind (that figure is quoted, not measured here).
"""

from __future__ import annotations

import numpy as np

from benchmarks.desk import EAGER, crossing_members, desk_config, plan_of, recordings_of
from benchmarks.machine import arguments, machine, median, show, spent
from tradewind.adapters.replay_feed import Recording, ReplayFeed
from tradewind.app.backtest import Backtest
from tradewind.app.wiring import engine_for
from tradewind.engine.plan import EnginePlan
from tradewind.ensemble.shadow import ShadowBook
from tradewind.features.bank import FeatureBank
from tradewind.features.rule_program import RuleProgram, indicators_of
from tradewind.model.decision import NoTrade, Signal
from tradewind.model.event import BarClosed

BARS = 10_000
ROUNDS = 7
GOALS_US = {1: 15.0, 200: 80.0}


class Floor:
    """The kernels of one series without anything around them, over the features the engine's own series hold."""

    def __init__(self, plan: EnginePlan, recording: Recording, events: list[BarClosed]) -> None:
        one = plan.symbols[0]
        self.members = one.members
        needed = tuple(indicator for each in one.filters for indicator in each.features())
        self.bank = FeatureBank((*indicators_of(self.members), *needed), plan.seeding)
        self.program = RuleProgram(self.members, self.bank.index)
        self.costs = one.instrument.costs
        self.columns = recording.columns
        self.bars = [event.bar for event in events]

    def streamed(self) -> None:
        """Bar by bar."""
        bank, program = self.bank, self.program
        bank.reset()
        book = ShadowBook(self.members, self.costs, keep_closed=False)
        sides = np.zeros(len(self.members), dtype=np.int8)
        for bar in self.bars:
            bank.step(bar.ts_close, bar.open, bar.high, bar.low, bar.close, bar.volume)
            program.evaluate(bank.values, bank.previous, sides)
            book.step(bar, sides, program.atr)

    def compiled(self) -> None:
        """All bars in three calls."""
        self.bank.reset()
        sides, ranges = self.program.run(self.bank.batch(self.columns))
        ShadowBook(self.members, self.costs).run(self.columns, sides, ranges)


def measure(members: int, bars: int, rounds: int) -> dict[str, object]:
    """All figures of one pool size, microseconds per bar."""
    config = desk_config(**EAGER)
    (recording,) = recordings_of(config, bars)
    plan = plan_of(config, (recording,), crossing_members(members))
    events = [event for step in ReplayFeed((recording,)).steps() for event in step.bars]
    floor = Floor(plan, recording, events)
    cpu: dict[str, list[float]] = {name: [] for name in ("engine", "backtest", "kernels", "compiled")}
    wall: list[float] = []
    outputs: list[object] = []
    for _ in range(rounds + 1):
        engine = engine_for(plan)
        process = engine.process
        outputs = []

        def walk() -> None:
            for event in events:
                outputs.extend(process(event))  # noqa: B023  called before the next round

        engine_spent = spent(walk)
        backtest = Backtest(plan, (recording,))
        cpu["backtest"].append(spent(backtest.run).cpu / bars * 1e6)
        cpu["engine"].append(engine_spent.cpu / bars * 1e6)
        wall.append(engine_spent.wall / bars * 1e6)
        cpu["kernels"].append(spent(floor.streamed).cpu / bars * 1e6)
        cpu["compiled"].append(spent(floor.compiled).cpu / bars * 1e6)
    found: dict[str, object] = {name: median(times[1:]) for name, times in cpu.items()}
    counts = backtest.summary.counts()
    voted = sum((isinstance(one, NoTrade) and one.consensus is not None) or isinstance(one, Signal) for one in outputs)
    return found | {
        "engine_least": round(min(cpu["engine"][1:]), 3),
        "engine_wall": median(wall[1:]),
        "engine_over_kernels": round(median(cpu["engine"][1:]) / median(cpu["kernels"][1:]), 2),
        "goal": GOALS_US.get(members),
        "members": members,
        "indicators": len(floor.bank.index),
        "bars_with_consensus": voted,
        "signals": counts.signals,
        "trades": counts.trades,
        "digest": backtest.journal.head[1].hex()[:16],
    }


def main() -> None:
    """Prints one JSON object."""
    given = arguments(__doc__, bars=BARS, rounds=ROUNDS)
    figures: dict[str, object] = {
        "benchmark": "engine",
        "unit": "CPU microseconds per bar",
        "bars": given.bars,
        "rounds": given.rounds,
        "data": "SIMULATED",
        "machine": machine(),
    }
    figures["runs"] = [measure(members, given.bars, given.rounds) for members in GOALS_US]
    show(figures, as_json=given.json)


if __name__ == "__main__":
    main()
