"""The detectors: their formula against a second writing of it, their bounds against streams and the published figures.

``ground_truth/drift.json`` holds run lengths and delays measured by another program.
"""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from benchmarks.drift_power import delays, family_delay, level_for, records, run_length, summary, wins_only
from hypothesis import given
from hypothesis import strategies as st

from tests.shared_data import shared
from tradewind.errors import Misconfigured
from tradewind.model.timeframe import DAY
from tradewind.validation.drift import DECAY_WEEKS, LEVELS
from tradewind.validation.drift_detectors import (
    CAP,
    PUBLISHED_ALTERNATIVES,
    DecayDetector,
    ResultDetector,
    WinDetector,
    e_bh,
    fleet_limit,
    pooled,
)


@given(st.lists(st.booleans(), max_size=60))
def test_the_level_is_the_mean_over_alternatives_of_the_sum_over_starts_of_likelihood_ratios(won):
    """Rule: R = mean_q sum_j prod_{i >= j} L_q(i), Shiryaev-Roberts written without its recursion."""
    detector = WinDetector()
    for one in won:
        detector.step(one, 0.58)
    expected = 0.0
    for q in PUBLISHED_ALTERNATIVES:
        ratios = [q / 0.58 if one else (1.0 - q) / 0.42 for one in won]
        expected += sum(math.prod(ratios[start:]) for start in range(len(ratios))) / len(PUBLISHED_ALTERNATIVES)
    assert detector.level == pytest.approx(expected, rel=1e-9)


@given(st.floats(0.05, 0.95))
def test_nobody_as_good_as_believed_gains_by_one_outcome(believed):
    """Rule: the factor of every alternative has mean 1 at the believed rate, and less above it."""
    after = {}
    for won in (True, False):
        detector = WinDetector()
        detector.step(won, believed)
        after[won] = detector.weights
    for k in range(len(PUBLISHED_ALTERNATIVES)):
        assert believed * after[True][k] + (1.0 - believed) * after[False][k] == pytest.approx(1.0)
        assert after[True][k] < 1.0 < after[False][k]


def test_run_length_and_delays_are_those_of_the_other_program():
    """Rule: within the noise of 300 streams of run length 1733 and delays 61.9 and 160.2 at level 1500."""
    answer = json.loads(shared("ground_truth/drift.json").read_text())["e_detector_guarantee"]["SR threshold 1500"]
    generator = np.random.default_rng(3)
    quiet = records(300, 12_000, generator)
    length = run_length(quiet, 1500.0, 12_000)
    assert length >= 1500.0
    assert length == pytest.approx(answer["measured_arl"], rel=0.2)
    for after, name in ((0.42, "delay_042"), (0.50, "delay_050")):
        found = summary(delays(500, after, wins_only, [1500.0], generator)[:, 0])
        assert found["mean"] == pytest.approx(answer[name]["mean"], rel=0.1)
        assert found["false_alarm_by_200"] == pytest.approx(answer[name]["false_alarm_by_200"], abs=0.03)
    assert level_for(946.0, quiet, 12_000) == pytest.approx(832.6, rel=0.2)


@pytest.mark.parametrize(("severity", "level"), LEVELS[1:])
def test_every_severity_keeps_its_own_bound_on_false_alarms(severity, level):
    """Rule: the mean number of outcomes to a false alarm is at least the level (three standard errors of room)."""
    quiet = records(200, 12_000, np.random.default_rng(int(level)))
    assert run_length(quiet, level, 12_000) >= level * (1.0 - 3.0 / math.sqrt(200))


def test_results_that_fell_are_found_where_the_win_rate_did_not_change():
    """Rule: wins of half the size at the same win rate raise the level of the results, not that of the wins."""
    generator = np.random.default_rng(4)
    wins, results = WinDetector(), ResultDetector(0.16, 1.5, -2.0)
    highest = 0.0
    for won in (generator.random(400) < 0.58).tolist():
        highest = max(highest, wins.step(won, 0.55))
        results.step(0.4 if won else -1.0)
    assert results.level > 5000.0
    assert highest < 1500.0


def test_results_as_good_as_the_mean_give_no_more_false_alarms_than_the_bound_allows():
    """Rule: 100 streams with exactly the believed mean need at least 400 outcomes on average to level 400."""
    generator = np.random.default_rng(5)
    lengths = []
    for _ in range(100):
        detector = ResultDetector(0.0, 1.0, -1.5)
        values = np.where(generator.random(6_000) < 0.5, 1.0, -1.0)
        lengths.append(next((i for i, r in enumerate(values.tolist(), 1) if detector.step(r) >= 400.0), 6_000))
    assert np.mean(lengths) >= 400.0


def test_a_single_absurd_loss_raises_no_alarm():
    """Rule: results are cut at the worst that is believed possible."""
    detector = ResultDetector(0.1, 2.0, -2.0)
    assert detector.step(-1e9) < 5.0


def test_levels_stay_finite_however_long_somebody_loses():
    """Rule: capped, and still above every severity."""
    wins, results, decay = WinDetector(), ResultDetector(0.1, 2.0, -2.0), DecayDetector()
    for i in range(20_000):
        wins.step(False, 0.58)
        results.step(-2.0)
        decay.step(False, 0.58, i * DAY // 24)
    for level in (wins.level, results.level):
        assert 5000.0 < level <= CAP
    assert math.isfinite(decay.level)


@pytest.mark.req("K17")
def test_a_slow_decay_is_found_before_the_step_rule_finds_it():
    """Rule: -0.2 points a day, 24 outcomes a day: earlier than 15% over 30 days, and before 15% is truly lost."""
    generator = np.random.default_rng(17)
    found, step_rule = [], []
    for _ in range(20):
        detector, history, first, rule = DecayDetector(), [], None, None
        for day in range(70):
            for hour in range(24):
                won = bool(generator.random() < 0.58 - 0.002 * day)
                history.append(won)
                level = detector.step(won, 0.58, day * DAY + hour * DAY // 24)
                if first is None and level >= DECAY_WEEKS:
                    first = day
                recent = history[-720:]
                if rule is None and len(recent) == 720 and 1.0 - sum(recent) / 720 / 0.58 >= 0.15:
                    rule = day
        found.append(first if first is not None else 70)
        step_rule.append(rule if rule is not None else 70)
    assert np.mean(found) < np.mean(step_rule) - 10
    assert np.mean(found) < 0.15 * 0.58 / 0.002
    assert sum(a < b for a, b in zip(found, step_rule, strict=True)) >= 19


def test_a_family_that_declines_together_is_found_earlier_than_any_one_member():
    """Rule: the mean level of five members needs fewer trades of each than one member alone."""
    generator = np.random.default_rng(6)
    assert family_delay(60, 5, 1500.0, generator)["mean"] < 50.0
    assert pooled(()) == 0.0


def test_the_fleet_limit_is_the_outcomes_of_a_month_and_never_below_the_severity():
    """Rule: 12,000 outcomes a month ask for level 12,000; a small fleet for the severity's own."""
    assert fleet_limit(12_000, 5000.0) == 12_000
    assert fleet_limit(300, 5000.0) == 5000.0


def test_e_bh_finds_the_largest_set_that_its_level_allows():
    """Rule: k e_(k) >= K / alpha, the largest k; by hand for five values at alpha 0.1."""
    assert e_bh([60.0, 3.0, 26.0, 17.0, 1.0], 0.1) == [0, 2, 3]
    assert e_bh([49.0, 24.0, 16.0, 12.0, 9.0], 0.1) == []
    assert e_bh([], 0.1) == []


@pytest.mark.parametrize("believed", [0.0, 1.0, -0.1, float("nan")])
def test_a_belief_that_is_no_probability_is_refused(believed):
    """Rule: it would divide by zero, or never alarm."""
    with pytest.raises(Misconfigured, match="believed win rate"):
        WinDetector().step(True, believed)
    with pytest.raises(Misconfigured, match="believed win rate"):
        DecayDetector().step(True, believed, 0)


def test_bounds_that_hold_no_mean_and_results_that_are_no_number_are_refused():
    """Rule: worst < mean < best."""
    for bounds in ((0.0, 0.0, -1.0), (-2.0, 1.0, -1.0), (float("nan"), 1.0, -1.0)):
        with pytest.raises(Misconfigured, match="worst < mean < best"):
            ResultDetector(*bounds)
    with pytest.raises(Misconfigured, match="no number"):
        ResultDetector(0.0, 1.0, -1.0).step(float("nan"))
