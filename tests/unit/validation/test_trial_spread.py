"""The spread of Sharpe ratios that luck alone makes, against simulated searches whose luck is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.validation.sharpe_evidence import deflated_benchmark
from tradewind.validation.trial_spread import luck_variance


def ratios(trials: int, days: int, drift: np.ndarray | float, seed: int) -> np.ndarray:
    """Sharpe ratios per day of normal results with a mean of ``drift`` deviations a day."""
    generator = np.random.default_rng(seed)
    daily = generator.standard_normal((trials, days)) + np.reshape(drift, (-1, 1))
    return daily.mean(axis=1) / daily.std(axis=1, ddof=1)


def test_about_zero_it_is_the_variance_of_the_trials():
    """2,000 trials without skill or costs: what luck makes is all there is."""
    sharpe = ratios(2000, 400, 0.0, 1)
    found = luck_variance(sharpe, np.full(2000, 400, dtype=np.int32))
    assert found == pytest.approx(sharpe.var(ddof=1), rel=0.12)
    assert found == pytest.approx(1 / 400, rel=0.12)


def test_trials_that_lose_their_costs_make_nobody_lucky():
    """The same search with costs: the plain variance is that of the costs, the hurdle stays above the luckiest."""
    days, n = 400, 1000
    generator = np.random.default_rng(2)
    best = []
    for seed in range(40):
        costs = -generator.gamma(1.5, 0.08, n)
        sharpe = ratios(n, days, costs, seed)
        found = luck_variance(sharpe, np.full(n, days, dtype=np.int32))
        assert found is not None
        assert sharpe.var(ddof=1) > 3.0 * found
        best.append(float(sharpe.max()) / float(deflated_benchmark(found, n) or 0.0))
    assert np.mean(best) < 1.0


@pytest.mark.parametrize("days", [60, 400, 2000])
def test_the_hurdle_is_what_the_luckiest_of_a_search_reaches(days):
    """Mean over 60 searches of 300 trials without skill, within 5%."""
    best, hurdle = [], []
    for seed in range(60):
        sharpe = ratios(300, days, 0.0, seed)
        best.append(sharpe.max())
        hurdle.append(deflated_benchmark(luck_variance(sharpe, np.full(300, days, dtype=np.int32)) or 0.0, 300))
    assert np.mean(best) == pytest.approx(np.mean(hurdle), rel=0.05)


@pytest.mark.parametrize("edge", [0.05, 0.2, 0.5])
def test_a_search_whose_trials_all_have_an_edge_is_not_refused_for_it(edge):
    """30 trials of 800 days that share an edge: the hurdle is that of the same search without one."""
    days, n = 800, 30
    good = luck_variance(ratios(n, days, edge, 3), np.full(n, days, dtype=np.int32))
    none = luck_variance(ratios(n, days, 0.0, 3), np.full(n, days, dtype=np.int32))
    assert good is not None
    assert none is not None
    assert good <= 1.6 * none
    assert float(deflated_benchmark(good, n) or 0.0) < edge + 0.1


def test_a_search_half_of_which_loses_its_costs_and_half_of_which_has_an_edge_takes_the_smaller():
    """Neither the variance of the mixture nor more than the mean square of those above 0."""
    days = 800
    mixed = np.append(ratios(50, days, 0.1, 4), ratios(50, days, -0.4, 5))
    found = luck_variance(mixed, np.full(100, days, dtype=np.int32))
    above = mixed[mixed > 0.0]
    assert found == pytest.approx(float(above @ above) / above.size)
    assert found < mixed.var(ddof=1)


@given(st.lists(st.floats(-2.0, 2.0), min_size=2, max_size=40), st.integers(2, 5000))
def test_luck_is_never_less_than_one_trials_own_nor_more_than_either_estimate(values, days):
    """Luck of T observations is the floor; above it the smaller of mean square and variance."""
    sharpe = np.array(values)
    found = luck_variance(sharpe, np.full(sharpe.size, days, dtype=np.int32))
    floor = 1.0 / (days - 1)
    assert found is not None
    assert found >= floor or math.isclose(found, floor)
    above = sharpe[sharpe > 0.0]
    most = max(floor, float(above @ above) / max(above.size, 1))
    assert found <= most * (1 + 1e-9)
    assert found <= max(floor, float(sharpe.var(ddof=1))) * (1 + 1e-9)


def test_too_little_is_told_as_none():
    days = np.array([10, 10], dtype=np.int32)
    assert luck_variance(np.array([0.1, np.nan]), days) is None
    assert luck_variance(np.array([0.1, 0.2]), np.array([1, 1], dtype=np.int32)) is None
    assert luck_variance(np.array([0.3, -0.1]), days) == pytest.approx(1 / 9)
    assert luck_variance(np.array([0.6, -0.1]), days) == pytest.approx(0.245)  # the variance; 0.36 is the mean square
