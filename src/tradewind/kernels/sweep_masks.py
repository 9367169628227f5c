"""Rules over a block of bars: comparisons become 64-bit words, their combinations bitwise operations on words.

Bit k of word w says what holds at bar ``64 w + k`` of the block. A rule is *unknown* where any number it reads is NaN;
that is one mask per rule, taken away at the end, so that in between unknown may be anything.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tradewind.kernels.compiled import compiled
from tradewind.kernels.sweep_columns import BLOCK, LEAD, WIDTH
from tradewind.kernels.sweep_words import above64, and8, and_not8, below64, earlier8, greater64, or8

WORDS: Final = BLOCK // 64
"""Words of a block: the eight that one operation on masks takes."""

# Operations; columns of ``code`` are operation, operand a, operand b, result. An operand that is a row is
# ``2 * row + bars ago``, one that is a number is its place in ``numbers``, one that is a mask its number.
ROWS_GREATER: Final = 0
ABOVE_NUMBER: Final = 1
BELOW_NUMBER: Final = 2
AND: Final = 3
OR: Final = 4
AND_NOT: Final = 5
EARLIER: Final = 6
"""The mask one bar ago; its first bit is the last one of the block before."""
ADD: Final = 7
SUBTRACT: Final = 8
MULTIPLY: Final = 9
DIVIDE: Final = 10
FILL: Final = 11
"""A row that holds one number."""

_ONE: Final = np.uint64(1)
_ALL: Final = np.uint64(0xFFFFFFFFFFFFFFFF)
_NONE: Final = np.uint64(0)


@compiled
def run_code(
    code: NDArray[np.int64],
    numbers: NDArray[np.float64],
    cells: NDArray[np.float64],
    flat: NDArray[np.float64],
    masks: NDArray[np.uint64],
    carried: NDArray[np.uint64],
    holes: NDArray[np.uint8],
    count: int,
) -> None:
    """Every operation over a block of ``count`` bars; ``flat`` is ``cells`` as one run of numbers.

    ``carried[k]`` keeps the last bit of the mask that operation k looks back at. Bits beyond the block are anything.
    """
    words = (count + 63) // 64
    bits = masks.reshape(masks.shape[0] * WORDS)
    last = np.uint64((count - 1) % 64)
    for k in range(code.shape[0]):
        operation = code[k, 0]
        a = code[k, 1]
        b = code[k, 2]
        to = code[k, 3]
        if operation == ROWS_GREATER:
            i = (a >> 1) * WIDTH + LEAD - (a & 1)
            j = (b >> 1) * WIDTH + LEAD - (b & 1)
            for w in range(words):
                masks[to, w] = greater64(flat, i + 64 * w, flat, j + 64 * w)
        elif operation == AND:
            and8(bits, WORDS * a, WORDS * b, WORDS * to)
        elif operation == AND_NOT:
            and_not8(bits, WORDS * a, WORDS * b, WORDS * to)
        elif operation == EARLIER:
            before = carried[k]
            carried[k] = (masks[a, words - 1] >> last) & _ONE
            earlier8(bits, WORDS * a, before, WORDS * to)
        elif operation == OR:
            or8(bits, WORDS * a, WORDS * b, WORDS * to)
        elif operation == ABOVE_NUMBER:
            i = (a >> 1) * WIDTH + LEAD - (a & 1)
            for w in range(words):
                masks[to, w] = above64(flat, i + 64 * w, numbers[b])
        elif operation == BELOW_NUMBER:
            i = (a >> 1) * WIDTH + LEAD - (a & 1)
            for w in range(words):
                masks[to, w] = below64(flat, i + 64 * w, numbers[b])
        else:
            _number_row(operation, a, b, to, numbers, cells, holes, count)


@compiled
def _number_row(
    operation: int,
    a: int,
    b: int,
    to: int,
    numbers: NDArray[np.float64],
    cells: NDArray[np.float64],
    holes: NDArray[np.uint8],
    count: int,
) -> None:
    """Arithmetic on rows; a division by zero is NaN, therefore unknown."""
    holes[to] = 0
    if operation == FILL:
        for i in range(LEAD - 1, LEAD + count):
            cells[to, i] = numbers[a]
        return
    row_a, row_b = a >> 1, b >> 1
    back_a, back_b = a & 1, b & 1
    for i in range(LEAD, LEAD + count):
        x = cells[row_a, i - back_a]
        y = cells[row_b, i - back_b]
        value = math.nan
        if operation == ADD:
            value = x + y
        elif operation == SUBTRACT:
            value = x - y
        elif operation == MULTIPLY:
            value = x * y
        elif y != 0.0:
            value = x / y
        cells[to, i] = value
        if math.isnan(value):
            holes[to] = 1


@compiled
def known_words(
    cells: NDArray[np.float64],
    holes: NDArray[np.uint8],
    reads: NDArray[np.int64],
    first: int,
    stop: int,
    count: int,
    known: NDArray[np.uint64],
) -> None:
    """Clears in ``known`` ``(WORDS,)`` the bars at which any of ``reads[first:stop]`` (2 * row + bars ago) is NaN."""
    for k in range(first, stop):
        row = reads[k] >> 1
        if not holes[row]:
            continue
        start = LEAD - (reads[k] & 1)
        for i in range(count):
            if math.isnan(cells[row, start + i]):
                known[i >> 6] &= ~(_ONE << np.uint64(i & 63))


@compiled
def block_words(first: int, count: int, earliest: int, words: NDArray[np.uint64]) -> None:
    """Sets in ``words`` ``(WORDS,)`` the bars of a block that starts at bar ``first``, from bar ``earliest`` on."""
    for w in range(words.shape[0]):
        words[w] = _NONE
    whole = count // 64
    for w in range(whole):
        words[w] = _ALL
    if count % 64:
        words[whole] = (_ONE << np.uint64(count % 64)) - _ONE
    for i in range(min(max(earliest - first, 0), count)):
        words[i >> 6] &= ~(_ONE << np.uint64(i & 63))
