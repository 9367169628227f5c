"""Every net through the same conformance: it learns, goes on where it stopped, and is served as it was trained."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind.errors import Corrupt, Misconfigured

LENGTH, WIDTH = 20, 4


@pytest.fixture(scope="module")
def fitting():
    from tradewind.research.nets import fitting

    return fitting


@pytest.fixture(scope="module")
def nets():
    from tradewind.research.nets import nets

    return nets()


SMALL = {
    "dlinear": {},
    "gru": {"hidden": 8},
    "lstm": {"hidden": 8},
    "patch_mlp": {"hidden": 16, "embedding": 8, "dropout": 0.1},
    "tcn": {"channels": 8, "layers": 3},
    "transformer": {"model_dim": 16, "heads": 2, "layers": 1},
}


def samples(fitting, n: int, seed: int, *, noise: float = 0.5):
    """Up where a slow average of the first channel is above 0, give or take."""
    generator = np.random.default_rng(seed)
    windows = generator.standard_normal((n, LENGTH, WIDTH)).astype(np.float32)
    up = (windows[:, -10:, 0].mean(axis=1) * 3.0 + noise * generator.standard_normal(n) > 0.0).astype(np.float32)
    return fitting.Samples(windows, up, np.ones(n, np.float32))


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.req("I02", "I06", "I13")
def test_a_net_learns_resumes_to_the_same_weights_and_is_served_as_trained(fitting, nets, name):
    """Skill on later samples; a fit stopped after two epochs ends as one that was not; the ONNX file answers alike."""
    from tradewind.predictors.manifest import differs
    from tradewind.predictors.onnx_model import OnnxModel
    from tradewind.research.nets.export import exported

    net = nets[name]
    options = net.options_of(SMALL[name])
    train, valid = samples(fitting, 1500, 1), samples(fitting, 500, 2)
    plan = fitting.FitPlan(epochs=6, patience=6, rate=5e-3, seed=3)
    checkpoints = []
    whole = fitting.fit(net, options, train, valid, plan, told=checkpoints.append)
    assert whole.best.accuracy > 0.65
    assert [one.epoch.number for one in checkpoints] == [1, 2, 3, 4, 5, 6]
    again = fitting.fit(net, options, train, valid, plan, resumed=checkpoints[1].data)
    assert [one[:5] for one in again.history] == [one[:5] for one in whole.history]
    for key, array in whole.weights.items():
        np.testing.assert_array_equal(array, again.weights[key])
    data, probe = exported(net, options, whole.weights, LENGTH, WIDTH)
    assert differs(OnnxModel(data, LENGTH, WIDTH), probe) == ""
    raw = fitting.probabilities(net, options, whole.weights, valid.windows)
    np.testing.assert_allclose(OnnxModel(data, LENGTH, WIDTH).forecasts(valid.windows), raw, atol=1e-5)


def test_every_net_is_in_the_conformance(nets):
    """A new net is one file, and it is tested unasked."""
    assert set(nets) == set(SMALL)
    assert all(net.options_of({}) for net in nets.values())
    assert nets["lstm"].options_of({}, "3x128").hidden == 128
    assert nets["transformer"].options_of({}, "256x8").heads == 8
    with pytest.raises(Misconfigured, match="has no size"):
        nets["lstm"].options_of({}, "huge")
    with pytest.raises(Misconfigured, match="hidden"):
        nets["lstm"].options_of({"hidden": 0})
    with pytest.raises(Misconfigured, match="unknown field"):
        nets["lstm"].options_of({"depth": 3})


@pytest.mark.req("I06")
def test_it_stops_where_nothing_gets_better(fitting, nets):
    """Patience on samples without anything to learn; the epochs where there is; the clock where that is short."""
    net = nets["dlinear"]
    train, valid = samples(fitting, 400, 5, noise=50.0), samples(fitting, 200, 6, noise=50.0)
    lost = fitting.fit(net, net.options(), train, valid, fitting.FitPlan(epochs=50, patience=3))
    assert lost.stopped == "patience"
    assert len(lost.history) == lost.best.number + 3
    short = fitting.fit(net, net.options(), train, valid, fitting.FitPlan(epochs=2, patience=9))
    assert (short.stopped, len(short.history)) == ("epochs", 2)
    timed = fitting.fit(net, net.options(), train, valid, fitting.FitPlan(epochs=500, patience=500, seconds=0.05))
    assert timed.stopped == "seconds"


def test_a_warm_start_begins_where_the_old_model_was(fitting, nets):
    """The first epoch from trained weights is better than from nothing; weights of another net are refused."""
    net = nets["patch_mlp"]
    options = net.options_of(SMALL["patch_mlp"])
    train, valid = samples(fitting, 1500, 1), samples(fitting, 500, 2)
    plan = fitting.FitPlan(epochs=5, patience=5, rate=3e-3)
    cold = fitting.fit(net, options, train, valid, plan)
    warm = fitting.fit(net, options, train, valid, fitting.FitPlan(epochs=1, rate=3e-3), warm=cold.weights)
    assert warm.history[0].valid_loss < cold.history[0].valid_loss
    with pytest.raises(Misconfigured, match="does not fit this net"):
        fitting.fit(net, net.options_of({"hidden": 32}), train, valid, plan, warm=cold.weights)


def test_what_cannot_be_learnt_from_is_refused(fitting, nets):
    """No samples, NaN, labels of a third kind, a checkpoint of another fit or of nothing."""
    net = nets["dlinear"]
    good = samples(fitting, 50, 1)
    empty = fitting.Samples(good.windows[:0], good.up[:0], good.weight[:0])
    bad = fitting.Samples(np.where(np.arange(LENGTH)[None, :, None] == 3, np.nan, good.windows), good.up, good.weight)
    third = fitting.Samples(good.windows, np.full(50, 0.5, np.float32), good.weight)
    for wrong in (empty, bad, third):
        with pytest.raises(Misconfigured, match="samples"):
            fitting.fit(net, net.options(), wrong, good, fitting.FitPlan())
    saved = []
    fitting.fit(net, net.options(), good, good, fitting.FitPlan(epochs=1), told=saved.append)
    with pytest.raises(Corrupt, match="another fit"):
        fitting.fit(net, net.options(), good, good, fitting.FitPlan(epochs=2), resumed=saved[0].data)
    with pytest.raises(Corrupt, match="no weights"):
        fitting.fit(net, net.options(), good, good, fitting.FitPlan(), resumed=b"nothing")
