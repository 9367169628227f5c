"""Random rules on random rows: the compiled program, the explanation and a plain evaluation agree."""

from __future__ import annotations

import math
import operator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tradewind.features.indicator import Indicator
from tradewind.features.rule import Exits, Member, Rule, StrategyParams
from tradewind.features.rule_explanation import explain
from tradewind.features.rule_expression import (
    Both,
    Combined,
    Comparison,
    Constant,
    Either,
    Negated,
    Series,
    comparisons_of,
)
from tradewind.features.rule_program import RuleProgram
from tradewind.model.feature_row import FeatureRow
from tradewind.model.timeframe import Timeframe

KEYS = ("close", "ema(5)", "hour", "atr(14)")
INDEX = {key: column for column, key in enumerate(KEYS)}
ORDERS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}

series = st.builds(Series, st.sampled_from(KEYS).map(Indicator.parse), st.integers(0, 1))
constants = st.builds(Constant, st.sampled_from((-1.0, 0.0, 0.5, 1.0, 2.0)))
operands = st.recursive(
    series | constants,
    lambda parts: st.builds(Combined, st.sampled_from(tuple(ARITHMETIC)), parts, parts),
    max_leaves=4,
)
comparisons = st.builds(Comparison, st.sampled_from(tuple(ORDERS)), operands, operands)
conditions = st.recursive(
    comparisons,
    lambda parts: st.builds(Both, parts, parts) | st.builds(Either, parts, parts) | st.builds(Negated, parts),
    max_leaves=6,
)
rules = st.builds(
    Rule, conditions, conditions, st.sampled_from((Exits(), Exits(stop_mode="pct"), Exits(stop_mode="atr")))
)
# A coarse grid, so that equality happens; NaN often enough to matter.
numbers = st.sampled_from((-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, math.inf)) | st.just(math.nan)
rows = st.lists(numbers, min_size=len(KEYS), max_size=len(KEYS)).map(np.array)


def number(part, values, previous):
    if isinstance(part, Series):
        return float((previous if part.bars_ago else values)[INDEX[part.indicator.key]])
    if isinstance(part, Constant):
        return part.number
    left, right = number(part.left, values, previous), number(part.right, values, previous)
    if part.op == "/" and right == 0.0:
        return math.nan
    return ARITHMETIC[part.op](left, right)


def truth(part, values, previous):
    """Classical logic; only asked where no operand is NaN."""
    if isinstance(part, Comparison):
        return ORDERS[part.order](number(part.left, values, previous), number(part.right, values, previous))
    if isinstance(part, Negated):
        return not truth(part.part, values, previous)
    joined = all if isinstance(part, Both) else any
    return joined([truth(part.left, values, previous), truth(part.right, values, previous)])


def plain_side(rule, values, previous):
    """The rule by its definition: silent when any compared number or the stop's ATR is NaN, else long minus short."""
    if rule.exits.needs_atr and math.isnan(values[INDEX["atr(14)"]]):
        return 0
    for part in (*comparisons_of(rule.long), *comparisons_of(rule.short)):
        if math.isnan(number(part.left, values, previous)) or math.isnan(number(part.right, values, previous)):
            return 0
    return int(truth(rule.long, values, previous)) - int(truth(rule.short, values, previous))


def members_of(rules_):
    return [Member(f"m{k}", "m", Timeframe.H1, StrategyParams(), 1.0, rule) for k, rule in enumerate(rules_)]


@given(st.lists(rules, min_size=1, max_size=6), rows, rows)
def test_the_program_gives_what_the_expressions_say(rules_, values, previous):
    """Rule: sides of all members in one call equal a plain evaluation of each tree; NaN anywhere silences the rule."""
    program = RuleProgram(members_of(rules_), INDEX)
    sides = program.evaluate(values, previous, np.full(len(rules_), 7, dtype=np.int8))
    assert sides.tolist() == [plain_side(rule, values, previous) for rule in rules_]


@given(st.lists(rules, min_size=1, max_size=4), rows, rows)
def test_the_program_hands_out_the_atr_of_each_stop(rules_, values, previous):
    """Rule: the ATR of this bar for ATR stops, 0 for percent stops; rows are never written to."""
    before = values.copy(), previous.copy()
    program = RuleProgram(members_of(rules_), INDEX)
    program.evaluate(values, previous, np.zeros(len(rules_), dtype=np.int8))
    expected = [values[INDEX["atr(14)"]] if rule.exits.needs_atr else 0.0 for rule in rules_]
    np.testing.assert_array_equal(program.atr, expected)
    np.testing.assert_array_equal(before, (values, previous))


@given(rules, rows, rows)
def test_an_explanation_says_what_the_program_did(rule, values, previous):
    """Rule: same side; every comparison with its numbers; unknown exactly where an operand is NaN."""
    told = explain(rule, FeatureRow("EUR/USD", Timeframe.H1, 0, values, previous, INDEX))
    assert told.side == plain_side(rule, values, previous)
    for condition, weighed in ((rule.long, told.long), (rule.short, told.short)):
        parts = list(dict.fromkeys(comparisons_of(condition)))
        assert len(parts) == len(weighed.readings)
        for part, reading in zip(parts, weighed.readings, strict=True):
            check_reading(part, reading, values, previous)


def check_reading(part, reading, values, previous):
    left, right = number(part.left, values, previous), number(part.right, values, previous)
    np.testing.assert_array_equal((reading.left, reading.right), (left, right))
    unknown = math.isnan(left) or math.isnan(right)
    assert reading.holds == (None if unknown else ORDERS[part.order](left, right))


@given(st.lists(rules, min_size=1, max_size=3), st.lists(rows, min_size=1, max_size=5))
def test_many_bars_at_once_are_the_single_bars(rules_, bars):
    """Rule: the batch driver runs the same step, with NaN before the first bar."""
    program = RuleProgram(members_of(rules_), INDEX)
    sides, atr = program.run(np.array(bars))
    previous = np.full(len(KEYS), math.nan)
    for i, values in enumerate(bars):
        single = program.evaluate(values, previous, np.zeros(len(rules_), dtype=np.int8))
        assert sides[i].tolist() == single.tolist()
        np.testing.assert_array_equal(atr[i], program.atr)
        previous = values
