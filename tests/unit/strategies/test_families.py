"""Every family on hand-made rows: one that must fire, near misses that must not, and the mirror of each."""

from __future__ import annotations

import numpy as np
import pytest

from tests.synthetic_bars import path_bars
from tradewind import strategies
from tradewind.features.bank import FeatureBank
from tradewind.features.rule import member_of
from tradewind.features.rule_program import RuleProgram, indicators_of
from tradewind.model.timeframe import Timeframe

# family -> (side, {indicator: (this bar, the bar before)}); parameters are the family's defaults.
FIRES = [
    ("EMA_Crossover", 1, {"ema(12)": (1.02, 0.99), "ema(26)": (1.01, 1.00), "rsi(14)": (50.0, 40.0)}),
    ("EMA_Crossover", -1, {"ema(12)": (0.99, 1.02), "ema(26)": (1.00, 1.01), "rsi(14)": (50.0, 60.0)}),
    ("ADX_Trend", 1, {"plus_di(14)": (30, 30), "minus_di(14)": (10, 10), "adx(14)": (25, 24.9)}),
    ("ADX_Trend", -1, {"plus_di(14)": (10, 30), "minus_di(14)": (30, 10), "adx(14)": (40, 40)}),
    ("SuperTrend_Follow", 1, {"supertrend(10,3).direction": (1, -1)}),
    ("SuperTrend_Follow", -1, {"supertrend(10,3).direction": (-1, 1)}),
    (
        "Donchian_Breakout",
        1,
        {"close": (1.11, 1.0), "donchian(20).upper": (1.12, 1.1), "donchian(20).lower": (0.9, 0.9)},
    ),
    (
        "Donchian_Breakout",
        -1,
        {"close": (0.89, 1.0), "donchian(20).upper": (1.1, 1.1), "donchian(20).lower": (0.8, 0.9)},
    ),
    ("Keltner_Breakout", 1, {"close": (1.2, 1.0), "kc(20,10,2).upper": (1.1, 1.1), "kc(20,10,2).lower": (0.9, 0.9)}),
    ("Keltner_Breakout", -1, {"close": (0.8, 1.0), "kc(20,10,2).upper": (1.1, 1.1), "kc(20,10,2).lower": (0.9, 0.9)}),
    (
        "Bollinger_Fade",
        1,
        {
            "close": (0.95, 0.85),
            "bbands(20,2).lower": (0.9, 0.9),
            "bbands(20,2).upper": (1.1, 1.1),
            "adx(14)": (20, 20),
        },
    ),
    (
        "Bollinger_Fade",
        -1,
        {
            "close": (1.05, 1.15),
            "bbands(20,2).lower": (0.9, 0.9),
            "bbands(20,2).upper": (1.1, 1.1),
            "adx(14)": (20, 20),
        },
    ),
    ("RSI_Reversion", 1, {"rsi(2)": (5, 40), "close": (1.1, 1.12), "sma(200)": (1.0, 1.0)}),
    ("RSI_Reversion", -1, {"rsi(2)": (95, 60), "close": (0.9, 0.88), "sma(200)": (1.0, 1.0)}),
    (
        "MACD_Momentum",
        1,
        {
            "macd(12,26,9).line": (0.2, 0.0),
            "macd(12,26,9).signal": (0.1, 0.1),
            "close": (1.1, 1.1),
            "ema(100)": (1.0, 1.0),
        },
    ),
    (
        "MACD_Momentum",
        -1,
        {
            "macd(12,26,9).line": (0.0, 0.2),
            "macd(12,26,9).signal": (0.1, 0.1),
            "close": (0.9, 0.9),
            "ema(100)": (1.0, 1.0),
        },
    ),
    ("ROC_Momentum", 1, {"roc(24)": (0.6, 0.5)}),
    ("ROC_Momentum", -1, {"roc(24)": (-0.6, -0.5)}),
    ("Stochastic_Turn", 1, {"stoch(14,3,3).k": (18, 10), "stoch(14,3,3).d": (15, 12)}),
    ("Stochastic_Turn", -1, {"stoch(14,3,3).k": (82, 90), "stoch(14,3,3).d": (85, 88)}),
    (
        "Volatility_Squeeze",
        1,
        {
            "bbands(20,2).upper": (1.06, 1.02),
            "bbands(20,2).lower": (0.95, 0.98),
            "kc(20,20,1.5).upper": (1.03, 1.03),
            "kc(20,20,1.5).lower": (0.97, 0.97),
            "close": (1.05, 1.0),
        },
    ),
    (
        "Volatility_Squeeze",
        -1,
        {
            "bbands(20,2).upper": (1.06, 1.02),
            "bbands(20,2).lower": (0.95, 0.98),
            "kc(20,20,1.5).upper": (1.03, 1.03),
            "kc(20,20,1.5).lower": (0.97, 0.97),
            "close": (0.97, 1.0),
        },
    ),
    (
        "Session_Breakout",
        1,
        {"hour": (7, 6), "close": (1.2, 1.0), "donchian(8).upper": (1.2, 1.1), "donchian(8).lower": (0.9, 0.9)},
    ),
    (
        "Session_Breakout",
        -1,
        {"hour": (10, 9), "close": (0.8, 1.0), "donchian(8).upper": (1.1, 1.1), "donchian(8).lower": (0.8, 0.9)},
    ),
    ("Triple_Screen", 1, {"ema(312)": (1.01, 1.0), "stoch(14,3,3).k": (31, 30)}),
    ("Triple_Screen", -1, {"ema(312)": (1.0, 1.01), "stoch(14,3,3).k": (69, 70)}),
    (
        "Donchian_Trend",
        1,
        {
            "close": (1.11, 1.0),
            "donchian(20).upper": (1.12, 1.1),
            "donchian(20).lower": (0.9, 0.9),
            "ema(25)": (1.05, 1.05),
            "ema(350)": (1.0, 1.0),
        },
    ),
    (
        "Donchian_Trend",
        -1,
        {
            "close": (0.89, 1.0),
            "donchian(20).upper": (1.1, 1.1),
            "donchian(20).lower": (0.88, 0.9),
            "ema(25)": (0.95, 0.95),
            "ema(350)": (1.0, 1.0),
        },
    ),
    ("CCI_Channel", 1, {"cci(20)": (100.1, 100)}),
    ("CCI_Channel", -1, {"cci(20)": (-100.1, -100)}),
    ("Parabolic_Turn", 1, {"close": (1.1, 1.0), "sar(0.02,0.2)": (1.0, 1.05), "adx(14)": (20, 19)}),
    ("Parabolic_Turn", -1, {"close": (0.9, 1.0), "sar(0.02,0.2)": (1.0, 0.95), "adx(14)": (20, 19)}),
    ("Vortex_Cross", 1, {"vortex(14).plus": (1.1, 1.0), "vortex(14).minus": (0.9, 1.0)}),
    ("Vortex_Cross", -1, {"vortex(14).plus": (0.9, 1.0), "vortex(14).minus": (1.1, 1.0)}),
    ("Aroon_Trend", 1, {"aroon(25).up": (100, 40), "aroon(25).down": (56, 60)}),
    ("Aroon_Trend", -1, {"aroon(25).up": (56, 60), "aroon(25).down": (100, 40)}),
    ("Adaptive_Trend", 1, {"close": (1.1, 1.0), "kama(10)": (1.05, 1.04), "er(10)": (0.3, 0.1)}),
    ("Adaptive_Trend", -1, {"close": (1.0, 1.1), "kama(10)": (1.05, 1.06), "er(10)": (0.3, 0.1)}),
    ("Volatility_Breakout", 1, {"close": (1.011, 1.0), "atr(14)": (0.012, 0.01)}),
    ("Volatility_Breakout", -1, {"close": (0.989, 1.0), "atr(14)": (0.012, 0.01)}),
    (
        "Double_Sevens",
        1,
        {"close": (1.05, 1.1), "lowest(7)": (1.05, 1.06), "highest(7)": (1.2, 1.2), "sma(200)": (1.0, 1.0)},
    ),
    (
        "Double_Sevens",
        -1,
        {"close": (0.95, 0.9), "lowest(7)": (0.8, 0.8), "highest(7)": (0.95, 0.94), "sma(200)": (1.0, 1.0)},
    ),
    ("Session_Momentum", 1, {"hour": (14, 13), "roc(8)": (0.1, 0.0)}),
    ("Session_Momentum", -1, {"hour": (14, 13), "roc(8)": (-0.1, 0.0)}),
]

# family -> what changes in its long row above, and why that is a miss.
MISSES = [
    ("EMA_Crossover", {"rsi(14)": (49.9, 40.0)}, "momentum on the other side"),
    ("EMA_Crossover", {"ema(12)": (1.02, 1.005)}, "above already one bar ago"),
    ("EMA_Crossover", {"ema(12)": (1.01, 0.99)}, "a touch is no cross"),
    ("ADX_Trend", {"adx(14)": (24.9, 24.0)}, "no trend"),
    ("ADX_Trend", {"adx(14)": (30, 30)}, "true already one bar ago"),
    ("SuperTrend_Follow", {"supertrend(10,3).direction": (1, 1)}, "no turn"),
    ("Donchian_Breakout", {"close": (1.1, 1.0)}, "the old high is only touched"),
    ("Keltner_Breakout", {"close": (1.2, 1.15)}, "outside already"),
    ("Keltner_Breakout", {"close": (1.1, 1.0)}, "on the edge"),
    ("Bollinger_Fade", {"adx(14)": (25, 20)}, "a trend is on"),
    ("Bollinger_Fade", {"close": (0.85, 0.85)}, "still outside"),
    ("RSI_Reversion", {"close": (0.9, 0.9)}, "the trend is down"),
    ("RSI_Reversion", {"rsi(2)": (5, 8)}, "exhausted already"),
    ("MACD_Momentum", {"close": (0.9, 0.9)}, "against the trend"),
    ("MACD_Momentum", {"macd(12,26,9).line": (0.2, 0.15)}, "above already"),
    ("ROC_Momentum", {"roc(24)": (0.5, 0.4)}, "at the threshold"),
    ("ROC_Momentum", {"roc(24)": (0.7, 0.6)}, "beyond already"),
    ("Stochastic_Turn", {"stoch(14,3,3).k": (48, 40), "stoch(14,3,3).d": (45, 42)}, "not at the edge"),
    ("Volatility_Squeeze", {"kc(20,20,1.5).upper": (1.03, 1.01)}, "no squeeze"),
    ("Volatility_Squeeze", {"close": (1.01, 1.0)}, "still inside"),
    ("Session_Breakout", {"hour": (6, 5)}, "before the opening"),
    ("Session_Breakout", {"hour": (11, 10)}, "after the opening"),
    ("Session_Breakout", {"close": (1.1, 1.0)}, "the old high is only touched"),
    ("Triple_Screen", {"ema(312)": (1.0, 1.01)}, "the tide falls"),
    ("Triple_Screen", {"ema(312)": (1.0, 1.0)}, "no tide"),
    ("Triple_Screen", {"stoch(14,3,3).k": (35, 31)}, "the wave turned before"),
    ("Donchian_Trend", {"ema(25)": (0.99, 0.99)}, "against the long trend"),
    ("Donchian_Trend", {"close": (1.1, 1.0)}, "the old high is only touched"),
    ("CCI_Channel", {"cci(20)": (100, 90)}, "on the edge"),
    ("CCI_Channel", {"cci(20)": (140, 120)}, "outside already"),
    ("Parabolic_Turn", {"adx(14)": (19.9, 19)}, "no trend"),
    ("Parabolic_Turn", {"close": (1.1, 1.06)}, "above already"),
    ("Vortex_Cross", {"vortex(14).plus": (1.1, 1.05)}, "leads already"),
    ("Aroon_Trend", {"aroon(25).up": (68, 40)}, "not recent enough"),
    ("Aroon_Trend", {"aroon(25).up": (100, 72)}, "recent already"),
    ("Adaptive_Trend", {"er(10)": (0.29, 0.3)}, "no direction"),
    ("Adaptive_Trend", {"close": (1.1, 1.05)}, "above already"),
    ("Volatility_Breakout", {"close": (1.01, 1.0)}, "as far as usual"),
    ("Double_Sevens", {"close": (1.05, 1.04), "lowest(7)": (1.04, 1.04)}, "no new low"),
    ("Double_Sevens", {"close": (1.05, 1.06)}, "the second new low in a row"),
    ("Double_Sevens", {"sma(200)": (1.06, 1.06)}, "the trend is down"),
    ("Session_Momentum", {"hour": (15, 14)}, "the hour is over"),
    ("Session_Momentum", {"roc(8)": (0.09, 0.0)}, "too little of a move"),
]


def side_of(name, numbers) -> int:
    """The vote of the family's defaults on one row; every indicator it reads must be given."""
    family = strategies.family(name)
    member = member_of(family, Timeframe.H1, family.Params(), 1)
    indicators = indicators_of([member])
    numbers = {"atr(14)": (0.01, 0.01), **numbers}
    assert {indicator.key for indicator in indicators} == set(numbers)
    index = {key: column for column, key in enumerate(numbers)}
    values, before = (np.array(row, dtype=float) for row in zip(*numbers.values(), strict=True))
    return int(RuleProgram([member], index).evaluate(values, before, np.zeros(1, dtype=np.int8))[0])


@pytest.mark.req("B02")
@pytest.mark.parametrize(("name", "side", "numbers"), FIRES, ids=[f"{name}{side:+d}" for name, side, _ in FIRES])
def test_a_family_fires_where_its_idea_says(name, side, numbers):
    """Rule: the hand-made row votes as the family's docstring says."""
    assert side_of(name, numbers) == side


@pytest.mark.req("B02")
@pytest.mark.parametrize(("name", "change", "why"), MISSES, ids=[f"{name}: {why}" for name, _, why in MISSES])
def test_a_family_is_silent_on_a_near_miss(name, change, why):
    """Rule: one number of the firing row changed is no vote."""
    numbers = next(numbers for family, side, numbers in FIRES if (family, side) == (name, 1))
    assert set(change) <= set(numbers)
    assert side_of(name, {**numbers, **change}) == 0


def test_every_family_has_a_case_on_both_sides_and_a_miss():
    """Rule: a new family comes with cases of its own."""
    names = set(strategies.families())
    assert {(name, side) for name, side, _ in FIRES} == {(name, side) for name in names for side in (1, -1)}
    assert {name for name, _, _ in MISSES} == names


def votes_on(closes, names) -> np.ndarray:
    members = [member_of(family, Timeframe.H1, family.Params(), 1) for family in map(strategies.family, names)]
    bank = FeatureBank(indicators_of(members))
    return RuleProgram(members, bank.index).run(bank.batch(path_bars(closes)))[0]


def test_a_market_that_stands_still_gets_no_vote():
    """Rule: 400 equal closes fire nothing, in any family."""
    assert not votes_on([100.0] * 400, strategies.families()).any()


FOLLOWERS = [
    "EMA_Crossover",
    "SuperTrend_Follow",
    "Donchian_Breakout",
    "Keltner_Breakout",
    "MACD_Momentum",
    "ROC_Momentum",
]


@pytest.mark.parametrize("side", [1, -1])
def test_a_tired_market_that_turns_and_runs_is_followed(side):
    """Rule: 250 bars of slow drift the other way, then 0.2 % a bar: all followers vote with the run only."""
    drift = 100.0 - side * 1e-5 * np.arange(250.0) ** 2
    run = drift[-1] * (1.0 + side * 0.002 * np.arange(1, 40))
    votes = votes_on(np.concatenate((drift, run)), FOLLOWERS)[250:]
    assert (votes == side).any(axis=0).all()
    assert not (votes == -side).any()


@pytest.mark.parametrize("side", [1, -1])
def test_a_dip_in_a_trend_is_bought_and_a_rally_in_a_fall_sold(side):
    """Rule: after a long steady trend a short sharp move against it is faded by the reversion to the trend."""
    trend = 100.0 * (1.0 + side * 0.001 * np.arange(300))
    dip = trend[-1] * (1.0 - side * 0.004 * np.arange(1, 4))
    votes = votes_on(np.concatenate((trend, dip)), ["RSI_Reversion"])[:, 0]
    assert votes[300:].tolist().count(side) == 1
    assert not (votes == -side).any()
