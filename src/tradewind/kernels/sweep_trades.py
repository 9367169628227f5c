"""Trades of a member: what one costs and makes, when its bracket is met, how it is written down.

What a member would have traded is defined by ``kernels.shadow``; this is the same definition taken from event to event
instead of bar by bar. Between two events of a member nothing is computed: the next vote is the next set bit of its
words, the next touch of a bracket the first of eight bars compared at once.

``tape`` is one run of numbers in four parts of equal length: opens, highs, lows and what one side pays in each bar, a
fraction of price. Half-way through its part, a price is there once more, negated, with high and low exchanged: a short
trade is a long one there, so that the search exists once.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tradewind.kernels import sweep_layout as at
from tradewind.kernels.compiled import compiled
from tradewind.kernels.matching import STOP, TARGET
from tradewind.kernels.sweep_words import at_least8, at_most8, trailing_zeros

ALL: Final = np.uint64(0xFFFFFFFFFFFFFFFF)
NONE: Final = np.uint64(0)


@compiled
def result(
    side: float, open_: float, paid: float, price: float, paid_at_exit: float, distance: float
) -> tuple[float, float]:
    """``(net, r)`` of a trade between two prices as quoted, each side paying its own bar's costs."""
    fill = open_ * (1.0 + side * paid)
    net = side * (price * (1.0 - side * paid_at_exit) - fill) / fill
    return net, net / (distance / open_)


@compiled
def add_trade(real: NDArray[np.float64], p: int, net: float, r: float) -> None:
    """One more trade into the sums of member ``p``."""
    won = r > 0.0
    total = real[p, at.NET] + net
    peak = real[p, at.PEAK]
    peak = total if total > peak else peak
    fallen = peak - total
    deepest = real[p, at.DRAWDOWN]
    real[p, at.TRADES] += 1.0
    real[p, at.WINS] += 1.0 if won else 0.0
    real[p, at.GROSS_PROFIT] += net if won else 0.0
    real[p, at.GROSS_LOSS] -= 0.0 if won else net
    real[p, at.NET] = total
    real[p, at.DRAWDOWN] = fallen if fallen > deepest else deepest
    real[p, at.PEAK] = peak
    real[p, at.NET_R] += r


@compiled
def log_trade(
    whole: NDArray[np.int64],
    log_whole: NDArray[np.int64],
    log_real: NDArray[np.float64],
    p: int,
    bars: tuple[Any, Any],
    side: Any,
    how: tuple[Any, Any],
    prices: tuple[Any, Any],
    made: tuple[Any, Any],
) -> None:
    """Writes one closed trade into the next row where there is room: ``(entry, exit)`` bars, ``(code, ambiguous)``,
    ``(entry, exit)`` prices, ``(net, r)``.
    """
    row = whole[0, at.LOGGED]
    whole[0, at.LOGGED] = row + 1
    if row >= log_whole.shape[0]:
        return
    log_whole[row, at.LOG_MEMBER] = p
    log_whole[row, at.LOG_ENTRY_BAR], log_whole[row, at.LOG_EXIT_BAR] = bars
    log_whole[row, at.LOG_SIDE] = side
    log_whole[row, at.LOG_CODE], log_whole[row, at.LOG_AMBIGUOUS] = how
    log_real[row, at.LOG_ENTRY], log_real[row, at.LOG_EXIT] = prices
    log_real[row, at.LOG_NET], log_real[row, at.LOG_R] = made


@compiled
def _met16(tape: NDArray[np.float64], low: Any, stop: float, high: Any, target: float) -> Any:
    """Which of sixteen bars meet the bracket."""
    first = at_most8(tape, low, stop) | at_least8(tape, high, target)
    second = at_most8(tape, low + 8, stop) | at_least8(tape, high + 8, target)
    return first | (second << np.uint64(8))


@compiled
def touch(tape: NDArray[np.float64], shift: Any, start: Any, end: Any, stop: float, target: float) -> Any:
    """First bar of ``[start, end)`` at which a bracket is met, ``end`` for none; ``shift`` is 0, or where the mirrored
    prices begin.
    """
    part = tape.shape[0] // at.PARTS
    highs, lows = part + shift, 2 * part + shift
    j = start
    met = _met16(tape, lows + j, stop, highs + j, target)
    while met == NONE:
        j += 16
        if j >= end:
            return end
        met = _met16(tape, lows + j, stop, highs + j, target)
    j += np.int64(trailing_zeros(met))
    return j if j < end else end


@compiled
def follow(
    tape: NDArray[np.float64], shift: Any, start: Any, end: Any, stop: float, target: float, trail: float
) -> tuple[Any, float]:
    """``touch`` for a stop that follows ``trail`` behind the best price; and where the stop then stands."""
    part = tape.shape[0] // at.PARTS
    highs, lows = part + shift, 2 * part + shift
    for j in range(start, end):
        if tape[lows + j] <= stop or tape[highs + j] >= target:
            return j, stop
        moved = tape[highs + j] - trail
        if moved > stop:
            stop = moved
    return end, stop


@compiled
def met(tape: NDArray[np.float64], bar: Any, stop: float, target: float) -> tuple[int, float, bool]:
    """``(code, price, ambiguous)`` of the bar that met a bracket; stop first, gaps at the open."""
    part = tape.shape[0] // at.PARTS
    open_ = tape[bar]
    if tape[2 * part + bar] <= stop:
        if open_ <= stop:
            return STOP, open_, False
        return STOP, stop, tape[part + bar] >= target and open_ < target
    return TARGET, (open_ if open_ >= target else target), False


@compiled
def next_vote(words: NDArray[np.uint64], first: int, count: int, start: Any) -> Any:
    """First bar of the block at ``start`` or later whose bit is set; ``first + count`` for none."""
    place = max(start - first, 0)
    if place >= count:
        return first + count
    w = place >> 6
    word = words[w] & (ALL << np.uint64(place & 63))
    last = (count - 1) >> 6
    while word == NONE:
        w += 1
        if w > last:
            return first + count
        word = words[w]
    return first + 64 * w + np.int64(trailing_zeros(word))
