"""The simulation of a market that changes, in its quick form."""

from __future__ import annotations

import pytest
from benchmarks.regime_switch import chances, lived


@pytest.mark.req("J09", "HZ22")
def test_a_seat_that_fell_comes_back_by_chance_in_at_most_five_of_a_hundred_markets():
    """Rule: retraining until luck strikes does not help; 100 seeds of 2,000 trades that a coin decides."""
    found = chances(range(1, 101))
    assert found["back"] <= 5
    assert found["tries"]["most"] > 1


def test_a_model_stops_when_its_market_turns_learns_the_new_one_and_comes_back():
    """Rule: stopped within some 50 shadow trades, not one signal in LEARNING, back with a model of the new market."""
    found = lived("switch", 2)
    assert found.traded
    assert found.stop_events is not None
    assert found.stop_events <= 50
    assert found.signals_in_learning == 0
    assert found.back_with_new
    assert found.mean_r_after is not None
    assert found.mean_r_after > 0.0
