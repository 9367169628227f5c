"""Thousands of strategies over the same bars: from feature programs and rules to every member's trades.

Bars are taken in blocks that fit the cache: first every indicator over the block, then every comparison as bits, then
every member from vote to vote.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.kernels import sweep_layout as at
from tradewind.kernels.bank import Program
from tradewind.kernels.compiled import compiled, released
from tradewind.kernels.recurrences import State
from tradewind.kernels.sweep_columns import BLOCK, LEAD, begin_block, fill_bars, fill_nodes
from tradewind.kernels.sweep_jump import jump
from tradewind.kernels.sweep_layout import Book
from tradewind.kernels.sweep_masks import WORDS, block_words, known_words, run_code
from tradewind.kernels.sweep_trades import ALL, NONE
from tradewind.kernels.sweep_walk import walk
from tradewind.kernels.sweep_words import votes8


class Features(NamedTuple):
    """Indicators of all members: the bank's program and state, and the order of its steps over a block."""

    program: Program
    state: State
    steps: NDArray[np.int64]
    lanes: NDArray[np.int64]


class Rules(NamedTuple):
    """Rules of all members, and room for one block: ``cells`` of numbers and ``masks`` of bits."""

    code: NDArray[np.int64]
    numbers: NDArray[np.float64]
    reads: NDArray[np.int64]
    cells: NDArray[np.float64]
    masks: NDArray[np.uint64]


class Bars(NamedTuple):
    """Bars as indicators read them: ``values`` is ``(5, n)``, open, high, low, close, volume."""

    ts_close: NDArray[np.int64]
    values: NDArray[np.float64]


@compiled
def _votes(
    rules: Rules,
    book: Book,
    holes: NDArray[np.uint8],
    first: int,
    count: int,
    within: NDArray[np.uint64],
    votes: NDArray[np.uint64],
) -> None:
    """The bars of the block at which each member votes, and votes long; ``within`` are the bars that count at all."""
    whole_block = True
    for row in range(holes.shape[0]):
        if holes[row]:
            whole_block = False
    known = within.copy()
    masks = rules.masks.reshape(rules.masks.size)
    flat = votes.reshape(votes.size)
    whole = book.whole
    for p in range(whole.shape[0]):
        if not whole_block:
            for w in range(WORDS):
                known[w] = within[w]
            known_words(rules.cells, holes, rules.reads, whole[p, at.READS_FROM], whole[p, at.READS_TO], count, known)
        long_mask, short_mask = whole[p, at.LONG], whole[p, at.SHORT]
        turn_long = ALL if long_mask & 1 else NONE
        turn_short = ALL if short_mask & 1 else NONE
        up, down = WORDS * (long_mask >> 1), WORDS * (short_mask >> 1)
        votes8(masks, up, turn_long, down, turn_short, known, flat, 2 * WORDS * p)


@compiled
def _trades(
    book: Book,
    tape: NDArray[np.float64],
    cells: NDArray[np.float64],
    votes: NDArray[np.uint64],
    jumpers: int,
    n: int,
    first: int,
    count: int,
) -> None:
    """The trades of one block of ``n`` bars in all: the first ``jumpers`` members have a fixed bracket."""
    whole, real, log_whole, log_real = book
    if jumpers > 0:
        jump(whole[:jumpers], real[:jumpers], log_whole, log_real, tape, cells, votes, n, first, count)
    for p in range(jumpers, whole.shape[0]):
        if whole[p, at.FREE_AT] < first + count:
            walk(
                whole, real, log_whole, log_real, tape, cells, votes[p, WORDS:],
                votes[p, :WORDS] & ~votes[p, WORDS:], p, n, first, count,
            )  # fmt: skip


@released
def sweep(
    features: Features, rules: Rules, bars: Bars, tape: NDArray[np.float64], earliest: int, jumpers: int, book: Book
) -> None:
    """All members over all bars: fills ``book``. No vote counts before bar ``earliest``.

    The first ``jumpers`` members are those with a fixed bracket: no stop that follows, no exit on the opposite vote.
    """
    cells, n, members = rules.cells, bars.ts_close.shape[0], book.whole.shape[0]
    flat = cells.reshape(cells.shape[0] * cells.shape[1])
    slot: Any = np.int64(features.program[2])
    holes = np.zeros(cells.shape[0], dtype=np.uint8)
    carried = np.zeros(rules.code.shape[0], dtype=np.uint64)
    within = np.zeros(WORDS, dtype=np.uint64)
    votes = np.zeros((members, 2 * WORDS), dtype=np.uint64)
    for row in range(cells.shape[0]):
        cells[row, LEAD - 1] = np.nan
    for first in range(0, n, BLOCK):
        count = min(BLOCK, n - first)
        if first > 0:
            begin_block(cells, BLOCK)
        fill_bars(features.state, slot, bars.values, first, count, cells, holes)
        fill_nodes(
            features.program, features.state, features.steps, features.lanes, bars.ts_close, first, count, cells, holes
        )
        run_code(rules.code, rules.numbers, cells, flat, rules.masks, carried, holes, count)
        block_words(first, count, earliest, within)
        _votes(rules, book, holes, first, count, within, votes)
        _trades(book, tape, cells, votes, jumpers, n, first, count)
