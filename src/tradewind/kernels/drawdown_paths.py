"""The deepest fall of many orders and resamples of the same trades, each drawn and walked in one pass.

A path is walked twice at once: in R, and in log equity ``growth``, minus infinity where a trade loses everything. Its
start counts as a peak.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tradewind.kernels.compiled import compiled

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@compiled
def shuffled_falls(r: Floats, growth: Floats, drawn: NDArray[np.uint32], order: Whole, falls: Floats) -> None:
    """Falls ``(k, 2)`` of k random orders of the n trades.

    Fisher and Yates from the front: place i takes the trade at ``i + floor(drawn * (n - i) / 2^32)`` of those left.
    ``drawn`` are uniform, shape ``(k, n)``. ``order`` int64 ``(n,)`` is any order of the trades to begin with; it is
    left in the last one, from which the next call goes on.
    """
    n = len(r)
    for k in range(len(drawn)):
        run, peak, deep = 0.0, 0.0, 0.0
        log_run, log_peak, log_deep = 0.0, 0.0, 0.0
        for i in range(n):
            j = i + ((np.int64(drawn[k, i]) * (n - i)) >> 32)
            trade = order[j]
            order[j] = order[i]
            order[i] = trade
            run += r[trade]
            log_run += growth[trade]
            peak = max(peak, run)
            log_peak = max(log_peak, log_run)
            deep = max(deep, peak - run)
            log_deep = max(log_deep, log_peak - log_run)
        falls[k, 0] = deep
        falls[k, 1] = log_deep


@compiled
def resampled_falls(r: Floats, growth: Floats, starts: Whole, ends: Whole, falls: Floats) -> None:
    """Falls ``(k, 2)`` of k resamples made of blocks: ``starts`` and ``ends`` as ``stationary_blocks`` gives them."""
    n = len(r)
    for k in range(len(starts)):
        run, peak, deep = 0.0, 0.0, 0.0
        log_run, log_peak, log_deep = 0.0, 0.0, 0.0
        place, block = 0, 0
        while place < n:
            trade = starts[k, block]
            while place < ends[k, block]:
                run += r[trade]
                log_run += growth[trade]
                peak = max(peak, run)
                log_peak = max(log_peak, log_run)
                deep = max(deep, peak - run)
                log_deep = max(log_deep, log_peak - log_run)
                trade += 1
                if trade == n:
                    trade = 0
                place += 1
            block += 1
        falls[k, 0] = deep
        falls[k, 1] = log_deep
