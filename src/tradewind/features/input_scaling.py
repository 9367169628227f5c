"""Inputs in units of their own spread: fitted once, on the rows a model trains on, and kept beside the model."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Corrupt, Misconfigured

Rows = NDArray[np.float32]

CUT: Final = 5.0
"""Deviations beyond which a number says no more: one wild bar must not outweigh a year."""

LEAST: Final = 1e-6
"""A channel that moves by less than this never moved in training; it is given as it is, less its mean."""


class Scaling(msgspec.Struct, frozen=True):
    """Mean and deviation of every channel, ``k`` each, as written in a model's manifest.

    Raises:
        Corrupt: they differ in length, or a number is not finite or no deviation.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def __post_init__(self) -> None:
        numbers = np.array([*self.mean, *self.deviation])
        fits = len(self.mean) == len(self.deviation) and min(self.deviation, default=1.0) > 0.0
        if not (fits and np.isfinite(numbers).all()):
            raise Corrupt(f"{len(self.mean)} means, {len(self.deviation)} deviations", where="scaling of inputs")


class Scaler:
    """Applies a ``Scaling``: ``(x - mean) / deviation``, cut at ``CUT`` on both sides, element by element.

    Float32 as the rows are, so that one row and a million give the same bits. NaN stays NaN.
    """

    def __init__(self, scaling: Scaling) -> None:
        self.scaling: Final = scaling
        self._mean: Rows = np.array(scaling.mean, dtype=np.float32)
        self._deviation: Rows = np.array(scaling.deviation, dtype=np.float32)

    def rows(self, rows: Rows) -> Rows:
        """``(..., k) -> (..., k)``, a new array."""
        with np.errstate(over="ignore"):  # beyond float32 is beyond the cut
            scaled: Rows = (rows - self._mean) / self._deviation
        return np.clip(scaled, np.float32(-CUT), np.float32(CUT), out=scaled)


def scaling_of(rows: Rows) -> Scaling:
    """Mean and population deviation of each channel over the complete rows of ``(n, k)``.

    Raises:
        Misconfigured: no row is complete.
    """
    whole = rows[~np.isnan(rows).any(axis=1)].astype(np.float64)
    if not len(whole):
        raise Misconfigured("no complete row of inputs", where="scaling", next_step="use more bars than the warm-up")
    spread = whole.std(axis=0)
    spread[spread < LEAST] = 1.0
    return Scaling(tuple(whole.mean(axis=0).tolist()), tuple(spread.tolist()))
