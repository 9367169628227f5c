"""Twelve ways to look ahead as people write them by mistake, and for each the same idea done right.

A column function is called like its leak; the twin ends in ``_known``. All take bars and give one value per bar, except
the two trade functions.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tradewind.model.bar import BarColumns
from tradewind.model.timeframe import DAY, HOUR

Column = NDArray[np.float64]
FOUR = 4 * HOUR


def gapped_bars(n: int, seed: int = 3) -> BarColumns:
    """Hourly bars of a market that closes at weekends and opens away from its last close."""
    generator = np.random.default_rng(seed)
    hours = np.arange(2 * n, dtype=np.int64)
    hours = hours[hours // 24 % 7 < 5][:n]  # day 0 is a Thursday; any five days in a row will do
    ts = hours * HOUR + 2_000 * DAY
    close = 1.1 * np.exp(np.cumsum(generator.normal(0.0, 0.003, n)))
    opened = np.concatenate(([1.1], close[:-1])) * np.exp(generator.normal(0.0, 0.0005, n))
    high = np.maximum(opened, close) * np.exp(generator.exponential(0.001, n))
    low = np.minimum(opened, close) * np.exp(-generator.exponential(0.001, n))
    volume = generator.integers(100, 1000, n).astype(np.float64)
    return BarColumns(ts, ts + HOUR, opened, high, low, close, volume, np.full(n, np.nan))


def window_mean(values: Column, n: int) -> Column:
    """Trailing mean over n values, NaN before."""
    made = np.full(len(values), np.nan)
    for i in range(n - 1, len(values)):
        made[i] = values[i - n + 1 : i + 1].mean()
    return made


def shifted(values: Column, bars: int) -> Column:
    """pandas' shift."""
    made = np.full(len(values), np.nan)
    if bars >= 0:
        made[bars:] = values[: len(values) - bars]
    else:
        made[:bars] = values[-bars:]
    return made


def centred_mean(bars: BarColumns) -> Column:
    """rolling(5, center=True)."""
    return shifted(window_mean(bars.close, 5), -2) if len(bars.close) > 5 else np.full(len(bars.close), np.nan)


def centred_mean_known(bars: BarColumns) -> Column:
    return window_mean(bars.close, 5)


def higher_bars(bars: BarColumns) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Rows at which four-hour bars start and end (inclusive), and the number of each row's bar."""
    bucket = bars.ts_open // FOUR
    first = np.flatnonzero(np.concatenate(([True], bucket[1:] != bucket[:-1])))
    last = np.concatenate((first[1:] - 1, [len(bucket) - 1]))
    return first, last, np.cumsum(np.concatenate(([0], bucket[1:] != bucket[:-1])))


def higher_close(bars: BarColumns) -> Column:
    """merge_asof on the open of four-hour bars: a bar's close from the moment it began."""
    _, last, number = higher_bars(bars)
    return bars.close[last][number]


def higher_close_known(bars: BarColumns) -> Column:
    """merge_asof backward on their close: the last one that had ended."""
    _, last, number = higher_bars(bars)
    ended = (bars.ts_close[last] % FOUR) == 0
    made = np.full(len(bars.close), np.nan)
    for row in range(len(made)):
        k = number[row] if ended[number[row]] and row == last[number[row]] else number[row] - 1
        while k >= 0 and not ended[k]:
            k -= 1
        made[row] = bars.close[last[k]] if k >= 0 else np.nan
    return made


def zscore_all(bars: BarColumns) -> Column:
    """StandardScaler fitted before the split."""
    return (bars.close - bars.close.mean()) / (bars.close.std() or 1.0)


def zscore_all_known(bars: BarColumns) -> Column:
    made = np.zeros(len(bars.close))
    for i in range(1, len(made)):
        past = bars.close[: i + 1]
        made[i] = (past[-1] - past.mean()) / past.std()
    return made


def last_of_session(bars: BarColumns) -> NDArray[np.str_]:
    """A label that knows when the next bar comes."""
    gap = np.concatenate((bars.ts_open[1:] != bars.ts_close[:-1], [False]))
    return np.where(gap, "closing", "open")


def last_of_session_known(bars: BarColumns) -> NDArray[np.str_]:
    gap = np.concatenate(([True], bars.ts_open[1:] != bars.ts_close[:-1]))
    return np.where(gap, "opening", "open")


def backfilled(bars: BarColumns) -> Column:
    """Every sixth value is there, the holes are filled from the next one."""
    values = np.where(np.arange(len(bars.close)) % 6 == 0, bars.volume, np.nan)
    for i in range(len(values) - 2, -1, -1):
        if np.isnan(values[i]):
            values[i] = values[i + 1]
    return values


def backfilled_known(bars: BarColumns) -> Column:
    values = np.where(np.arange(len(bars.close)) % 6 == 0, bars.volume, np.nan)
    for i in range(1, len(values)):
        if np.isnan(values[i]):
            values[i] = values[i - 1]
    return values


def next_close(bars: BarColumns) -> Column:
    """shift(-1), the last one repeated."""
    return np.concatenate((bars.close[1:], bars.close[-1:]))


def next_close_known(bars: BarColumns) -> Column:
    return shifted(bars.close, 1)


def resampled_high(bars: BarColumns) -> Column:
    """resample("4h", label="left").max(), joined at the label: the first hour has the high of all four."""
    first, last, number = higher_bars(bars)
    highs = np.array([bars.high[a : b + 1].max() for a, b in zip(first, last, strict=True)])
    return highs[number]


def resampled_high_known(bars: BarColumns) -> Column:
    """The high so far of the four hours under way."""
    made = bars.high.copy()
    first, _, number = higher_bars(bars)
    for row in range(len(made)):
        made[row] = bars.high[first[number[row]] : row + 1].max()
    return made


def target(bars: BarColumns) -> Column:
    """The label among the features: the sign of the next five bars, 0 where there are none."""
    made = np.zeros(len(bars.close))
    made[:-5] = np.sign(bars.close[5:] - bars.close[:-5])
    return made


def target_known(bars: BarColumns) -> Column:
    made = np.zeros(len(bars.close))
    made[5:] = np.sign(bars.close[5:] - bars.close[:-5])
    return made


def rank_all(bars: BarColumns) -> Column:
    """rank(pct=True) over the sample."""
    return (np.argsort(np.argsort(bars.volume)) + 1) / len(bars.volume)


def rank_all_known(bars: BarColumns) -> Column:
    return np.array([(bars.volume[: i + 1] <= bars.volume[i]).mean() for i in range(len(bars.volume))])


def pivot_high(bars: BarColumns) -> NDArray[np.bool_]:
    """A high with three lower ones on both sides, marked at the high itself."""
    padded = np.concatenate((np.full(3, -np.inf), bars.high, np.full(3, -np.inf)))
    return bars.high >= np.lib.stride_tricks.sliding_window_view(padded, 7).max(axis=1)


def pivot_high_known(bars: BarColumns) -> NDArray[np.bool_]:
    """The same pivot, marked when its third lower bar has closed."""
    made = np.zeros(len(bars.high), dtype=bool)
    for i in range(3, len(made)):
        made[i] = bars.high[i - 3] >= bars.high[max(0, i - 6) : i + 1].max()
    return made


def place_in_day(bars: BarColumns) -> Column:
    """The close in the range of its day, which ends later."""
    day = bars.ts_open // DAY
    highs = np.array([bars.high[day == one].max() for one in day])
    lows = np.array([bars.low[day == one].min() for one in day])
    return (bars.close - lows) / (highs - lows)


def place_in_day_known(bars: BarColumns) -> Column:
    day = bars.ts_open // DAY
    made = np.empty(len(day))
    for i in range(len(day)):
        past = slice(int(np.flatnonzero(day == day[i])[0]), i + 1)
        made[i] = (bars.close[i] - bars.low[past].min()) / (bars.high[past].max() - bars.low[past].min())
    return made


def held(bars: BarColumns, delay: int, price: Callable[[int], float], stamp: Callable[[int], int]) -> list[tuple]:
    """Long for six bars whenever a close is the highest of twenty: filled ``delay`` bars after the signal."""
    trades, free = [], 0
    for i in range(20, len(bars.close)):
        entry = i + delay
        if i < free or entry >= len(bars.close) or bars.close[i] < bars.close[i - 20 : i + 1].max():
            continue
        out = entry + 6
        free = out
        gone = out < len(bars.close)
        trades.append(
            (stamp(entry), bars.ts_close[out] if gone else 0, 1, price(entry), bars.close[out] if gone else 0)
        )
    return trades


def same_bar_fill(bars: BarColumns) -> list[tuple]:
    """Bought at the open of the bar whose close gave the signal."""
    return held(bars, 0, lambda i: bars.open[i], lambda i: bars.ts_open[i])


def signal_close_fill(bars: BarColumns) -> list[tuple]:
    """Bought at the close that gave the signal, booked in that bar."""
    return held(bars, 0, lambda i: bars.close[i], lambda i: bars.ts_open[i])


def stale_close_fill(bars: BarColumns) -> list[tuple]:
    """Booked in the next bar, at the price of the signal's close."""
    return held(bars, 1, lambda i: bars.close[i - 1], lambda i: bars.ts_open[i])


def best_price_fill(bars: BarColumns) -> list[tuple]:
    """Bought inside the next bar, below anything that was paid in it."""
    return held(bars, 1, lambda i: bars.low[i] * 0.999, lambda i: bars.ts_open[i] + HOUR // 2)


def next_open_fill(bars: BarColumns) -> list[tuple]:
    """The one honest way."""
    return held(bars, 1, lambda i: bars.open[i], lambda i: bars.ts_open[i])


LEAKS: tuple[Callable[[BarColumns], NDArray], ...] = (
    centred_mean, higher_close, zscore_all, last_of_session, backfilled, next_close, resampled_high, target, rank_all,
    pivot_high, place_in_day,
)  # fmt: skip
TWINS: tuple[Callable[[BarColumns], NDArray], ...] = tuple(globals()[f"{leak.__name__}_known"] for leak in LEAKS)
FILLS = (same_bar_fill, signal_close_fill, stale_close_fill, best_price_fill)
