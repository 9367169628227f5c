"""Members whose stop follows the price or whom the opposite vote makes leave.

Both look at what later blocks bring, so a trade may stay open from one block to the next.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tradewind.kernels import sweep_layout as at
from tradewind.kernels.compiled import compiled
from tradewind.kernels.matching import OPPOSITE, TIME, bracket_distances_kernel
from tradewind.kernels.sweep_columns import LEAD
from tradewind.kernels.sweep_trades import add_trade, follow, log_trade, met, next_vote, result, touch


@compiled
def _enter(
    whole: NDArray[np.int64], real: NDArray[np.float64], tape: NDArray[np.float64], p: int, bar: Any, side: Any,
    atr: float,
) -> bool:  # fmt: skip
    """Opens member ``p`` at the open of ``bar``, levels on the mirrored side; False where there is no stop."""
    open_ = tape[bar]
    floor = real[p, at.FLOOR_COSTS] * (2.0 * tape[3 * (tape.shape[0] // at.PARTS) + bar])
    distance, reach = bracket_distances_kernel(
        open_, atr, real[p, at.STOP_PCT], real[p, at.STOP_ATR], real[p, at.TARGET_R], floor
    )
    if not (distance > 0.0):
        return False
    whole[p, at.SIDE] = side
    whole[p, at.ENTRY_BAR] = bar
    whole[p, at.SEEN] = bar
    real[p, at.PRICE] = open_
    real[p, at.DISTANCE] = distance
    real[p, at.STOP_LEVEL] = side * open_ - distance
    real[p, at.TARGET_LEVEL] = side * open_ + reach
    return True


@compiled
def _begin(
    whole: NDArray[np.int64], real: NDArray[np.float64], tape: NDArray[np.float64], cells: NDArray[np.float64],
    longs: Any, shorts: Any, p: int, n: int, first: int, count: int,
) -> bool:  # fmt: skip
    """Enters at the next vote of the block that can be entered; False where there is none."""
    while True:
        up = next_vote(longs, first, count, whole[p, at.FREE_AT])
        down = next_vote(shorts, first, count, whole[p, at.FREE_AT])
        vote = min(up, down)
        if vote >= first + count:
            return False
        if vote + 1 >= n:
            whole[p, at.FREE_AT] = n
            return False
        if _enter(
            whole, real, tape, p, vote + 1, 1 if up < down else -1, cells[whole[p, at.ATR_ROW], LEAD + vote - first]
        ):
            return True
        whole[p, at.FREE_AT] = vote + 1


@compiled
def walk(
    whole: NDArray[np.int64],
    real: NDArray[np.float64],
    log_whole: NDArray[np.int64],
    log_real: NDArray[np.float64],
    tape: NDArray[np.float64],
    cells: NDArray[np.float64],
    longs: NDArray[np.uint64],
    shorts: NDArray[np.uint64],
    p: int,
    n: int,
    first: int,
    count: int,
) -> None:
    """One block of member ``p``, of ``n`` bars in all; arrays as in ``sweep_layout.Book``."""
    over, leaves = first + count, whole[p, at.LEAVES] != 0
    part = tape.shape[0] // at.PARTS
    while whole[p, at.FREE_AT] < n:
        if whole[p, at.SIDE] == 0 and not _begin(whole, real, tape, cells, longs, shorts, p, n, first, count):
            return
        side, entry_bar, patience = whole[p, at.SIDE], whole[p, at.ENTRY_BAR], whole[p, at.TIME_STOP]
        shift = 0 if side > 0 else part // 2
        limit = entry_bar + patience if 0 < patience < n - entry_bar else n
        end = limit
        if leaves:
            turn = next_vote(shorts if side > 0 else longs, first, count, entry_bar) + 1
            if turn <= over and turn < end:
                end = turn
        horizon = min(end, over) if leaves else end
        start, stop, target = whole[p, at.SEEN], real[p, at.STOP_LEVEL], real[p, at.TARGET_LEVEL]
        trail = real[p, at.TRAIL_R] * real[p, at.DISTANCE]
        if trail > 0.0:
            j, stop = follow(tape, shift, start, horizon, stop, target, trail)
        else:
            j = touch(tape, shift, start, horizon, stop, target)
        if j < horizon:
            code, price, ambiguous = met(tape, shift + j, stop, target)
        elif horizon < end:
            real[p, at.STOP_LEVEL] = stop
            whole[p, at.SEEN] = max(start, horizon)
            return
        elif end >= n:
            whole[p, at.FREE_AT] = n
            return
        else:
            j = end
            code, price, ambiguous = TIME if end == limit else OPPOSITE, side * tape[end], False
        _leave(whole, real, log_whole, log_real, tape, p, j, side * price, code, ambiguous)


@compiled
def _leave(
    whole: NDArray[np.int64],
    real: NDArray[np.float64],
    log_whole: NDArray[np.int64],
    log_real: NDArray[np.float64],
    tape: NDArray[np.float64],
    p: int,
    bar: Any,
    price: float,
    code: Any,
    ambiguous: bool,
) -> None:
    """Closes member ``p`` in ``bar`` at ``price`` (as quoted, not mirrored) and adds the trade to its sums."""
    costs = 3 * (tape.shape[0] // at.PARTS)
    side, entry_bar, open_ = whole[p, at.SIDE], whole[p, at.ENTRY_BAR], real[p, at.PRICE]
    net, r = result(side, open_, tape[costs + entry_bar], price, tape[costs + bar], real[p, at.DISTANCE])
    add_trade(real, p, net, r)
    if log_whole.shape[0] > 0:
        log_trade(whole, log_whole, log_real, p, (entry_bar, bar), side, (code, ambiguous), (open_, price), (net, r))
    whole[p, at.SIDE] = 0
    whole[p, at.FREE_AT] = bar
