"""Versions on a project's shelf that were not trained: linear models of known weights under made-up manifests."""

from __future__ import annotations

import hashlib

import msgspec
import numpy as np

from tests.fakes.onnx_bytes import sigmoid_of_linear
from tradewind.adapters.models.shelf import ModelShelf
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.models.promotion import Promotions, SealedRecord
from tradewind.app.models.sealing import look_of, record_looks
from tradewind.app.models.versions import KIND
from tradewind.app.workspace import Workspace
from tradewind.features.input_schema import default_schema
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.calibrators import Calibrator, Identity
from tradewind.predictors.manifest import (
    BARRIERS,
    FORMAT,
    GateRecord,
    InputScale,
    Manifest,
    Provenance,
    probe_windows,
)
from tradewind.predictors.onnx_model import OnnxModel
from tradewind.predictors.plain import Linear
from tradewind.predictors.seats import Seat, Seated
from tradewind.research.signing import signed_bytes


def shelved(
    workspace: Workspace,
    version: str,
    *,
    symbols: tuple[str, ...] = ("BTC/USDT",),
    timeframe: Timeframe = Timeframe.H1,
    weights: dict[str, float] | None = None,
    bias: float = 0.0,
    calibrator: Calibrator | None = None,
    passed: bool = True,
    missed: tuple[str, ...] = (),
    sealed: bool | None = True,
    tested: tuple[int, int] = (1, 2),
    seal: int = 0,
    scores: tuple[float, ...] = (0.2, 0.3, 0.4, 0.45),
    news: bool = False,
    onnx: bool = False,
    shelf: ModelShelf | None = None,
) -> Manifest:
    """Puts ``sigmoid(bias + weights of the newest row)`` on a shelf; ``sealed`` None: its sealed bars are unread.

    With ``onnx`` as a network, else as plain numbers.
    """
    schema = default_schema(timeframe, news=news)
    row = [(weights or {}).get(name, 0.0) for name in schema.names]
    model: Linear | OnnxModel = Linear(1, schema.width, tuple(row), bias)
    name, artifact = "model.json", msgspec.json.encode(model)
    if onnx:
        name, artifact = "model.onnx", sigmoid_of_linear(1, schema.width, row, bias)
        model = OnnxModel(artifact, 1, schema.width)
    manifest = Manifest(
        format=FORMAT,
        version=version,
        kind="linear",
        symbols=symbols,
        timeframe=timeframe,
        artifact=name,
        sha256=hashlib.sha256(artifact).hexdigest(),
        schema_hash=schema.hash,
        channels=schema.names,
        length=1,
        scale=InputScale((0.0,) * schema.width, (1.0,) * schema.width),
        barriers=BARRIERS,
        calibrator=calibrator or Identity(),
        alpha=0.35,
        scores=scores,
        probe=tuple(np.asarray(model.forecasts(probe_windows(1, schema.width))).tolist()),
        gate=GateRecord("honest", passed=passed, figures={"accuracy.low": 0.61 if passed else 0.42}, missed=missed),
        provenance=Provenance("d" * 64, "1", 0, (0, 1), tested, 1, seal=seal),
        card={"evaluations": [], "latency_p99_ms": 0.1},
    )
    promotions = Promotions(workspace, shelf)
    key = VerdictFiles(workspace.data).make_key()
    promotions.shelf.put(version, name, artifact, signed_bytes(KIND, manifest, key))
    if sealed is not None:
        record = SealedRecord(
            version=version, sha256=manifest.sha256, ts=3, start=2, end=3, data_hash="", look=1, contaminated="",
            gate=GateRecord("honest", passed=sealed, figures={}, missed=() if sealed else ("accuracy.low",)),
        )  # fmt: skip
        looks = [look_of(version, "linear", symbol, str(timeframe), (2, 3), "") for symbol in symbols]
        record_looks(workspace, looks, f"evaluate {version}", 3)  # as who opens them does
        promotions.keep_sealed(record)
    return manifest


def seated(
    workspace: Workspace,
    champion: str = "",
    challenger: str = "",
    *,
    predecessor: str = "",
    symbol: str = "BTC/USDT",
    timeframe: Timeframe = Timeframe.H1,
) -> None:
    """Decides who sits where, whatever they have earned; versions as they lie."""
    promotions = Promotions(workspace)
    shelf = promotions.shelf

    def one(version: str) -> Seated | None:
        if not version:
            return None
        digest = hashlib.sha256(shelf.read(version)[1]).hexdigest()
        return Seated(version, digest, 1, "by hand")

    seat = Seat(
        symbol=symbol, timeframe=timeframe, champion=one(champion), predecessor=one(predecessor),
        challenger=one(challenger),
    )  # fmt: skip
    who = seat.champion or seat.challenger or Seated("nobody", "0" * 64, 1, "by hand")
    with shelf.alone():
        promotions._decided(Seat(symbol=symbol, timeframe=timeframe), "promote", who, 1, seat, ())
