"""Calibrators repair what was bent, keep the order, and survive a file."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.errors import Misconfigured
from tradewind.predictors.calibrators import Calibrator, Identity, Isotonic, Scaling, fitted
from tradewind.predictors.log_odds import logit
from tradewind.validation.calibration import calibration_error, log_loss


def bent(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    true = generator.uniform(0.05, 0.95, n)
    said = 1.0 / (1.0 + np.exp(-(2.5 * logit(true) + 0.8)))
    return said, (generator.random(n) < true).astype(float), true


@pytest.mark.parametrize(("n", "kind"), [(60, Scaling), (600, Scaling), (5000, Isotonic)])
def test_the_kind_follows_the_sample_and_repairs(n, kind):
    """Temperature below 100, a line below 1,000, steps above; each brings the log loss down on other data."""
    p, y, _ = bent(n, 1)
    found = fitted(p, y)
    assert isinstance(found, kind)
    later, happened, true = bent(20_000, 2)
    assert log_loss(found(later), happened) < log_loss(later, happened)
    if n >= 600:
        assert calibration_error(found(later), happened) < 0.03
        assert np.abs(found(later) - true).mean() < 0.04
    if n == 60:
        assert found.shift == 0.0


def test_a_line_in_the_log_odds_is_found_again():
    """Published form: the fit of bent odds is the inverse of the bend."""
    p, y, _ = bent(200_000, 3)
    found = fitted(p[:999], y[:999])
    assert isinstance(found, Scaling)
    weight = np.ones(999)
    assert fitted(p[:999], y[:999], weight) == found
    assert found.slope == pytest.approx(1 / 2.5, rel=0.25)


def test_what_prevails_in_a_slice_by_luck_is_not_said_of_what_follows():
    """Rule: half of what a few hundred samples are drawn from goes up; a shift that lasts is still found in many."""
    plain, held = [], []
    later = np.random.default_rng(0).uniform(0.3, 0.7, 20_000)
    for seed in range(20):
        generator = np.random.default_rng([seed, 4])
        p = generator.uniform(0.3, 0.7, 200)
        y = (generator.random(200) < p).astype(float)
        free, narrow = fitted(p, y), fitted(p, y, lasting=0.06)
        assert abs(narrow.shift) < abs(free.shift)
        assert narrow.shift * free.shift >= 0.0
        plain.append(np.abs(free(later) - later).mean())
        held.append(np.abs(narrow(later) - later).mean())
    assert np.mean(held) < 0.8 * np.mean(plain)
    p, y, _ = bent(999, 5)
    assert fitted(p, y, lasting=0.3).shift < -0.2
    with pytest.raises(Misconfigured, match="above 0"):
        fitted(p, y, lasting=0.0)


@given(st.integers(2, 300), st.integers(0, 1000))
def test_no_calibrator_turns_the_order_round_or_leaves_the_unit_interval(n, seed):
    """Rule: p <= q gives c(p) <= c(q) within [0, 1], and the file gives the same numbers."""
    generator = np.random.default_rng(seed)
    p = generator.random(n)
    y = (generator.random(n) < 0.2 + 0.6 * p).astype(float)
    for found in (fitted(p, y), fitted(np.tile(p, 1000 // n + 1), np.tile(y, 1000 // n + 1))):
        grid = found(np.linspace(0.0, 1.0, 51))
        assert ((grid >= 0.0) & (grid <= 1.0)).all()
        if not isinstance(found, Scaling) or found.slope >= 0.0:
            assert (np.diff(grid) >= -1e-12).all()
        again = msgspec.json.decode(msgspec.json.encode(found), type=Calibrator)
        np.testing.assert_array_equal(again(np.linspace(0.0, 1.0, 51)), grid)


def test_one_class_teaches_nothing():
    """Without both outcomes there is nothing to fit; the raw probability stays."""
    assert fitted(np.array([0.2, 0.7]), np.ones(2)) == Identity()
    assert fitted(np.empty(0), np.empty(0)) == Identity()
