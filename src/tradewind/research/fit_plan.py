"""What a model is fitted on, for how long, and what is told of every pass; no training library is needed to say it."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray


class Samples(NamedTuple):
    """Windows ``(n, length, width)`` float32, 1 where the price went up ``(n,)``, weight of each ``(n,)``; no NaN."""

    windows: NDArray[np.float32]
    up: NDArray[np.float32]
    weight: NDArray[np.float32]


class FitPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how a net is trained.

    It stops after ``epochs``, after ``patience`` epochs without a lower validation loss, or past ``seconds`` of
    processor time (0: no limit). ``rate`` 0 is the net's own. ``shrink`` scales a warm start (Ash and Adams 2020).
    ``ceiling`` is the validation loss that must be reached by each epoch, else it is ended as not worth going on with.
    """

    epochs: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 50
    patience: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 4
    batch: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 64
    rate: Annotated[float, msgspec.Meta(ge=0.0, le=10.0)] = 0.0
    weight_decay: Annotated[float, msgspec.Meta(ge=0.0, le=10.0)] = 1e-4
    precision: Literal["float32", "bfloat16"] = "float32"
    shrink: float = 1.0
    seconds: float = 0.0
    seed: int = 0
    ceiling: tuple[float, ...] = ()


class Epoch(NamedTuple):
    """One pass: loss and validation loss (nats), validation accuracy, mean confidence ``max(p, 1 - p)``, seconds."""

    number: int
    loss: float
    valid_loss: float
    accuracy: float
    confidence: float
    seconds: float

    def line(self, of: int) -> str:
        """``Epoch 15/50: Loss=0.0234, Val Acc=87.45%, Val Conf=81.23%``."""
        return (
            f"Epoch {self.number}/{of}: Loss={self.loss:.4f}, Val Acc={100.0 * self.accuracy:.2f}%, "
            f"Val Conf={100.0 * self.confidence:.2f}%"
        )
