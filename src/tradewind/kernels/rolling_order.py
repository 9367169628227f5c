"""Order statistics of the last ``n`` inputs: the window is kept twice, by age and by size.

The input that leaves is found by binary search; keeping order moves the cells between it and the new one. Memory
``[head, ring (n), sorted (n)]``; conventions as in ``recurrences``.
"""

from __future__ import annotations

import math

from tradewind.kernels.compiled import compiled
from tradewind.kernels.opcodes import HEADER
from tradewind.kernels.recurrences import State


@compiled
def _count_below(state: State, first: int, size: int, x: float, or_equal: int) -> int:
    """How many of the ``size`` sorted cells from ``first`` are below ``x`` (or equal to it)."""
    low = 0
    high = size
    while low < high:
        middle = (low + high) // 2
        cell = state[first + middle]
        if cell < x or (or_equal == 1 and cell == x):
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def _keep_sorted(state: State, at: int, x: float, n: int) -> int:
    """Takes ``x`` in and the input of ``n`` bars ago out; returns the number of inputs held."""
    ring = at + HEADER + 1
    ordered = ring + n
    count = int(state[at])
    head = int(state[at + HEADER]) if count > 0 else 0
    size = min(count + 1, n)
    # the cell of the input that leaves, or the next free one, wanders to where x belongs
    place = count if count < n else _count_below(state, ordered, n, state[ring + head], 0)
    while place + 1 < size and state[ordered + place + 1] < x:
        state[ordered + place] = state[ordered + place + 1]
        place += 1
    while place > 0 and state[ordered + place - 1] > x:
        state[ordered + place] = state[ordered + place - 1]
        place -= 1
    state[ordered + place] = x
    state[ring + head] = x
    state[at + HEADER] = head + 1 if head + 1 < n else 0
    state[at] = count + 1.0
    return size


@compiled
def percentile_rank(state: State, at: int, x: float, n: int) -> float:
    """``100 * (number of the last n inputs, this one included, that are <= x) / n``; 100 is the highest of all."""
    if _keep_sorted(state, at, x, n) < n:
        return math.nan
    return 100.0 * _count_below(state, at + HEADER + 1 + n, n, x, 1) / n


@compiled
def quantile(state: State, at: int, x: float, n: int, q: float) -> float:
    """The ``q`` quantile (0..1) of the last ``n`` inputs, interpolated: type 7 of Hyndman and Fan (1996), as numpy."""
    if _keep_sorted(state, at, x, n) < n:
        return math.nan
    place = q * (n - 1)
    below = int(place)
    ordered = at + HEADER + 1 + n
    left: float = state[ordered + below]
    right: float = state[ordered + min(below + 1, n - 1)]
    return left + (place - below) * (right - left)
