"""A feature bank laid out for blocks of bars: which nodes run in which order, and the row of cells each one fills."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.features.bank import FeatureBank
from tradewind.features.graph import Seeding
from tradewind.features.indicator import Indicator
from tradewind.kernels import opcodes as op
from tradewind.kernels import sweep_columns as blocks


class BlockProgram(NamedTuple):
    """What ``kernels.sweep_columns`` takes, and the row of every indicator's key; ``n_rows`` rows are needed."""

    program: NDArray[np.uint32]
    state: NDArray[np.float64]
    steps: NDArray[np.int64]
    lanes: NDArray[np.int64]
    rows: Mapping[str, int]
    n_rows: int


def block_program(indicators: Iterable[Indicator], seeding: Seeding = "sma") -> BlockProgram:
    """The bank of ``indicators`` for blocks; the bars' own slots are rows 0 to ``BAR_SLOTS``."""
    bank = FeatureBank(indicators, seeding)
    program, state = bank.layout()
    n_values, n_nodes, slot = (int(cell) for cell in program[: op.PROGRAM_HEADER])
    row_of = {k: k for k in range(op.BAR_SLOTS)}
    nodes = program[op.PROGRAM_HEADER + n_values :].reshape(n_nodes, op.WIDTH).astype(np.int64)
    first = op.PROGRAM_HEADER + n_values
    means: dict[int, list[tuple[int, int]]] = {}
    steps: list[list[int]] = []
    for number, (code, _, a, b, c, out, outputs, *_) in enumerate(nodes.tolist()):
        for k in range(outputs):
            row_of[out - slot + k] = len(row_of)
        at, to = first + number * op.WIDTH, row_of[out - slot]
        inputs = [row_of[source - slot] for source in (a, b, c)]
        if code == op.EXPONENTIAL:
            means.setdefault(inputs[0], []).append((at, to))
        steps.append([at, *inputs, to, outputs, -1])
    steps, lanes = _grouped(steps, means)
    values = {key: row_of[int(program[op.PROGRAM_HEADER + k]) - slot] for key, k in bank.index.items()}
    return BlockProgram(
        program,
        state,
        np.array(steps, dtype=np.int64).reshape(-1, blocks.N_STEP),
        np.array(lanes, dtype=np.int64).reshape(-1, 2 * blocks.LANES),
        values,
        len(row_of),
    )


def _grouped(
    steps: list[list[int]], means: Mapping[int, list[tuple[int, int]]]
) -> tuple[list[list[int]], list[list[int]]]:
    """Groups of exponential means over one input, each run where its first mean stood; the last mean fills up a group.

    A lane that repeats another computes the same and writes it to the same place.
    """
    lanes: list[list[int]] = []
    sizes: list[int] = []
    group_at: dict[int, int] = {}
    gone: set[int] = set()
    for found in means.values():
        for start in range(0, len(found) - 1, blocks.LANES):
            own = found[start : start + blocks.LANES]
            group_at[own[0][0]] = len(lanes)
            sizes.append(len(own))
            gone.update(at for at, _ in own[1:])
            eight = own + own[-1:] * (blocks.LANES - len(own))
            lanes.append([cell for pair in eight for cell in pair])
    kept = []
    for step in steps:
        if step[blocks.NODE] in gone:
            continue
        step[blocks.GROUP] = group_at.get(step[blocks.NODE], -1)
        if step[blocks.GROUP] >= 0:
            step[blocks.OUTPUTS] = sizes[step[blocks.GROUP]]
        kept.append(step)
    return kept, lanes
