"""Every family on whole markets drawn by hand: where it must fire, and where it must be silent."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.synthetic_bars import path_bars, random_bars, turned_over
from tradewind import strategies
from tradewind.ensemble.shadow import ShadowBook
from tradewind.features.bank import FeatureBank
from tradewind.features.rule import Member, member_of
from tradewind.features.rule_program import RuleProgram, indicators_of
from tradewind.features.spec import atr
from tradewind.model.bar import BarColumns
from tradewind.model.instrument import CostModel
from tradewind.model.timeframe import Timeframe
from tradewind.research.generator import generate

LENGTH = 420
QUIET = 200
"""Bars before the planted one in which nothing may be voted."""
Closes = NDArray[np.float64]


def standing() -> Closes:
    """A close like the one before."""
    return np.full(LENGTH, 100.0)


def calm(length: int = LENGTH) -> Closes:
    """Two cents up, two cents down."""
    return 100.0 + 0.02 * (-1.0) ** np.arange(length)


def rising() -> Closes:
    """Five basis points a bar, always."""
    return 100.0 * 1.0005 ** np.arange(LENGTH)


def falling() -> Closes:
    return 100.0 * 0.9995 ** np.arange(LENGTH)


def rolling() -> Closes:
    """A day's slow wave of five cents."""
    return 100.0 + 0.05 * np.sin(np.arange(LENGTH) * 2.0 * np.pi / 24.0)


def humming() -> Closes:
    """Two short waves of ten and seven cents, never the same twice."""
    bars = np.arange(LENGTH)
    return 100.0 + 0.1 * np.sin(0.7 * bars) + 0.07 * np.sin(1.9 * bars)


def plateau() -> Closes:
    """A long fall, then 210 bars of calm."""
    return after(falling(), *[1.0004, 1.0 / 1.0004] * 105)


def after(start: Closes, *factors: float) -> Closes:
    """More closes, each the last one times its factor."""
    return np.concatenate((start, start[-1] * np.cumprod(factors)))


def until_hour(hour: int) -> int:
    """How many hourly bars of ``path_bars`` to draw for the next one to close at ``hour`` UTC."""
    return LENGTH - LENGTH % 24 + hour - 1


def sagging() -> Closes:
    """Falling a little faster with every bar."""
    return 100.0 - 5e-5 * np.arange(float(LENGTH)) ** 2


# family -> the closes, of which the last is the bar that must be voted long, and nothing in the 200 before it;
# upside down it must be voted short. One line says what was planted.
MUST_FIRE: dict[str, tuple[Callable[[], Closes], str]] = {
    "ADX_Trend": (lambda: after(calm(), 1.01), "one bar of one percent after calm: all movement is upwards"),
    "Adaptive_Trend": (lambda: after(calm(), 1.01), "the close leaves its average, and the ten bars went one way"),
    "Aroon_Trend": (lambda: after(calm(), 1.01, 1.001), "the second new high, the low a bar old by now"),
    "Bollinger_Fade": (lambda: after(humming(), 0.9965, 1.003), "out of the band of a quiet market, and back inside"),
    "CCI_Channel": (lambda: after(calm(), 1.01), "fifty times the usual distance from the mean"),
    "Donchian_Breakout": (lambda: after(calm(), 1.01), "above everything of 20 bars"),
    "Donchian_Trend": (lambda: after(calm(), 1.01), "above everything of 20 bars, which lifts the fast average too"),
    "Double_Sevens": (lambda: after(rising(), 0.99), "the lowest close of seven, far above the average of 200"),
    "EMA_Crossover": (lambda: after(falling(), 1.12), "one bar that makes good all of the fall"),
    "Keltner_Breakout": (lambda: after(calm(), 1.01), "beyond two ranges of four cents"),
    "MACD_Momentum": (lambda: after(rising(), *[0.999] * 10, 1.03), "the dip turns, above the trend"),
    "Parabolic_Turn": (lambda: after(falling(), 1.02), "through the stop of a long fall"),
    "ROC_Momentum": (lambda: after(calm(), 1.01), "one percent where a half is asked for"),
    "RSI_Reversion": (lambda: after(rising(), 0.99), "one bad bar in a rise without any"),
    "Session_Breakout": (lambda: after(calm(until_hour(8)), 1.01), "the quiet range breaks at eight"),
    "Session_Momentum": (lambda: after(calm(until_hour(14)), 1.01), "one percent up by two in the afternoon"),
    "Stochastic_Turn": (lambda: after(sagging(), 1.001), "the first bar that rises, at the bottom of the range"),
    "SuperTrend_Follow": (lambda: after(falling(), 1.02), "through the line that followed the fall"),
    "Triple_Screen": (lambda: after(rising(), *[0.999] * 20, 1.012), "a dip of 20 bars is taken back in one"),
    "Volatility_Breakout": (lambda: after(calm(), 1.01), "a bar of many ranges"),
    "Volatility_Squeeze": (lambda: after(calm(), 1.01), "out of bands two cents wide"),
    "Vortex_Cross": (lambda: after(calm(), 1.01), "the upward movement takes the lead"),
}

# family -> a market with movement in which it must not vote at all once warm; and the planted market gone wrong.
MUST_NOT_FIRE: dict[str, tuple[Callable[[], Closes], ...]] = {
    "ADX_Trend": (rising, calm),
    "Adaptive_Trend": (rising, calm),
    "Aroon_Trend": (rising, calm),
    "Bollinger_Fade": (rolling, lambda: after(humming(), 0.9965, 0.999)),
    "CCI_Channel": (rising, calm),
    "Donchian_Breakout": (rolling, lambda: after(calm(), 1.0002)),
    "Donchian_Trend": (rolling, lambda: after(calm(), 1.0002), lambda: after(plateau(), 1.002)),
    "Double_Sevens": (rising, lambda: after(falling(), 0.99)),
    "EMA_Crossover": (rising, lambda: after(falling(), 1.002)),
    "Keltner_Breakout": (rolling, lambda: after(calm(), 1.0005)),
    "MACD_Momentum": (rising, lambda: after(rising(), *[0.999] * 10)),
    "Parabolic_Turn": (rising, lambda: after(falling(), 1.0002)),
    "ROC_Momentum": (rolling, lambda: after(calm(), 1.004)),
    "RSI_Reversion": (rising, lambda: after(falling(), 0.99)),
    "Session_Breakout": (rolling, lambda: after(calm(until_hour(13)), 1.01)),
    "Session_Momentum": (rolling, lambda: after(calm(until_hour(15)), 1.01)),
    "Stochastic_Turn": (rolling, sagging),
    "SuperTrend_Follow": (rolling, lambda: after(falling(), 1.0005)),
    "Triple_Screen": (rising, lambda: after(rising(), *[0.999] * 20)),
    "Volatility_Breakout": (rolling, lambda: after(calm(), 1.0005)),
    "Volatility_Squeeze": (rolling, lambda: after(calm(), 1.0002)),
    "Vortex_Cross": (rising, lambda: after(rising(), *[1.0005] * 30)),
}


def votes_on(name: str, bars: BarColumns) -> NDArray[np.int8]:
    family = strategies.family(name)
    member = member_of(family, Timeframe.H1, family.Params(), 1)
    bank = FeatureBank(indicators_of([member]))
    return RuleProgram([member], bank.index).run(bank.batch(bars))[0][:, 0]


def facing(closes: Closes, side: int) -> BarColumns:
    bars = path_bars(closes.tolist())
    return bars if side > 0 else turned_over(bars, 100.0)


def test_every_family_has_a_planted_market_and_one_to_be_silent_in():
    """Rule: a new family comes with both."""
    names = set(strategies.families())
    assert set(MUST_FIRE) == names
    assert set(MUST_NOT_FIRE) == names


@pytest.mark.req("B02")
@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("name", MUST_FIRE)
def test_the_planted_bar_is_voted_and_none_before_it(name, side):
    """Rule: with its defaults the family votes the planted side at the named bar, and nothing in the 200 before."""
    closes, planted = MUST_FIRE[name][0](), MUST_FIRE[name][1]
    votes = votes_on(name, facing(closes, side))
    assert votes[-1] == side, planted
    assert not votes[-1 - QUIET : -1].any(), np.flatnonzero(votes)


@pytest.mark.req("B02")
@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("name", MUST_NOT_FIRE)
def test_the_family_is_silent_in_a_market_that_is_not_its_own(name, side):
    """Rule: not one vote in the last 200 bars of a market that stands still, moves otherwise, or lacks one thing."""
    for closes in (standing, *MUST_NOT_FIRE[name]):
        votes = votes_on(name, facing(closes(), side))
        assert not votes[-QUIET:].any(), (closes, np.flatnonzero(votes))


def trades_of(member: Member, bars: BarColumns):
    """The member's stopped shadow trades without costs, and the average true range at each signal bar."""
    bank = FeatureBank(indicators_of([member]))
    sides, ranges = RuleProgram([member], bank.index).run(bank.batch(bars))
    book = ShadowBook([member], CostModel(spread_fraction=0.0, slippage_fraction=0.0))
    book.run(bars, sides, ranges)
    span = FeatureBank([atr(member.rule.exits.atr_period)]).batch(bars)[:, 0]
    stopped = [trade for trade in book.closed(0) if abs(trade.r + 1.0) < 1e-9]
    return stopped, [span[np.searchsorted(bars.ts_open, trade.ts_entry) - 1] for trade in stopped]


@pytest.mark.req("B05")
@pytest.mark.parametrize("name", sorted(strategies.families()))
def test_with_stop_mode_atr_the_stop_moves_with_the_range(name):
    """Rule: in every family an ATR stop stands stop_atr ranges from the entry, a percent stop the same share always."""
    family = strategies.family(name)
    bars = random_bars(3000)
    (by_range,) = generate([family], 1, np.random.default_rng(5), Timeframe.H1, stop_modes=("atr",))
    exits = {"stop_mode": "atr", "stop_atr": 1.5}
    member = member_of(family, Timeframe.H1, family.params_of({"exits": exits}), 1)
    stopped, ranges = trades_of(member, bars)
    assert by_range.rule.exits.stop_mode == "atr"
    assert len(stopped) >= 5
    assert max(ranges) > 1.5 * min(ranges)
    for trade, span in zip(stopped, ranges, strict=True):
        assert abs(trade.exit - trade.entry) == pytest.approx(1.5 * span, rel=1e-9)
    exits = {"stop_mode": "pct", "stop_pct": 0.002}
    stopped, _ = trades_of(member_of(family, Timeframe.H1, family.params_of({"exits": exits}), 1), bars)
    assert [abs(t.exit / t.entry - 1.0) for t in stopped] == pytest.approx([0.002] * len(stopped), rel=1e-9)
