"""Every member's own bracket against later bars, all members of a series in one call.

A vote at the close of bar i opens at the open of bar i+1 if the member is flat after bar i; the bracket is then met by
``bracket_exit`` from the entry bar on; a time stop leaves at the open of bar entry + n before anything else is looked
at, and a vote of that bar's close may open in the bar after it. So does an exit on the opposite vote, at the open after
that vote. A trailing stop moves at the close of a bar, by that bar's own extremes.

State is two matrices with one row per member, so that a call passes few arrays and a snapshot copies two. The last row
of ``whole`` belongs to the book. Bars that never came are simply not stepped: they count for nothing.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tradewind.kernels.compiled import compiled
from tradewind.kernels.matching import (
    HOLD,
    OPPOSITE,
    TIME,
    bracket_distances_kernel,
    bracket_exit_kernel,
    trailed_stop_kernel,
)

# Columns of `real` (float64): how the member leaves ...
STOP_PCT: Final = 0
STOP_ATR: Final = 1
TARGET_R: Final = 2
FLOOR_COSTS: Final = 3
TRAIL_R: Final = 4
# ... its vote and its open trade ...
VOTE_ATR: Final = 5
ENTRY: Final = 6
STOP_LEVEL: Final = 7
TARGET_LEVEL: Final = 8
RISK: Final = 9  # stop distance as a fraction of the entry
TRAIL: Final = 10  # distance of the trailing stop in price units, 0 without one
ENTRY_FILL: Final = 11
# ... and its record, in R.
MEAN: Final = 12
SQUARES: Final = 13  # sum of squared deviations from the running mean
WIN_SUM: Final = 14
LOSS_SUM: Final = 15
DAY_R: Final = 16
N_REAL: Final = 17

# Columns of `whole` (int64).
TIME_STOP: Final = 0
LEAVES: Final = 1  # 1 for a member that leaves on the opposite vote
SIDE: Final = 2
VOTE: Final = 3
ENTRY_BAR: Final = 4
TS_ENTRY: Final = 5
TURNED: Final = 6  # 1 once the opposite vote was made
TRADES: Final = 7
WINS: Final = 8
N_WHOLE: Final = 9
# Columns of the book's own row of `whole`.
BARS: Final = 0
DAY: Final = 1
DAYS: Final = 2
LOGGED: Final = 3

# Columns of the two logs of closed trades.
LOG_MEMBER: Final = 0
LOG_TS_ENTRY: Final = 1
LOG_TS_EXIT: Final = 2
LOG_SIDE: Final = 3
LOG_CODE: Final = 4
LOG_AMBIGUOUS: Final = 5
N_LOG_WHOLE: Final = 6
LOG_ENTRY: Final = 0
LOG_EXIT: Final = 1
LOG_NET: Final = 2
LOG_R: Final = 3
N_LOG_REAL: Final = 4

DAY_NS: Final = 86_400_000_000_000


@compiled
def close_day(whole: NDArray[np.int64], real: NDArray[np.float64], daily: NDArray[np.float64]) -> None:
    """Add the day's R of every member to ``daily`` ``(m + 1, m)``: sums of products, and plain sums in the last row.

    Most members close nothing on most days, so only the pairs of those that did are touched.
    """
    m = real.shape[0]
    for a in range(m):
        r = real[a, DAY_R]
        if r == 0.0:
            continue
        daily[m, a] += r
        for b in range(m):
            daily[a, b] += r * real[b, DAY_R]
    for a in range(m):
        real[a, DAY_R] = 0.0
    whole[m, DAYS] += 1


@compiled
def _enter(
    whole: NDArray[np.int64], real: NDArray[np.float64], k: int, bar: int, ts_open: int, open_: float, cost: float
) -> int:
    """Open member ``k``'s vote at ``open_`` with its bracket; the side it now has, 0 where it could not open."""
    floor = real[k, FLOOR_COSTS] * (2.0 * cost)
    distance, reach = bracket_distances_kernel(
        open_, real[k, VOTE_ATR], real[k, STOP_PCT], real[k, STOP_ATR], real[k, TARGET_R], floor
    )
    if not (distance > 0.0):  # also NaN: without an ATR there is no stop, and without a stop no trade
        return 0
    side: int = whole[k, VOTE]
    whole[k, SIDE] = side
    whole[k, ENTRY_BAR] = bar
    whole[k, TS_ENTRY] = ts_open
    whole[k, TURNED] = 0
    real[k, ENTRY] = open_
    real[k, ENTRY_FILL] = open_ * (1.0 + side * cost)
    real[k, STOP_LEVEL] = open_ - side * distance
    real[k, TARGET_LEVEL] = open_ + side * reach
    real[k, RISK] = distance / open_
    real[k, TRAIL] = real[k, TRAIL_R] * distance
    return side


@compiled
def _book(
    whole: NDArray[np.int64],
    real: NDArray[np.float64],
    log_whole: NDArray[np.int64],
    log_real: NDArray[np.float64],
    k: int,
    exit_price: float,
    cost: float,
    code: int,
    ambiguous: bool,
    ts_close: int,
) -> None:
    """Close member ``k`` at ``exit_price``: log the trade, update its record, leave it flat."""
    side = whole[k, SIDE]
    fill = real[k, ENTRY_FILL]
    net = side * (exit_price * (1.0 - side * cost) - fill) / fill
    r = net / real[k, RISK]

    row = whole[real.shape[0], LOGGED]
    whole[real.shape[0], LOGGED] = row + 1
    log_whole[row, LOG_MEMBER] = k
    log_whole[row, LOG_TS_ENTRY] = whole[k, TS_ENTRY]
    log_whole[row, LOG_TS_EXIT] = ts_close
    log_whole[row, LOG_SIDE] = side
    log_whole[row, LOG_CODE] = code
    log_whole[row, LOG_AMBIGUOUS] = ambiguous
    log_real[row, LOG_ENTRY] = real[k, ENTRY]
    log_real[row, LOG_EXIT] = exit_price
    log_real[row, LOG_NET] = net
    log_real[row, LOG_R] = r

    whole[k, TRADES] += 1
    # Welford: a sum of squares minus a squared sum would lose the digits of a small spread around a mean.
    deviation = r - real[k, MEAN]
    real[k, MEAN] += deviation / whole[k, TRADES]
    real[k, SQUARES] += deviation * (r - real[k, MEAN])
    if r > 0.0:
        whole[k, WINS] += 1
        real[k, WIN_SUM] += r
    else:
        real[k, LOSS_SUM] += r
    real[k, DAY_R] += r
    whole[k, SIDE] = 0


@compiled
def shadow_step(
    whole: NDArray[np.int64],
    real: NDArray[np.float64],
    daily: NDArray[np.float64],
    log_whole: NDArray[np.int64],
    log_real: NDArray[np.float64],
    sides: NDArray[np.int8],
    atr: NDArray[np.float64],
    ts_open: int,
    ts_close: int,
    open_: float,
    high: float,
    low: float,
    cost: float,
) -> int:
    """One closed bar: enter yesterday's votes at its open, meet the brackets, then take the votes of its close.

    Returns how many trades it closed: the last rows of the logs.

    ``sides`` and ``atr`` have shape ``(m,)``; ``cost`` is the fraction of price paid per side in this bar. The logs
    must have room for ``m`` more trades: a member closes at most one trade a bar.
    """
    m = real.shape[0]
    bar = whole[m, BARS]
    logged = whole[m, LOGGED]
    day = (ts_close - 1) // DAY_NS
    if day != whole[m, DAY]:
        if bar > 0:
            close_day(whole, real, daily)
        whole[m, DAY] = day
    for k in range(m):
        side = whole[k, SIDE]
        if side == 0 and whole[k, VOTE] != 0:
            side = _enter(whole, real, k, bar, ts_open, open_, cost)
        if side != 0:
            if whole[k, TIME_STOP] > 0 and bar == whole[k, ENTRY_BAR] + whole[k, TIME_STOP]:
                _book(whole, real, log_whole, log_real, k, open_, cost, TIME, False, ts_close)
            elif whole[k, TURNED]:
                _book(whole, real, log_whole, log_real, k, open_, cost, OPPOSITE, False, ts_close)
            else:
                code, price, ambiguous = bracket_exit_kernel(
                    side, open_, high, low, real[k, STOP_LEVEL], real[k, TARGET_LEVEL]
                )
                if code != HOLD:
                    _book(whole, real, log_whole, log_real, k, price, cost, code, ambiguous, ts_close)
                else:
                    real[k, STOP_LEVEL] = trailed_stop_kernel(side, real[k, STOP_LEVEL], high, low, real[k, TRAIL])
        if whole[k, SIDE] == 0:
            whole[k, VOTE] = sides[k]
            real[k, VOTE_ATR] = atr[k]
        else:
            whole[k, VOTE] = 0
            if whole[k, LEAVES] and sides[k] == -whole[k, SIDE]:
                whole[k, TURNED] = 1
    whole[m, BARS] = bar + 1
    closed: int = whole[m, LOGGED] - logged
    return closed


@compiled
def correlate(
    whole: NDArray[np.int64],
    daily: NDArray[np.float64],
    members: NDArray[np.int64],
    min_trades: int,
    correlation: NDArray[np.float64],
) -> None:
    """Fill ``correlation`` ``(k, k)`` with that of the daily R of ``members`` ``(k,)`` over the finished days.

    ``cov_ab / (sd_a sd_b)`` with ``cov_ab = sum(a b) / days - mean_a mean_b``, clipped to [-1, 1]; 1.0 on the diagonal
    and where either member has fewer than ``min_trades`` trades or no variance. There must be finished days.
    """
    m = daily.shape[1]
    size = members.shape[0]
    days = whole[m, DAYS]
    mean = np.empty(size)
    deviation = np.zeros(size)
    for i in range(size):
        a = members[i]
        mean[i] = daily[m, a] / days
        variance = daily[a, a] / days - mean[i] * mean[i]
        if whole[a, TRADES] >= min_trades and variance > 0.0:
            deviation[i] = math.sqrt(variance)
    for i in range(size):
        a = members[i]
        for j in range(i):
            estimate = 1.0
            if deviation[i] > 0.0 and deviation[j] > 0.0:
                covariance = daily[a, members[j]] / days - mean[i] * mean[j]
                estimate = max(-1.0, min(1.0, covariance / (deviation[i] * deviation[j])))
            correlation[i, j] = estimate
            correlation[j, i] = estimate
        correlation[i, i] = 1.0


@compiled
def shadow_run(
    whole: NDArray[np.int64],
    real: NDArray[np.float64],
    daily: NDArray[np.float64],
    log_whole: NDArray[np.int64],
    log_real: NDArray[np.float64],
    sides: NDArray[np.int8],
    atr: NDArray[np.float64],
    times: NDArray[np.int64],
    prices: NDArray[np.float64],
    start: int,
) -> int:
    """``shadow_step`` over rows ``start`` onwards; returns the row at which the log needs more room, or ``n_bars``.

    ``sides`` and ``atr`` are ``(n_bars, m)``; ``times`` holds ``(ts_open, ts_close)`` and ``prices`` holds
    ``(open, high, low, cost)`` per bar.
    """
    m = real.shape[0]
    for i in range(start, times.shape[0]):
        if whole[m, LOGGED] + m > log_real.shape[0]:
            return i
        shadow_step(
            whole,
            real,
            daily,
            log_whole,
            log_real,
            sides[i],
            atr[i],
            times[i, 0],
            times[i, 1],
            prices[i, 0],
            prices[i, 1],
            prices[i, 2],
            prices[i, 3],
        )
    return len(times)
