"""Simple predictors: as plain numbers they answer what the library that fitted them answers."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind.errors import Misconfigured
from tradewind.research.simple_models import base_rate, boosting, logistic, trees_of


def samples(n: int, seed: int):
    generator = np.random.default_rng(seed)
    windows = generator.standard_normal((n, 5, 4)).astype(np.float32)
    z = 1.2 * windows[:, -1, 0] - 0.7 * windows[:, -1, 1] + 0.9 * (windows[:, -1, 2] > 0.5)
    up = (generator.random(n) < 1.0 / (1.0 + np.exp(-z))).astype(float)
    return windows, up, np.ones(n)


def test_the_base_rate_is_the_weighted_share():
    """Rule: the share of ups, each by its weight."""
    windows, up, weight = samples(100, 1)
    weight[:50] = 3.0
    assert base_rate(windows, up, weight).p_up == pytest.approx((3.0 * up[:50].sum() + up[50:].sum()) / 200.0)
    with pytest.raises(Misconfigured, match="not 0"):
        base_rate(windows[:0], up[:0], weight[:0])


def test_logistic_regression_is_the_minimum_that_another_program_finds():
    """PyTorch's gradients and L-BFGS on the same loss, written down once more: equal weights to 1e-6."""
    import torch

    windows, up, weight = samples(3000, 2)
    weight = np.random.default_rng(3).uniform(0.2, 1.0, 3000)
    found = logistic(windows, up, weight, penalty=2.0)
    rows, labels, weights = (torch.from_numpy(one.astype(np.float64)) for one in (windows[:, -1, :], up, weight))
    slope, bias = torch.zeros(4, dtype=torch.float64, requires_grad=True), torch.zeros((), dtype=torch.float64)
    bias.requires_grad_()
    steps = torch.optim.LBFGS([slope, bias], max_iter=500, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        steps.zero_grad()
        error = torch.nn.functional.binary_cross_entropy_with_logits(
            rows @ slope + bias, labels, weight=weights, reduction="sum"
        )
        total = error + 2.0 / 2.0 * slope.square().sum()
        total.backward()
        return total

    steps.step(loss)
    np.testing.assert_allclose(found.weights, slope.detach().numpy(), atol=1e-6)
    assert found.bias == pytest.approx(float(bias.detach()), abs=1e-6)


@pytest.mark.req("I14")
def test_trees_as_plain_numbers_answer_as_the_library_does():
    """A walk through the dump gives LightGBM's own predictions to 1e-12, and the fit is the same twice."""
    import lightgbm

    train, later = samples(4000, 4), samples(2000, 5)
    found = boosting(*train, later)
    assert found == boosting(*train, later)
    p = found.forecasts(later[0])
    assert np.mean((p > 0.5) == (later[1] > 0.5)) > 0.66
    data = lightgbm.Dataset(train[0][:, -1, :].astype(float), train[1])
    model = lightgbm.train({"objective": "binary", "verbosity": -1, "num_threads": 1}, data, 40)
    own = trees_of(model.dump_model(), 4).forecasts(later[0])
    np.testing.assert_allclose(own, model.predict(later[0][:, -1, :].astype(float)), atol=1e-12)
