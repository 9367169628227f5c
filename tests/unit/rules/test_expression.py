"""Expressions print as a person would say them and refuse what they cannot mean."""

from __future__ import annotations

import pytest

from tradewind.errors import Misconfigured
from tradewind.features.rule import crosses_above, crosses_below, rising_edge
from tradewind.features.rule_expression import comparisons_of, operand, operands_of
from tradewind.features.rule_series import ema, rsi

fast, slow, gauge = ema(12), ema(26), rsi(14)


def test_a_comparison_reads_like_the_rule_in_words():
    """Rule: str() names indicators by their key, one bar ago as [1], constants without noise."""
    assert str(fast > slow) == "ema(12) > ema(26)"
    assert str(gauge >= 50) == "rsi(14) >= 50"
    assert str(fast >= slow.lag(1)) == "ema(12) >= ema(26)[1]"
    assert str((fast - gauge * 2 > 1.5) | ~(gauge < 30)) == "(ema(12) - (rsi(14) * 2)) > 1.5 or rsi(14) >= 30"
    assert str(((fast > 1) | (fast < 0)) & (gauge > 2)) == "(ema(12) > 1 or ema(12) < 0) and rsi(14) > 2"


def test_numbers_may_stand_on_either_side():
    """Rule: reflected arithmetic keeps the order of the operands."""
    assert str(2 - fast > 1 + slow) == "(2 - ema(12)) > (1 + ema(26))"
    assert str(3 * fast > 4 / slow) == "(3 * ema(12)) > (4 / ema(26))"
    assert str(fast + 1 > slow / 2) == "(ema(12) + 1) > (ema(26) / 2)"


def test_crossings_look_one_bar_back():
    """Rule: a cross needs the other order, or a touch, on the bar before."""
    assert str(crosses_above(fast, slow)) == "ema(12) > ema(26) and ema(12)[1] <= ema(26)[1]"
    assert str(crosses_below(gauge, 70)) == "rsi(14) < 70 and rsi(14)[1] >= 70"
    assert str(rising_edge(fast > slow)) == "ema(12) > ema(26) and ema(12)[1] <= ema(26)[1]"


def test_lag_reaches_every_part_of_an_expression():
    """Rule: the lag of a whole is the whole of the lags."""
    whole = ((fast * 2 > slow) & (gauge < 30)) | ~((gauge > 70) & (fast < 1))
    said = "((ema(12)[1] * 2) > ema(26)[1] and rsi(14)[1] < 30) or not (rsi(14)[1] > 70 and ema(12)[1] < 1)"
    assert str(whole.lag()) == said


def test_looking_further_back_than_the_row_is_refused():
    """Rule: rows carry one earlier bar; the message says what to use instead."""
    with pytest.raises(Misconfigured, match=r"ema\(12\): lag of 2 bars.*donchian"):
        fast.lag(1).lag(1)
    with pytest.raises(Misconfigured, match="lag of 2"):
        rising_edge(crosses_above(fast, slow))
    with pytest.raises(Misconfigured, match="lag of -1"):
        fast.lag(-1)


def test_python_truth_operators_are_refused():
    """Rule: 'and', 'or', 'not' and chained comparisons would silently drop half a rule."""
    with pytest.raises(Misconfigured, match=r"write \(a > b\) & \(c > d\)"):
        _ = (fast > slow) and (gauge > 50)
    with pytest.raises(Misconfigured, match="truth value"):
        _ = 30 < gauge < 70


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_constants_are_finite(number):
    """Rule: a NaN constant would silence its rule for ever."""
    with pytest.raises(Misconfigured, match="finite"):
        operand(number)


def test_parts_are_listed_in_reading_order():
    """Rule: explanations list comparisons as they are read."""
    whole = ((fast * 2 > slow) & ~((gauge < 30) & (slow < 1))) | (gauge.lag() > 70)
    assert [str(part) for part in comparisons_of(whole)] == [
        "(ema(12) * 2) > ema(26)",
        "rsi(14) < 30",
        "ema(26) < 1",
        "rsi(14)[1] > 70",
    ]
    assert [str(part) for part in operands_of(whole)] == ["ema(12)", "ema(26)", "rsi(14)", "ema(26)", "rsi(14)[1]"]


def test_equal_expressions_are_equal_and_hash_alike():
    """Rule: sharing works by value."""
    assert hash(fast > slow) == hash(ema(12) > ema(26))
    assert len({fast > slow, ema(12) > slow, fast >= slow}) == 2


def test_denying_a_comparison_turns_it_around():
    """Rule: not (a > b) is a <= b, since an unknown number silences either; denying twice changes nothing."""
    assert [str(~part) for part in (fast > slow, fast >= slow, fast < slow, fast <= slow)] == [
        "ema(12) <= ema(26)",
        "ema(12) < ema(26)",
        "ema(12) >= ema(26)",
        "ema(12) > ema(26)",
    ]
    both = (fast > slow) & (gauge > 50)
    assert str(~both) == "not (ema(12) > ema(26) and rsi(14) > 50)"
    assert ~~both == both
