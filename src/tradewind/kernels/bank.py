"""Runs a program of indicator nodes over one bar, or over many: batch is a loop over the same step.

The NaN rule is held here, in one place: a bar with a non-finite open, high, low or close is no bar, all its slots are
NaN; a node with a NaN input answers NaN and restarts, so that after a hole it warms up again exactly as after a
start. A non-finite volume restarts only what reads volume.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tradewind.kernels import opcodes as op
from tradewind.kernels import recurrences as rec
from tradewind.kernels import recurrences_wilder as wilder
from tradewind.kernels import rolling, rolling_order
from tradewind.kernels.compiled import borrowed, compiled, inlined
from tradewind.kernels.recurrences import State

Program = NDArray[np.uint32]
"""Unsigned and narrow, so that the compiler sees that no index is negative and leaves Python's wrap-around out."""

HOUR_NS = 3_600_000_000_000
DAY_NS = 24 * HOUR_NS


@compiled
def step(
    program: Program, state: State, ts_close: int, open_: float, high: float, low: float, close: float, volume: float
) -> None:
    """One bar: previous row, bar slots, every node in order, values. ``state`` is the only thing written."""
    program = borrowed(program)
    state = borrowed(state)
    n_values: Any = np.int64(program[0])
    n_nodes: Any = np.int64(program[1])
    for k in range(n_values):
        state[n_values + k] = state[k]
    take_bar(state, program[2], open_, high, low, close, volume)
    first = op.PROGRAM_HEADER + n_values
    for node in range(n_nodes):
        at = first + node * op.WIDTH
        a = state[program[at + 2]]
        b = state[program[at + 3]]
        c = state[program[at + 4]]
        if math.isnan(a) or math.isnan(b) or math.isnan(c):
            state[program[at + 1]] = 0.0
            out = program[at + 5]
            for k in range(np.int64(program[at + 6])):
                state[out + k] = math.nan
        else:
            run_node(program, state, at, a, b, c, ts_close)
    for k in range(n_values):
        state[k] = state[program[op.PROGRAM_HEADER + k]]


@compiled
def batch(
    program: Program,
    state: State,
    ts_close: NDArray[np.int64],
    open_: NDArray[np.float64],
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    volume: NDArray[np.float64],
    rows: NDArray[np.float64],
) -> None:
    """``step`` over columns ``(n_bars,)``; row i of ``rows`` ``(n_bars, n_values)`` is what it left after bar i."""
    n_values = np.int64(program[0])
    for i in range(ts_close.shape[0]):
        step(program, state, ts_close[i], open_[i], high[i], low[i], close[i], volume[i])
        for k in range(n_values):
            rows[i, k] = state[k]


@inlined
def take_bar(state: State, slot: int, open_: float, high: float, low: float, close: float, volume: float) -> None:
    """Fills the bar slots and counts the good bars and the run of bars without any range, gap included."""
    if not (math.isfinite(open_) and math.isfinite(high) and math.isfinite(low) and math.isfinite(close)):
        for k in range(op.VOLUME + 1):
            state[slot + k] = math.nan
        state[slot + op.GOOD_RUN] = 0.0
        state[slot + op.FLAT_RUN] = 0.0
        return
    before = state[slot + op.CLOSE] if state[slot + op.GOOD_RUN] > 0.0 else close
    still = high == low and close == before
    state[slot + op.FLAT_RUN] = state[slot + op.FLAT_RUN] + 1.0 if still else 0.0
    state[slot + op.GOOD_RUN] += 1.0
    state[slot + op.OPEN] = open_
    state[slot + op.HIGH] = high
    state[slot + op.LOW] = low
    state[slot + op.CLOSE] = close
    state[slot + op.VOLUME] = volume if math.isfinite(volume) else math.nan


@inlined
def run_node(program: Program, state: State, at: int, a: float, b: float, c: float, ts_close: int) -> None:
    """One node by its opcode; nodes with memory are in ``_run_recurrence`` and ``_run_window``."""
    code = program[at]
    out = program[at + 5]
    if code >= op.SUM:
        _run_window(program, state, at, a)
        return
    if code >= op.LAG:
        _run_recurrence(program, state, at, a, b, c)
        return
    p = program[at + 1] + 1
    if code == op.HOUR:
        state[out] = (ts_close // HOUR_NS) % 24
    elif code == op.WEEKDAY:
        # 1970-01-01, day 0, was a Thursday
        state[out] = (ts_close // DAY_NS + 3) % 7
    elif code == op.LINEAR:
        state[out] = state[p] * a + state[p + 1] * b + state[p + 2] * c + state[p + 3]
    elif code == op.RATIO:
        state[out] = state[p] * a / b if b != 0.0 else state[p + 1]
    elif code == op.GROWTH:
        state[out] = state[p] * (a / b - 1.0) if b != 0.0 else 0.0
    elif code == op.LOG_RATIO:
        state[out] = math.log(a / b) if a > 0.0 and b > 0.0 else math.nan
    elif code == op.SHARE:
        state[out] = 100.0 * a / (a + b) if a + b > 0.0 else 0.0
    elif code == op.POSITION:
        # a in the range from b (low) to c (high), measured from the low or, p0 = 1, from the high
        base = c if state[p] == 1.0 else b
        state[out] = 100.0 * (a - base) / (c - b) if c > b else 0.0
    elif code == op.TYPICAL:
        state[out] = (a + b + c) / 3.0


@inlined
def _run_recurrence(program: Program, state: State, at: int, a: float, b: float, c: float) -> None:
    """A node of ``recurrences`` or ``recurrences_wilder``."""
    code = program[at]
    s = program[at + 1]
    out = program[at + 5]
    n: Any = np.int64(program[at + 7])
    m: Any = np.int64(program[at + 8])
    late: Any = np.int64(program[at + 9])
    p0 = state[s + 1]
    p1 = state[s + 2]
    if code == op.EXPONENTIAL:
        state[out] = rec.exponential(state, s, a, p0, n, m, late)
    elif code == op.LAG:
        state[out] = rec.lag(state, s, a, n)
    elif code == op.TRUE_RANGE:
        state[out] = rec.true_range(state, s, a, b, c, m)
    elif code == op.BUYING_PRESSURE:
        state[out] = rec.buying_pressure(state, s, a, b)
    elif code == op.VORTEX_MOVES:
        rec.vortex_moves(state, s, a, b, out)
    elif code == op.MONEY_FLOW:
        rec.money_flow(state, s, a, b, out)
    elif code == op.OBV:
        state[out] = rec.on_balance_volume(state, s, a, b)
    elif code == op.RSI:
        state[out] = wilder.relative_strength(state, s, a, n, m, p0)
    elif code == op.DIRECTIONAL:
        wilder.directional(state, s, a, b, c, n, m, out)
    elif code == op.KAUFMAN:
        state[out] = rec.kaufman(state, s, a, b, c, p0, p1)
    elif code == op.SAR:
        state[out] = wilder.parabolic(state, s, a, b, p0, p1)
    elif code == op.SUPERTREND:
        wilder.supertrend(state, s, a, b, c, p0, out)


@inlined
def _run_window(program: Program, state: State, at: int, a: float) -> None:
    """A node of ``rolling`` or ``rolling_order``."""
    code = program[at]
    s = program[at + 1]
    out = program[at + 5]
    n: Any = np.int64(program[at + 7])
    p0 = state[s + 1]
    if code == op.SUM:
        state[out] = rolling.total(state, s, a, n) / p0
    elif code == op.WEIGHTED:
        state[out] = rolling.weighted_mean(state, s, a, n)
    elif code == op.DEVIATION:
        rolling.deviation(state, s, a, n, out)
    elif code == op.EXTREME:
        rolling.extreme(state, s, a, n, p0, out)
    elif code == op.EFFICIENCY:
        state[out] = rolling.efficiency(state, s, a, n, p0)
    elif code == op.CCI:
        state[out] = rolling.commodity_channel(state, s, a, n)
    elif code == op.RANK:
        state[out] = rolling_order.percentile_rank(state, s, a, n)
    elif code == op.QUANTILE:
        state[out] = rolling_order.quantile(state, s, a, n, p0)
