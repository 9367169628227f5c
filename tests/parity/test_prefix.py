"""Features, votes and shadow trades of a prefix are a prefix of theirs: every family and indicator of the catalog."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tests import scene
from tests.unit.features.market import every_indicator, real_bars
from tradewind.features.rule import Member, member_of
from tradewind.model.bar import BarColumns
from tradewind.model.instrument import CostModel
from tradewind.model.timeframe import Timeframe
from tradewind.research.generator import generate
from tradewind.research.lookahead import examine
from tradewind.research.lookahead_subjects import MemberSubject
from tradewind.research.lookahead_sweep import SweepSubject
from tradewind.strategies import families, family

T = 200
COSTS = CostModel(spread_fraction=0.0001, slippage_fraction=0.0002)


def bars_of(market: str, n: int = 3000) -> BarColumns:
    if market == "SIMULATED":
        return scene.market("EUR/USD", n, 3)[0]
    return real_bars(market, n, skip=3000)


def pool(name: str, drawn: int = 0) -> list[Member]:
    """The family's own sets, its defaults where it has none, and some that a search would draw."""
    own = family(name)
    sets = own.pool or (own.Params(),)
    made = [member_of(own, Timeframe.H1, params, k) for k, params in enumerate(sets, start=1)]
    found = generate([own], drawn, np.random.default_rng(6), Timeframe.H1) if drawn else ()
    return [*made, *(msgspec.structs.replace(one, id=f"{name} drawn {k}") for k, one in enumerate(found))]


@pytest.mark.req("X01")
@pytest.mark.parametrize("market", ["SIMULATED", "EURUSD-1h", "BTCUSDT-1h"])
def test_every_family_and_indicator_on_a_prefix_equals_itself_on_all_bars(market):
    """Rule: 200 drawn t; features, votes, stop ranges and trades on the first t bars are those of all bars, bit by bit.

    So are those of bars stepped one by one, and those before any of sixteen other futures.
    """
    bars = bars_of(market)
    members = [member for name in families() for member in pool(name)]
    generator = np.random.default_rng(2024)
    cuts = np.sort(generator.choice(np.arange(1, len(bars.close)), T, replace=False))
    subject = MemberSubject(members, indicators=every_indicator(), costs=COSTS)
    report = examine(subject, bars, generator, cuts=cuts)
    print(report)
    assert report.clean, str(report)
    assert report.streamed
    assert report.columns >= 2 * len(members) + 71
    assert report.trades > 500
    assert report.fills >= 2 * len(members) - 10


@pytest.mark.req("X01")
@pytest.mark.parametrize("name", families())
def test_a_family_cut_after_every_single_bar(name):
    """Rule: no cut is lucky: 400 bars, each prefix of them."""
    report = examine(
        MemberSubject(pool(name, drawn=2), costs=COSTS), bars_of("SIMULATED", 400), np.random.default_rng(3)
    )
    assert report.clean, str(report)
    assert report.cuts == 399


@pytest.mark.req("X01", "X06")
@pytest.mark.parametrize("market", ["SIMULATED", "EURUSD-1h"])
def test_every_family_in_the_sweep_on_a_prefix_equals_itself_on_all_bars(market):
    """Rule: 200 drawn t and sixteen other futures; trades, those still open among them, and entries made again."""
    bars = bars_of(market)
    members = [member for name in families() for member in pool(name, drawn=1)]
    generator = np.random.default_rng(2025)
    cuts = np.sort(generator.choice(np.arange(1, len(bars.close)), T, replace=False))
    report = examine(SweepSubject(members, costs=COSTS), bars, generator, cuts=cuts)
    print(report)
    assert report.clean, str(report)
    assert report.trades > 1000
    assert report.fills >= 2 * len(members) - 20


def test_the_sweep_and_the_engines_book_are_examined_with_the_same_trades():
    """Rule: what the examination sees of the sweep is what it sees of the shadow book, open trades included."""
    bars = bars_of("SIMULATED", 700)
    members = [member for name in families() for member in pool(name)]
    book = MemberSubject(members, costs=COSTS)
    sweep = SweepSubject(members, costs=COSTS)
    held = 0
    for known in (700, 699, 640, 555, 501, 444, 333):
        one, two = (subject.trace(bars.slice(0, known)).trades for subject in (book, sweep))
        assert list(one) == list(two)
        assert all(one[name].tobytes() == two[name].tobytes() for name in one)
        held += sum(int(trades["ts_exit"][-1]) == 0 for trades in two.values() if len(trades))
    assert held > 5
