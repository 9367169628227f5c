"""A model that was verified and can be asked: inputs in, calibrated probability out."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Corrupt, Misconfigured, Rejected
from tradewind.ports.predictor import Predictor
from tradewind.predictors.manifest import FORMAT, Manifest, differs
from tradewind.predictors.onnx_model import OnnxModel
from tradewind.predictors.plain import Plain

_PLAIN: Final[msgspec.json.Decoder[Plain]] = msgspec.json.Decoder(Plain)
_AGAIN: Final = "it is not heard, and who sat there before stays; train or promote another one"


class ServedModel:
    """A verified predictor with its scaling and its calibration."""

    def __init__(self, manifest: Manifest, predictor: Predictor) -> None:
        self.manifest = manifest
        self.predictor = predictor

    def p_up(self, rows: NDArray[np.float64] | NDArray[np.float32]) -> float:
        """Calibrated probability that the upper barrier is met first; rows ``(length, k)`` of raw inputs, newest last.

        NaN where an input is NaN or the model answers with none: no forecast.
        """
        scaled = self.manifest.scale(rows)
        if np.isnan(scaled).any():
            return float("nan")
        return float(self.manifest.calibrator(self.predictor.forecasts(scaled[None]))[0])


def verified(manifest: Manifest, artifact: bytes, schema_hash: str) -> ServedModel:
    """The model of ``manifest``, from the bytes of its artifact; nothing of them is run as a program.

    ``schema_hash`` is that of the inputs that will be fed to it.

    Raises:
        Rejected: another format of manifest, or other inputs.
        Corrupt: other bytes than were promoted, a file that is no model, numbers that are none.
    """
    where = f"model {manifest.version}"
    if manifest.format != FORMAT:
        raise Rejected(f"a manifest of format {manifest.format}", where=where, allowed=str(FORMAT), next_step=_AGAIN)
    found = hashlib.sha256(artifact).hexdigest()
    if found != manifest.sha256:
        raise Corrupt(
            f"the artifact has sha256 {found[:16]}, its manifest says {manifest.sha256[:16]}",
            where=where,
            next_step=_AGAIN,
        )
    if schema_hash != manifest.schema_hash:
        raise Rejected(
            f"it was trained on inputs {manifest.schema_hash[:16]}, these are {schema_hash[:16]}",
            where=where,
            next_step=_AGAIN,
        )
    if len(manifest.scale.mean) != manifest.width:
        raise Corrupt(
            f"a scale of {len(manifest.scale.mean)} channels for {manifest.width}", where=where, next_step=_AGAIN
        )
    predictor = _predictor(manifest, artifact, where)
    if (predictor.length, predictor.width) != (manifest.length, manifest.width):
        raise Corrupt(
            f"the artifact reads {predictor.length} x {predictor.width}, its manifest says"
            f" {manifest.length} x {manifest.width}",
            where=where,
            next_step=_AGAIN,
        )
    if fault := differs(predictor, manifest.probe):
        raise Corrupt(fault, where=where, next_step=_AGAIN)
    return ServedModel(manifest, predictor)


def _predictor(manifest: Manifest, artifact: bytes, where: str) -> Predictor:
    if manifest.artifact == "model.onnx":
        return OnnxModel(artifact, manifest.length, manifest.width)
    try:
        return _PLAIN.decode(artifact)
    except (msgspec.MsgspecError, Misconfigured, UnicodeDecodeError) as fault:
        raise Corrupt(f"the artifact is no model ({fault})", where=where, next_step=_AGAIN) from fault
