"""Trains a net on one thread until it stops getting better on later samples.

Everything random follows from the seed and the number of the epoch, so a fit that is resumed after any epoch ends with
the same weights as one that was never stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from tradewind.errors import Corrupt, Misconfigured
from tradewind.research.fit_plan import Epoch, FitPlan, Samples
from tradewind.research.nets.net import Net, Options
from tradewind.research.nets.state import Arrays, arrays_of, packed, tensors_of, unpacked

BATCH: Final = 256
"""Samples a step of the validation; it changes no figure."""


class Fitted(NamedTuple):
    """The best epoch's weights, every epoch, and why it stopped: epochs, patience, pruned, seconds."""

    weights: Arrays
    best: Epoch
    history: tuple[Epoch, ...]
    stopped: str

    @property
    def cpu_seconds(self) -> float:
        """Processor time of all epochs."""
        return sum(one.seconds for one in self.history)


class Checkpoint(NamedTuple):
    """Where a fit stands after an epoch, as bytes; ``fit`` goes on from it."""

    data: bytes
    epoch: Epoch


def fit(
    net: Net,
    options: Options,
    train: Samples,
    valid: Samples,
    plan: FitPlan,
    *,
    warm: Mapping[str, NDArray[Any]] | None = None,
    resumed: bytes | None = None,
    told: Callable[[Checkpoint], None] | None = None,
) -> Fitted:
    """Minimises the weighted binary cross-entropy by AdamW; ``valid`` is later than ``train``.

    ``warm`` are weights to start from, ``resumed`` a checkpoint of this very fit, ``told`` gets one an epoch.

    Raises:
        Misconfigured: no samples, or of another shape than the warm start.
        Corrupt: the checkpoint is of another fit, or the loss became no number.
    """
    _checked(train, valid)
    torch.set_num_threads(1)
    torch.manual_seed(plan.seed)
    _, length, width = train.windows.shape
    model = net.build(length, width, options)
    if warm is not None:
        _load(model, {name: array * plan.shrink for name, array in warm.items()}, "the warm start")
    optimizer = torch.optim.AdamW(model.parameters(), plan.rate or net.rate, weight_decay=plan.weight_decay)
    course = _Course(model, optimizer, plan)
    if resumed is not None:
        course.resume(resumed)
    data, held_out = _tensors(train), _tensors(valid)
    while not course.over:
        started = time.process_time()
        loss = _pass(model, optimizer, data, plan, course.number + 1)
        valid_loss, accuracy, confidence = _measured(model, held_out)
        if not np.isfinite([loss, valid_loss]).all():
            raise Corrupt(
                f"the loss is {loss} after epoch {course.number + 1}", where=net.name, next_step="lower --rate"
            )
        seconds = time.process_time() - started
        epoch = Epoch(course.number + 1, loss, valid_loss, accuracy, confidence, seconds)
        course.take(epoch)
        if told is not None:
            told(Checkpoint(course.packed(), epoch))
    return course.result()


def probabilities(net: Net, options: Options, weights: Mapping[str, NDArray[Any]], windows: NDArray[np.float32]) -> Any:
    """Raw probabilities of trained weights for windows ``(n, length, width)``, float64 ``(n,)``."""
    _, length, width = windows.shape
    model = net.build(length, width, options)
    _load(model, weights, "the weights")
    model.eval()
    with torch.inference_mode():
        parts = torch.from_numpy(np.ascontiguousarray(windows)).split(BATCH)
        return torch.cat([model(part) for part in parts]).sigmoid().double().numpy()


class _Course:
    """How far a fit is: epochs, the best weights so far, and whether it is over."""

    def __init__(self, model: torch.nn.Module, optimizer: torch.optim.Optimizer, plan: FitPlan) -> None:
        self._model, self._optimizer, self._plan = model, optimizer, plan
        self._history: list[Epoch] = []
        self._best: Arrays = {}
        self._best_epoch: Epoch | None = None

    @property
    def number(self) -> int:
        """Epochs done."""
        return len(self._history)

    @property
    def stopped(self) -> str:
        """Why it is over, or nothing."""
        plan = self._plan
        if self.number >= plan.epochs:
            return "epochs"
        if self._best_epoch is not None and self.number - self._best_epoch.number >= plan.patience:
            return "patience"
        if self._best_epoch is not None and plan.ceiling:
            due = plan.ceiling[min(self.number, len(plan.ceiling)) - 1]
            if self._best_epoch.valid_loss > due:
                return "pruned"
        return "seconds" if 0.0 < plan.seconds < sum(one.seconds for one in self._history) else ""

    @property
    def over(self) -> bool:
        """Whether nothing is left to do."""
        return bool(self.stopped)

    def take(self, epoch: Epoch) -> None:
        """Notes an epoch, and its weights where they are the best so far."""
        self._history.append(epoch)
        if self._best_epoch is None or epoch.valid_loss < self._best_epoch.valid_loss:
            self._best_epoch = epoch
            self._best = arrays_of(self._model.state_dict())

    def result(self) -> Fitted:
        """What came out."""
        assert self._best_epoch is not None
        return Fitted(self._best, self._best_epoch, tuple(self._history), self.stopped)

    def packed(self) -> bytes:
        """Everything a later process needs to go on: weights, the optimizer's moments, the best, the history."""
        found = {f"now.{name}": array for name, array in arrays_of(self._model.state_dict()).items()}
        found |= {f"best.{name}": array for name, array in self._best.items()}
        for place, moments in self._optimizer.state_dict()["state"].items():
            found |= {f"moment.{place}.{name}": tensor.numpy() for name, tensor in moments.items()}
        found["history"] = np.asarray(self._history, np.float64)
        found["plan"] = np.frombuffer(msgspec.json.encode(self._plan), np.uint8)
        return packed(found)

    def resume(self, data: bytes) -> None:
        """Goes on where a checkpoint stands."""
        found = unpacked(data)
        if found.get("plan", np.empty(0)).tobytes() != msgspec.json.encode(self._plan):
            raise Corrupt("a checkpoint of another fit", where="resume", next_step="delete it and train again")
        _load(self._model, _under("now.", found), "the checkpoint")
        self._best = _under("best.", found)
        groups = self._optimizer.state_dict()
        moments: dict[int, dict[str, torch.Tensor]] = {}
        for name, array in _under("moment.", found).items():
            place, _, what = name.partition(".")
            moments.setdefault(int(place), {})[what] = torch.from_numpy(np.array(array))
        self._optimizer.load_state_dict({"state": moments, "param_groups": groups["param_groups"]})
        self._history = [Epoch(int(row[0]), *row[1:]) for row in found["history"].tolist()]
        self._best_epoch = min(self._history, key=lambda one: one.valid_loss)


def _pass(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    data: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    plan: FitPlan,
    number: int,
) -> float:
    windows, up, weight = data
    torch.manual_seed(plan.seed * 1_000_003 + number)  # the order of the samples and what dropout leaves out
    order = torch.randperm(len(windows))
    model.train()
    total = 0.0
    for at in order.split(plan.batch):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=plan.precision == "bfloat16"):
            odds = model(windows[at])
        loss = functional.binary_cross_entropy_with_logits(odds.float(), up[at], weight[at])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        total += loss.item() * len(at)
    return total / len(windows)


def _measured(
    model: torch.nn.Module, data: tuple[torch.Tensor, torch.Tensor, torch.Tensor]
) -> tuple[float, float, float]:
    windows, up, weight = data
    model.eval()
    with torch.inference_mode():
        odds = torch.cat([model(part) for part in windows.split(BATCH)])
        loss = functional.binary_cross_entropy_with_logits(odds, up, weight, reduction="sum") / weight.sum()
        p = odds.sigmoid()
        right = ((p >= 0.5) == (up > 0.5)).float()
    return loss.item(), right.mean().item(), torch.maximum(p, 1.0 - p).mean().item()


def _tensors(samples: Samples) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    weight = samples.weight / samples.weight.mean()
    return tuple(
        torch.from_numpy(np.ascontiguousarray(one, np.float32)) for one in (samples.windows, samples.up, weight)
    )


def _checked(train: Samples, valid: Samples) -> None:
    for name, samples in (("train", train), ("validation", valid)):
        n = len(samples.windows)
        if not n or samples.windows.ndim != 3 or not n == len(samples.up) == len(samples.weight):
            raise Misconfigured(
                f"{samples.windows.shape} windows with {len(samples.up)} labels",
                where=f"{name} samples",
                allowed="windows (n, length, width), n labels, n weights, n at least 1",
            )
        if not (np.isfinite(samples.windows).all() and np.isin(samples.up, (0.0, 1.0)).all()):
            raise Misconfigured(
                "a value that is no number, or a label other than 0 and 1", where=f"{name} samples",
                next_step="drop unresolved labels and rows that are not warm",
            )  # fmt: skip


def _load(model: torch.nn.Module, arrays: Mapping[str, NDArray[Any]], what: str) -> None:
    try:
        model.load_state_dict(tensors_of(arrays))
    except RuntimeError as fault:
        raise Misconfigured(f"{what} does not fit this net", next_step="use the same sizes and inputs") from fault


def _under(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
