"""Properties of the bracket matcher: every bar, every bracket."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.kernels.matching import (
    HOLD,
    STOP,
    TARGET,
    bracket_distances,
    bracket_distances_kernel,
    bracket_exit,
    bracket_exit_kernel,
)

PRICE = st.floats(0.5, 2.0, allow_nan=False)
TICK = st.integers(90, 110).map(lambda ticks: ticks / 100)


@st.composite
def met_bars(draw):
    """A consistent bar on a coarse grid (so that exact touches happen) and a bracket of either side."""
    prices = st.one_of(TICK, PRICE)
    open_ = draw(prices)
    high = max(open_, draw(prices))
    low = min(open_, draw(prices))
    below, above = sorted((draw(prices), draw(prices)))
    side = draw(st.sampled_from((1, -1)))
    stop, target = (below, above) if side > 0 else (above, below)
    return side, open_, high, low, stop, target


@given(met_bars())
def test_an_exit_price_was_traded_in_the_bar(case):
    """Rule: the exit price lies in [low, high]; a gap leaves at the open, never at the level that was jumped."""
    side, open_, high, low, stop, target = case
    code, price, _ = bracket_exit(side, open_, high, low, stop, target)
    if code == HOLD:
        assert math.isnan(price)
        assert side * (low if side > 0 else high) > side * stop
        assert side * (high if side > 0 else low) < side * target
    else:
        assert low <= price <= high
        assert price in ((open_, stop) if code == STOP else (open_, target))


@given(met_bars())
def test_the_stop_comes_first_whenever_it_was_touched(case):
    """Rule: pessimistic intrabar order; a touched stop is never turned into a win."""
    side, open_, high, low, stop, target = case
    code, price, _ = bracket_exit(side, open_, high, low, stop, target)
    touched = low <= stop if side > 0 else high >= stop
    assert (code == STOP) == touched
    if code == STOP:
        assert side * price <= side * stop


@given(met_bars())
def test_ambiguous_means_both_touched_and_neither_gapped(case):
    """Rule: ambiguity is only claimed where a lower timeframe could change the answer."""
    side, open_, high, low, stop, target = case
    code, price, ambiguous = bracket_exit(side, open_, high, low, stop, target)
    inside = low <= min(stop, target) and max(stop, target) <= high
    gapped = side * open_ <= side * stop or side * open_ >= side * target
    assert ambiguous == (inside and not gapped)
    if ambiguous:
        assert (code, price) == (STOP, stop)


@given(met_bars())
def test_a_short_is_the_mirror_of_a_long(case):
    """Rule: reflecting prices and side reflects the exit and nothing else."""
    side, open_, high, low, stop, target = case
    code, price, ambiguous = bracket_exit(side, open_, high, low, stop, target)
    mirrored = bracket_exit(-side, -open_, -low, -high, -stop, -target)
    assert mirrored[0] == code
    assert mirrored[2] == ambiguous
    assert (math.isnan(price) and math.isnan(mirrored[1])) or mirrored[1] == -price


@given(met_bars())
def test_the_compiled_kernel_is_the_same_function(case):
    """Rule: compiled and plain bodies agree bit for bit."""
    plain, kernel = bracket_exit(*case), bracket_exit_kernel(*case)
    assert plain[0] == kernel[0]
    assert plain[2] == kernel[2]
    assert plain[1] == kernel[1] or (math.isnan(plain[1]) and math.isnan(kernel[1]))


@pytest.mark.req("X06", "X07")
@pytest.mark.parametrize(
    ("bar", "expected"),
    [
        ((1.00, 1.03, 0.97), (STOP, 0.98, True)),
        ((0.97, 1.03, 0.96), (STOP, 0.97, False)),
        ((1.03, 1.04, 1.01), (TARGET, 1.03, False)),
        ((1.03, 1.04, 0.97), (STOP, 0.98, False)),
        ((1.00, 1.02, 0.99), (TARGET, 1.02, False)),
        ((1.00, 1.01, 0.98), (STOP, 0.98, False)),
    ],
)
def test_hand_worked_bars_of_a_long_with_stop_098_and_target_102(bar, expected):
    """Rule: ambiguous bar loses; gap beyond the stop fills at the open; touching a level exactly counts."""
    assert bracket_exit(1, *bar, 0.98, 1.02) == expected


def test_unknown_levels_are_never_met():
    """Rule: NaN stop and target hold."""
    code, price, ambiguous = bracket_exit(1, 1.0, 2.0, 0.5, math.nan, math.nan)
    assert (code, ambiguous) == (HOLD, False)
    assert math.isnan(price)


@given(PRICE, st.floats(0.0, 0.1), st.floats(0.0, 0.01), st.floats(0.0, 4.0), st.floats(0.1, 5.0), st.floats(0.0, 0.01))
def test_stop_distance_is_the_widest_part(entry, atr, stop_pct, stop_atr, target_r, floor_pct):
    """Rule: stop = max(percent, ATR, floor), target = target_r times it; compiled equals plain."""
    distance, target = bracket_distances(entry, atr, stop_pct, stop_atr, target_r, floor_pct)
    assert distance == max(stop_pct * entry, stop_atr * atr, floor_pct * entry)
    assert target == target_r * distance
    assert bracket_distances_kernel(entry, atr, stop_pct, stop_atr, target_r, floor_pct) == (distance, target)


def test_an_unknown_atr_makes_the_distance_unknown_only_where_it_is_needed():
    """Rule: NaN reaches the caller for ATR stops and is not looked at for percent stops."""
    assert math.isnan(bracket_distances(1.0, math.nan, 0.002, 1.5, 2.0, 0.001)[0])
    assert bracket_distances(1.0, math.nan, 0.002, 0.0, 2.0, 0.001) == (0.002, 0.004)
