"""Small models that follow the last moves, with everything that serving asks of one; nothing of them was trained."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import numpy as np

from tradewind.features.input_schema import default_schema
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.calibrators import Identity
from tradewind.predictors.manifest import FORMAT, Barriers, GateRecord, InputScale, Manifest, Provenance, probe_windows
from tradewind.predictors.plain import Linear
from tradewind.predictors.served import ServedModel, verified

BARRIERS = Barriers(2.0, 14, 24)


def made_model(
    symbol: str,
    timeframe: Timeframe,
    version: str,
    *,
    slope: float = 1.0,
    length: int = 3,
    news: bool = False,
    **changes: Any,
) -> tuple[bytes, Manifest]:
    """Artifact and manifest of a model that believes in the last returns, or (``slope`` below 0) against them.

    With ``news`` it believes in what articles said as well.
    """
    schema = default_schema(timeframe, news=news)
    weights = np.zeros((length, schema.width))
    weights[-1, schema.names.index("return_1")] = slope
    weights[:, schema.names.index("above_ema_10")] = slope / (2.0 * length)
    if schema.higher:
        weights[-1, schema.names.index(f"{schema.higher[0]}_rsi")] = slope / 2.0
    if news:
        weights[:, schema.names.index("news_score")] = 2.0 / length
        weights[-1, schema.names.index("news_articles")] = 0.1
    model = Linear(length, schema.width, tuple(weights.ravel().tolist()), 0.0)
    artifact = msgspec.json.encode(model)
    width = schema.width
    fields: dict[str, Any] = {
        "format": FORMAT, "version": version, "kind": "logistic", "symbols": (symbol,), "timeframe": timeframe,
        "artifact": "model.json", "sha256": hashlib.sha256(artifact).hexdigest(), "schema_hash": schema.hash,
        "channels": schema.names, "length": length, "scale": InputScale((0.0,) * width, (1.0,) * width),
        "barriers": BARRIERS, "calibrator": Identity(), "alpha": 0.1,
        "scores": tuple(np.linspace(0.05, 0.6, 60).tolist()),
        "probe": tuple(model.forecasts(probe_windows(length, width)).tolist()),
        "gate": GateRecord("honest", passed=True, figures={"accuracy": 0.6}),
        "provenance": Provenance("d", "c", 1, (0, 1), (1, 2), 3),
    }  # fmt: skip
    return artifact, Manifest(**{**fields, **changes})


class Library:
    """Models by version, as an engine asks for them; one that is not there cannot be asked for."""

    def __init__(self, *models: tuple[bytes, Manifest]) -> None:
        self.served: dict[tuple[str, str], ServedModel] = {}
        for artifact, manifest in models:
            schema = default_schema(manifest.timeframe, news=manifest.reads_news)
            self.served[manifest.version, manifest.sha256] = verified(manifest, artifact, schema.hash)

    def model(self, version: str, sha256: str) -> ServedModel:
        """The model."""
        return self.served[version, sha256]
