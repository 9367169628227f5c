"""The feature bank over a block of bars at a time, one node after the other: the same steps, ordered for the cache.

``cells`` holds one row per slot, ``LEAD`` cells of room and then the block: cell ``LEAD + i`` is bar i of the block,
cell ``LEAD - 1`` the last bar of the block before, so that a look one bar back is the same row one cell earlier. Every
node runs the very step the bank runs, which is what makes the two equal bit for bit.

Exponential means of one input run eight at a time, since a single one waits for its own last result at every bar; it
is the same recurrence, taken only while all eight are warm and the input has no hole.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tradewind.kernels import opcodes as op
from tradewind.kernels.bank import Program, run_node, take_bar
from tradewind.kernels.compiled import borrowed, compiled
from tradewind.kernels.recurrences import State

BLOCK: Final = 512
"""Bars of a block; a multiple of 64."""
LEAD: Final = 8
WIDTH: Final = LEAD + BLOCK + 8
"""Cells of a row: a multiple of eight, so that every row starts alike."""

# Columns of ``steps``, one row per node or group of eight: position of the node in the program, rows of its inputs,
# row of its first output, number of outputs, group or -1; of a group the number of its means counts as outputs.
NODE: Final = 0
INPUT_A: Final = 1
INPUT_B: Final = 2
INPUT_C: Final = 3
OUTPUT: Final = 4
OUTPUTS: Final = 5
GROUP: Final = 6
N_STEP: Final = 7
LANES: Final = 8


@compiled
def begin_block(cells: NDArray[np.float64], filled: int) -> None:
    """Carries the last bar of a block of ``filled`` bars over to the cell before the next block."""
    for row in range(cells.shape[0]):
        cells[row, LEAD - 1] = cells[row, LEAD + filled - 1]


@compiled
def fill_bars(
    state: State,
    slot: int,
    bars: NDArray[np.float64],
    first: int,
    count: int,
    cells: NDArray[np.float64],
    holes: NDArray[np.uint8],
) -> None:
    """The bar slots of ``count`` bars from ``first`` on into rows 0 to BAR_SLOTS; ``bars`` is ``(5, n)``, prices and
    volume. ``holes[row]`` is 1 where a NaN lies in the block or just before it.
    """
    for row in range(op.BAR_SLOTS):
        holes[row] = math.isnan(cells[row, LEAD - 1])
    if _fill_whole_bars(state, slot, bars, first, count, cells):
        return
    for i in range(count):
        at = first + i
        take_bar(state, slot, bars[0, at], bars[1, at], bars[2, at], bars[3, at], bars[4, at])
        for row in range(op.BAR_SLOTS):
            value = state[slot + row]
            cells[row, LEAD + i] = value
            if math.isnan(value):
                holes[row] = 1


@compiled
def _fill_whole_bars(
    state: State, slot: int, bars: NDArray[np.float64], first: int, count: int, cells: NDArray[np.float64]
) -> bool:
    """What ``take_bar`` does, column by column; False, and nothing done, where a number is missing."""
    probe = 0.0
    for i in range(first, first + count):
        probe += 0.0 * (bars[0, i] + bars[1, i] + bars[2, i] + bars[3, i] + bars[4, i])
    if probe != 0.0:  # also true for NaN
        return False
    for row in range(op.VOLUME + 1):
        for i in range(count):
            cells[row, LEAD + i] = bars[row, first + i]
    good, flat = state[slot + op.GOOD_RUN], state[slot + op.FLAT_RUN]
    before = state[slot + op.CLOSE] if good > 0.0 else bars[op.CLOSE, first]
    for i in range(count):
        close = bars[op.CLOSE, first + i]
        still = bars[op.HIGH, first + i] == bars[op.LOW, first + i] and close == before
        flat = flat + 1.0 if still else 0.0
        good += 1.0
        before = close
        cells[op.GOOD_RUN, LEAD + i] = good
        cells[op.FLAT_RUN, LEAD + i] = flat
    for row in range(op.BAR_SLOTS):
        state[slot + row] = cells[row, LEAD + count - 1]
    return True


@compiled
def fill_nodes(
    program: Program,
    state: State,
    steps: NDArray[np.int64],
    lanes: NDArray[np.int64],
    ts_close: NDArray[np.int64],
    first: int,
    count: int,
    cells: NDArray[np.float64],
    holes: NDArray[np.uint8],
) -> None:
    """Every node over the block, in the order of the program."""
    for k in range(steps.shape[0]):
        group = steps[k, GROUP]
        if group >= 0:
            size = steps[k, OUTPUTS]
            if not _eight_means(program, state, lanes[group], size, cells, steps[k, INPUT_A], count, holes):
                for lane in range(size):
                    _node(
                        program,
                        state,
                        lanes[group, 2 * lane],
                        steps[k, INPUT_A],
                        steps[k, INPUT_A],
                        steps[k, INPUT_A],
                        lanes[group, 2 * lane + 1],
                        np.int64(1),  # a bare 1 would be a type of its own and compile every node again
                        ts_close,
                        first,
                        count,
                        cells,
                        holes,
                    )
        else:
            _node(
                program,
                state,
                steps[k, NODE],
                steps[k, INPUT_A],
                steps[k, INPUT_B],
                steps[k, INPUT_C],
                steps[k, OUTPUT],
                steps[k, OUTPUTS],
                ts_close,
                first,
                count,
                cells,
                holes,
            )


@compiled
def _node(
    program: Program,
    state: State,
    at: int,
    row_a: int,
    row_b: int,
    row_c: int,
    row_out: int,
    outputs: Any,
    ts_close: NDArray[np.int64],
    first: int,
    count: int,
    cells: NDArray[np.float64],
    holes: NDArray[np.uint8],
) -> None:
    """One node over the block."""
    program = borrowed(program)
    state = borrowed(state)
    out: Any = program[at + 5]
    memory: Any = program[at + 1]
    for k in range(outputs):
        holes[row_out + k] = math.isnan(cells[row_out + k, LEAD - 1])
    for i in range(LEAD, LEAD + count):
        a = cells[row_a, i]
        b = cells[row_b, i]
        c = cells[row_c, i]
        if math.isnan(a) or math.isnan(b) or math.isnan(c):
            state[memory] = 0.0
            for k in range(outputs):
                cells[row_out + k, i] = math.nan
                holes[row_out + k] = 1
        else:
            run_node(program, state, at, a, b, c, ts_close[first + i - LEAD])
            for k in range(outputs):
                value = state[out + k]
                cells[row_out + k, i] = value
                if math.isnan(value):
                    holes[row_out + k] = 1


@compiled
def _eight_means(
    program: Program,
    state: State,
    lane: NDArray[np.int64],
    size: int,
    cells: NDArray[np.float64],
    row: int,
    count: int,
    holes: NDArray[np.uint8],
) -> bool:
    """Exponential means of one input in step; False, and nothing done, unless all are warm and nothing is missing.

    ``lane`` holds the position in the program and the row of each of eight, in turn; those after ``size`` repeat the
    last one.
    """
    if holes[row]:
        return False
    for k in range(LANES):
        at = lane[2 * k]
        known = state[program[at + 1]] - program[at + 9]
        if known < program[at + 7] or known + 1.0 < program[at + 8]:
            return False
    m0 = np.int64(program[lane[0] + 1])
    m1 = np.int64(program[lane[2] + 1])
    m2 = np.int64(program[lane[4] + 1])
    m3 = np.int64(program[lane[6] + 1])
    m4 = np.int64(program[lane[8] + 1])
    m5 = np.int64(program[lane[10] + 1])
    m6 = np.int64(program[lane[12] + 1])
    m7 = np.int64(program[lane[14] + 1])
    e0, e1, e2, e3 = state[m0 + op.HEADER], state[m1 + op.HEADER], state[m2 + op.HEADER], state[m3 + op.HEADER]
    e4, e5, e6, e7 = state[m4 + op.HEADER], state[m5 + op.HEADER], state[m6 + op.HEADER], state[m7 + op.HEADER]
    a0, a1, a2, a3 = state[m0 + 1], state[m1 + 1], state[m2 + 1], state[m3 + 1]
    a4, a5, a6, a7 = state[m4 + 1], state[m5 + 1], state[m6 + 1], state[m7 + 1]
    r0, r1, r2, r3 = lane[1], lane[3], lane[5], lane[7]
    r4, r5, r6, r7 = lane[9], lane[11], lane[13], lane[15]
    for i in range(LEAD, LEAD + count):
        x = cells[row, i]
        e0 += a0 * (x - e0)
        e1 += a1 * (x - e1)
        e2 += a2 * (x - e2)
        e3 += a3 * (x - e3)
        e4 += a4 * (x - e4)
        e5 += a5 * (x - e5)
        e6 += a6 * (x - e6)
        e7 += a7 * (x - e7)
        cells[r0, i] = e0
        cells[r1, i] = e1
        cells[r2, i] = e2
        cells[r3, i] = e3
        cells[r4, i] = e4
        cells[r5, i] = e5
        cells[r6, i] = e6
        cells[r7, i] = e7
    state[m0 + op.HEADER], state[m1 + op.HEADER], state[m2 + op.HEADER], state[m3 + op.HEADER] = e0, e1, e2, e3
    state[m4 + op.HEADER], state[m5 + op.HEADER], state[m6 + op.HEADER], state[m7 + op.HEADER] = e4, e5, e6, e7
    for k in range(size):
        state[program[lane[2 * k] + 1]] += count
        holes[lane[2 * k + 1]] = math.isnan(cells[lane[2 * k + 1], LEAD - 1])
    return True
