"""The three sections of a review, against made-up champions whose truth is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.shared_data import shared
from tradewind.model.timeframe import HOUR
from tradewind.research.model_review import Seen, reviewed


def seen(n: int, *, honest: float = 1.0, bad: str = "", seed: int = 3) -> Seen:
    """``n`` events that share no bar, an hour apart; ``honest`` 1 keeps its promise; ``bad`` a quarter that fails."""
    generator = np.random.default_rng(seed)
    p = generator.uniform(0.1, 0.9, n)
    ts = np.arange(1, n + 1, dtype=np.int64) * HOUR
    true = 0.5 + honest * (p - 0.5)
    if bad:
        true = np.where(ts // HOUR % 24 // 6 == int(bad[:2]) // 6, 1.0 - true, true)
    went = np.where(generator.random(n) < true, 1, -1)
    side = np.where(p > 0.6, 1, np.where(p < 0.4, -1, 0))
    return Seen(ts, p, side, went, np.ones(n, dtype=np.bool_))


def review(given: Seen, before: float | None = 0.02):
    return reviewed(given, before, np.random.default_rng(1))


@pytest.mark.req("I17")
def test_who_keeps_the_promise_and_who_does_not():
    """Promised and actual rate are the sample's own; a champion that guesses is found by p, an honest one is not."""
    given = seen(3000)
    found = review(given).hit_rate
    acted = given.side != 0
    sure = np.maximum(given.p_up, 1 - given.p_up)[acted]
    assert (found.n, found.promised) == (int(acted.sum()), pytest.approx(float(sure.mean())))
    assert found.actual == pytest.approx(float((given.side == given.went)[acted].mean()))
    assert found.low < found.actual < found.high
    assert found.p > 0.05
    gone = review(seen(3000, honest=0.0)).hit_rate
    assert gone.p < 1e-6
    assert gone.actual == pytest.approx(0.5, abs=0.04)


@pytest.mark.req("I17")
def test_calibration_drift_is_the_error_now_less_the_error_then():
    """The error is that of the published fixture; drift is the difference, None where nobody knows what it was."""
    fixture = json.loads(shared("ground_truth/models.json").read_text())["ece"]
    p, y = np.array(fixture["p"]), np.array(fixture["y"])
    ts = np.arange(p.size, dtype=np.int64) * HOUR
    given = Seen(ts, p, np.ones(p.size, np.int64), np.where(y > 0, 1, -1), np.ones(p.size, np.bool_))
    found = review(given, 0.03).calibration
    assert found.error == pytest.approx(fixture["ece10"])
    assert found.drift == pytest.approx(fixture["ece10"] - 0.03)
    assert review(given, None).calibration.drift is None
    assert review(seen(3000)).calibration.error < 0.04 < review(seen(3000, honest=0.2)).calibration.error


@pytest.mark.req("I17")
def test_the_quarter_of_the_day_in_which_it_fails_is_named():
    """Holm over all groups: the planted one comes first and is beyond luck; without one nothing is."""
    found = review(seen(4000, bad="06-12 UTC")).failures
    assert found[0].group == "06-12 UTC"
    assert found[0].p < 0.001
    assert found[0].share > 0.6
    assert all(one.p > 0.01 for one in review(seen(4000)).failures)


def test_nothing_seen_is_nothing_said():
    """No event that was acted on: undefined rates, no pattern."""
    given = seen(50)._replace(side=np.zeros(50, np.int64))
    found = review(given)
    assert (found.hit_rate.n, found.hit_rate.actual, found.hit_rate.p, found.failures) == (0, None, None, ())
