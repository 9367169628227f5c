"""Between a probability and its log odds."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_TINY: Final = 1e-6
_FAR: Final = 36.0
"""Log odds at which a probability is 0 or 1 in the last bit."""


def sigmoid(z: Floats) -> Floats:
    """``1 / (1 + exp(-z))`` by ``math.exp``: numpy's own differs in the last bit with the length of the array."""
    return np.array([1.0 / (1.0 + math.exp(-min(_FAR, max(-_FAR, one)))) for one in z.tolist()])


def logit(p: Floats) -> Floats:
    """``log(p / (1 - p))`` with p kept 1e-6 away from 0 and 1; by ``math.log`` for the same reason."""
    safe = np.clip(p, _TINY, 1.0 - _TINY)
    return np.array([math.log(one / (1.0 - one)) for one in safe.tolist()])
