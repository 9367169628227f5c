"""How often which value occurs, as what a picture needs of thousands of values."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

BINS: Final = 60


class Histogram(msgspec.Struct, frozen=True):
    """``counts[k]`` values lie between ``edges[k]`` and ``edges[k + 1]``."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


def histogram(values: NDArray[np.float64]) -> Histogram:
    """``values``, all finite, in ``BINS`` bins of equal width; empty without values."""
    if not values.size:
        return Histogram((), ())
    counts, edges = np.histogram(values, BINS)
    return Histogram(tuple(edges.tolist()), tuple(counts.tolist()))
