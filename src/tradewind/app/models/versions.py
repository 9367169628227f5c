"""The versions on a project's shelf: read, and checked before anything is done with them."""

from __future__ import annotations

import time
from typing import Final

import msgspec
import numpy as np

from tradewind.adapters.models.shelf import ModelShelf
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.workspace import Workspace
from tradewind.errors import Corrupt, TradewindError, Unavailable
from tradewind.ports.predictor import Predictor
from tradewind.predictors.manifest import Manifest
from tradewind.predictors.served import ServedModel, verified
from tradewind.research.signing import signed_document

KIND: Final = "model"
AGAIN: Final = "train it again, or restore it from its backup"
ASKED: Final = 200


def shelf_of(workspace: Workspace) -> ModelShelf:
    """The project's models."""
    return ModelShelf(workspace.folder / workspace.config.paths.models)


def read_version(workspace: Workspace, version: str, schema_hash: str) -> ServedModel:
    """A version of the shelf, its signature, bytes and answers checked.

    Raises:
        Unavailable: there is none, or the key is missing.
        Corrupt, Rejected: as ``verified``, or its manifest was changed or signed by another project.
    """
    _, artifact, signed = shelf_of(workspace).read(version)
    return verified(manifest_of(workspace, signed, version), artifact, schema_hash)


def manifest_of(workspace: Workspace, signed: bytes, version: str = "") -> Manifest:
    """The manifest in signed bytes of this project; faults are said of ``version``.

    Raises:
        Unavailable, Rejected, Corrupt: as ``signed_document``.
    """
    where = f"model {version}" if version else KIND
    try:
        fields = signed_document(KIND, signed, VerdictFiles(workspace.data).key(), AGAIN)
    except TradewindError as fault:
        raise fault.about(where) from fault
    try:
        return msgspec.convert(fields, Manifest)
    except msgspec.ValidationError as fault:
        raise Corrupt(f"no manifest: {fault}", where=where, next_step=AGAIN) from fault


def latency_p99_ms(predictor: Predictor, asked: int = ASKED) -> float:
    """The 99th percentile of ``asked`` answers on this machine, in milliseconds of processor time."""
    window = np.zeros((1, predictor.length, predictor.width), np.float32)
    predictor.forecasts(window)
    taken = []
    for _ in range(asked):
        begun = time.process_time()
        predictor.forecasts(window)
        taken.append(time.process_time() - begun)
    return 1000.0 * float(np.quantile(taken, 0.99))


def signing_key(workspace: Workspace, shelf: ModelShelf) -> bytes:
    """The key that signs versions and seats; made where nothing was signed with one yet.

    Raises:
        Unavailable: it is missing while versions or verdicts are there. A new one could check none of them.
        Misconfigured, Corrupt: as ``VerdictFiles.key``.
    """
    files = VerdictFiles(workspace.data)
    known = files.key()
    if known is None and (signed := shelf.versions()):
        raise Unavailable(
            f"the key that signed the {len(signed)} models in {shelf.folder} is missing; a new one would orphan them",
            where=str(files.key_path),
            next_step=f"restore it from its backup; if it is lost for good, move {shelf.folder} away and train anew",
        )
    return files.make_key() if known is None else known
