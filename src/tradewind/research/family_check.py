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
from tradewind.research.lookahead import examine
from tradewind.research.lookahead_subjects import MemberSubject

BARS: Final = 4000
EXAMINED: Final = 1000
SETS: Final = 25
_SYMBOL: Final = "EUR/USD"


def faults_of(family: Family[Any], generator: np.random.Generator) -> tuple[str, ...]:
    """What is wrong with ``family``, one sentence each; nothing wrong is no proof that it earns anything.

    Its search space lies inside the limits of its parameters, and 25 sets drawn from it can be built. On 4,000
    SIMULATED hours its defaults vote both ways and mostly not at all, and in a market that stands still never. On the
    last ``EXAMINED`` of these bars nothing they compute looks ahead, and bar by bar they vote as over all bars at once.
    """
    timeframe = min(Timeframe.H1, family.longest, key=lambda one: one.rank)
    spec = spec_for(INSTRUMENTS[_SYMBOL], bars=BARS, timeframe=timeframe)
    bars = simulate(spec, generator)
    try:
        members = [member_of(family, timeframe, params, k) for k, params in enumerate(family.pool, start=1)]
        members.append(member_of(family, timeframe, family.Params(), len(members) + 1))
    except Misconfigured as refused:
        return (f"its defaults cannot be built: {refused}",)
    report = examine(MemberSubject(members), bars.slice(BARS - EXAMINED, BARS), generator, rewritings=4)
    leaks = (f"it looks ahead: {leak}" for leak in report.leaks)
    return (*_space_faults(family, generator, timeframe), *_vote_faults(members, bars), *leaks)


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


def _votes(members: Sequence[Member], bars: BarColumns) -> NDArray[np.int8]:
    bank = FeatureBank(indicators_of(members))
    return RuleProgram(members, bank.index).run(bank.batch(bars))[0]
