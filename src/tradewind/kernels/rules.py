"""All rules of a series in one call: a straight-line program over one register file.

Registers are float64: ``[this bar (n) | previous bar (n) | constants | results]``. Instruction k writes result k, so
every distinct sub-expression is computed once however many members use it. Truth is 1.0 or 0.0 and *unknown* is NaN:
NaN is contagious in the arithmetic below, which is exactly the silence rule.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tradewind.kernels.compiled import compiled

ADD: Final = 0
SUBTRACT: Final = 1
MULTIPLY: Final = 2
DIVIDE: Final = 3
GREATER: Final = 4
GREATER_EQUAL: Final = 5
AND: Final = 6
OR: Final = 7
NOT: Final = 8

HEADER: Final = 4
"""Leading cells of a program: number of features, first result register, instructions, members."""


@compiled
def _outcome(op: int, a: float, b: float) -> float:
    """``a op b``; comparisons and logic give 1.0, 0.0 or NaN, and division by zero gives NaN."""
    out = math.nan
    if op == AND:
        out = a * b
    elif op == GREATER:
        if a > b:
            out = 1.0
        elif a <= b:
            out = 0.0
    elif op == GREATER_EQUAL:
        if a >= b:
            out = 1.0
        elif a < b:
            out = 0.0
    elif op == NOT:
        out = 1.0 - a
    elif op == OR:
        out = a + b - a * b
    elif op == ADD:
        out = a + b
    elif op == SUBTRACT:
        out = a - b
    elif op == MULTIPLY:
        out = a * b
    elif b != 0.0:
        out = a / b
    return out


@compiled
def evaluate_rules(
    program: NDArray[np.int32],
    registers: NDArray[np.float64],
    values: NDArray[np.float64],
    previous: NDArray[np.float64],
    sides: NDArray[np.int8],
    atr: NDArray[np.float64],
) -> int:
    """Fill ``sides`` (+1, -1, 0) and ``atr`` (0 where a member's stop needs none), both of shape ``(n_members,)``.

    Returns how many sides are not 0.

    A member whose stop needs an ATR that is still NaN is silent: a vote that has no stop is no vote.

    ``program`` = header, then ``(op, a, b)`` per instruction, then ``(long, short, atr)`` registers per member.
    ``values`` and ``previous`` have shape ``(n_features,)``; ``registers`` is scratch with the constants in place.
    """
    n_features = program[0]
    result = program[1]
    n_instructions = program[2]
    for k in range(n_features):
        registers[k] = values[k]
        registers[n_features + k] = previous[k]
    cell = HEADER
    for _ in range(n_instructions):
        a = registers[program[cell + 1]]
        b = registers[program[cell + 2]]
        registers[result] = _outcome(program[cell], a, b)
        result += 1
        cell += 3
    voted = 0
    for member in range(program[3]):
        stop_range = registers[program[cell + 2]]
        # A difference of two truths: 0 when both or none hold, NaN (neither > 0 nor < 0) when either is unknown.
        vote = registers[program[cell]] - registers[program[cell + 1]]
        if math.isnan(stop_range):
            vote = 0.0
        side = 1 if vote > 0.0 else (-1 if vote < 0.0 else 0)
        sides[member] = side
        atr[member] = stop_range
        voted += side * side
        cell += 3
    return voted


@compiled
def evaluate_rules_many(
    program: NDArray[np.int32],
    registers: NDArray[np.float64],
    features: NDArray[np.float64],
    sides: NDArray[np.int8],
    atr: NDArray[np.float64],
) -> None:
    """``evaluate_rules`` over rows: ``features`` ``(n_bars, n_features)``; ``sides`` and ``atr`` a row per bar."""
    before = np.full(features.shape[1], np.nan)
    for i in range(features.shape[0]):
        evaluate_rules(program, registers, features[i], before, sides[i], atr[i])
        before = features[i]
