"""Numbers of the bank's node kinds and the layout of its two arrays. Shared by the kernels and by the graph builder.

``state`` (float64) = ``[values | previous | slots | node, node, ...]``. The first slots hold the bar; every node
writes one to three slots of its own and owns ``HEADER`` cells (``count, p0, p1, p2, p3``) followed by its memory.
``count`` is the number of inputs since the last restart; writing 0 there is all that a restart takes. The parameters
``p0..p3`` never change. ``program`` (int64) = ``[n_values, n_nodes, first slot | source slot of each value | WIDTH
cells per node]``.
"""

from __future__ import annotations

from typing import Final

PROGRAM_HEADER: Final = 3
WIDTH: Final = 10
"""Cells of a node: opcode, state offset, input slots a b c, first output slot, number of outputs, n, m, k."""
HEADER: Final = 5

OPEN: Final = 0
HIGH: Final = 1
LOW: Final = 2
CLOSE: Final = 3
VOLUME: Final = 4
GOOD_RUN: Final = 5
FLAT_RUN: Final = 6
BAR_SLOTS: Final = 7
"""Slots the bar fills: five prices, bars since the last non-finite one, and the run of bars with no range at all."""

HOUR: Final = 0
WEEKDAY: Final = 1
LINEAR: Final = 2
RATIO: Final = 3
GROWTH: Final = 4
LOG_RATIO: Final = 5
SHARE: Final = 6
POSITION: Final = 7
TYPICAL: Final = 8
LAG: Final = 9
EXPONENTIAL: Final = 10
TRUE_RANGE: Final = 11
BUYING_PRESSURE: Final = 12
VORTEX_MOVES: Final = 13
MONEY_FLOW: Final = 14
OBV: Final = 15
RSI: Final = 16
DIRECTIONAL: Final = 17
KAUFMAN: Final = 18
SAR: Final = 19
SUPERTREND: Final = 20
SUM: Final = 21
WEIGHTED: Final = 22
DEVIATION: Final = 23
EXTREME: Final = 24
EFFICIENCY: Final = 25
CCI: Final = 26
RANK: Final = 27
QUANTILE: Final = 28
