"""What a forecast is worth: known forecasters on made-up labels, and gates at their boundaries."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tradewind.errors import Misconfigured
from tradewind.predictors.conformal import Conformal
from tradewind.research.model_evaluation import Forecasts, acted, evaluated
from tradewind.research.model_gates import InputCheck, ModelLimits, model_rows, passed

GOOD = InputCheck((), 1.0)


def forecasts(
    seed: int, n: int, *, strength: float, overlap: int = 1, up: float = 0.5, cost: float = 0.0002
) -> Forecasts:
    """Labels with a known chance; ``strength`` 0 knows nothing, 1 knows the chance of each."""
    generator = np.random.default_rng(seed)
    true = np.clip(up + generator.uniform(-0.4, 0.4, n), 0.02, 0.98)
    label = np.where(generator.random(n) < true, 1.0, -1.0)
    start = np.arange(n, dtype=np.int64) * (4 // overlap)
    said = up + strength * (true - up)
    return Forecasts(said, label, start, start + 3, np.full(n, 0.01), cost, int(start[-1]) + 4)


def evaluate(given: Forecasts, alpha: float = 0.35):
    sides = acted(given, Conformal.of(alpha, 0.02))
    return evaluated(given, sides, np.random.default_rng(1))


@pytest.mark.req("I20", "D18", "E09")
def test_a_forecaster_that_knows_passes_and_one_that_guesses_does_not():
    """The honest gate: skill above base rate and break-even on independent events; the line names all of them."""
    knows, guesses = evaluate(forecasts(1, 3000, strength=1.0)), evaluate(forecasts(1, 3000, strength=0.0))
    assert passed(model_rows("honest", knows, GOOD, 1.0, ModelLimits()))
    assert knows.selective.accuracy > knows.accuracy > knows.base_rate
    assert 0.0 < knows.coverage < 1.0
    assert knows.ece < 0.05
    rows = {row.name: row for row in model_rows("honest", guesses, GOOD, 1.0, ModelLimits())}
    assert not rows["accuracy.low"].passed
    assert all(word in knows.line() for word in ("accuracy", "base rate", "skill", "coverage", "n_eff", "p "))


@pytest.mark.req("I20")
def test_a_base_rate_is_no_skill():
    """A label that is up 66% of the time: always saying so is 66% right, and is refused."""
    generator = np.random.default_rng(5)
    label = np.where(generator.random(2000) < 0.66, 1.0, -1.0)
    start = np.arange(2000, dtype=np.int64) * 4
    given = Forecasts(np.full(2000, 0.66), label, start, start + 3, np.full(2000, 0.01), 0.0002, 8000)
    found = evaluated(given, np.ones(2000, np.int64), np.random.default_rng(1))
    assert found.accuracy > 0.64
    assert found.skill == pytest.approx(0.0)
    rows = {row.name: row for row in model_rows("honest", found, GOOD, 1.0, ModelLimits())}
    assert not rows["accuracy.low"].passed
    assert not rows["accuracy.p"].passed


def test_labels_that_overlap_do_not_count_twice():
    """Four labels over the same bars are one event: n_eff and events say so."""
    apart, together = evaluate(forecasts(2, 1200, strength=1.0)), evaluate(forecasts(2, 1200, strength=1.0, overlap=4))
    assert apart.n_eff == pytest.approx(1200)
    assert together.n_eff == pytest.approx(300, rel=0.02)
    assert together.selective.n < 320 < apart.selective.n


def test_costs_are_paid_before_anything_is_earned():
    """Break-even is 1/2 + cost / (2 width): at costs of half the barrier nobody passes."""
    cheap, dear = evaluate(forecasts(1, 3000, strength=1.0)), evaluate(forecasts(1, 3000, strength=1.0, cost=0.006))
    assert cheap.breakeven == pytest.approx(0.51)
    assert dear.breakeven == pytest.approx(0.80)
    assert dear.selective.net_r == pytest.approx(2.0 * dear.selective.accuracy - 1.0 - 0.6)
    rows = {row.name: row for row in model_rows("honest", dear, GOOD, 1.0, ModelLimits())}
    assert not rows["accuracy.low"].passed
    assert not rows["expectancy.low"].passed


@pytest.mark.req("D18", "E09")
def test_the_row_of_the_expectancy_shows_the_bound_that_decides():
    """A gain within its own error: the mean is above 0, the row shows the lower bound below it, and fails."""
    found = evaluate(forecasts(1, 400, strength=1.0, cost=0.0039))
    chosen = found.selective
    assert chosen.net > 0.0 > chosen.net_low
    (row,) = [one for one in model_rows("honest", found, GOOD, 1.0, ModelLimits()) if one.name == "expectancy.low"]
    assert (row.value, row.threshold, row.comparison, row.passed) == (chosen.net_low, 0.0, ">", False)
    assert f"{chosen.net:+.6f}, {chosen.net_r:+.3f} barrier widths" in row.note
    for strength in (0.2, 1.0):
        rows = model_rows("honest", evaluate(forecasts(1, 3000, strength=strength)), GOOD, 1.0, ModelLimits())
        (row,) = [one for one in rows if one.name == "expectancy.low"]
        assert row.passed is (row.value > row.threshold)


def test_an_outcome_is_learnt_when_it_is_known():
    """Rule: changing a label after the bar of a decision changes that decision not."""
    given = forecasts(3, 400, strength=1.0, overlap=4)
    sides = acted(given, Conformal.of(0.3, 0.05))
    for cut in (50, 200, 399):
        late = given.end > given.start[cut]
        other = msgspec.structs.replace(given, label=np.where(late, -given.label, given.label))
        np.testing.assert_array_equal(acted(other, Conformal.of(0.3, 0.05))[: cut + 1], sides[: cut + 1])


@pytest.mark.req("D18", "D19", "D20", "D21")
@pytest.mark.parametrize(
    ("change", "row", "met"),
    [
        ({"accuracy": 0.679}, "accuracy", False),
        ({"accuracy": 0.68}, "accuracy", True),
        ({"accuracy": 0.681}, "accuracy", True),
        ({"ece": 0.051}, "calibration.error", False),
        ({"ece": 0.05}, "calibration.error", True),
        ({"ece": 0.049}, "calibration.error", True),
        ({"latency": 500.1}, "latency.p99_ms", False),
        ({"latency": 500.0}, "latency.p99_ms", True),
        ({"leaks": ("rsi(14) at bar 7",)}, "inputs.leakage", False),
        ({"complete": 0.94}, "inputs.completeness", False),
        ({"complete": 0.95}, "inputs.completeness", True),
    ],
)
def test_the_published_thresholds_hold_at_their_boundaries(change, row, met):
    """Just below, at and above: equality passes."""
    found = evaluate(forecasts(1, 3000, strength=1.0))
    chosen = msgspec.structs.replace(found.selective, accuracy=change.get("accuracy", 0.7))
    found = msgspec.structs.replace(found, selective=chosen, ece=change.get("ece", 0.01))
    inputs = InputCheck(change.get("leaks", ()), change.get("complete", 1.0))
    rows = {one.name: one for one in model_rows("source", found, inputs, change.get("latency", 1.0), ModelLimits())}
    assert rows[row].passed is met


def test_below_a_thousand_the_test_judges_calibration_instead_of_its_noise():
    """At n = 300 a calibrated model shows an error above 5%; the test lets it pass, the published limit does not."""
    small = msgspec.structs.replace(evaluate(forecasts(9, 300, strength=1.0)), ece=0.051)
    honest = {row.name: row.passed for row in model_rows("honest", small, GOOD, 1.0, ModelLimits())}
    assert honest["calibration.p"]
    assert "calibration.error" not in honest
    assert small.ece_floor.mean > 0.04
    unlike = msgspec.structs.replace(small, calibration_p=0.049)
    rows = {row.name: row.passed for row in model_rows("honest", unlike, GOOD, 1.0, ModelLimits())}
    assert not rows["calibration.p"], "above the limit, and not by luck"
    within = msgspec.structs.replace(unlike, ece=0.05)
    rows = {row.name: row.passed for row in model_rows("honest", within, GOOD, 1.0, ModelLimits())}
    assert rows["calibration.error"], "noise only adds to the error: within the limit it counts at any number"
    large = evaluate(forecasts(9, 1000, strength=1.0))
    assert "calibration.error" in {row.name for row in model_rows("honest", large, GOOD, 1.0, ModelLimits())}


def test_nobody_who_stays_silent_is_promoted():
    """No event: undefined figures, which are not met; nonsense is refused."""
    given = forecasts(4, 500, strength=1.0)
    silent = evaluated(given, np.zeros(500, np.int64), np.random.default_rng(1))
    assert (silent.coverage, silent.selective.n, silent.selective.accuracy) == (0.0, 0, None)
    assert not passed(model_rows("honest", silent, GOOD, 1.0, ModelLimits()))
    with pytest.raises(Misconfigured, match="one element a sample"):
        msgspec.structs.replace(given, label=given.label * 0.0).__post_init__()
