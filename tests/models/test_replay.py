"""A warm start that replays older regimes: what a net knew is still known when the market comes back."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tests.models.markets import regimes
from tradewind.features.model_inputs import windows_of
from tradewind.predictors.onnx_model import OnnxModel
from tradewind.research.dataset import chronological
from tradewind.research.fit_plan import FitPlan
from tradewind.research.model_training import Order, Part, TrainedModel, replayed, train_model

BEFORE, DURING, AFTER = 7000, 5000, 3000
ORDER = Order(kind="patch_mlp", length=20, options={"dropout": 0.2}, plan=FitPlan(epochs=12, patience=4, seed=2))


def hit_rate(model: TrainedModel, data, samples) -> float:
    """Of the raw net: the calibrator was fitted in the regime that has passed."""
    rows = model.scale(data.features.rows)
    net = OnnxModel(model.data, ORDER.length, rows.shape[1])
    p = net.forecasts(windows_of(rows, ORDER.length)[samples - (ORDER.length - 1)])
    return float(((p >= 0.5) == (data.label[samples] > 0.0)).mean())


@pytest.mark.req("I15")
def test_after_a_regime_has_come_and_gone_replay_still_knows_the_old_one():
    """Trend, then reversal, then trend: retrained in the reversal, half replayed forecasts the return, all new not."""
    data = regimes(((BEFORE, 0.85), (DURING, -0.6), (AFTER, 0.85)), 2)
    every = data.samples(ORDER.length)
    first, middle = every[every < BEFORE], every[(every >= BEFORE + 50) & (every < BEFORE + DURING - 50)]
    back = every[every >= BEFORE + DURING + 100]
    old = train_model(ORDER, [Part(data, chronological(data, first), 0.0006)])
    part = Part(data, chronological(data, middle), 0.0006, first)
    hits = {
        share: hit_rate(train_model(msgspec.structs.replace(ORDER, replay=share), [part], warm=old.weights), data, back)
        for share in (0.0, 0.5)
    }
    assert hit_rate(old, data, back) > 0.65
    assert hits[0.5] > 0.65
    assert hits[0.0] < 0.55


def test_a_replay_keeps_the_newest_and_meets_everything_before_evenly():
    """As many samples as without it, in order; half of them old ones at even distances over all there is."""
    data = regimes(((2000, 0.5),), 3)
    every = data.samples(ORDER.length)
    older, fit = every[:800], every[800:1000]
    part = Part(data, chronological(data, fit), 0.0006, older)
    mixed = replayed(part, fit, 0.5)
    assert mixed.size == fit.size
    assert (np.diff(mixed) > 0).all()
    np.testing.assert_array_equal(mixed[100:], fit[100:])
    assert np.ptp(np.diff(np.searchsorted(every, mixed[:100]))) <= 1
    assert (mixed[0], mixed[99]) == (older[0], fit[99])
    np.testing.assert_array_equal(replayed(part, fit, 0.0), fit)
    alone = replayed(part._replace(older=None), fit, 0.5)
    assert set(alone) <= set(fit)
