"""The two numbers a signal carries, against hand-computed cases and simulated records."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from tradewind.ensemble.confidence import breakeven_of, calibrate, n_effective
from tradewind.model.decision import Record


def record(results: list[float] | np.ndarray, origin: str = "shadow") -> Record:
    values = np.asarray(results, dtype=float)
    wins, losses = values[values > 0], values[values <= 0]
    return Record(
        n=len(values),
        wins=len(wins),
        mean_r=float(values.mean()),
        sd_r=float(values.std(ddof=1)),
        mean_win_r=float(wins.mean()) if len(wins) else None,
        mean_loss_r=float(losses.mean()) if len(losses) else None,
        origin=origin,
    )


def test_one_member_is_a_one_sample_t_test() -> None:
    """Confidence = 1 - p of the one-sided t test of the member's results against zero."""
    results = np.random.default_rng(1).normal(0.1, 1.0, 80)
    made = calibrate([record(results)], [1.0], np.ones((1, 1)), min_record=30, prior_strength=20.0)
    assert made.confidence == pytest.approx(
        1.0 - stats.ttest_1samp(results, 0.0, alternative="greater").pvalue, abs=1e-12
    )
    assert made.n_effective == 1.0


def test_fully_correlated_members_add_no_confidence_and_independent_ones_do() -> None:
    """Two copies are one member; two independent members of the same record narrow the error by sqrt 2."""
    one = record(np.random.default_rng(2).normal(0.1, 1.0, 60))
    alone = calibrate([one], [1.0], np.ones((1, 1)), min_record=30, prior_strength=0.0)
    copies = calibrate([one, one], [1.0, 1.0], np.ones((2, 2)), min_record=30, prior_strength=0.0)
    apart = calibrate([one, one], [1.0, 1.0], np.eye(2), min_record=30, prior_strength=0.0)
    assert copies.confidence == pytest.approx(alone.confidence)
    assert copies.n_effective == pytest.approx(1.0)
    assert apart.n_effective == pytest.approx(2.0)
    t = (one.mean_r or 0.0) / ((one.sd_r or 1.0) / math.sqrt(one.n)) * math.sqrt(2)
    assert apart.confidence == pytest.approx(stats.t.cdf(t, one.n - 1))


def test_too_few_trades_give_no_number() -> None:
    """29 trades under a minimum of 30: null, and the text says why."""
    made = calibrate([record([1.0, -1.0] * 14 + [1.0])], [1.0], np.ones((1, 1)), min_record=30, prior_strength=20.0)
    assert made.confidence is None
    assert made.win_probability is None
    assert "30" in made.calibrated_on
    assert "29" in made.calibrated_on


def test_one_record_does_not_speak_for_a_quorum() -> None:
    """Two must have a record; with one of two the numbers are null, with both they are there."""
    known, unknown = record([1.0, -1.0] * 20), record([1.0, -1.0])
    one = calibrate([known, unknown], [1.0, 1.0], np.ones((2, 2)), min_record=30, prior_strength=20.0, min_members=2)
    both = calibrate([known, known], [1.0, 1.0], np.ones((2, 2)), min_record=30, prior_strength=20.0, min_members=2)
    assert one.confidence is None
    assert "has 1" in one.calibrated_on
    assert both.confidence is not None


def test_win_probability_shrinks_to_the_break_even() -> None:
    """6 wins of 10 at even payoff and 20 prior trades at break-even 0.5: 16 / 30."""
    made = calibrate([record([1.0] * 6 + [-1.0] * 4)], [1.0], np.ones((1, 1)), min_record=10, prior_strength=20.0)
    assert made.breakeven == pytest.approx(0.5)
    assert made.win_probability == pytest.approx(16.0 / 30.0)


def test_break_even_is_loss_over_gain_plus_loss() -> None:
    """Payoff 1.5 needs 40%; without a loss there is no break-even."""
    assert breakeven_of(record([1.5, -1.0])) == pytest.approx(0.4)
    assert breakeven_of(record([1.5, 1.5])) is None


def test_effective_number_follows_the_mean_correlation() -> None:
    """Equal weights, correlation rho: 1 / (rho + (1 - rho) / m)."""
    rho, size = 0.25, 4
    matrix = np.full((size, size), rho) + (1.0 - rho) * np.eye(size)
    assert n_effective([1.0] * size, matrix) == pytest.approx(1.0 / (rho + (1.0 - rho) / size))


@pytest.mark.req("E02")
def test_confidence_is_calibrated_on_simulated_members() -> None:
    """With expectancies drawn around zero, of the answers above 80% at least 80% are truly positive (seeded)."""
    generator = np.random.default_rng(7)
    said, true = 0, 0
    for _ in range(4000):
        expectancy = generator.normal(0.0, 0.2)
        made = calibrate(
            [record(generator.normal(expectancy, 1.0, 60))], [1.0], np.ones((1, 1)), min_record=30, prior_strength=0.0
        )
        if made.confidence is not None and made.confidence >= 0.8:
            said += 1
            true += expectancy > 0.0
    assert said > 500
    assert true / said >= 0.8
