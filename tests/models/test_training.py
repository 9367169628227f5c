"""The product's own trainer on markets whose truth is known: it finds what is there and nothing where nothing is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.models.markets import momentum, random_walk
from tradewind.errors import Misconfigured
from tradewind.predictors.conformal import Conformal
from tradewind.predictors.manifest import differs
from tradewind.predictors.onnx_model import OnnxModel
from tradewind.research.dataset import chronological
from tradewind.research.fit_plan import FitPlan
from tradewind.research.model_evaluation import acted
from tradewind.research.model_training import KINDS, NETS, SIMPLE, Order, Part, train_model
from tradewind.validation.significance import holm
from tradewind.validation.special_functions import normal_cdf

QUICK = {
    "lstm": {"hidden": 16},
    "gru": {"hidden": 16},
    "tcn": {"channels": 16},
    "patch_mlp": {"dropout": 0.2},
    "transformer": {"model_dim": 16, "heads": 2, "layers": 1},
}


def order_of(kind: str, epochs: int, seed: int = 1) -> Order:
    plan = FitPlan(epochs=epochs, patience=4, seed=seed)
    return Order(kind=kind, length=20, options=QUICK.get(kind, {}), plan=plan)


@pytest.mark.req("D20", "I20")
def test_nobody_beats_the_base_rate_on_a_random_walk():
    """The canary: 20 random walks, standard errors from independent labels, Holm over the predictors."""
    kinds = ("logistic", "boosting", "dlinear", "patch_mlp", "gru")
    excess: dict[str, list[float]] = {kind: [] for kind in kinds}
    spread: list[float] = []
    for seed in range(20):
        data = random_walk(3200, seed)
        part = Part(data, chronological(data, data.samples(20)), 0.0006)
        spread.append(0.25 / data.n_eff(part.slices.test))
        for kind in kinds:
            (found,) = train_model(order_of(kind, 3, seed), [part]).evaluations
            excess[kind].append(found.skill)
    error = math.sqrt(sum(spread)) / len(spread)
    chances = [1.0 - normal_cdf(float(np.mean(excess[kind])) / error) for kind in kinds]
    assert min(holm(chances)) > 0.05, dict(zip(kinds, chances, strict=True))


@pytest.mark.parametrize("kind", KINDS[1:])
def test_each_finds_nine_tenths_of_what_there_is_to_know(kind):
    """A market whose next return follows the last one: skill at least 0.9 of that of the rule that made it."""
    data, known = momentum(16_000, 3)
    part = Part(data, chronological(data, data.samples(20)), 0.0006)
    (found,) = train_model(order_of(kind, 12), [part]).evaluations
    test = part.slices.test
    attainable = float((known[test] == data.label[test]).mean()) - found.base_rate
    assert attainable > 0.15
    assert found.skill >= 0.9 * attainable


@pytest.mark.req("I03", "I07")
def test_slices_follow_each_other_and_every_epoch_is_told():
    """Fit before stop before calibration before sets before test; the line of an epoch as people know it."""
    data, _ = momentum(4000, 5)
    part = Part(data, chronological(data, data.samples(20)), 0.0006)
    told = []
    found = train_model(order_of("patch_mlp", 3), [part], told=told.append)
    fit, stop, calibrate, sets, test = found.sizes
    assert fit > stop > 0
    assert calibrate > sets > 0
    assert test == part.slices.test.size
    assert part.slices.train.max() < part.slices.calibration.min() <= part.slices.calibration.max() < first_tested(part)
    assert [one.epoch.number for one in told] == [1, 2, 3]
    assert told[0].epoch.line(told[0].of).startswith("Epoch 1/3: Loss=0.")
    again = train_model(order_of("patch_mlp", 3), [part], resumed=told[1].checkpoint)
    assert again.data == found.data
    assert again.calibrator == found.calibrator
    assert differs(OnnxModel(found.data, 20, data.features.schema.width), found.probe) == ""


def first_tested(part: Part) -> int:
    return int(part.slices.test.min())


@pytest.mark.req("I05")
def test_one_model_serves_two_symbols():
    """A net on two symbols is judged on each; parts of other inputs are refused."""
    first, _ = momentum(3000, 7)
    second, _ = momentum(3000, 8)
    parts = [Part(one, chronological(one, one.samples(20)), 0.0006) for one in (first, second)]
    found = train_model(order_of("transformer", 2), parts)
    assert len(found.evaluations) == len(found.forecasts) == 2
    with pytest.raises(Misconfigured, match="one or more"):
        train_model(order_of("transformer", 2), [])
    with pytest.raises(Misconfigured, match="no model is called"):
        train_model(order_of("oracle", 2), parts)
    assert set(KINDS) == {*SIMPLE, *NETS}


def test_the_calibrated_sets_keep_their_promise_on_the_test_slice():
    """Of 35% that may miss some 35% do, on bars nobody trained on."""
    data, _ = momentum(9000, 11)
    part = Part(data, chronological(data, data.samples(20)), 0.0006)
    found = train_model(order_of("logistic", 1), [part])
    book = Conformal.of(0.35, 0.02, found.scores)
    acted(found.forecasts[0], book)
    assert book.missed / book.seen == pytest.approx(0.35, abs=0.05)


@pytest.mark.req("I02")
def test_a_training_that_was_cut_short_goes_on_and_says_from_where(tmp_path, monkeypatch):
    """Stopped after two epochs, the same order ends with the version that was never stopped, and tells its start."""
    from tradewind.app.config import load_config
    from tradewind.app.feature_sets import SeriesBars
    from tradewind.app.models.material import Material
    from tradewind.app.models.training import train
    from tradewind.app.workspace import Workspace
    from tradewind.model.timeframe import Timeframe
    from tradewind.research.model_gates import InputCheck

    data, _ = momentum(3000, 5)
    bars = SeriesBars("BTC/USDT", Timeframe.H1, None, "made", "SIMULATED")  # type: ignore[arg-type]  # read by nobody
    material = Material((Part(data, chronological(data, data.samples(20)), 0.0006),), (bars,))
    found = {}

    def stop(progress) -> None:
        if progress.epoch.number == 2:
            raise KeyboardInterrupt

    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        workspace = Workspace(load_config(None))
        given = (workspace, order_of("patch_mlp", 4), material, Timeframe.H1, InputCheck((), 1.0), 1)
        if name == "cut":
            with pytest.raises(KeyboardInterrupt):
                train(*given, told=stop)
        found[name] = train(*given)
    assert (found["whole"].resumed_from, found["cut"].resumed_from) == (0, 2)
    assert found["whole"].manifest.sha256 == found["cut"].manifest.sha256
    assert found["cut"].manifest.provenance.simulated
