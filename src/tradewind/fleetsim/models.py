"""Models that are broken on their way to the seat they shall serve: the one that serves goes on, as it was.

The stub model is a logistic over three inputs, kept on the product's shelf and verified by the product. Nothing of it
takes part in the service's decisions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from tradewind.adapters.models.shelf import ModelShelf, seat_of
from tradewind.errors import Retryable, TradewindError
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.calibrators import Scaling
from tradewind.predictors.manifest import (
    FORMAT,
    Barriers,
    GateRecord,
    InputScale,
    Manifest,
    Provenance,
    probe_windows,
)
from tradewind.predictors.plain import Linear
from tradewind.predictors.served import ServedModel, verified

SEAT: Final = seat_of("BTC/USDT", Timeframe.H1)
SCHEMA: Final = hashlib.sha256(b"three inputs").hexdigest()
LENGTH, WIDTH = 4, 3
SPOILT: Final = ("cut", "other bytes", "other shape", "other scale", "other inputs", "no manifest", "no number")
TRAINED: Final = ("hung", "half written", "no number")
ROWS: Final = np.linspace(-1.0, 1.0, LENGTH * WIDTH).reshape(LENGTH, WIDTH)


class ModelSeat:
    """One seat with a model that serves; ``made`` counts the versions that were tried beside it."""

    def __init__(self, folder: Path) -> None:
        self._shelf = ModelShelf(folder / "models")
        self._made = 0
        weights = tuple(np.linspace(-0.5, 0.5, LENGTH * WIDTH).tolist())
        self._model = Linear(LENGTH, WIDTH, weights, 0.1)
        artifact, manifest = _parts("champion", self._model)
        self._shelf.put("champion", "model.json", artifact, manifest)
        self._shelf.choose(SEAT, b"champion")
        self.serving = self._loaded("champion")
        self._truth = self.serving.p_up(ROWS)

    def spoil(self, share: float) -> list[str]:
        """A version that is not what it says is put into the seat by hand."""
        kind = SPOILT[int(share * len(SPOILT))]
        return list(self._try(kind, *self._spoilt(kind)))

    def train(self, share: float) -> list[str]:
        """A training that comes to nothing, or to numbers that are none."""
        kind = TRAINED[int(share * len(TRAINED))]
        if kind == "no number":
            return list(self._try(kind, *self._spoilt(kind)))
        return [*(self._hung() if kind == "hung" else self._died()), *self._still(kind)]

    def _hung(self) -> Iterator[str]:
        """A training that does not end holds the shelf: what serves can be read, and a second training is told."""
        with self._shelf.alone():
            try:
                with self._shelf.alone():
                    yield "INV-19 two trainings change the shelf at once"
            except Retryable:
                self.serving = self._loaded("champion")

    def _died(self) -> Iterator[str]:
        """A training that died between two files, by a kill or for want of memory, has left nothing that counts."""
        part = self._shelf.folder / "versions" / ".part.1"
        part.mkdir(parents=True, exist_ok=True)
        (part / "model.json").write_bytes(b"{")
        if self._shelf.versions() != ("champion",):
            yield f"INV-19 half a version is among {self._shelf.versions()}"

    def _try(self, kind: str, artifact: bytes, manifest: bytes) -> Iterator[str]:
        """Puts a version there and asks for it, as a swap does."""
        self._made += 1
        version = f"trial-{self._made}"
        self._shelf.put(version, "model.json", artifact, manifest)
        self._shelf.choose(SEAT, version.encode())
        try:
            self.serving = self._loaded(version)
        except TradewindError:
            self._shelf.choose(SEAT, b"champion")
        else:
            yield f"INV-19 a model with {kind} was taken to serve"
        yield from self._still(kind)
        self._shelf.remove(version)

    def _still(self, kind: str) -> Iterator[str]:
        """The old one is in its seat and answers what it answered."""
        found = self.serving.p_up(ROWS)
        if found != self._truth or self._shelf.choice(SEAT) != b"champion":
            yield f"INV-19 after {kind} the seat answers {found}, the champion {self._truth}"

    def _loaded(self, version: str) -> ServedModel:
        """The model of a version, as the service loads one."""
        _, artifact, manifest = self._shelf.read(version)
        try:
            decoded = msgspec.json.decode(manifest, type=Manifest)
        except msgspec.DecodeError as error:
            raise TradewindError(f"no manifest ({error})", where=version) from error
        return verified(decoded, artifact, SCHEMA)

    def _spoilt(self, kind: str) -> tuple[bytes, bytes]:
        artifact, manifest = _parts("trial", self._model)
        if kind == "cut":
            return artifact[: len(artifact) // 2], manifest
        if kind == "other bytes":
            return _parts("trial", Linear(LENGTH, WIDTH, self._model.weights[::-1], 0.1))[0], manifest
        if kind == "other shape":
            other = Linear(LENGTH, WIDTH + 1, (*self._model.weights, 0.0, 0.0, 0.0, 0.0), 0.1)
            return _parts("trial", other)
        if kind == "other scale":
            return _parts("trial", self._model, scale=InputScale((0.0, 0.0), (1.0, 1.0)))
        if kind == "other inputs":
            return _parts("trial", self._model, schema_hash=hashlib.sha256(b"four inputs").hexdigest())
        if kind == "no manifest":
            return artifact, b"{}"
        nothing = artifact.replace(b'"bias":0.1', b'"bias":null')
        return nothing, _parts("trial", self._model, sha256=hashlib.sha256(nothing).hexdigest())[1]


def _parts(version: str, model: Linear, **changes: object) -> tuple[bytes, bytes]:
    """An artifact and its manifest; ``changes`` are laid over it."""
    artifact = msgspec.json.encode(model)
    fields: dict[str, object] = {
        "format": FORMAT, "version": version, "kind": "stub", "symbols": ("BTC/USDT",), "timeframe": Timeframe.H1,
        "artifact": "model.json", "sha256": hashlib.sha256(artifact).hexdigest(), "schema_hash": SCHEMA,
        "channels": ("a", "b", "c"), "length": LENGTH, "scale": InputScale((0.0,) * WIDTH, (1.0,) * WIDTH),
        "barriers": Barriers(2.0, 14, 24), "calibrator": Scaling(1.0, 0.0), "alpha": 0.1, "scores": (0.2, 0.3),
        "probe": tuple(model.forecasts(probe_windows(model.length, model.width)).tolist()),
        "gate": GateRecord("honest", passed=True, figures={}), "provenance": Provenance("d", "c", 1, (0, 1), (1, 2), 3),
    }  # fmt: skip
    made = Manifest(**(fields | changes))  # type: ignore[arg-type]  # fields of a manifest
    return artifact, msgspec.json.encode(made)
