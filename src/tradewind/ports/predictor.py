"""What the engine asks of a trained model: the probability that the upper barrier is met first."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Windows = NDArray[np.float32]


class Predictor(Protocol):
    """A model as it is served: reads ``length`` rows of ``width`` scaled inputs, the newest last, and holds no state.

    NaN rule: it is never asked with a NaN; what it answers must be finite, or the model is not served.
    """

    @property
    def length(self) -> int:
        """Rows it reads."""
        ...

    @property
    def width(self) -> int:
        """Inputs a row."""
        ...

    def forecasts(self, windows: Windows) -> NDArray[np.float64]:
        """Raw probabilities of going up, ``(n,)``, for windows ``(n, length, width)``; each as if asked alone."""
        ...
