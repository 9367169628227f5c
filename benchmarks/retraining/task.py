"""The published task: 32 channels, windows of 60, 4,821 samples to fit and 4,821 later ones, and its drifted copy."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from tradewind.research.fit_plan import FitPlan, Samples
from tradewind.research.nets import net
from tradewind.research.nets.fitting import Fitted, fit

PATIENCE, EPOCHS, BATCH = 4, 50, 64
DRIFT: Final = 0.5
LSTM_RATE: Final = 1e-3
"""Of the task; what the product's trainer takes by itself is twice that."""


class Task(NamedTuple):
    """Samples to fit and to stop on, and the loss of whoever knows the true chances, in nats."""

    train: Samples
    valid: Samples
    bayes: float


def folder_beside() -> Path | None:
    """``../shared/bench`` with the task in it; None where it is not."""
    for folder in Path(__file__).resolve().parents:
        bench = folder / "shared" / "bench"
        if (bench / "model_task.py").exists():
            return bench
    return None


def task_of(bench: Path, seed: int, drift: float = 0.0) -> Task:
    """The task as its own file makes it."""
    module = _loaded(bench)
    fit_x, fit_y, later_x, later_y, bayes = module.windows(seed, drift=drift)
    return Task(_samples(fit_x, fit_y), _samples(later_x, later_y), float(bayes))


def together(first: Samples, second: Samples, count: int) -> Samples:
    """``count`` samples: the newest half of ``second``, and as many of ``first`` at even distances."""
    old, new = count // 2, count - count // 2
    even = np.linspace(0, len(first.up) - 1, old).round().astype(np.int64)
    return Samples(*(np.concatenate([one[even], two[-new:]]) for one, two in zip(first, second, strict=True)))


def fitted(name: str, task: Task, seed: int, size: str = "", warm: Any = None, rate: float = 0.0) -> Fitted:
    """A net of the product on the task, by the product's own trainer."""
    chosen = net(name)
    plan = FitPlan(epochs=EPOCHS, patience=PATIENCE, batch=BATCH, seed=seed, rate=rate)
    return fit(chosen, chosen.options_of({}, size), task.train, task.valid, plan, warm=warm)


def _samples(windows: Any, up: Any) -> Samples:
    return Samples(windows.numpy(), up.numpy().astype(np.float32), np.ones(len(up), np.float32))


def _loaded(bench: Path) -> Any:
    """The module, which reads numbers from the command line when it is loaded and finds its nets beside it."""
    arguments, places = sys.argv, list(sys.path)
    sys.argv, sys.path = sys.argv[:1], [str(bench), *sys.path]
    try:
        return importlib.import_module("model_task")
    finally:
        sys.argv, sys.path = arguments, places
