"""A confidence that swings round its threshold: a seat on a desk of its own, with the product's engine.

Somebody keeps moving the thresholds to where the confidence is, trainings fail, the process dies and goes on from its
snapshot; the law of modes is read from every output.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import msgspec
import numpy as np

from tradewind.adapters.market.simulated import START, simulate, spec_for
from tradewind.adapters.market.simulated_edge import EdgeKind, PlantedEdge
from tradewind.adapters.market.simulated_provider import bars_of
from tradewind.app.config import load_config
from tradewind.app.wiring import engine_for, plan_for, sequencer_for
from tradewind.engine.learning_plan import LearningParams
from tradewind.engine.mode_plan import ModeSeat
from tradewind.engine.pipeline import Engine
from tradewind.engine.plan import EnginePlan
from tradewind.engine.snapshot import restore_engine, snapshot_engine
from tradewind.fleetsim.mode_laws import ModeLaws
from tradewind.model.bar import Bar
from tradewind.model.event import BarClosed, InputEvent, ModelTrained, ModeRulesSet
from tradewind.model.instruments import resolve
from tradewind.model.mode import ModeRules
from tradewind.model.timeframe import DAY, HOUR, Timeframe

SYMBOL: Final = "BTC/USDT"
BARS: Final = 900
FAMILY: Final = "Donchian_Breakout"
EDGE: Final = PlantedEdge(kind=EdgeKind.TREND, strength=0.3)
SHORT: Final = ModeRules(min_events=3, window=6, trading_threshold=0.6, hysteresis=0.05, evidence=1.0, schedule=DAY)
"""A few events make a confidence that jumps at each of them."""


class Swings(msgspec.Struct, frozen=True):
    """What came of one desk: breaches, and how often the seat moved."""

    broken: list[str]
    transitions: int


def swung(share: float, size: int) -> Swings:
    """One desk; ``share`` seeds market and hand, ``size`` says how often the hand moves."""
    seed = int(share * 1_000_000)
    generator = np.random.default_rng(seed)
    plan = _plan()
    engine, laws = engine_for(plan), ModeLaws(plan.modes)
    broken: list[str] = []

    def hears(event: InputEvent) -> None:
        broken.extend(laws.entry(event, engine.process(event)))

    bars = _market(seed)
    hears(ModeRulesSet(bars[0].ts_open, SHORT, "start"))
    for bar in bars:
        hears(BarClosed(bar))
        if generator.random() < size / 40.0:
            hears(ModeRulesSet(bar.ts_close, _round(engine, generator), "a hand"))
        for watch in engine.modes.watches.values() if engine.modes is not None else ():
            if watch.running is not None and generator.random() < 0.2:
                hears(ModelTrained(bar.ts_close, SYMBOL, watch.running.timeframe, fault="it hung"))
        if generator.random() < 0.01:
            engine = _again(engine, plan)
    return Swings(broken, laws.transitions)


def broken_swings(share: float, size: int) -> list[str]:
    """What is broken; a desk whose seat never moved shows nothing, and says so."""
    found = swung(share, size)
    return found.broken or ([] if found.transitions else ["INV-18 the confidence never crossed its threshold"])


def _round(engine: Engine, generator: np.random.Generator) -> ModeRules:
    """Rules whose threshold lies beside the present confidence."""
    assert engine.modes is not None
    seen = [seat.seen.confidence for seat in engine.modes.seats.values() if seat.seen.confidence is not None]
    beside = (seen[0] if seen else 0.6) + float(generator.normal(0.0, 0.02))
    level = round(min(0.95, max(0.3, beside)), 3)
    return msgspec.structs.replace(SHORT, trading_threshold=level, hysteresis=float(generator.choice([0.0, 0.02, 0.1])))


def _again(engine: Engine, plan: EnginePlan) -> Engine:
    """The process after a death: another engine, from the snapshot of the one before."""
    state = snapshot_engine(engine, sequencer_for(plan))
    fresh = engine_for(plan)
    restore_engine(fresh, sequencer_for(plan), state)
    return fresh


@cache
def _plan() -> EnginePlan:
    config = load_config(environment={}, overrides={"filters": {"enabled": []}})
    made = plan_for(config, {SYMBOL: Timeframe.H1}, executes=True, simulated=True, learning=LearningParams())
    one = made.symbols[0]
    member = next(each for each in one.members if each.family == FAMILY and each.timeframe is Timeframe.H1)
    own = msgspec.structs.replace(one, timeframes=(Timeframe.H1,), members=(member,), reserve=(), unheard=())
    ensemble = msgspec.structs.replace(made.ensemble, quorum=1, min_confidence=0.0, min_record=2)
    seats = (ModeSeat(SYMBOL, Timeframe.H1, member.id),)
    return msgspec.structs.replace(made, symbols=(own,), ensemble=ensemble, modes=seats, guard=None)


def _market(seed: int) -> tuple[Bar, ...]:
    spec = spec_for(resolve(SYMBOL), bars=BARS, timeframe=Timeframe.H1, start=START // HOUR * HOUR, edge=EDGE)
    return tuple(bars_of(simulate(spec, np.random.default_rng(seed)), SYMBOL, Timeframe.H1))
