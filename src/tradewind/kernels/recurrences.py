"""Recurrences with a handful of cells of memory: one input in, one output out, per bar.

Every kernel takes the flat ``state`` and the offset ``at`` of its node: ``state[at]`` counts the inputs since the last
restart and the memory starts at ``at + HEADER``. Inputs are finite; the caller restarts a node whose input is NaN. The
result is NaN until warm.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tradewind.kernels.compiled import compiled, inlined
from tradewind.kernels.opcodes import HEADER

State = NDArray[np.float64]


@inlined
def exponential(state: State, at: int, x: float, alpha: float, seed: int, warm: int, skip: int) -> float:
    """Exponential mean: ``e[t] = e[t-1] + alpha * (x[t] - e[t-1])``.

    EMA has alpha = 2/(n+1); Wilder's average (RMA, 1978) has alpha = 1/n. The first ``skip`` inputs are ignored, the
    mean of the next ``seed`` inputs is the start value (seed 1: the first input), and the result is known from the
    ``warm``-th used input on.
    """
    count = state[at] + 1.0
    state[at] = count
    used = count - skip
    cell = at + HEADER
    if used <= 0.0:
        return math.nan
    if used <= seed:
        total = x if used == 1.0 else state[cell] + x
        state[cell] = total if used < seed else total / seed
    else:
        state[cell] += alpha * (x - state[cell])
    return state[cell] if used >= warm else math.nan


@compiled
def lag(state: State, at: int, x: float, n: int) -> float:
    """``x[t-n]`` from a ring of ``n`` cells; memory ``[head, ring]``."""
    head = int(state[at + HEADER]) if state[at] > 0.0 else 0
    cell = at + HEADER + 1 + head
    before: float = state[cell] if state[at] >= n else math.nan
    state[cell] = x
    state[at] += 1.0
    state[at + HEADER] = head + 1 if head + 1 < n else 0
    return before


@inlined
def true_range(state: State, at: int, high: float, low: float, close: float, from_first: int) -> float:
    """``max(high, close[t-1]) - min(low, close[t-1])`` (Wilder 1978), equal to the largest of the three usual ranges.

    The first bar has no previous close: NaN, or ``high - low`` where ``from_first`` is 1.
    """
    before: float = state[at + HEADER]
    state[at + HEADER] = close
    state[at] += 1.0
    if state[at] == 1.0:
        return high - low if from_first == 1 else math.nan
    return max(high, before) - min(low, before)


@inlined
def buying_pressure(state: State, at: int, low: float, close: float) -> float:
    """``close - min(low, close[t-1])`` (Williams 1985, Ultimate Oscillator); NaN on the first bar."""
    before = state[at + HEADER]
    state[at + HEADER] = close
    state[at] += 1.0
    return math.nan if state[at] == 1.0 else close - min(low, before)


@compiled
def vortex_moves(state: State, at: int, high: float, low: float, out: int) -> None:
    """``|high - low[t-1]|`` and ``|low - high[t-1]|`` (Botes and Siepman 2010) into two slots; NaN on the first bar."""
    cell = at + HEADER
    state[at] += 1.0
    first = state[at] == 1.0
    state[out] = math.nan if first else abs(high - state[cell + 1])
    state[out + 1] = math.nan if first else abs(low - state[cell])
    state[cell] = high
    state[cell + 1] = low


@compiled
def money_flow(state: State, at: int, typical: float, volume: float, out: int) -> None:
    """``typical * volume`` into the rising or the falling slot, by the way ``typical`` moved (Quong, Soudack 1989).

    Equal prices summed in another order differ in the last digit; a move below 1e-12 of the price is none, so that
    rounding does not choose a side.
    """
    before = state[at + HEADER]
    state[at + HEADER] = typical
    state[at] += 1.0
    first = state[at] == 1.0
    flow = typical * volume
    least = 1e-12 * abs(typical)
    state[out] = math.nan if first else (flow if typical - before > least else 0.0)
    state[out + 1] = math.nan if first else (flow if before - typical > least else 0.0)


@compiled
def on_balance_volume(state: State, at: int, close: float, volume: float) -> float:
    """``obv[t] = obv[t-1] + sign(close[t] - close[t-1]) * volume`` (Granville 1963), starting at the first volume."""
    cell = at + HEADER
    state[at] += 1.0
    running: float = state[cell + 1] if state[at] > 1.0 else 0.0
    if state[at] == 1.0 or close > state[cell]:
        running += volume
    elif close < state[cell]:
        running -= volume
    state[cell] = close
    state[cell + 1] = running
    return running


@compiled
def kaufman(state: State, at: int, x: float, efficiency: float, before: float, fast: float, slow: float) -> float:
    """Kaufman's adaptive mean (1995): ``k += c * (x - k)`` with ``c = (efficiency * (fast - slow) + slow) ** 2``.

    ``fast`` and ``slow`` are EMA constants, 2/3 and 2/31. Starts from ``before``, the close one bar earlier.
    """
    cell = at + HEADER
    state[at] += 1.0
    mean: float = before if state[at] == 1.0 else state[cell]
    smooth = efficiency * (fast - slow) + slow
    mean += smooth * smooth * (x - mean)
    state[cell] = mean
    return mean
