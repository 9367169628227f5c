"""The effective number of trials without a correlation matrix, against the matrix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.errors import Misconfigured
from tradewind.validation.backtest_overfitting import backtest_overfitting
from tradewind.validation.effective_trials import effective_number, effective_trials, mean_correlation, score_sum
from tradewind.validation.superior_ability import superior_ability
from tradewind.validation.trial_matrix import daily_sharpes, usable_rows


def market(seed: int, trials: int, days: int, shared_weight: float = 1.0) -> np.ndarray:
    """Trials that share one source of days."""
    generator = np.random.default_rng(seed)
    return generator.normal(size=(trials, days)) + shared_weight * generator.normal(size=days)


def of_the_matrix(daily: np.ndarray) -> float:
    """Mean off-diagonal entry of the full correlation matrix."""
    matrix = np.corrcoef(daily)
    m = len(daily)
    return float((matrix.sum() - np.trace(matrix)) / (m * (m - 1)))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.integers(2, 30), st.integers(3, 80), st.floats(0.0, 5.0), st.floats(-12.0, 12.0),
    st.floats(-1e3, 1e3),
)  # fmt: skip
def test_the_mean_correlation_is_that_of_the_matrix(seed, trials, days, weight, exponent, offset):
    """Any number of trials, any scale, any mean."""
    daily = (market(seed, trials, days, weight) + offset) * 10.0**exponent
    assert mean_correlation(score_sum(daily)) == pytest.approx(of_the_matrix(daily), abs=1e-9)


def test_the_published_example_is_met():
    """100 trials of mean correlation one half are 50.5 independent ones."""
    assert effective_number(0.5, 100) == pytest.approx(50.5)


def test_equal_trials_are_one_and_opposite_ones_are_no_more_than_there_are():
    """Correlation 1 gives 1; correlation -1 gives 2 of 2."""
    one = np.random.default_rng(1).normal(size=200)
    assert effective_trials(np.tile(one, (40, 1))) == pytest.approx(1.0)
    assert effective_trials(np.vstack((one, -one))) == pytest.approx(2.0)


def test_batches_over_the_same_days_add_up():
    """A ledger can hold the sum of each batch instead of its matrix."""
    daily = market(3, 50, 120)
    whole, parts = score_sum(daily), score_sum(daily[:20]).merged(score_sum(daily[20:]))
    assert mean_correlation(parts) == pytest.approx(mean_correlation(whole), abs=1e-12)
    assert parts.trials == 50
    with pytest.raises(Misconfigured, match="days"):
        whole.merged(score_sum(daily[:, 1:]))


def test_trials_that_cannot_be_measured_are_dropped_and_counted():
    """A NaN, an infinity, and a trial that never traded; the rest is measured as if they were not there."""
    daily = market(4, 10, 60).astype(np.float32)
    spoiled = np.vstack((daily, np.zeros(60, dtype=np.float32), daily[:2]))
    spoiled[11, 5], spoiled[12, 7] = np.nan, np.inf
    scores = score_sum(spoiled)
    assert (scores.trials, scores.dropped) == (10, 3)
    assert mean_correlation(scores) == pytest.approx(of_the_matrix(daily.astype(float)), abs=1e-9)
    assert np.isnan(daily_sharpes(spoiled)[10:]).all()
    expected = daily.mean(axis=1, dtype=float) / daily.std(axis=1, ddof=1, dtype=float)
    assert daily_sharpes(spoiled)[:10] == pytest.approx(expected, rel=1e-6)


def test_what_cannot_be_measured_is_none():
    """No trial, no day, all flat; one trial is one trial."""
    for daily in (np.zeros((0, 5)), np.zeros((5, 0)), np.full((4, 9), 0.1), np.full((3, 4), np.nan)):
        assert effective_trials(daily) is None
        assert mean_correlation(score_sum(daily)) is None
    assert effective_trials(market(5, 1, 30)) == 1.0


@pytest.mark.parametrize("shape", [(), (40,), (2, 3, 40)])
def test_what_is_no_matrix_is_refused_by_every_statistic(shape):
    """One row for a trial, one column for a day."""
    daily = np.zeros(shape)
    for statistic in (
        score_sum,
        daily_sharpes,
        backtest_overfitting,
        lambda given: superior_ability(given, np.random.default_rng(0)),
        lambda given: list(usable_rows(given)),
    ):
        with pytest.raises(Misconfigured, match="trials, days"):
            statistic(daily)


def test_very_small_and_very_large_results_are_measured():
    """Squares that would underflow or overflow do not."""
    daily = market(6, 8, 50)
    expected = of_the_matrix(daily)
    for factor in (1e-250, 1e250):
        assert mean_correlation(score_sum(daily * factor)) == pytest.approx(expected, abs=1e-9)
