"""Predictors that are plain numbers: the base rate, anything linear in its window, boosted trees.

Each is a frozen value, checked when it is made, so that a file that decodes can be served. Log odds become
probabilities by the logistic function.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured
from tradewind.kernels.trees import sum_of_trees
from tradewind.ports.predictor import Windows
from tradewind.predictors.log_odds import sigmoid

Floats = NDArray[np.float64]
Count = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class BaseRate(msgspec.Struct, frozen=True, tag="base_rate", forbid_unknown_fields=True):
    """Always the share of ups of the train window: what every other predictor has to beat."""

    p_up: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
    length: Count = 1
    width: Count = 1

    def forecasts(self, windows: Windows) -> Floats:
        """``p_up`` for each."""
        return np.full(len(windows), self.p_up)


class Linear(msgspec.Struct, frozen=True, tag="linear", forbid_unknown_fields=True, dict=True):
    """``sigmoid(bias + sum of weights * window)``: logistic regression at length 1, DLinear (Zeng 2023) at more.

    ``weights`` are those of ``(length, width)``, row after row. A decomposition into trend and rest with a linear layer
    each is linear in the window, so it is folded into them.
    """

    length: Count
    width: Count
    weights: tuple[float, ...]
    bias: float

    def __post_init__(self) -> None:
        _finite("linear", (*self.weights, self.bias))
        if len(self.weights) != self.length * self.width:
            raise _misfit("linear", f"{len(self.weights)} weights", f"{self.length} x {self.width}")

    @cached_property
    def _matrix(self) -> Floats:
        return np.asarray(self.weights)

    def forecasts(self, windows: Windows) -> Floats:
        """Probabilities, ``(n,)``; summed window by window, so that company changes no bit."""
        flat = windows.reshape(len(windows), -1).astype(np.float64)
        return sigmoid(self.bias + (flat * self._matrix).sum(axis=1))


class _Arrays(NamedTuple):
    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: Floats
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: Floats


class Trees(msgspec.Struct, frozen=True, tag="trees", forbid_unknown_fields=True, dict=True):
    """``sigmoid(bias + sum of leaves)`` over the newest row of the window: gradient boosting (Friedman 2001).

    Nodes lie in one list; ``feature`` is -1 at a leaf. A child comes after its parent, so no walk can run in a circle.
    """

    width: Count
    roots: tuple[int, ...]
    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    value: tuple[float, ...]
    bias: float
    length: Count = 1

    def __post_init__(self) -> None:
        _finite("trees", (*self.threshold, *self.value, self.bias))
        nodes = len(self.feature)
        if not all(len(one) == nodes for one in (self.threshold, self.left, self.right, self.value)):
            raise _misfit("trees", "columns of different lengths", "one entry a node in each")
        good = all(0 <= root < nodes for root in self.roots) and all(
            feature == -1 or (0 <= feature < self.width and node < left < nodes and node < right < nodes)
            for node, (feature, left, right) in enumerate(zip(self.feature, self.left, self.right, strict=True))
        )
        if not good:
            raise _misfit("trees", "a root, a feature or a child that is not there", "children after their parents")

    @cached_property
    def _arrays(self) -> _Arrays:
        whole = [np.asarray(one, np.int32) for one in (self.roots, self.feature, self.left, self.right)]
        return _Arrays(whole[0], whole[1], np.asarray(self.threshold), whole[2], whole[3], np.asarray(self.value))

    def forecasts(self, windows: Windows) -> Floats:
        """Probabilities, ``(n,)``."""
        rows = np.ascontiguousarray(windows[:, -1, :], np.float64)
        out = np.empty(len(rows))
        sum_of_trees(rows, *self._arrays, out)
        return sigmoid(self.bias + out)


Plain = BaseRate | Linear | Trees


def _finite(kind: str, numbers: tuple[float, ...]) -> None:
    if not all(map(math.isfinite, numbers)):
        raise _misfit(kind, "a weight that is no finite number", "finite numbers")


def _misfit(kind: str, found: str, allowed: str) -> Misconfigured:
    return Misconfigured(found, where=f"a {kind} model", allowed=allowed, next_step="train it again")
