"""What is served answers as it was trained, alone and among others; what is not that model is refused by its name."""

from __future__ import annotations

import hashlib
import math
import pickle

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.onnx_bytes import sigmoid_of_linear
from tradewind.errors import Corrupt, Misconfigured, Rejected
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.calibrators import Scaling
from tradewind.predictors.manifest import (
    FORMAT,
    Barriers,
    GateRecord,
    InputScale,
    Manifest,
    Provenance,
    differs,
    probe_windows,
)
from tradewind.predictors.onnx_model import OnnxModel
from tradewind.predictors.plain import BaseRate, Linear, Plain, Trees
from tradewind.predictors.served import verified

LENGTH, WIDTH = 4, 3
SCHEMA = hashlib.sha256(b"inputs").hexdigest()
WEIGHTS = tuple(np.random.default_rng(1).normal(size=LENGTH * WIDTH).tolist())


def trees() -> Trees:
    """Two trees of depth two over three inputs."""
    return Trees(
        width=WIDTH,
        roots=(0, 5),
        feature=(0, 1, -1, -1, -1, 2, -1, -1),
        threshold=(0.0, 0.5, 0.0, 0.0, 0.0, -0.2, 0.0, 0.0),
        left=(1, 2, -1, -1, -1, 6, -1, -1),
        right=(4, 3, -1, -1, -1, 7, -1, -1),
        value=(0.0, 0.0, -0.4, 0.1, 0.7, 0.0, -0.3, 0.2),
        bias=0.05,
    )


def manifest_of(artifact: bytes, name: str, predictor, **changes) -> Manifest:
    fields = {
        "format": FORMAT,
        "version": "lstm-1",
        "kind": "test",
        "symbols": ("BTC/USDT",),
        "timeframe": Timeframe.H1,
        "artifact": name,
        "sha256": hashlib.sha256(artifact).hexdigest(),
        "schema_hash": SCHEMA,
        "channels": ("a", "b", "c"),
        "length": predictor.length,
        "scale": InputScale((1.0, 0.0, -1.0), (2.0, 1.0, 0.5)),
        "barriers": Barriers(2.0, 14, 24),
        "calibrator": Scaling(0.5, 0.1),
        "alpha": 0.1,
        "scores": (0.2, 0.3),
        "probe": tuple(predictor.forecasts(probe_windows(predictor.length, predictor.width)).tolist()),
        "gate": GateRecord("honest", passed=True, figures={"accuracy": 0.6, "ece": None}),
        "provenance": Provenance("d", "c", 1, (0, 1), (1, 2), 3),
    }
    return Manifest(**{**fields, **changes})


def onnx() -> tuple[bytes, OnnxModel]:
    data = sigmoid_of_linear(LENGTH, WIDTH, WEIGHTS, 0.3)
    return data, OnnxModel(data, LENGTH, WIDTH)


def plain(model: Plain) -> tuple[bytes, Plain]:
    return msgspec.json.encode(model), model


MODELS = {
    "base rate": lambda: (*plain(BaseRate(0.53, LENGTH, WIDTH)), "model.json"),
    "linear": lambda: (*plain(Linear(LENGTH, WIDTH, WEIGHTS, 0.3)), "model.json"),
    "trees": lambda: (*plain(trees()), "model.json"),
    "network": lambda: (*onnx(), "model.onnx"),
}


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_that_verifies_answers_its_scaled_and_calibrated_probability(kind):
    """Rule: scale, ask, calibrate; NaN in an input is no forecast; the file decodes to the same model."""
    artifact, predictor, name = MODELS[kind]()
    manifest = manifest_of(artifact, name, predictor)
    again = msgspec.json.decode(msgspec.json.encode(manifest), type=Manifest)
    assert again == manifest
    served = verified(again, artifact, SCHEMA)
    rows = np.random.default_rng(4).normal(size=(predictor.length, WIDTH))
    scaled = np.clip((rows - [1.0, 0.0, -1.0]) / [2.0, 1.0, 0.5], -5.0, 5.0).astype(np.float32)
    raw = float(predictor.forecasts(scaled[None])[0])
    wanted = 1.0 / (1.0 + math.exp(-(0.5 * math.log(raw / (1.0 - raw)) + 0.1)))
    assert served.p_up(rows) == pytest.approx(wanted, abs=1e-12)
    rows[-1, 0] = np.nan
    assert math.isnan(served.p_up(rows))


@pytest.mark.parametrize("kind", MODELS)
@given(seed=st.integers(0, 1000), n=st.integers(1, 40))
def test_company_changes_no_bit(kind, seed, n):
    """Rule: many windows in one call give what each gives alone, bit for bit."""
    _, predictor, _ = MODELS[kind]()
    windows = np.random.default_rng(seed).normal(size=(n, predictor.length, WIDTH)).astype(np.float32)
    together = predictor.forecasts(windows)
    alone = np.concatenate([predictor.forecasts(windows[i : i + 1]) for i in range(n)])
    np.testing.assert_array_equal(together, alone)
    assert ((together >= 0.0) & (together <= 1.0)).all()


@given(st.lists(st.floats(-2, 2, width=32), min_size=WIDTH, max_size=WIDTH))
def test_trees_are_walked_as_they_are_read(row):
    """Rule: at most goes left, more goes right; the leaves are added in the order of the trees."""
    a, b, c = row
    first = (-0.4 if b <= 0.5 else 0.1) if a <= 0.0 else 0.7
    second = -0.3 if c <= -0.2 else 0.2
    found = trees().forecasts(np.asarray(row, np.float32).reshape(1, 1, WIDTH))[0]
    assert found == pytest.approx(1.0 / (1.0 + math.exp(-(0.05 + (0.0 + first + second)))), abs=1e-15)


def test_a_linear_model_is_its_dot_product():
    """Rule: sigmoid of bias and weighted window, and the network of the same weights answers alike."""
    windows = probe_windows(LENGTH, WIDTH)
    wanted = 1.0 / (1.0 + np.exp(-(0.3 + windows.reshape(16, -1) @ np.asarray(WEIGHTS))))
    np.testing.assert_allclose(Linear(LENGTH, WIDTH, WEIGHTS, 0.3).forecasts(windows), wanted, atol=1e-12)
    np.testing.assert_allclose(onnx()[1].forecasts(windows), wanted, atol=1e-6)


@pytest.mark.req("FLT-31", "INV-19")
def test_a_crafted_or_broken_file_is_refused_and_says_why():
    """Cut at any byte, other bytes, a pickle, NaN weights, weights elsewhere, another shape, other inputs."""
    artifact, predictor, name = MODELS["network"]()
    manifest = manifest_of(artifact, name, predictor)
    for cut in range(0, len(artifact), 7):
        with pytest.raises(Corrupt, match="its manifest says"):
            verified(manifest, artifact[:cut], SCHEMA)
    with pytest.raises(Rejected, match="trained on inputs"):
        verified(manifest, artifact, "0" * 64)
    with pytest.raises(Rejected, match="format 99"):
        verified(msgspec.structs.replace(manifest, format=99), artifact, SCHEMA)

    def refused(data: bytes, match: str, **changes) -> None:
        with pytest.raises(Corrupt, match=match):
            verified(manifest_of(data, name, predictor, **changes), data, SCHEMA)

    refused(b"", "ONNX")
    refused(pickle.dumps({"weights": [1.0]}), "ONNX graph of standard operators")
    refused(artifact[: len(artifact) // 2], "ONNX")
    refused(sigmoid_of_linear(LENGTH, WIDTH, WEIGHTS, 0.3, beside="weights.bin"), "another file")
    refused(sigmoid_of_linear(LENGTH, WIDTH, (math.nan, *WEIGHTS[1:]), 0.3), "numbers that are none")
    refused(sigmoid_of_linear(LENGTH, WIDTH, WEIGHTS, 0.4), "away from what was trained")
    refused(sigmoid_of_linear(LENGTH + 1, WIDTH, (*WEIGHTS, 0.0, 0.0, 0.0), 0.3), "one input of shape")
    refused(artifact, "a scale of 3 channels for 2", channels=("a", "b"))


@pytest.mark.req("FLT-31")
def test_plain_models_that_could_not_be_walked_are_refused():
    """A cycle of nodes, a child that is not there, a weight that is no number, a kind nobody knows."""
    good = msgspec.to_builtins(trees())
    for change in (
        {"left": (0, *good["left"][1:])},
        {"right": (99, *good["right"][1:])},
        {"roots": (8,)},
        {"feature": (3, *good["feature"][1:])},
        {"value": good["value"][:-1]},
    ):
        with pytest.raises(Misconfigured, match="train it again"):
            msgspec.convert({**good, **change}, Plain)
    with pytest.raises(Misconfigured, match="finite"):
        Linear(1, 1, (math.inf,), 0.0)
    with pytest.raises(Misconfigured, match="11 weights"):
        Linear(LENGTH, WIDTH, WEIGHTS[:-1], 0.0)
    for data in (b"[]", b'{"type":"shell"}', b'{"type":"base_rate","p_up":2}', pickle.dumps(1)):
        manifest = manifest_of(data, "model.json", BaseRate(0.5, 1, WIDTH))
        with pytest.raises(Corrupt, match="no model"):
            verified(manifest, data, SCHEMA)


def test_a_probe_says_what_differs():
    """Rule: the answers that were stored at training, to 1e-4."""
    model = BaseRate(0.5, LENGTH, WIDTH)
    assert differs(model, (0.5,) * 16) == ""
    assert "0.1000 away" in differs(model, (0.6,) * 16)
    assert "15 answers" in differs(model, (0.5,) * 15)
