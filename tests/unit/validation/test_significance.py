"""Intervals and exact tests against published tables and an independent bootstrap."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from tests.shared_data import shared
from tradewind.errors import Misconfigured
from tradewind.validation.bootstrap import mean_block, mean_bounds, stationary_blocks
from tradewind.validation.significance import binomial_p, bonferroni, breakeven_win_rate, holm, wilson


@pytest.fixture(scope="module")
def truth() -> dict:
    return json.loads(shared("ground_truth/overfit.json").read_text())


def test_wilson_equals_the_table(truth):
    """Six digits of every row of the independent table."""
    for row in truth["wilson"]:
        low, high = wilson(row["k"], row["n"], row["conf"])
        assert low == pytest.approx(row["lo"], abs=1e-6)
        assert high == pytest.approx(row["hi"], abs=1e-6)


def test_breakeven_equals_the_table(truth):
    """Break-even win rate without and with a cost of 5% of the stop."""
    for row in truth["breakeven"]["rows"]:
        assert breakeven_win_rate(row["R"]) == pytest.approx(row["wr_be"], abs=1e-4)
        assert breakeven_win_rate(row["R"], 0.05) == pytest.approx(row["wr_be_cost5pct"], abs=1e-4)


@pytest.mark.parametrize(("wins", "n", "rate"), [(30, 50, 0.5), (65, 100, 0.588), (0, 10, 0.3), (10, 10, 0.5)])
def test_the_binomial_tail_equals_the_sum_of_its_terms(wins, n, rate):
    """P(K >= k) term by term with exact integers."""
    direct = sum(math.comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(wins, n + 1))
    assert binomial_p(wins, n, rate) == pytest.approx(direct, abs=1e-12)


def test_a_coin_passes_sixty_percent_of_fifty_once_in_ten():
    """The figure the source gate hides: p = 0.101 of 30 wins or more in 50 fair tosses."""
    assert binomial_p(30, 50, 0.5) == pytest.approx(0.1013, abs=1e-4)


def test_holm_steps_down_and_keeps_the_order():
    """Example worked by hand: 0.01, 0.04, 0.03 of three."""
    assert holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))
    assert bonferroni(0.01, 3) == pytest.approx(0.03)
    assert bonferroni(0.5, 3) == 1.0
    with pytest.raises(Misconfigured, match="looked_at"):
        bonferroni(0.5, 0)


def test_the_stationary_interval_equals_the_independent_one(truth):
    """90% interval of the expectancy of 120 trades, mean block 4.93 against 5; Monte-Carlo tolerance 0.02."""
    fixture = truth["trade_bootstrap"]
    sample = np.array(fixture["trades_R"])
    bounds = mean_bounds(sample, np.random.default_rng(5), alpha=0.05, resamples=4000)
    low = fixture["stationary_ci90_block5"]["expectancy"][0]
    assert bounds.lower == pytest.approx(low, abs=0.02)


def test_the_bootstrap_is_a_function_of_its_generator():
    """Same seed, same bounds; other seed, other bounds."""
    sample = np.random.default_rng(0).normal(0.1, 1.0, 80)
    first, again, other = (mean_bounds(sample, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_blocks_fill_every_resample_and_start_anywhere():
    """Lengths are geometric of the mean asked for, the last one cut; starts are uniform."""
    starts, ends = stationary_blocks(50, 4000, 5.0, np.random.default_rng(3))
    lengths = np.diff(ends, prepend=0, axis=1)
    assert (ends[:, -1] == 50).all()
    assert (lengths >= 0).all()
    first = lengths[:, 0]
    for k in (1, 2, 5, 10):
        assert (first >= k).mean() == pytest.approx(0.8 ** (k - 1), abs=0.03)
    assert (lengths > 0).sum(axis=1).mean() == pytest.approx(1 + 49 / 5, abs=0.1)
    assert np.bincount(starts.ravel(), minlength=50) == pytest.approx(starts.size / 50, rel=0.1)


def test_bounds_equal_those_of_the_resamples_written_out():
    """Every place of every resample looked up by itself: continuing inside a block, around the end, cut at n."""
    sample = np.random.default_rng(8).standard_t(3, 137) + 0.1
    resamples, block = 500, mean_block(137)
    starts, ends = stationary_blocks(137, resamples, block, np.random.default_rng(4))
    drawn = np.empty((resamples, 137))
    for row in range(resamples):
        begun = 0
        for start, end in zip(starts[row], ends[row], strict=True):
            for place in range(begun, end):
                drawn[row, place] = sample[(start + place - begun) % 137]
            begun = end
    found = mean_bounds(sample, np.random.default_rng(4), alpha=0.05, resamples=resamples)
    means = drawn.mean(axis=1)
    pivots = (means - sample.mean()) / drawn.std(axis=1, ddof=1)
    reach = np.quantile(pivots, 0.95, method="higher")
    lower = min(sample.mean() - reach * sample.std(ddof=1), np.quantile(means, 0.05, method="lower"))
    assert found.lower == pytest.approx(lower, abs=1e-12)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, (0.025, 0.975))), abs=1e-12)


def test_equal_or_single_trades_have_no_bounds():
    """Nothing to resample: None, and the caller must say insufficient."""
    assert mean_bounds(np.full(30, 0.5), np.random.default_rng(0)) is None
    assert mean_bounds(np.array([1.0]), np.random.default_rng(0)) is None


def test_trades_needed_equal_the_table(truth):
    """Smallest n from 5 on at which the rounded win rate's one-sided 95% Wilson bound lies above break-even."""
    for observed, row in truth["n_needed_one_sided95"].items():
        rate = float(observed.split()[-1])
        for against, expected in row.items():
            breakeven = float(against.split()[-1])
            needed = next(n for n in range(5, 10_000) if wilson(round(rate * n), n, 0.90)[0] > breakeven)
            assert needed == expected


def test_lucky_passes_of_the_source_gate_equal_the_table(truth):
    """P(win rate >= 65% and profit factor >= 1.3) of a zero-skill strategy, by the exact binomial tail."""
    for row in truth["source_oos_gate_false_pass"]["rows"]:
        payoff = row["R"]
        for name, expected in row.items():
            if name == "R":
                continue
            n = int(name.removeprefix("n="))
            passing = [
                wins
                for wins in range(n + 1)
                if wins / n >= 0.65 and (wins == n or wins * payoff / (n - wins) >= 1.3 - 1e-12)
            ]
            assert binomial_p(passing[0], n, breakeven_win_rate(payoff)) == pytest.approx(expected, abs=1e-5)
