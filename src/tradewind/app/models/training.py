"""Training as one resumable piece of work: material, fit with checkpoints, evaluation, a signed version."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind import __version__
from tradewind.adapters.market.sealed.durable import write_bytes_durably
from tradewind.adapters.models.shelf import ModelShelf, seat_of
from tradewind.app.models.material import Material
from tradewind.app.models.versions import KIND, latency_p99_ms, manifest_of, shelf_of, signing_key
from tradewind.app.settings.root import AppConfig
from tradewind.app.signal_text import utc
from tradewind.app.workspace import Workspace
from tradewind.errors import Corrupt, Misconfigured, Rejected
from tradewind.model.report import GateRow
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.manifest import BARRIERS, FORMAT, GateRecord, Manifest, Provenance
from tradewind.predictors.served import verified
from tradewind.research.model_evaluation import Evaluation, Forecasts
from tradewind.research.model_gates import PROFILES, InputCheck, ModelLimits, ModelProfile, model_rows, passed
from tradewind.research.model_training import NETS, Order, Part, Progress, TrainedModel, train_model
from tradewind.research.signing import signed_bytes


class Trained(NamedTuple):
    """What came out: the manifest as it was signed, the criteria by profile, and where it lies."""

    manifest: Manifest
    rows: dict[ModelProfile, tuple[GateRow, ...]]
    evaluations: tuple[Evaluation, ...]
    place: Path
    cpu_seconds: float
    resumed_from: int
    forecasts: tuple[Forecasts, ...] = ()


def train(
    workspace: Workspace,
    order: Order,
    material: Material,
    interval: Timeframe,
    inputs: InputCheck,
    now: int,
    *,
    warm: str = "",
    name: str = "",
    checkpoint: bool = False,
    notes: Mapping[str, Any] | None = None,
    told: Callable[[Progress], None] | None = None,
) -> Trained:
    """Trains, judges by both profiles and puts the version on the shelf, promoted or not.

    A fit that was cut short goes on from its last epoch, if order and data are the same. ``warm`` is a version whose
    weights it starts with. ``now`` is UTC nanoseconds and goes into the version's name, unless it is given a ``name``.
    With ``checkpoint`` the best weights lie in ``checkpoints`` too, under the kind and the symbol. ``notes`` stand on
    the version's card.

    Raises:
        Rejected: another version has that name.
        Misconfigured: as ``train_model``; the weights of ``warm`` have met what this one is to be judged by.
        Corrupt: the weights of ``warm`` are damaged.
    """
    started = time.process_time()
    told_of = 0

    def keep(progress: Progress) -> None:
        nonlocal told_of
        told_of += 1
        cut.keep(progress)
        if told is not None:
            told(progress)

    shelf = shelf_of(workspace)
    refuse_taken(shelf, name)
    key = signing_key(workspace, shelf)
    cut = _Checkpoint(shelf.folder, order, material, warm)
    begin, met = None, 0
    if warm and order.kind in NETS:  # others have no weights
        met = _met(manifest_of(workspace, shelf.read(warm)[2], warm), material, interval)
        begin = _weights(shelf, warm)
    found = train_model(order, material.parts, warm=begin, resumed=cut.read(), told=keep)
    manifest = _manifest(workspace.config, found, material, interval, inputs, now, warm, met)
    manifest = msgspec.structs.replace(manifest, card=manifest.card | dict(notes or {}))
    with shelf.alone():
        manifest = msgspec.structs.replace(manifest, version=name or _unused(manifest.version, shelf.versions()))
        place = shelf.put(manifest.version, found.artifact, found.data, signed_bytes(KIND, manifest, key))
        if found.weights:
            _keep_weights(shelf.folder / "weights" / f"{manifest.version}.npz", found.weights)
    if found.weights and checkpoint:
        _keep_weights(best_weights_at(shelf, order.kind, manifest.symbols), found.weights)
    cut.path.unlink(missing_ok=True)
    rows: dict[ModelProfile, tuple[GateRow, ...]] = {
        name: _rows(name, found, inputs, manifest.card["latency_p99_ms"], limits_of(workspace.config))
        for name in PROFILES
    }
    resumed_from = len(found.history) - told_of
    return Trained(
        manifest, rows, found.evaluations, place, time.process_time() - started, resumed_from, found.forecasts
    )


def refuse_taken(shelf: ModelShelf, name: str) -> None:
    """Before anything is trained: whether another version has ``name``.

    Raises:
        Rejected: one has.
    """
    if name in shelf.versions():
        raise Rejected(f"a version {name} is there", where=str(shelf.folder), next_step="name another one")


def _manifest(
    config: AppConfig, found: TrainedModel, material: Material, interval: Timeframe, inputs: InputCheck, now: int,
    warm: str, met: int,
) -> Manifest:  # fmt: skip
    first = material.parts[0]
    spans = [part.data.features.ts_close for part in material.parts]
    learned = [_learned(part, warm) for part in material.parts]
    trained = [times[samples] for times, samples in zip(spans, learned, strict=True)]
    tested = [times[part.slices.test] for times, part in zip(spans, material.parts, strict=True)]
    digest = hashlib.sha256(found.data).hexdigest()
    stamp = np.datetime64(now, "ns").astype("datetime64[s]").item().strftime("%Y%m%dT%H%M%S")
    seats = "_".join(seat_of(one.symbol, interval) for one in material.bars)
    manifest = Manifest(
        format=FORMAT,
        version=f"{seats[:40]}-{found.order.kind}-{stamp}-{digest[:8]}",
        kind=found.order.kind,
        symbols=tuple(one.symbol for one in material.bars),
        timeframe=interval,
        artifact=found.artifact,
        sha256=digest,
        schema_hash=first.data.features.schema.hash,
        channels=first.data.features.schema.names,
        length=_length(found),
        scale=found.scale,
        barriers=BARRIERS,
        calibrator=found.calibrator,
        alpha=found.order.alpha,
        scores=found.scores,
        probe=found.probe,
        gate=GateRecord(config.model.profile, passed=False, figures={}),
        provenance=Provenance(
            data_hash=hashlib.sha256("".join(material.data_hashes).encode()).hexdigest(),
            code_version=__version__,
            seed=found.order.plan.seed,
            trained=(int(min(one[0] for one in trained)), max(met, *(int(one[-1]) for one in trained))),
            tested=(int(min(one[0] for one in tested)), int(max(one[-1] for one in tested))),
            created=now,
            simulated=material.simulated,
            warm_start=warm,
            seal=material.seal,
        ),
    )
    served = verified(manifest, found.data, manifest.schema_hash)
    latency = latency_p99_ms(served.predictor)
    rows = _rows(config.model.profile, found, inputs, latency, limits_of(config))
    record = record_of(config.model.profile, rows)
    return msgspec.structs.replace(manifest, gate=record, card=_card(found, latency))


def _unused(version: str, known: Collection[str]) -> str:
    """``version``, or the first of ``version-2``, ``version-3``, ... that is not known: the same weights, trained twice
    within a second, are two trainings with a card each."""
    if version not in known:
        return version
    return next(one for number in itertools.count(2) if (one := f"{version}-{number}") not in known)


def record_of(profile: ModelProfile, rows: tuple[GateRow, ...]) -> GateRecord:
    """The criteria of a profile as they go into a record."""
    missed = tuple(row.name for row in rows if not row.passed)
    return GateRecord(profile, passed(rows), {row.name: row.value for row in rows}, missed)


def _card(found: TrainedModel, latency: float) -> dict[str, Any]:
    """What people read about a run: its order, sizes, epochs and figures."""
    return {
        "order": msgspec.to_builtins(found.order),
        "samples": dict(zip(("fit", "stop", "calibrate", "sets", "test"), found.sizes, strict=True)),
        "stopped": found.stopped,
        "epochs": [list(one) for one in found.history],
        "latency_p99_ms": latency,
        "evaluations": [msgspec.to_builtins(one) for one in found.evaluations],
    }


def _met(warm: Manifest, material: Material, interval: Timeframe) -> int:
    """The last bar that the weights of ``warm`` were fitted on, which lies before all that is judged by.

    Weights that know the labels of a slice would pass on it whatever they are worth, on sealed bars most of all.
    """
    last = warm.provenance.trained[1]
    first = min(int(part.data.features.ts_close[part.slices.calibration[0]]) for part in material.parts)
    if last + BARRIERS.horizon * interval.ns > first:
        raise Misconfigured(
            f"{warm.version} was fitted on bars up to {utc(last)}, and this training is judged from {utc(first)} on",
            where="--retrain",
            allowed="weights that have met nothing of what judges",
            next_step="train without --retrain, with as many --samples as it had, or when more bars have come",
        )
    return last


def _learned(part: Part, warm: str) -> NDArray[np.int64]:
    """Samples that a fit may have met: a warm start replays older ones."""
    return part.slices.train if part.older is None or not warm else np.concatenate([part.older, part.slices.train])


def _length(found: TrainedModel) -> int:
    return found.order.length if found.order.kind in NETS else 1


def _rows(
    profile: ModelProfile, found: TrainedModel, inputs: InputCheck, latency: float, limits: ModelLimits
) -> tuple[GateRow, ...]:
    """The criteria of the worst symbol: a model passes on all it may speak for, or not."""
    every = [model_rows(profile, one, inputs, latency, limits) for one in found.evaluations]
    return min(every, key=lambda rows: sum(row.passed for row in rows))


def limits_of(config: AppConfig) -> ModelLimits:
    """What a project asks of its models."""
    asked = config.model
    return ModelLimits(accuracy=asked.min_accuracy, calibration_error=asked.max_calibration_error)


def _weights(shelf: ModelShelf, version: str) -> dict[str, NDArray[Any]]:
    from tradewind.research.nets.state import unpacked  # PyTorch; only a warm start needs it

    path = shelf.folder / "weights" / f"{version}.npz"
    try:
        return unpacked(path.read_bytes())
    except OSError as fault:
        raise Corrupt(f"no weights of {version}", where=str(path), next_step="train without a warm start") from fault


def best_weights_at(shelf: ModelShelf, kind: str, symbols: Sequence[str]) -> Path:
    """``checkpoints/lstm_BTC-USDT_best.npz``; of several symbols ``transformer_best.npz``: numbers, no program."""
    head = f"{kind}_{symbols[0].replace('/', '-')}" if len(symbols) == 1 else kind
    return shelf.folder / "checkpoints" / f"{head}_best.npz"


def _keep_weights(path: Path, weights: Mapping[str, NDArray[Any]]) -> None:
    from tradewind.research.nets.state import packed  # as above

    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes_durably(path, packed(weights))


class _Checkpoint:
    """Where a fit stands after its last epoch, under the hash of what is fitted on what."""

    def __init__(self, folder: Path, order: Order, material: Material, warm: str) -> None:
        asked = hashlib.sha256(msgspec.json.encode([order, material.data_hashes, warm])).hexdigest()
        self.path = folder / "work" / f"{order.kind}-{asked[:16]}.npz"

    def read(self) -> bytes | None:
        """The bytes to go on from, None where there are none."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None

    def keep(self, progress: Progress) -> None:
        """Writes an epoch down."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes_durably(self.path, progress.checkpoint)
