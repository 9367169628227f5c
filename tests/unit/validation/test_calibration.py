"""Calibration error and scores against stored answers, the noise floor against the measured one."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.shared_data import shared
from tradewind.errors import Misconfigured
from tradewind.validation.calibration import (
    brier,
    calibration_error,
    calibration_p,
    equal_mass_error,
    log_loss,
    noise_floor,
    reliability,
    top_label_error,
)


@pytest.fixture(scope="module")
def truth() -> dict:
    return json.loads(shared("ground_truth/models.json").read_text())["ece"]


@pytest.fixture(scope="module")
def sample(truth) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(truth["p"], float), np.asarray(truth["y"], float)


def test_every_measure_is_the_stored_one(truth, sample):
    """10 and 15 bins, equal mass, the likelier class, Brier score and log loss to 1e-12."""
    p, y = sample
    assert calibration_error(p, y) == pytest.approx(truth["ece10"], abs=1e-12)
    assert calibration_error(p, y, 15) == pytest.approx(truth["ece15"], abs=1e-12)
    assert equal_mass_error(p, y) == pytest.approx(truth["ece10_equal_mass"], abs=1e-12)
    assert top_label_error(p, y) == pytest.approx(truth["toplabel_ece10"], abs=1e-12)
    assert brier(p, y) == pytest.approx(truth["brier"], abs=1e-12)
    assert log_loss(p, y) == pytest.approx(truth["logloss"], abs=1e-12)
    assert sum(one.n for one in reliability(p, y)) == p.size


def test_perfectly_calibrated_models_show_the_published_error(truth):
    """SCIENCE 5: .133 at n = 50 down to .014 at 5,000, and how seldom the 5% gate lets them pass."""
    generator = np.random.default_rng(3)
    for row in truth["noise_floor_perfectly_calibrated"]:
        p = generator.uniform(0.0, 1.0, row["n"]) * 0.6 + 0.2
        found = noise_floor(p, generator, draws=400)
        assert found is not None
        assert found.mean == pytest.approx(row["mean"], rel=0.35)
        assert found.passing == pytest.approx(row["pass_5pct_gate"], abs=0.25)
        assert found.mean < found.p95


def test_the_test_of_calibration_holds_its_level_and_sees_what_is_wrong():
    """Of 400 calibrated samples some 5% are refused; of those that say 0.8 for 0.6 nearly all are."""
    generator = np.random.default_rng(8)
    refused = {True: 0, False: 0}
    for _ in range(400):
        p = generator.uniform(0.2, 0.9, 300)
        for honest, rate in ((True, p), (False, 0.5 + (p - 0.5) * 0.4)):
            y = (generator.random(300) < rate).astype(float)
            refused[honest] += (calibration_p(p, y) or 0.0) < 0.05
    assert refused[True] <= 35
    assert refused[False] > 380


def test_too_little_is_none_and_nonsense_is_refused():
    """No predictions: nothing to say; NaN and shapes that differ: an error that says what is allowed."""
    none = np.empty(0)
    assert [found(none, none) for found in (calibration_error, brier, log_loss, equal_mass_error)] == [None] * 4
    assert noise_floor(none, np.random.default_rng(1)) is None
    assert calibration_p(np.full(9, 0.5), np.ones(9)) is None
    for p, y in ((np.array([np.nan]), np.ones(1)), (np.ones(2), np.ones(1)), (np.array([1.2]), np.ones(1))):
        with pytest.raises(Misconfigured, match="from 0 to 1"):
            calibration_error(p, y)
