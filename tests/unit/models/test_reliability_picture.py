"""The reliability plot: where forecasts lie, how often they came true, and how little overlapping labels prove."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from tradewind.app.models.reliability_picture import Curve, reliability_picture
from tradewind.validation.calibration import reliability, reliability_by_mass

SVG = "{http://www.w3.org/2000/svg}"


def forecasts(spread: float) -> tuple[np.ndarray, np.ndarray]:
    """2,000 calibrated forecasts within ``spread`` of one half, and what came of them."""
    generator = np.random.default_rng(4)
    p = 0.5 + spread * generator.uniform(-1.0, 1.0, 2_000)
    return p, (generator.uniform(size=p.size) < p).astype(np.float64)


def drawn(picture: str) -> tuple[list[tuple[float, float]], list[float]]:
    """Points as (forecast, share) and the heights of their limits, as shares."""
    root = ET.fromstring(picture)
    axis = [float(one.get("y1", 0)) for one in root.iter(f"{SVG}line") if one.get("stroke") == "#dddddd"]
    bottom, tall = max(axis), max(axis) - min(axis)
    left, right = (float(next(root.iter(f"{SVG}line")).get(name, 0)) for name in ("x1", "x2"))
    points = [
        ((float(one.get("cx", 0)) - left) / (right - left), (bottom - float(one.get("cy", 0))) / tall)
        for one in root.iter(f"{SVG}circle")
    ]
    limits = [
        (float(one.get("y1", 0)) - float(one.get("y2", 0))) / tall
        for one in root.iter(f"{SVG}line")
        if one.get("x1") == one.get("x2")
    ]
    return points, limits


@pytest.mark.req("E09")
@pytest.mark.parametrize("spread", [0.4, 0.02])
def test_ten_points_stand_where_the_forecasts_are(spread):
    """A model that never leaves 0.48 to 0.52 has ten points too; each lies at its bin's mean and share, to a pixel."""
    p, y = forecasts(spread)
    bins = reliability_by_mass(p, y)
    points, _ = drawn(reliability_picture("a", [Curve("all", bins, 0.01)]))
    assert len(points) == 10
    order = np.argsort(p)
    for place, (x, height) in enumerate(points):
        part = order[200 * place : 200 * place + 200]
        assert x == pytest.approx(p[part].mean(), abs=0.003)
        assert height == pytest.approx(y[part].mean(), abs=0.003)


def test_labels_that_overlap_have_wider_limits():
    """Worth a ninth of their number, the limits are three times as wide."""
    p, y = forecasts(0.3)
    bins = reliability_by_mass(p, y)
    _, alone = drawn(reliability_picture("a", [Curve("all", bins, None)]))
    _, overlapping = drawn(reliability_picture("a", [Curve("all", bins, None, 1.0 / 9.0)]))
    assert np.mean(overlapping) / np.mean(alone) == pytest.approx(3.0, rel=0.1)


def test_one_and_the_same_forecast_and_a_name_of_signs_are_drawn():
    """No width, no division by it; what a name holds is text."""
    same = np.full(50, 0.5)
    picture = reliability_picture(
        "<b>&", [Curve("<i>", reliability_by_mass(same, same > 1), None), Curve("none", (), 0.0)]
    )
    assert "<b>" not in picture
    assert not re.search("nan|inf", picture)
    assert len(drawn(picture)[0]) == 10


def test_both_kinds_of_bins_hold_every_forecast():
    """Of any number, also fewer than bins and none."""
    for n in (0, 1, 7, 10, 23, 2_000):
        p, y = (part[:n] for part in forecasts(0.4))
        for bins in (reliability(p, y), reliability_by_mass(p, y)):
            assert sum(one.n for one in bins) == n
            assert sum(one.n * one.rate for one in bins) == pytest.approx(y.sum())
            assert all(one.low <= one.mean_p <= one.high for one in bins)
