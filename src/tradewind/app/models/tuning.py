"""A search for a net's size and rate that is kept on disk, trial by trial, and counted in the project's ledger."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from tradewind.adapters.market.sealed.durable import write_bytes_durably
from tradewind.adapters.optuna_search import OptunaSearch
from tradewind.app.models.material import Material
from tradewind.app.models.sealing import FAMILY
from tradewind.app.models.versions import shelf_of
from tradewind.app.validation.project_ledger import project_ledger
from tradewind.app.workspace import Workspace
from tradewind.model.timeframe import DAY, Timeframe
from tradewind.model.trial import TrialBatch, trial_batch
from tradewind.ports.executor import Executor
from tradewind.research.fit_plan import Samples
from tradewind.research.model_training import Order, prepared, space_of
from tradewind.research.model_tuning import TunedTrial, Tuning, chosen, trial_of, tuned

AT_RANDOM: Final = 8
"""Proposals before any is derived from others: a search of a few minutes has a few dozen."""


class Tuned(NamedTuple):
    """The order that won, every trial, how many were on disk already, and what the ledger of the project holds now."""

    order: Order
    tuning: Tuning
    kept: int
    ledger_trials: int

    def card(self) -> dict[str, Any]:
        """What a manifest says of it."""
        first, best = self.tuning.trials[0], self.tuning.best
        return {
            "trials": len(self.tuning.trials),
            "pruned": self.tuning.pruned,
            "ledger_trials": self.ledger_trials,
            "stop_loss": best.best,
            "stop_loss_untuned": first.best,
            "options": best.options,
            "rate": best.rate,
        }


def tune(
    workspace: Workspace,
    base: Order,
    material: Material,
    interval: Timeframe,
    executor: Executor,
    now: int,
    *,
    trials: int,
    budget: float,
    told: Callable[[TunedTrial, int], None],
    go_on: Callable[[], bool] = lambda: True,
) -> Tuned:
    """Searches until ``trials`` candidates or ``budget`` processor seconds (0: no limit) are spent.

    Each trial is durable before the search hears of it, on disk and in the ledger; the same search typed again goes on
    where it was, and what stands in the ledger counts once. ``told`` hears of each with its number.

    Raises:
        Unavailable: Optuna is not installed.
        Misconfigured: a kind without sizes.
        Retryable: another process writes the trial ledger.
    """
    space = space_of(base)
    search = OptunaSearch(space, base.plan.seed, at_random=AT_RANDOM)
    fit_on, stop_on = prepared(base, material.parts)
    work = functools.partial(_tried, fit_on, stop_on)
    path = _path(workspace, base, material)
    known = {one.spec: one for one in _read(path)}
    done: list[TunedTrial] = []

    with project_ledger(workspace.config, workspace.data, workspace.folder) as ledger:

        def keep(batch: Sequence[TunedTrial]) -> None:
            fresh = [one for one in batch if one.spec not in known]
            for one in batch:
                done.append(one)
                told(one, len(done))
            if fresh:
                for part in batches_of(fresh, base, material, interval):
                    ledger.append(part, now)
                path.parent.mkdir(parents=True, exist_ok=True)
                made = [one for one in done if one.spec not in known]
                write_bytes_durably(path, msgspec.json.encode([*known.values(), *made]))

        found = tuned(
            base, space, search, lambda orders: list(executor.map_chunks(work, orders)), count=trials, known=known,
            keep=keep, go_on=lambda spent: go_on() and not 0.0 < budget <= spent,
        )  # fmt: skip
        held = ledger.population().distinct
    kept = sum(one.spec in known for one in found.trials)
    return Tuned(chosen(base, found.best), found, kept, held)


def batches_of(
    trials: Sequence[TunedTrial], base: Order, material: Material, interval: Timeframe
) -> tuple[TrialBatch, ...]:
    """Trials as the ledger keeps them, a batch a symbol; what they earned was not looked at and is unknown."""
    found = []
    for part in material.parts:
        times, train = part.data.features.ts_close, part.slices.train
        start, end = int(times[train[0]]), int(times[train[-1]])
        found.append(
            trial_batch(
                [one.spec for one in trials], [FAMILY + base.kind] * len(trials), symbol=part.data.features.symbol,
                timeframe=str(interval), data_hash=part.data.data_hash, start=start, end=end,
                n_trades=np.zeros(len(trials)), sharpe=np.full(len(trials), np.nan), days=max(1, (end - start) // DAY),
            )
        )  # fmt: skip
    return tuple(found)


def _tried(fit_on: Samples, stop_on: Samples, order: Order) -> TunedTrial:
    return trial_of(fit_on, stop_on, order)


def _path(workspace: Workspace, base: Order, material: Material) -> Path:
    """Under the hash of what is searched on what."""
    spans = [(int(part.slices.train[0]), int(part.slices.train[-1])) for part in material.parts]
    asked = hashlib.sha256(msgspec.json.encode([base, material.data_hashes, spans])).hexdigest()
    return shelf_of(workspace).folder / "work" / f"tuning-{base.kind}-{asked[:16]}.json"


def _read(path: Path) -> list[TunedTrial]:
    """Trials of an earlier call; none where nothing can be read, for they are made again."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[TunedTrial])
    except (FileNotFoundError, msgspec.MsgspecError):
        return []
