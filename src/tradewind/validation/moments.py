"""The first four moments of a sample, safe for very small and very large values."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_MIN_VALUES = 2


class Moments(NamedTuple):
    """Of ``n`` values: mean, standard deviation (ddof 1), population skew and population kurtosis (normal = 3)."""

    n: int
    mean: float
    deviation: float
    skew: float
    kurtosis: float

    @property
    def sharpe(self) -> float:
        """``mean / deviation``: the Sharpe ratio per observation, not annualised."""
        return self.mean / self.deviation


def moments(values: NDArray[np.float64]) -> Moments | None:
    """``skew = m3 / m2^1.5``, ``kurtosis = m4 / m2^2`` with ``mk`` the mean of ``(x - mean)^k``, of shape ``(n,)``.

    None for fewer than two values, for equal values and where a value is not finite: nothing is skipped silently.
    """
    if values.size < _MIN_VALUES or not bool(np.all(np.isfinite(values))) or float(np.ptp(values)) == 0.0:
        return None
    mean = float(np.mean(values))
    centred = values - mean
    # Powers of very small values would underflow; the ratios of moments do not depend on the scale.
    scale = float(np.max(np.abs(centred)))
    deviation = scale * math.sqrt(float(np.sum((centred / scale) ** 2)) / (values.size - 1)) if scale > 0.0 else 0.0
    if not 0.0 < deviation < math.inf:
        return None
    shape = centred / scale
    variance = float(np.mean(shape**2))
    return Moments(
        n=int(values.size),
        mean=mean,
        deviation=deviation,
        skew=float(np.mean(shape**3)) / variance**1.5,
        kurtosis=float(np.mean(shape**4)) / variance**2,
    )
