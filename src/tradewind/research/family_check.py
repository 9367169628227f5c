"""What every strategy family must keep, as a check anybody can run on a family of his own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tradewind.adapters.market.simulated import simulate, spec_for
from tradewind.errors import Misconfigured
from tradewind.features.bank import FeatureBank
from tradewind.features.rule import Family, Member, member_of
from tradewind.features.rule_member import limits_of
from tradewind.features.rule_program import RuleProgram, indicators_of
from tradewind.features.rule_space import faults_of_ranges
from tradewind.model.bar import BarColumns
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.timeframe import Timeframe
from tradewind.research.generator import generate

BARS: Final = 4000
SETS: Final = 25
_SYMBOL: Final = "EUR/USD"


def faults_of(family: Family[Any], generator: np.random.Generator) -> tuple[str, ...]:
    """What is wrong with ``family``, one sentence each; nothing wrong is no proof that it earns anything.

    Its search space lies inside the limits of its parameters, and 25 sets drawn from it can be built. On 4,000
    SIMULATED hours its defaults vote both ways and mostly not at all, the same bar by bar as all at once, and the same
    before a bar whatever follows it. In a market that stands still they never vote.
    """
    timeframe = min(Timeframe.H1, family.longest, key=lambda one: one.rank)
    spec = spec_for(INSTRUMENTS[_SYMBOL], bars=BARS, timeframe=timeframe)
    bars = simulate(spec, generator)
    try:
        members = [member_of(family, timeframe, params, k) for k, params in enumerate(family.pool, start=1)]
        members.append(member_of(family, timeframe, family.Params(), len(members) + 1))
    except Misconfigured as refused:
        return (f"its defaults cannot be built: {refused}",)
    return (*_space_faults(family, generator, timeframe), *_vote_faults(members, bars))


def _space_faults(family: Family[Any], generator: np.random.Generator, timeframe: Timeframe) -> Iterator[str]:
    if not family.space:
        yield "it declares no search space, so a search draws nothing from it"
        return
    faults = tuple(faults_of_ranges(family.space, limits_of(family.Params)))
    yield from faults
    if not faults:
        try:
            generate([family], SETS, generator, timeframe)
        except Misconfigured as refused:
            yield f"{SETS} sets cannot be drawn from its space: {refused}"


def _vote_faults(members: Sequence[Member], bars: BarColumns) -> Iterator[str]:
    sides = _votes(members, bars)
    for side, name in ((1, "long"), (-1, "short")):
        if not (sides == side).any():
            yield f"its defaults never vote {name} on {BARS} bars"
    if (sides != 0).mean() > 0.5:
        yield "its defaults vote on most bars; a vote should fall where something begins"
    still = np.full(BARS, bars.close[0])
    if _votes(members, bars._replace(open=still, high=still, low=still, close=still)).any():
        yield "its defaults vote in a market that stands still"
    half = BARS // 2
    if not np.array_equal(_votes(members, bars.slice(0, half)), sides[:half]):
        yield "its votes change with what happens after them"
    if not np.array_equal(_one_by_one(members, bars), sides):
        yield "bar by bar its votes are not those of all bars at once"


def _votes(members: Sequence[Member], bars: BarColumns) -> NDArray[np.int8]:
    bank = FeatureBank(indicators_of(members))
    return RuleProgram(members, bank.index).run(bank.batch(bars))[0]


def _one_by_one(members: Sequence[Member], bars: BarColumns) -> NDArray[np.int8]:
    bank = FeatureBank(indicators_of(members))
    program = RuleProgram(members, bank.index)
    sides = np.zeros((len(bars.close), len(members)), dtype=np.int8)
    rows = (bars.ts_close, bars.open, bars.high, bars.low, bars.close, bars.volume)
    for i, (ts, *numbers) in enumerate(zip(*(row.tolist() for row in rows), strict=True)):
        bank.step(ts, *numbers)
        program.evaluate(bank.values, bank.previous, sides[i])
    return sides
