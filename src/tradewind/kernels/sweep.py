"""Thousands of strategies over the same bars: from feature programs and rules to every member's trades.

What a member would have traded is defined by ``kernels.shadow``; this is the same definition taken from event to event
instead of bar by bar. Between two events of a member nothing is computed: the next vote is the next set bit of its
words, the next touch of a bracket the first of eight bars compared at once. Short trades run on the negated prices, so
that the search exists once.

A trade may reach beyond the block in which it began: prices are all there. Only a stop that follows and an exit on the
opposite vote go block by block, since the votes of later blocks are not known yet.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tradewind.kernels.bank import Program
from tradewind.kernels.compiled import compiled, released
from tradewind.kernels.matching import OPPOSITE, STOP, TARGET, TIME, bracket_distances_kernel
from tradewind.kernels.recurrences import State
from tradewind.kernels.sweep_columns import BLOCK, LEAD, begin_block, fill_bars, fill_nodes
from tradewind.kernels.sweep_masks import WORDS, block_words, known_words, run_code
from tradewind.kernels.sweep_words import at_least8, at_most8, trailing_zeros

# Columns of ``whole`` (int64), one row per member: how it votes ...
LONG: Final = 0  # 2 * mask + 1 where the mask is meant the other way round
SHORT: Final = 1
READS_FROM: Final = 2
READS_TO: Final = 3
ATR_ROW: Final = 4  # -1 for stops that need no range
# ... how it leaves ...
TIME_STOP: Final = 5
LEAVES: Final = 6
# ... and where it stands.
FREE_AT: Final = 7  # bar at whose close it may vote again
SIDE: Final = 8
ENTRY_BAR: Final = 9
SEEN: Final = 10  # first bar whose bracket was not looked at yet
TURNED_AT: Final = 11  # bar at whose open the opposite vote makes it leave, 0 while there was none
SIGNATURE: Final = 12
LOGGED: Final = 13  # next row of the log
N_WHOLE: Final = 14

# Columns of ``real`` (float64), one row per member.
STOP_PCT: Final = 0
STOP_ATR: Final = 1
TARGET_R: Final = 2
FLOOR_COSTS: Final = 3
TRAIL_R: Final = 4
PRICE: Final = 5
DISTANCE: Final = 6
STOP_LEVEL: Final = 7
TARGET_LEVEL: Final = 8
N_REAL: Final = 9

# Columns of ``sums`` (float64), one row per member.
TRADES: Final = 0
WINS: Final = 1
GROSS_PROFIT: Final = 2
GROSS_LOSS: Final = 3
NET: Final = 4
DRAWDOWN: Final = 5
PEAK: Final = 6
NET_R: Final = 7
SQUARED_R: Final = 8
N_SUMS: Final = 9

# Columns of the two logs.
LOG_ENTRY_BAR: Final = 0
LOG_EXIT_BAR: Final = 1
LOG_SIDE: Final = 2
LOG_CODE: Final = 3
LOG_AMBIGUOUS: Final = 4
N_LOG_WHOLE: Final = 5
LOG_ENTRY: Final = 0
LOG_EXIT: Final = 1
LOG_NET: Final = 2
LOG_R: Final = 3
N_LOG_REAL: Final = 4

_ONE: Final = np.uint64(1)
_ALL: Final = np.uint64(0xFFFFFFFFFFFFFFFF)
_NONE: Final = np.uint64(0)
_MIX: Final = 0x2545F4914F6CDD1D
_SPREAD: Final = 0x9E3779B97F4A7C1


@compiled
def _enter(
    whole: NDArray[np.int64],
    real: NDArray[np.float64],
    p: int,
    bar: int,
    side: int,
    open_: float,
    atr: float,
    cost: float,
) -> bool:
    """Opens member ``p`` at the open of ``bar``; False where there is no stop. Levels are those of the mirrored side."""
    floor = real[p, FLOOR_COSTS] * (2.0 * cost)
    distance, reach = bracket_distances_kernel(
        open_, atr, real[p, STOP_PCT], real[p, STOP_ATR], real[p, TARGET_R], floor
    )
    if not (distance > 0.0):
        return False
    whole[p, SIDE] = side
    whole[p, ENTRY_BAR] = bar
    whole[p, SEEN] = bar
    whole[p, TURNED_AT] = 0
    real[p, PRICE] = open_
    real[p, DISTANCE] = distance
    real[p, STOP_LEVEL] = side * open_ - distance
    real[p, TARGET_LEVEL] = side * open_ + reach
    return True


@compiled
def _log(
    whole: NDArray[np.int64],
    log_whole: NDArray[np.int64],
    log_real: NDArray[np.float64],
    p: int,
    entry_bar: int,
    bar: int,
    side: int,
    code: int,
    ambiguous: bool,
    open_: float,
    price: float,
    net: float,
    r: float,
) -> None:
    """Writes one closed trade into the next row of member ``p``."""
    row = whole[p, LOGGED]
    whole[p, LOGGED] = row + 1
    log_whole[row, LOG_ENTRY_BAR] = entry_bar
    log_whole[row, LOG_EXIT_BAR] = bar
    log_whole[row, LOG_SIDE] = side
    log_whole[row, LOG_CODE] = code
    log_whole[row, LOG_AMBIGUOUS] = ambiguous
    log_real[row, LOG_ENTRY] = open_
    log_real[row, LOG_EXIT] = price
    log_real[row, LOG_NET] = net
    log_real[row, LOG_R] = r


@compiled
def _leave(
    whole: NDArray[np.int64],
    real: NDArray[np.float64],
    sums: NDArray[np.float64],
    daily: NDArray[np.float32],
    day: NDArray[np.int64],
    log_whole: NDArray[np.int64],
    log_real: NDArray[np.float64],
    cost: NDArray[np.float64],
    p: int,
    bar: int,
    price: float,
    code: int,
    ambiguous: bool,
) -> None:
    """Closes member ``p`` in ``bar`` at ``price`` (as quoted, not mirrored) and adds the trade to its sums."""
    side = whole[p, SIDE]
    entry_bar = whole[p, ENTRY_BAR]
    open_ = real[p, PRICE]
    fill = open_ * (1.0 + side * cost[entry_bar])
    net = side * (price * (1.0 - side * cost[bar]) - fill) / fill
    r = net / (real[p, DISTANCE] / open_)
    sums[p, TRADES] += 1.0
    if r > 0.0:
        sums[p, WINS] += 1.0
        sums[p, GROSS_PROFIT] += net
    else:
        sums[p, GROSS_LOSS] -= net
    sums[p, NET] += net
    sums[p, PEAK] = max(sums[p, PEAK], sums[p, NET])
    sums[p, DRAWDOWN] = max(sums[p, DRAWDOWN], sums[p, PEAK] - sums[p, NET])
    sums[p, NET_R] += r
    sums[p, SQUARED_R] += r * r
    trade = (2 * entry_bar + (1 if side > 0 else 0)) * np.int64(_SPREAD) + bar
    whole[p, SIGNATURE] = (whole[p, SIGNATURE] ^ trade) * np.int64(_MIX)
    if daily.shape[1] > 0:
        daily[p, day[bar]] += r
    if log_whole.shape[0] > 0:
        _log(whole, log_whole, log_real, p, entry_bar, bar, side, code, ambiguous, open_, price, net, r)
    whole[p, SIDE] = 0
    whole[p, FREE_AT] = bar


@compiled
def _touch(
    opens: NDArray[np.float64],
    highs: NDArray[np.float64],
    lows: NDArray[np.float64],
    mirror: int,
    start: int,
    end: int,
    stop: float,
    target: float,
) -> int:
    """First bar of ``[start, end)`` at which the mirrored bracket is met, ``end`` for none."""
    j = start
    while j < end:
        met = at_most8(lows, mirror + j, stop) | at_least8(highs, mirror + j, target)
        if met != _NONE:
            found = j + np.int64(trailing_zeros(met))
            return found if found < end else end
        j += 8
    return end


@compiled
def _follow(
    highs: NDArray[np.float64],
    lows: NDArray[np.float64],
    mirror: int,
    start: int,
    end: int,
    stop: float,
    target: float,
    trail: float,
) -> tuple[int, float]:
    """``_touch`` for a stop that follows ``trail`` behind the best price; and where the stop then stands."""
    for j in range(start, end):
        if lows[mirror + j] <= stop or highs[mirror + j] >= target:
            return j, stop
        moved = highs[mirror + j] - trail
        if moved > stop:
            stop = moved
    return end, stop


@compiled
def _met(
    opens: NDArray[np.float64],
    highs: NDArray[np.float64],
    lows: NDArray[np.float64],
    at: int,
    stop: float,
    target: float,
) -> tuple[int, float, bool]:
    """``(code, mirrored price, ambiguous)`` of the bar that met the mirrored bracket; stop first, gaps at the open."""
    open_ = opens[at]
    if lows[at] <= stop:
        if open_ <= stop:
            return STOP, open_, False
        return STOP, stop, highs[at] >= target and open_ < target
    return TARGET, (open_ if open_ >= target else target), False


@compiled
def _next_vote(words: NDArray[np.uint64], first: int, count: int, start: int) -> int:
    """First bar of the block at ``start`` or later whose bit is set; ``first + count`` for none."""
    at = max(start - first, 0)
    if at >= count:
        return first + count
    w = at >> 6
    word = words[w] & (_ALL << np.uint64(at & 63))
    last = (count - 1) >> 6
    while word == _NONE:
        w += 1
        if w > last:
            return first + count
        word = words[w]
    return first + 64 * w + np.int64(trailing_zeros(word))


@compiled
def _jump(
    whole: NDArray[np.int64],
    real: NDArray[np.float64],
    sums: NDArray[np.float64],
    daily: NDArray[np.float32],
    day: NDArray[np.int64],
    log_whole: NDArray[np.int64],
    log_real: NDArray[np.float64],
    opens: NDArray[np.float64],
    highs: NDArray[np.float64],
    lows: NDArray[np.float64],
    cost: NDArray[np.float64],
    cells: NDArray[np.float64],
    longs: NDArray[np.uint64],
    shorts: NDArray[np.uint64],
    p: int,
    first: int,
    words: int,
) -> None:
    """The trades a fixed bracket begins in one block, each followed to its end wherever that lies.

    The very sums of ``_leave``, kept in registers: this is where a sweep spends its time.
    """
    n = cost.shape[0]
    mirrored = opens.shape[0] // 2
    free = whole[p, FREE_AT]
    row = whole[p, ATR_ROW]
    patience = whole[p, TIME_STOP]
    signature = whole[p, SIGNATURE]
    stop_pct, stop_atr, target_r = real[p, STOP_PCT], real[p, STOP_ATR], real[p, TARGET_R]
    floor_costs = real[p, FLOOR_COSTS]
    trades, wins = sums[p, TRADES], sums[p, WINS]
    profit, loss, total = sums[p, GROSS_PROFIT], sums[p, GROSS_LOSS], sums[p, NET]
    peak, drawdown = sums[p, PEAK], sums[p, DRAWDOWN]
    total_r, squared_r = sums[p, NET_R], sums[p, SQUARED_R]
    by_day = daily.shape[1] > 0
    logs = log_whole.shape[0] > 0
    for w in range(words):
        long_word = longs[w]
        votes = long_word | shorts[w]
        base = first + 64 * w
        if votes == _NONE or free - base >= 64:
            continue
        if free > base:
            votes &= _ALL << np.uint64(free - base)
        while votes != _NONE:
            k = trailing_zeros(votes)
            bar = base + np.int64(k) + 1
            if bar >= n:
                free = n
                break
            up = np.int64((long_word >> k) & _ONE)
            side = 2.0 * up - 1.0
            mirror = (1 - up) * mirrored
            open_ = opens[bar]
            paid = cost[bar]
            distance, reach = bracket_distances_kernel(
                open_,
                cells[row, LEAD + bar - 1 - first] if row >= 0 else 0.0,
                stop_pct,
                stop_atr,
                target_r,
                floor_costs * (2.0 * paid),
            )
            if not (distance > 0.0):
                votes &= votes - _ONE
                continue
            stop = side * open_ - distance
            target = side * open_ + reach
            end = bar + patience if 0 < patience < n - bar else n
            j = bar
            met = _NONE
            while j < end:
                met = at_most8(lows, mirror + j, stop) | at_least8(highs, mirror + j, target)
                if met != _NONE:
                    j += np.int64(trailing_zeros(met))
                    break
                j += 8
            if j > end:
                j = end
            if j >= n:
                free = n
                break
            there = opens[mirror + j]
            at_stop = there if there < stop else stop
            at_target = there if there > target else target
            bracket = at_stop if lows[mirror + j] <= stop else at_target
            price = side * (bracket if j < end else there)
            fill = open_ * (1.0 + side * paid)
            net = side * (price * (1.0 - side * cost[j]) - fill) / fill
            r = net / (distance / open_)
            won = r > 0.0
            trades += 1.0
            wins += 1.0 if won else 0.0
            profit += net if won else 0.0
            loss -= 0.0 if won else net
            total += net
            peak = total if total > peak else peak
            fallen = peak - total
            drawdown = fallen if fallen > drawdown else drawdown
            total_r += r
            squared_r += r * r
            signature = (signature ^ ((2 * bar + up) * np.int64(_SPREAD) + j)) * np.int64(_MIX)
            if by_day:
                daily[p, day[j]] += r
            if logs:
                code, _, ambiguous = _met(opens, highs, lows, mirror + j, stop, target)
                if j == end:
                    code, ambiguous = TIME, False
                _log(whole, log_whole, log_real, p, bar, j, 2 * up - 1, code, ambiguous, open_, price, net, r)
            free = j
            if free - base >= 64:
                break
            votes &= _ALL << np.uint64(free - base)
    whole[p, FREE_AT] = free
    whole[p, SIGNATURE] = signature
    sums[p, TRADES], sums[p, WINS] = trades, wins
    sums[p, GROSS_PROFIT], sums[p, GROSS_LOSS], sums[p, NET] = profit, loss, total
    sums[p, PEAK], sums[p, DRAWDOWN] = peak, drawdown
    sums[p, NET_R], sums[p, SQUARED_R] = total_r, squared_r


@compiled
def _walk(
    whole: NDArray[np.int64],
    real: NDArray[np.float64],
    sums: NDArray[np.float64],
    daily: NDArray[np.float32],
    day: NDArray[np.int64],
    log_whole: NDArray[np.int64],
    log_real: NDArray[np.float64],
    opens: NDArray[np.float64],
    highs: NDArray[np.float64],
    lows: NDArray[np.float64],
    cost: NDArray[np.float64],
    cells: NDArray[np.float64],
    longs: NDArray[np.uint64],
    shorts: NDArray[np.uint64],
    p: int,
    first: int,
    count: int,
) -> None:
    """One block of a member whose stop follows or whose opposite vote makes it leave; a trade may stay open."""
    n = cost.shape[0]
    mirrored = opens.shape[0] // 2
    over = first + count
    while whole[p, FREE_AT] < n:
        if whole[p, SIDE] == 0:
            up = _next_vote(longs, first, count, whole[p, FREE_AT])
            down = _next_vote(shorts, first, count, whole[p, FREE_AT])
            vote = min(up, down)
            if vote >= over:
                return
            bar = vote + 1
            if bar >= n:
                whole[p, FREE_AT] = n
                return
            atr = cells[whole[p, ATR_ROW], LEAD + vote - first] if whole[p, ATR_ROW] >= 0 else 0.0
            if not _enter(whole, real, p, bar, 1 if up < down else -1, opens[bar], atr, cost[bar]):
                whole[p, FREE_AT] = bar
                continue
        side = whole[p, SIDE]
        mirror = 0 if side > 0 else mirrored
        patience = whole[p, TIME_STOP]
        entry_bar = whole[p, ENTRY_BAR]
        limit = entry_bar + patience if 0 < patience < n - entry_bar else n
        end = limit
        if whole[p, LEAVES]:
            turn = _next_vote(shorts if side > 0 else longs, first, count, entry_bar) + 1
            if turn <= over and turn < end:
                end = turn
        horizon = min(end, over) if whole[p, LEAVES] else end
        start = whole[p, SEEN]
        stop = real[p, STOP_LEVEL]
        trail = real[p, TRAIL_R] * real[p, DISTANCE]
        if trail > 0.0:
            j, stop = _follow(highs, lows, mirror, start, horizon, stop, real[p, TARGET_LEVEL], trail)
        else:
            j = _touch(opens, highs, lows, mirror, start, horizon, stop, real[p, TARGET_LEVEL])
        if j < horizon:
            code, price, ambiguous = _met(opens, highs, lows, mirror + j, stop, real[p, TARGET_LEVEL])
        elif horizon < end:
            real[p, STOP_LEVEL] = stop
            whole[p, SEEN] = max(start, horizon)
            return
        elif end >= n:
            whole[p, FREE_AT] = n
            return
        else:
            j = end
            code, price, ambiguous = TIME if end == limit else OPPOSITE, opens[mirror + end], False
        _leave(whole, real, sums, daily, day, log_whole, log_real, cost, p, j, side * price, code, ambiguous)


@released
def sweep(
    program: Program,
    state: State,
    steps: NDArray[np.int64],
    lanes: NDArray[np.int64],
    code: NDArray[np.int64],
    numbers: NDArray[np.float64],
    reads: NDArray[np.int64],
    cells: NDArray[np.float64],
    masks: NDArray[np.uint64],
    ts_close: NDArray[np.int64],
    bars: NDArray[np.float64],
    opens: NDArray[np.float64],
    highs: NDArray[np.float64],
    lows: NDArray[np.float64],
    cost: NDArray[np.float64],
    day: NDArray[np.int64],
    earliest: int,
    whole: NDArray[np.int64],
    real: NDArray[np.float64],
    sums: NDArray[np.float64],
    daily: NDArray[np.float32],
    log_whole: NDArray[np.int64],
    log_real: NDArray[np.float64],
) -> None:
    """All members over all bars.

    ``program``, ``state``, ``steps`` and ``lanes`` are the features, ``code``, ``numbers`` and ``reads`` the rules,
    ``cells`` and ``masks`` room for one block. ``bars`` is ``(5, n)``: open, high, low, close, volume. ``opens``,
    ``highs`` and ``lows`` hold the prices and, from half their length on, the negated ones with high and low
    exchanged, both followed by eight cells of room. ``cost`` is what one side pays in each bar, a fraction of price;
    ``day`` the column of ``daily`` for each bar (none: ``daily`` has no columns). No vote counts before bar
    ``earliest``. ``whole``, ``real`` and ``sums`` have one row per member; the logs have room for every trade, or none.
    """
    n = ts_close.shape[0]
    flat = cells.reshape(cells.shape[0] * cells.shape[1])
    slot = np.int64(program[2])
    holes = np.zeros(cells.shape[0], dtype=np.uint8)
    carried = np.zeros(code.shape[0], dtype=np.uint64)
    within = np.zeros(WORDS, dtype=np.uint64)
    known = np.zeros(WORDS, dtype=np.uint64)
    longs = np.zeros(WORDS, dtype=np.uint64)
    shorts = np.zeros(WORDS, dtype=np.uint64)
    for row in range(cells.shape[0]):
        cells[row, LEAD - 1] = np.nan
    for first in range(0, n, BLOCK):
        count = min(BLOCK, n - first)
        if first > 0:
            begin_block(cells, BLOCK)
        fill_bars(state, slot, bars, first, count, cells, holes)
        fill_nodes(program, state, steps, lanes, ts_close, first, count, cells, holes)
        run_code(code, numbers, cells, flat, masks, carried, holes, count)
        block_words(first, count, earliest, within)
        words = (count + 63) // 64
        whole_block = True
        for row in range(holes.shape[0]):
            if holes[row]:
                whole_block = False
        for w in range(WORDS):
            known[w] = within[w]
        for p in range(whole.shape[0]):
            if whole[p, FREE_AT] >= first + count:
                continue
            if not whole_block:
                for w in range(words):
                    known[w] = within[w]
                known_words(cells, holes, reads, whole[p, READS_FROM], whole[p, READS_TO], count, known)
            long_mask = whole[p, LONG]
            short_mask = whole[p, SHORT]
            turn_long = _ALL if long_mask & 1 else _NONE
            turn_short = _ALL if short_mask & 1 else _NONE
            for w in range(words):
                up = masks[long_mask >> 1, w] ^ turn_long
                down = masks[short_mask >> 1, w] ^ turn_short
                either = (up ^ down) & known[w]
                longs[w] = up & either
                shorts[w] = down & either
            if whole[p, LEAVES] or real[p, TRAIL_R] > 0.0:
                _walk(
                    whole, real, sums, daily, day, log_whole, log_real, opens, highs, lows, cost, cells, longs, shorts,
                    p, first, count,
                )  # fmt: skip
            else:
                _jump(
                    whole, real, sums, daily, day, log_whole, log_real, opens, highs, lows, cost, cells, longs, shorts,
                    p, first, words,
                )  # fmt: skip
