"""Hansen's test against the independent fixture and against its definition written out day by day."""

from __future__ import annotations

import json
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared_data import shared
from tradewind.errors import Misconfigured
from tradewind.validation.bootstrap import stationary_blocks
from tradewind.validation.superior_ability import superior_ability


def fixture(kind: str) -> np.ndarray:
    """The 20 trials of 480 days of one kind, shape (trials, days)."""
    table = pl.read_parquet(shared("ground_truth/overfit_matrix.parquet"))
    return table.select(pl.col(f"^{kind}_.*$")).to_numpy().T


@pytest.mark.parametrize("kind", ["noise", "edge"])
@pytest.mark.parametrize("answer", ["own_studentised", "own_unstudentised", "arch"])
def test_the_p_values_of_the_fixture_are_met(kind, answer):
    """Blocks of 10 days, 5000 resamples, Monte-Carlo tolerance 0.02; arch does not studentise."""
    expected = json.loads(shared("ground_truth/overfit.json").read_text())["spa"][kind][answer]
    found = superior_ability(
        fixture(kind), np.random.default_rng(11), resamples=5000, block=10.0, studentised=answer == "own_studentised"
    )
    for name in ("lower", "consistent", "upper"):
        assert getattr(found, name) == pytest.approx(expected[name], abs=0.02), name


def written_out(daily, resamples, block, seed, studentised):
    """The module's definition in plain loops, with the lag-by-lag variance of Politis and Romano."""
    trials, n = daily.shape
    mean = daily.mean(axis=1)
    centred = daily - mean[:, None]
    keep = 1.0 - 1.0 / block
    variance = (centred**2).mean(axis=1)
    for lag in range(1, n):
        kappa = (1 - lag / n) * keep**lag + lag / n * keep ** (n - lag)
        variance += 2 * kappa * (centred[:, : n - lag] * centred[:, lag:]).sum(axis=1) / n
    w = np.sqrt(variance)
    divisor = w if studentised else np.ones(trials)
    statistic = max(0.0, float((math.sqrt(n) * mean / divisor).max()))
    kept = np.where(mean >= -w * math.sqrt(2 * math.log(math.log(n)) / n), mean, 0.0)
    starts, ends = stationary_blocks(n, resamples, block, np.random.default_rng(seed))
    counts = np.zeros(3)
    for row in range(resamples):
        days, begun = [], 0
        for start, end in zip(starts[row], ends[row], strict=True):
            days += [(start + place) % n for place in range(end - begun)]
            begun = end
        again = daily[:, days].mean(axis=1)
        for which, recentred in enumerate((np.maximum(mean, 0.0), kept, mean)):
            counts[which] += max(0.0, float((math.sqrt(n) * (again - recentred) / divisor).max())) >= statistic
    return (1 + counts) / (1 + resamples), statistic


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 8), st.integers(16, 70), st.floats(1.0, 12.0), st.booleans())
def test_the_p_values_equal_the_definition_written_out(seed, trials, days, block, studentised):
    """Good, middling and hopeless trials of different swings; every resample looked up by itself."""
    generator = np.random.default_rng(seed)
    swing = 10.0 ** generator.uniform(-1, 1, (trials, 1))
    daily = swing * (generator.normal(size=(trials, days)) + generator.choice([-1.0, -0.05, 0.0, 0.1], (trials, 1)))
    expected, statistic = written_out(daily, 60, block, 5, studentised)
    found = superior_ability(daily, np.random.default_rng(5), resamples=60, block=block, studentised=studentised)
    assert found.statistic == pytest.approx(statistic, abs=1e-9)
    # Two resamples may fall on the same days; single precision may then tell them from the sample itself.
    assert (found.lower, found.consistent, found.upper) == pytest.approx(tuple(expected), abs=1.5 / 61)
    assert found.lower <= found.consistent <= found.upper


def test_a_small_steady_edge_among_large_swings_is_found_only_when_studentised():
    """Why the statistic is divided by its deviation."""
    daily = np.random.default_rng(3).normal(size=(40, 500))
    daily[:39] *= 20.0
    daily[39] = daily[39] + 0.25
    found = superior_ability(daily, np.random.default_rng(1))
    assert found.consistent < 0.01
    assert found.best == 39
    plain = superior_ability(daily, np.random.default_rng(1), studentised=False)
    assert plain.consistent > 0.2


def test_hopeless_trials_do_not_hide_a_good_one():
    """The consistent p stays where the upper one is raised by trials that clearly lose."""
    daily = np.random.default_rng(4).normal(size=(200, 300))
    daily[1:] -= 0.5
    daily[0] += 0.16 - daily[0].mean()
    found = superior_ability(daily, np.random.default_rng(1), resamples=1000)
    assert found.consistent < 0.1 < found.upper


def test_noise_is_called_better_about_as_rarely_as_the_level_says():
    """200 searches of noise over 400 days at 5%: the test is known to be a little generous, here at most 11%."""
    generator = np.random.default_rng(6)
    p = [superior_ability(generator.normal(size=(15, 400)), generator, resamples=200).consistent for _ in range(200)]
    assert np.mean(np.array(p) <= 0.05) <= 0.11


def test_nothing_earned_is_no_evidence_at_all():
    """Every trial lost: T is 0 and p is 1."""
    daily = np.random.default_rng(4).normal(-1.0, 0.5, size=(5, 100))
    found = superior_ability(daily, np.random.default_rng(1), resamples=50)
    assert (found.statistic, found.consistent, found.upper) == (0.0, 1.0, 1.0)


def test_same_seed_same_p_and_the_scale_of_a_trial_takes_no_part():
    """Also for results too small for their squares."""
    daily = np.random.default_rng(7).normal(0.05, 1.0, size=(30, 200))
    one = superior_ability(daily, np.random.default_rng(1))
    other = superior_ability(daily * 2.0**-600, np.random.default_rng(1))
    assert one == other
    assert superior_ability(daily, np.random.default_rng(2)) != one


def test_unusable_trials_are_dropped_and_too_little_is_none():
    """NaN and flat trials are counted; 15 days, no usable trial, no trial: None; wrong settings are refused."""
    daily = np.random.default_rng(7).normal(size=(6, 40))
    spoiled = np.vstack((np.full(40, 0.1), daily))
    spoiled[1, 3] = np.nan
    found = superior_ability(spoiled, np.random.default_rng(1))
    assert (found.trials, found.dropped) == (5, 2)
    assert found.best >= 2
    for nothing in (daily[:, :15], np.ones((3, 40)), np.zeros((0, 40))):
        assert superior_ability(nothing, np.random.default_rng(1)) is None
    for wrong in ({"resamples": 0}, {"block": 0.5}, {"block": math.nan}):
        with pytest.raises(Misconfigured, match="resample"):
            superior_ability(daily, np.random.default_rng(1), **wrong)
