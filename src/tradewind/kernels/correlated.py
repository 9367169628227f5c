"""Sums over correlated estimates, in one order on every processor.

A linear algebra library picks its routines by the processor it meets, and they add in different orders: the last digits
of a decision, and with them its digest, would depend on the machine that made it. (So would Python's own ``sum``, which
rounds differently from 3.12 on.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tradewind.kernels.compiled import compiled


@compiled
def pair_sums(
    weights: NDArray[np.float64], errors: NDArray[np.float64], correlation: NDArray[np.float64]
) -> tuple[float, float, float]:
    """``(sum_i w_i, sum_ij w_i w_j rho_ij, sum_ij e_i e_j rho_ij)`` with negative correlations taken as 0.

    ``weights`` and ``errors`` have shape ``(m,)``, ``correlation`` ``(m, m)``.
    """
    total = 0.0
    of_weights = 0.0
    of_errors = 0.0
    for i in range(weights.shape[0]):
        weighted = 0.0
        erring = 0.0
        for j in range(weights.shape[0]):
            rho = correlation[i, j]
            if rho > 0.0:
                weighted += weights[j] * rho
                erring += errors[j] * rho
        total += weights[i]
        of_weights += weights[i] * weighted
        of_errors += errors[i] * erring
    return total, of_weights, of_errors
