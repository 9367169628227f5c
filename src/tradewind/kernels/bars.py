"""Folds shorter bars into longer ones: open of the first, extremes of all, close and spread of the last, volume summed.

The state of a bar under construction is one row of eight float64 values, named by the constants below. A row whose
``COUNT`` is 0 is empty. Prices in quote currency; ``SPREAD`` stays at the last known one and is NaN before the first.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tradewind.kernels.compiled import compiled

OPEN: Final = 0
HIGH: Final = 1
LOW: Final = 2
CLOSE: Final = 3
VOLUME: Final = 4
SPREAD: Final = 5
COUNT: Final = 6
SYNTHETIC: Final = 7
WIDTH: Final = 8


@compiled
def fold(
    rows: NDArray[np.float64],
    open_: float,
    high: float,
    low: float,
    close: float,
    volume: float,
    spread: float,
    synthetic: float,
) -> None:
    """Folds one bar into every row of ``rows``, shape ``(n, WIDTH)``, in place.

    ``spread`` is NaN where unknown; ``synthetic`` is how many of the bar's parts were made rather than received.
    """
    for i in range(rows.shape[0]):
        if rows[i, COUNT] == 0.0:
            rows[i, OPEN] = open_
            rows[i, HIGH] = high
            rows[i, LOW] = low
            rows[i, VOLUME] = volume
            rows[i, SPREAD] = spread
            rows[i, SYNTHETIC] = synthetic
        else:
            rows[i, HIGH] = max(rows[i, HIGH], high)
            rows[i, LOW] = min(rows[i, LOW], low)
            rows[i, VOLUME] += volume
            rows[i, SYNTHETIC] += synthetic
            if not math.isnan(spread):
                rows[i, SPREAD] = spread
        rows[i, CLOSE] = close
        rows[i, COUNT] += 1.0


@compiled
def fold_columns(
    starts: NDArray[np.int64],
    open_: NDArray[np.float64],
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    volume: NDArray[np.float64],
    spread: NDArray[np.float64],
    rows: NDArray[np.float64],
    first: NDArray[np.int64],
) -> int:
    """Folds bars into one row per run of equal ``starts``; returns how many rows were made.

    Bars have shape ``(n,)`` and are sorted; ``rows`` is ``(n, WIDTH)`` of zeros and ``first`` int64 ``(n,)``, both
    filled in place: ``first[k]`` is the index of the first bar of row ``k``.
    """
    made = 0
    for i in range(starts.shape[0]):
        if i == 0 or starts[i] != starts[i - 1]:
            first[made] = i
            made += 1
        fold(rows[made - 1 : made], open_[i], high[i], low[i], close[i], volume[i], spread[i], 0.0)
    return made
