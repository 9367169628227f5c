"""Weights of timeframes: bounds, sum, what raises one and what leaves all as they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.ensemble.timeframe_weights import CAP, FLOOR, LEAST, tuned
from tradewind.errors import Misconfigured

CURRENT = {"5m": 0.15, "15m": 0.20, "30m": 0.15, "1h": 0.25, "4h": 0.25}


def results(seed: int, n: int, mean: float) -> list[float]:
    return (np.random.default_rng(seed).choice([-1.0, 1.0], n) + mean).tolist()


@pytest.mark.req("J19")
def test_a_good_timeframe_is_raised_and_a_bad_one_lowered_within_floor_and_cap():
    """1h earns, 4h earns less, 5m loses: in this order, normalised, none below 5% or above 40%."""
    shown = {"1h": results(1, 400, 0.3), "4h": results(2, 400, 0.2), "5m": results(3, 400, -0.3),
             "15m": results(4, 400, 0.0), "30m": results(5, 12, 0.9)}  # fmt: skip
    found = {one.timeframe: one for one in tuned(CURRENT, shown)}
    assert sum(one.proposed for one in found.values()) == pytest.approx(1.0)
    assert found["1h"].proposed == pytest.approx(CAP)
    assert found["1h"].proposed > found["1h"].now
    assert found["5m"].proposed == pytest.approx(FLOOR)
    assert found["1h"].proposed >= found["4h"].proposed > found["5m"].proposed
    assert found["30m"].proposed == found["30m"].now
    assert f"12 results, {LEAST} are needed" in found["30m"].why


def test_weights_are_proportional_to_the_lower_bounds_where_no_bound_is_met():
    """By hand: lower bounds of 0.2 and 0.1 share what both had two to one."""
    exact = {"1h": [0.2] * 40, "4h": [0.1] * 40}
    found = tuned({"1h": 0.5, "4h": 0.5}, exact, floor=0.05, cap=0.9)
    assert [one.low for one in found] == pytest.approx([0.2, 0.1])
    assert [one.proposed for one in found] == pytest.approx([2 / 3, 1 / 3])


def test_nothing_changes_where_nothing_was_shown():
    """No results, too few of them, or none that gained beyond luck."""
    for shown in ({}, {"1h": [5.0] * (LEAST - 1)}, {name: results(9, 200, -0.1) for name in CURRENT}):
        assert [one.proposed for one in tuned(CURRENT, shown)] == list(CURRENT.values())


@given(
    st.lists(st.floats(0.01, 1.0), min_size=1, max_size=7),
    st.integers(0, 10_000),
    st.floats(0.0, 0.1),
    st.floats(0.15, 1.0),
)
def test_whatever_was_shown_weights_sum_to_one_within_their_bounds(raw, seed, floor, cap):
    """Property: the sum is 1; whoever was judged is within floor and cap, as far as these can hold together."""
    names = [f"t{number}" for number in range(len(raw))]
    current = {name: one / sum(raw) for name, one in zip(names, raw, strict=True)}
    generator = np.random.default_rng(seed)
    shown = {name: generator.normal(generator.normal(0, 0.2), 1.0, int(generator.integers(0, 300))) for name in names}
    found = tuned(current, {name: one.tolist() for name, one in shown.items()}, floor, cap)
    assert sum(one.proposed for one in found) == pytest.approx(1.0)
    judged = [one for one in found if one.n >= LEAST]
    if any(one.low > 0 for one in judged):
        share = sum(one.now for one in judged)
        most = max(cap, 1 / len(names), share / len(judged))
        assert all(min(floor, share / len(judged)) - 1e-9 <= one.proposed <= most + 1e-9 for one in judged)
    else:
        assert [one.proposed for one in found] == [one.now for one in found]


@pytest.mark.parametrize("given_", [{}, {"1h": 0.5}, {"1h": 0.6, "4h": 0.6}])
def test_weights_that_are_none_are_refused(given_):
    """Rule: at least one, summing to 1; a floor that all together exceed 1 too."""
    with pytest.raises(Misconfigured):
        tuned(given_, {})
    with pytest.raises(Misconfigured):
        tuned(CURRENT, {}, floor=0.3)
