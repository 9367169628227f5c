"""Which of two barriers a price meets first: the kernel behind the labels that models learn from."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tradewind.kernels.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def first_barriers(
    high: Floats,
    low: Floats,
    close: Floats,
    up: Floats,
    down: Floats,
    horizon: int,
    side: int,
    label: Floats,
    end: NDArray[np.int64],
) -> None:
    """Fills ``label`` and ``end`` for an entry at every close; see ``validation.barrier_labels``.

    O(n * horizon) at worst; most entries meet a barrier long before. ``side`` is whose stop comes first where one bar
    touches both: +1 the lower barrier, -1 the upper one.
    """
    n = close.size
    for entry in range(n):
        label[entry] = math.nan
        end[entry] = -1
        above, below = up[entry], down[entry]
        if not (above > 0.0 and below > 0.0):  # a NaN width is no barrier: still warming up
            continue
        upper = close[entry] * (1.0 + above)
        lower = close[entry] * (1.0 - below)
        for bar in range(entry + 1, min(entry + horizon, n - 1) + 1):
            touched_up = high[bar] >= upper
            touched_down = low[bar] <= lower
            if touched_up or touched_down:
                both = touched_up and touched_down
                label[entry] = float(-side) if both else (1.0 if touched_up else -1.0)
                end[entry] = bar
                break
        else:
            if entry + horizon < n:
                end[entry] = entry + horizon
