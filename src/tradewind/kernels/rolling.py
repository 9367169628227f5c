"""Kernels over the last ``n`` inputs, kept in a ring. Conventions as in ``recurrences``.

Running sums gain rounding errors with every bar, for years. Each is therefore summed afresh, exactly, whenever the ring
comes round (every ``n`` bars, so it costs one addition a bar) and whenever it has shrunk so far below its recent peak
that cancellation could be seen. A window without movement gives exactly 0, never a residue of older bars.
"""

from __future__ import annotations

import math

from tradewind.kernels.compiled import compiled, inlined
from tradewind.kernels.opcodes import HEADER
from tradewind.kernels.recurrences import State

CANCELLED = 1e-6


@compiled
def total(state: State, at: int, x: float, n: int) -> float:
    """Sum of the last ``n`` inputs; memory ``[head, sum, peak, ring]``."""
    cell = at + HEADER
    ring = cell + 3
    count = state[at]
    if count == 0.0:
        state[cell] = 0.0
        state[cell + 1] = 0.0
        state[cell + 2] = 0.0
    head = int(state[cell])
    summed: float = state[cell + 1] + x
    if count >= n:
        summed -= state[ring + head]
    state[ring + head] = x
    head += 1
    state[at] = count + 1.0
    if count + 1.0 < n:
        state[cell] = head
        state[cell + 1] = summed
        return math.nan
    state[cell + 2] = max(state[cell + 2], abs(summed))
    if head == n or abs(summed) < CANCELLED * state[cell + 2]:
        summed = 0.0
        for k in range(n):
            summed += state[ring + k]
        state[cell + 2] = abs(summed)
    state[cell] = head if head < n else 0
    state[cell + 1] = summed
    return summed


@compiled
def weighted_mean(state: State, at: int, x: float, n: int) -> float:
    """``sum(k * x[t-n+k], k = 1..n) / (n (n + 1) / 2)``: the newest input weighs most.

    From one bar to the next every weight falls by one, so ``W += n * x - S`` with ``S`` the plain sum of the old
    window. Memory ``[head, S, W, ring]``.
    """
    cell = at + HEADER
    ring = cell + 3
    count = state[at]
    if count == 0.0:
        state[cell] = 0.0
        state[cell + 1] = 0.0
        state[cell + 2] = 0.0
    head = int(state[cell])
    if count < n:
        state[cell + 2] += (count + 1.0) * x
        state[cell + 1] += x
    else:
        state[cell + 2] += n * x - state[cell + 1]
        state[cell + 1] += x - state[ring + head]
    state[ring + head] = x
    state[at] = count + 1.0
    state[cell] = head + 1 if head + 1 < n else 0
    if head + 1 == n:
        summed = 0.0
        weighted = 0.0
        for k in range(n):
            summed += state[ring + k]
            weighted += (k + 1) * state[ring + k]
        state[cell + 1] = summed
        state[cell + 2] = weighted
    return state[cell + 2] / (0.5 * n * (n + 1)) if count + 1.0 >= n else math.nan


@compiled
def deviation(state: State, at: int, x: float, n: int, out: int) -> None:
    """Mean and population standard deviation of the last ``n`` inputs into two slots.

    ``var = (S2 - S1 * S1 / n) / n`` over inputs taken relative to an anchor near their mean, which keeps the digits
    that ``E[x^2] - E[x]^2`` loses on prices. The anchor is set anew with every fresh sum. Memory ``[head, anchor, S1,
    S2, peak of S2, ring]``.
    """
    cell = at + HEADER
    ring = cell + 5
    count = state[at]
    if count == 0.0:
        state[cell] = 0.0
        state[cell + 1] = x
        state[cell + 2] = 0.0
        state[cell + 3] = 0.0
        state[cell + 4] = 0.0
    head = int(state[cell])
    moved = x - state[cell + 1]
    state[cell + 2] += moved
    state[cell + 3] += moved * moved
    if count >= n:
        gone = state[ring + head] - state[cell + 1]
        state[cell + 2] -= gone
        state[cell + 3] -= gone * gone
    state[ring + head] = x
    state[at] = count + 1.0
    state[cell] = head + 1 if head + 1 < n else 0
    if count + 1.0 < n:
        state[out] = math.nan
        state[out + 1] = math.nan
        return
    state[cell + 4] = max(state[cell + 4], state[cell + 3])
    squares = state[cell + 3] - state[cell + 2] * state[cell + 2] / n
    if head + 1 == n or squares < CANCELLED * state[cell + 4]:
        squares = _anchor_again(state, cell, n)
    state[out] = state[cell + 1] + state[cell + 2] / n
    state[out + 1] = math.sqrt(max(squares, 0.0) / n)


@inlined
def _anchor_again(state: State, cell: int, n: int) -> float:
    """Sums of ``deviation`` afresh around the window's own mean; returns the sum of squared deviations."""
    ring = cell + 5
    base = state[ring]
    mean = 0.0
    for k in range(n):
        mean += state[ring + k] - base
    anchor = base + mean / n
    first = 0.0
    second = 0.0
    for k in range(n):
        moved = state[ring + k] - anchor
        first += moved
        second += moved * moved
    state[cell + 1] = anchor
    state[cell + 2] = first
    state[cell + 3] = second
    state[cell + 4] = second
    return second - first * first / n


@compiled
def extreme(state: State, at: int, x: float, n: int, side: float, out: int) -> None:
    """Highest (side +1) or lowest (side -1) of the last ``n`` inputs, and how many bars ago; the newest of equals.

    A queue keeps only inputs that can still become the extreme: a new input drops all that it reaches, and the front
    leaves when it is ``n`` bars old. Memory ``[head, size, values (n), positions (n)]``.
    """
    cell = at + HEADER
    values = cell + 2
    positions = values + n
    count = state[at]
    head = int(state[cell]) if count > 0.0 else 0
    size = int(state[cell + 1]) if count > 0.0 else 0
    if size > 0 and state[positions + head] <= count - n:
        head = head + 1 if head + 1 < n else 0
        size -= 1
    while size > 0:
        back = head + size - 1
        if back >= n:
            back -= n
        if side * state[values + back] > side * x:
            break
        size -= 1
    back = head + size
    if back >= n:
        back -= n
    state[values + back] = x
    state[positions + back] = count
    state[cell] = head
    state[cell + 1] = size + 1
    state[at] = count + 1.0
    warm = count + 1.0 >= n
    state[out] = state[values + head] if warm else math.nan
    state[out + 1] = count - state[positions + head] if warm else math.nan


@compiled
def efficiency(state: State, at: int, x: float, n: int, flat: float) -> float:
    """Kaufman's efficiency ratio: ``|x[t] - x[t-n]| / sum(|x[k] - x[k-1]|)`` over the last ``n`` changes.

    1 for a straight line, near 0 for noise, ``flat`` where price did not move at all. Memory
    ``[head, ring of x (n + 1)]``; the path is summed afresh each bar, because a residue would be divided by.
    """
    cell = at + HEADER
    ring = cell + 1
    count = state[at]
    head = int(state[cell]) if count > 0.0 else 0
    state[ring + head] = x
    state[at] = count + 1.0
    oldest = head + 1 if head < n else 0
    state[cell] = oldest
    if count < n:
        return math.nan
    path = 0.0
    for k in range(n):
        if k != head:  # between the newest and the oldest cell lies no change of price
            path += abs(state[ring + k + 1] - state[ring + k])
    if head < n:
        path += abs(state[ring] - state[ring + n])
    net: float = abs(x - state[ring + oldest])
    if path <= 0.0:
        return flat
    return min(net / path, 1.0)


@compiled
def commodity_channel(state: State, at: int, x: float, n: int) -> float:
    """CCI = ``(x - mean) / (0.015 * mean absolute deviation)`` over the last ``n`` (Lambert 1980); 0 without movement.

    The deviation moves with the mean, so the window is read twice. Memory ``[head, ring]``.
    """
    cell = at + HEADER
    ring = cell + 1
    count = state[at]
    head = int(state[cell]) if count > 0.0 else 0
    state[ring + head] = x
    state[at] = count + 1.0
    state[cell] = head + 1 if head + 1 < n else 0
    if count + 1.0 < n:
        return math.nan
    mean = 0.0
    for k in range(n):
        mean += state[ring + k]
    mean /= n
    spread = 0.0
    for k in range(n):
        spread += abs(state[ring + k] - mean)
    spread /= n
    # equal prices leave a mean that is off by a rounding error; what is smaller than that is no movement
    if spread <= 1e-14 * abs(mean):
        return 0.0
    return (x - mean) / (0.015 * spread)
