"""Default strategies on SIMULATED markets: the gate finds a planted edge and refuses its absence and its end."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind.adapters.market.simulated import simulate, spec_for
from tradewind.adapters.market.simulated_edge import PlantedEdge
from tradewind.ensemble.shadow import ShadowBook
from tradewind.features.bank import FeatureBank
from tradewind.features.rule_program import RuleProgram, indicators_of
from tradewind.model.instruments import resolve
from tradewind.model.report import Verdict, Window
from tradewind.model.timeframe import Timeframe
from tradewind.strategies import default_members
from tradewind.validation.gates import GateRules, judge
from tradewind.validation.sample import TradeSample

BARS = 20_000


def verdicts(edge: PlantedEdge | None, seed: int) -> dict[str, Verdict]:
    """Every default member's verdict on its own shadow trades, all of them counted as looks."""
    instrument = resolve("BTC/USDT")
    columns = simulate(spec_for(instrument, bars=BARS, edge=edge), np.random.default_rng(seed))
    members = default_members([Timeframe.H1])
    bank = FeatureBank(indicators_of(members))
    sides, atr = RuleProgram(members, bank.index).run(bank.batch(columns))
    book = ShadowBook(members, instrument.costs)
    book.run(columns, sides, atr)
    span = Window(int(columns.ts_open[0]), int(columns.ts_close[-1]))
    found = {}
    for number, member in enumerate(members):
        closed = book.columns(number)
        found[member.id] = judge(
            TradeSample(closed.ts_entry, closed.ts_exit, closed.r),
            span,
            np.random.default_rng([seed, number]),
            rules=GateRules(resamples=1000),
            looked_at=len(members),
        ).verdict
    return found


@pytest.mark.req("X20")
@pytest.mark.parametrize("seed", [1, 2])
def test_a_market_without_an_edge_approves_nobody(seed):
    """With all members counted as looks, one false approval in twenty markets is allowed; these two have none."""
    assert Verdict.PASS not in verdicts(None, seed).values()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_planted_edge_is_found_by_several_strategies(seed):
    """A breakout edge of 0.35 deviations a bar: both Donchian members and at least one other."""
    found = verdicts(PlantedEdge(strength=0.35), seed)
    approved = {name for name, verdict in found.items() if verdict is Verdict.PASS}
    assert {"Donchian_Breakout_1h_v1", "Donchian_Breakout_1h_v2"} < approved


def test_an_edge_that_ends_before_the_sealed_window_is_refused():
    """The same edge, ended at 80% of the bars: a splendid past, nobody approved."""
    assert Verdict.PASS not in verdicts(PlantedEdge(strength=0.35, until_bar=BARS * 8 // 10), 1).values()
