"""Compiling rules: sharing, missing indicators, and the words of an explanation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.fakes.members import voter
from tradewind.errors import Misconfigured
from tradewind.features.rule import Exits, Member, Rule, StrategyParams, rising_edge
from tradewind.features.rule_explanation import explain
from tradewind.features.rule_program import RuleProgram, indicators_of
from tradewind.features.rule_series import ema, rsi
from tradewind.model.feature_row import FeatureRow
from tradewind.model.timeframe import Timeframe

fast, slow, gauge = ema(12), ema(26), rsi(14)
above = fast > slow
CROSS = Rule(rising_edge(above) & (gauge >= 50), rising_edge(~above) & (gauge <= 50), Exits(stop_mode="pct"))
INDEX = {"ema(12)": 0, "ema(26)": 1, "rsi(14)": 2}


def member(rule: Rule, number: int = 1) -> Member:
    return Member(f"Cross_1h_v{number}", "Cross", Timeframe.H1, StrategyParams(exits=rule.exits), 1.0, rule)


def side_of(rule, values, previous):
    return RuleProgram([member(rule)], INDEX).evaluate(
        np.array(values, dtype=float), np.array(previous, dtype=float), np.zeros(1, dtype=np.int8)
    )[0]


def test_a_cross_fires_once_and_only_with_its_gate():
    """Rule: long on the bar of the cross, short on the cross back, silent between and below the gate."""
    assert side_of(CROSS, (1.2, 1.1, 55), (1.0, 1.1, 40)) == 1
    assert side_of(CROSS, (1.0, 1.1, 45), (1.2, 1.1, 60)) == -1
    assert side_of(CROSS, (1.3, 1.1, 60), (1.2, 1.1, 55)) == 0
    assert side_of(CROSS, (1.2, 1.1, 49), (1.0, 1.1, 40)) == 0


def test_a_bar_on_which_both_sides_hold_is_no_vote():
    """Rule: contradictory votes cancel."""
    assert side_of(Rule(fast > 0, fast > 0, Exits(stop_mode="pct")), (1, 1, 1), (1, 1, 1)) == 0


def test_a_nan_in_the_short_condition_silences_the_long_one():
    """Rule: any NaN operand silences the whole rule, also one bar ago and also behind an 'or'."""
    rule = Rule(fast > 0, slow.lag() > 0, Exits(stop_mode="pct"))
    assert side_of(rule, (1, 1, 1), (1, -1, 1)) == 1
    assert side_of(rule, (1, 1, 1), (1, math.nan, 1)) == 0
    either = Rule((fast > 0) | (gauge > 0), slow < 0, Exits(stop_mode="pct"))
    assert side_of(either, (1, 1, math.nan), (1, 1, 1)) == 0


def test_members_share_what_they_have_in_common():
    """Rule: a second member with the same comparisons adds no instruction."""
    single = RuleProgram([member(CROSS)], INDEX)
    many = RuleProgram([member(CROSS, k) for k in range(1, 51)], INDEX)
    assert many.n_instructions == single.n_instructions
    assert (many.evaluate(np.array([2.0, 1, 60]), np.array([0.5, 1, 60]), np.zeros(50, dtype=np.int8)) == 1).all()


def test_an_indicator_the_bank_lacks_is_named():
    """Rule: the message says which member misses which column and what to do."""
    with pytest.raises(Misconfigured, match=r"Cross_1h_v1: indicator rsi\(14\).*indicators_of"):
        RuleProgram([member(CROSS)], {"ema(12)": 0, "ema(26)": 1})


def test_the_bank_gets_each_indicator_once_and_the_atr_of_the_stops():
    """Rule: rules' indicators in order of first use; ATR only for stops that need it."""
    assert [i.key for i in indicators_of([member(CROSS), member(CROSS, 2)])] == ["ema(12)", "ema(26)", "rsi(14)"]
    with_atr = [voter(Exits(stop_mode="atr", atr_period=20)), voter(Exits(atr_period=7)), voter(Exits(atr_period=20))]
    assert [i.key for i in indicators_of(with_atr)] == ["close", "atr(20)", "atr(7)"]


def test_an_explanation_reads_like_a_sentence_with_numbers():
    """Rule: each comparison once, with the numbers of the bar."""
    row = FeatureRow("EUR/USD", Timeframe.H1, 0, np.array([1.1032, 1.1019, 55.25]), np.array([1.1, 1.2, 9]), INDEX)
    told = explain(CROSS, row)
    assert (told.side, told.long.holds, told.short.holds) == (1, True, False)
    assert told.long.text == "ema(12) > ema(26) and ema(12)[1] <= ema(26)[1] and rsi(14) >= 50"
    assert [(reading.text, reading.holds) for reading in told.long.readings] == [
        ("ema(12) 1.1032 > ema(26) 1.1019", True),
        ("ema(12)[1] 1.1 <= ema(26)[1] 1.2", True),
        ("rsi(14) 55.25 >= 50", True),
    ]
    assert [(reading.text, reading.holds) for reading in told.short.readings] == [
        ("ema(12) 1.1032 <= ema(26) 1.1019", False),
        ("ema(12)[1] 1.1 > ema(26)[1] 1.2", False),
        ("rsi(14) 55.25 <= 50", False),
    ]
    scaled = explain(Rule(fast > slow * 1.5, fast < 0, Exits(stop_mode="pct")), row)
    assert scaled.long.readings[0].text == "ema(12) 1.1032 > (ema(26) 1.1019 * 1.5)"


def test_an_unknown_number_is_told_as_unknown():
    """Rule: warm-up is visible: the number prints as nan and neither comparison nor condition claims a truth."""
    row = FeatureRow("EUR/USD", Timeframe.H1, 0, np.array([1.1, math.nan, 55.0]), np.array([1.1, 1.2, 9]), INDEX)
    told = explain(CROSS, row)
    assert (told.side, told.long.holds, told.short.holds) == (0, None, None)
    assert told.long.readings[0].text == "ema(12) 1.1 > ema(26) nan"
    assert told.long.readings[0].holds is None


def test_a_vote_without_a_stop_is_no_vote():
    """Rule: while the ATR of its stop is unknown a member is silent, and the explanation says why."""
    index = {"close": 0, "atr(14)": 1}
    member = voter(Exits(stop_mode="atr"))
    program = RuleProgram([member], index)
    warm, cold = np.array([1.0, 0.5]), np.array([1.0, math.nan])
    side = np.zeros(1, dtype=np.int8)
    assert program.evaluate(warm, warm, side)[0] == 1
    assert program.evaluate(cold, warm, side)[0] == 0
    told = explain(member.rule, FeatureRow("EUR/USD", Timeframe.H1, 0, cold, warm, index))
    assert (told.side, told.long.holds, told.stop_known) == (0, True, False)
