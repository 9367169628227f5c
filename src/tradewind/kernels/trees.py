"""Sums over decision trees that are plain arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tradewind.kernels.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


@compiled
def sum_of_trees(
    rows: Floats, roots: Ints, feature: Ints, threshold: Floats, left: Ints, right: Ints, value: Floats, out: Floats
) -> None:
    """``out[i] = sum over trees of the value of the leaf that row i falls into``; rows ``(n, k)``, no NaN.

    Node ``j`` asks ``row[feature[j]] <= threshold[j]``: yes goes ``left[j]``, no ``right[j]``; a leaf has feature -1
    and ``value[j]``. The trees are summed in their order, so a row gives the same bits alone and among others.
    """
    for row in range(rows.shape[0]):
        total = 0.0
        for tree in range(roots.size):
            node = roots[tree]
            while feature[node] >= 0:
                node = left[node] if rows[row, feature[node]] <= threshold[node] else right[node]
            total += value[node]
        out[row] = total
