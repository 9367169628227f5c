"""Members with a fixed bracket: a trade is followed to its end wherever that lies. Most of a sweep's time goes here."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tradewind.kernels import sweep_layout as at
from tradewind.kernels.compiled import compiled
from tradewind.kernels.matching import TIME, bracket_distances_kernel
from tradewind.kernels.sweep_columns import LEAD
from tradewind.kernels.sweep_masks import WORDS
from tradewind.kernels.sweep_trades import ALL, NONE, add_trade, log_trade, met, result, touch
from tradewind.kernels.sweep_words import trailing_zeros


@compiled
def _exit_price(tape: NDArray[np.float64], bar: Any, stop: float, target: float, met_it: bool) -> float:
    """What ``bar`` pays: stop first, gaps at the open, the open itself where time ran out."""
    open_ = tape[bar]
    at_stop = open_ if open_ < stop else stop
    at_target = open_ if open_ > target else target
    bracket = at_stop if tape[2 * (tape.shape[0] // at.PARTS) + bar] <= stop else at_target
    return bracket if met_it else open_


@compiled
def _levels(
    real: NDArray[np.float64], p: int, open_: float, paid: float, atr: float, side: float
) -> tuple[float, float, float]:
    """``(distance, stop, target)`` of a trade that begins at ``open_``; both levels on the mirrored side."""
    distance, reach = bracket_distances_kernel(
        open_, atr, real[p, at.STOP_PCT], real[p, at.STOP_ATR], real[p, at.TARGET_R],
        real[p, at.FLOOR_COSTS] * (2.0 * paid),
    )  # fmt: skip
    return distance, side * open_ - distance, side * open_ + reach


@compiled
def jump(
    whole: NDArray[np.int64],
    real: NDArray[np.float64],
    log_whole: NDArray[np.int64],
    log_real: NDArray[np.float64],
    tape: NDArray[np.float64],
    cells: NDArray[np.float64],
    votes_at: NDArray[np.uint64],
    n: int,
    first: int,
    count: int,
) -> None:
    """The trades that begin in one block of ``n`` bars in all.

    ``votes_at`` ``(n_members, 2 * WORDS)`` are the bars at which members vote, behind them those at which they vote
    long; other arrays as in ``sweep_layout.Book``.

    Members are gone through in here: at every call of a kernel each array would be counted.
    """
    part = tape.shape[0] // at.PARTS
    for p in range(whole.shape[0]):
        free, patience = whole[p, at.FREE_AT], whole[p, at.TIME_STOP]
        for w in range((count + 63) // 64):
            votes, base = votes_at[p, w], first + 64 * w
            if votes == NONE or free - base >= 64:
                continue
            if free > base:
                votes &= ALL << np.uint64(free - base)
            while votes != NONE:
                k = trailing_zeros(votes)
                bar = base + np.int64(k) + 1
                if bar >= n:
                    free = n
                    break
                up = np.int64((votes_at[p, WORDS + w] >> k) & np.uint64(1))
                side, shift, open_, paid = 2.0 * up - 1.0, (1 - up) * (part // 2), tape[bar], tape[3 * part + bar]
                atr = cells[whole[p, at.ATR_ROW], LEAD + bar - 1 - first]
                distance, stop, target = _levels(real, p, open_, paid, atr, side)
                if not (distance > 0.0):
                    votes &= votes - np.uint64(1)
                    continue
                end = bar + patience if 0 < patience < n - bar else n
                j = touch(tape, shift, bar, end, stop, target)
                if j >= n:
                    free = n
                    break
                price = side * _exit_price(tape, shift + j, stop, target, j < end)
                net, r = result(side, open_, paid, price, tape[3 * part + j], distance)
                add_trade(real, p, net, r)
                if log_whole.shape[0] > 0:
                    code, _, ambiguous = met(tape, shift + j, stop, target)
                    how = (code, ambiguous) if j < end else (TIME, False)
                    log_trade(whole, log_whole, log_real, p, (bar, j), 2 * up - 1, how, (open_, price), (net, r))
                free = j
                if free - base >= 64:
                    break
                votes &= ALL << np.uint64(free - base)
        whole[p, at.FREE_AT] = free
