"""What it costs to train a model anew: the default net cold and warm, the published LSTM, all models of a project.

``python -m benchmarks.retrain --json [--part NAME] [--seeds N] [--fresh]``, in the training environment, one thread a
job. The task is that of ``../shared/bench`` (4,821 windows of 60 x 32 to fit, as many later ones to stop on, and a
drifted copy for the warm start); the nets and the trainer are the product's own. Parts:

- ``default``: the default net, cold on the task and warm on the drifted copy from the weights it had, with and without
  a replay of what was learned before; a cold fit on the drifted copy beside it. Processor seconds of the whole fit.
- ``lstm``: LSTM 3x128 on the task, whose validation loss is what the default net is held to.
- ``all``: 24 models of four symbols on six timeframes, from SIMULATED bars to signed versions, on two processes.
- ``interference``: how much later a service decides while a process beside it retrains (benchmarks/retraining).

Figures are medians over seeds, with the least and the most beside them. What was measured is kept in build/retrain, so
that a run that was ended goes on; ``--fresh`` measures again. Without PyTorch or the task beside the checkout the
figures are null and ``missing`` says why. Progress goes to stderr.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.machine import machine, show

KEPT = Path("build/retrain")
PARTS = ("default", "lstm", "all", "interference")
KEYS = ("cold_cpu_seconds", "warm_cpu_seconds", "loss_minus_lstm", "lstm_3x128_cpu_seconds", "all_24_seconds")
DEFAULT = "patch_mlp"
SEEDS, LSTM_SEEDS, ROUNDS, HOURS = 5, 3, 10, 400
GOALS = {
    "cold_cpu_seconds": 10.0,
    "warm_cpu_seconds": 3.0,
    "loss_minus_lstm": 0.002,
    "lstm_3x128_cpu_seconds": 90.0,
    "all_24_seconds": 150.0,
    "p99_ratio": 1.5,
}


class Kept:
    """What was measured already, a file a figure."""

    def __init__(self, folder: Path, *, fresh: bool) -> None:
        self._folder, self._fresh = folder, fresh
        folder.mkdir(parents=True, exist_ok=True)

    def of(self, name: str, work: Callable[[], Any]) -> dict[str, Any]:
        """The figures of ``name``, measured now where they are not there."""
        path = self._folder / f"{name}.json"
        if path.exists() and not self._fresh:
            found: dict[str, Any] = json.loads(path.read_text("utf-8"))
            return found
        begun = time.perf_counter()
        found = msgspec.to_builtins(work())
        path.write_text(json.dumps(found), "utf-8")
        print(f"{name}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
        return found


def spread(name: str, values: list[float], digits: int = 2) -> dict[str, object]:
    """Median, and the least and most of the seeds."""
    ends = [round(min(values), digits), round(max(values), digits)]
    return {name: round(statistics.median(values), digits), f"{name}_spread": ends}


def default_of(bench: Path, seed: int) -> dict[str, Any]:
    """One seed of the default net: cold, warm with and without replay, and cold on the drifted copy."""
    from benchmarks.retraining.task import DRIFT, fitted, task_of, together  # PyTorch

    task, drifted = task_of(bench, 1), task_of(bench, 2, DRIFT)
    cold = fitted(DEFAULT, task, seed)
    again = fitted(DEFAULT, drifted, seed + 1)
    warm = fitted(DEFAULT, drifted, seed + 1, warm=cold.weights)
    mixed = drifted._replace(train=together(task.train, drifted.train, len(task.train.up)))
    replayed = fitted(DEFAULT, mixed, seed + 1, warm=cold.weights)
    runs = {"cold": cold, "drifted_cold": again, "warm": warm, "replayed": replayed}
    return {
        name: {"cpu": one.cpu_seconds, "loss": one.best.valid_loss, "epochs": len(one.history), "best": one.best.number}
        for name, one in runs.items()
    }


def lstm_of(bench: Path, seed: int) -> dict[str, Any]:
    """One seed of the published LSTM."""
    from benchmarks.retraining.task import LSTM_RATE, fitted, task_of  # PyTorch

    found = fitted("lstm", task_of(bench, 1), seed, "3x128", rate=LSTM_RATE)
    return {"cpu": found.cpu_seconds, "loss": found.best.valid_loss, "epochs": len(found.history)}


def nets(bench: Path, kept: Kept, seeds: int, parts: tuple[str, ...]) -> dict[str, object]:
    """The parts ``default`` and ``lstm``, and what one loses against the other."""
    figures: dict[str, object] = {}
    losses: dict[str, list[float]] = {}
    if "default" in parts:
        runs = [kept.of(f"{DEFAULT}-{seed}", lambda seed=seed: default_of(bench, seed)) for seed in range(seeds)]
        losses[DEFAULT] = [one["cold"]["loss"] for one in runs]
        figures |= spread("cold_cpu_seconds", [one["cold"]["cpu"] for one in runs])
        figures |= spread("warm_cpu_seconds", [one["warm"]["cpu"] for one in runs])
        figures |= spread("warm_replay_cpu_seconds", [one["replayed"]["cpu"] for one in runs])
        figures |= spread(
            "warm_minus_cold_loss", [one["warm"]["loss"] - one["drifted_cold"]["loss"] for one in runs], 4
        )
        figures |= spread("epochs_cold", [one["cold"]["epochs"] for one in runs], 0)
        figures |= spread("epochs_warm", [one["warm"]["epochs"] for one in runs], 0)
        figures |= spread("loss", losses[DEFAULT], 4)
    if "lstm" in parts:
        count = min(seeds, LSTM_SEEDS)
        runs = [kept.of(f"lstm-{seed}", lambda seed=seed: lstm_of(bench, seed)) for seed in range(count)]
        losses["lstm"] = [one["loss"] for one in runs]
        figures |= spread("lstm_3x128_cpu_seconds", [one["cpu"] for one in runs], 1)
        figures |= spread("lstm_3x128_loss", losses["lstm"], 4)
    if len(losses) > 1:
        figures["loss_minus_lstm"] = round(
            statistics.median(losses[DEFAULT]) - statistics.median(losses["lstm"]), 4
        )  # below 0: the default net is better
    return figures


def all_models(kept: Kept) -> dict[str, object]:
    """The part ``all``."""
    from benchmarks.retraining.fleet import measured  # PyTorch, in its processes

    found = kept.of("all", lambda: measured(DEFAULT))
    return {
        "all_24_seconds": round(found["seconds"], 1),
        "all_24_cpu_seconds": round(sum(found["cpu_seconds"]), 1),
        "all_24_fitted_on": found["fitted_on"],
        "all_24_epochs": [min(found["epochs"]), max(found["epochs"])],
    }


def interference(kept: Kept) -> dict[str, object]:
    """The part ``interference``."""
    from benchmarks.retraining.neighbour import measured  # the whole service

    found = kept.of("interference", lambda: measured(ROUNDS, HOURS))
    ratio = found["beside_p99_ms"] / found["alone_p99_ms"]
    return {"p99_ratio": round(ratio, 3), "p99_ratio_of_rounds": statistics.median(found["ratios"]), **found}


def main() -> None:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object on one line")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this; repeat for several")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"of the nets; the LSTM has at most {LSTM_SEEDS}")
    parser.add_argument("--folder", type=Path, default=KEPT, help="where measured figures are kept")
    parser.add_argument("--fresh", action="store_true", help="measure again what is kept")
    given = parser.parse_args()
    parts = tuple(given.part or PARTS)
    figures: dict[str, object] = {"benchmark": "retrain", "machine": machine(), "parts": parts, "goals": GOALS}
    figures |= dict.fromkeys(KEYS)
    kept, missing = Kept(given.folder, fresh=given.fresh), []
    if not importlib.util.find_spec("torch"):
        missing.append("PyTorch is not installed here: run it in the training environment (make training)")
    elif bench := _bench():
        figures |= nets(bench, kept, given.seeds, parts)
    elif {"default", "lstm"} & set(parts):
        missing.append("no task beside the checkout (../shared/bench/model_task.py): default and lstm are not measured")
    if importlib.util.find_spec("torch"):
        figures |= all_models(kept) if "all" in parts else {}
        figures |= interference(kept) if "interference" in parts else {}
    show(figures | {"missing": missing}, as_json=given.json)


def _bench() -> Path | None:
    from benchmarks.retraining.task import folder_beside  # PyTorch

    return folder_beside()


if __name__ == "__main__":
    main()
