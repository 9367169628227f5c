"""Judges raw bars: what is sound becomes columns, what is not is named by line. Nothing is repaired in silence.

The order of work: times to UTC opens, each row's own faults, order and repeats, the spacing of the whole file, the
forming last bar.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.adapters.market.files.raw import UNREADABLE, RawBars
from tradewind.adapters.market.files.times import to_utc
from tradewind.errors import Misconfigured
from tradewind.model.bar import LEAST_PRICE, MOST_PRICE, BarColumns
from tradewind.model.session import SessionCalendar
from tradewind.model.timeframe import HOUR, Timeframe

_POINT_SPREAD = 0.02  # a median spread above this share of the price is a count of points, not a price
STAMPS = ("open", "close")
_MILLISECOND = 1_000_000


class Request(msgspec.Struct, frozen=True):
    """What the file is said to hold. ``now`` is UTC nanoseconds; ``zone`` and ``stamp`` override the format's own.

    ``tick`` is the instrument's smallest price step, the unit of a spread given in points.
    """

    timeframe: Timeframe
    calendar: SessionCalendar
    tick: float
    now: int
    zone: str = ""
    stamp: str = ""


class BadRow(msgspec.Struct, frozen=True):
    """A row that is no bar: where it stands in the file and why."""

    line: int
    reason: str


class Intake(NamedTuple):
    """Sound bars, bad rows in file order, notes for the person who imports, how the source stamps its bars,
    and why they were made rather than received where the file says that."""

    columns: BarColumns
    bad: tuple[BadRow, ...]
    notes: tuple[str, ...]
    convention: str
    synthetic: str = ""


class _Rows:
    """The rows still standing, and why the others fell. The first reason a row meets is the one it keeps."""

    def __init__(self, raw: RawBars) -> None:
        self.raw = raw
        self.good = np.ones(len(raw.line), dtype=bool)
        self.reasons: dict[int, str] = {}

    def drop(self, where: NDArray[np.bool_], reason: str, values: NDArray[np.float64] | None = None) -> None:
        """Marks rows as bad; ``values`` are quoted in the reason."""
        for row in np.flatnonzero(where & self.good).tolist():
            self.reasons[row] = reason if values is None else f"{reason} ({values[row]:g})"
        self.good &= ~where

    def bad(self) -> tuple[BadRow, ...]:
        return tuple(BadRow(int(self.raw.line[row]), self.reasons[row]) for row in sorted(self.reasons))


def judge(raw: RawBars, request: Request) -> Intake:
    """Turns raw rows into sound columns.

    Raises:
        Misconfigured: the zone, the stamp or the interval cannot be what the request says.
    """
    rows, notes = _Rows(raw), list(raw.notes)
    for row, reason in raw.torn:
        rows.good[row], rows.reasons[row] = False, reason
    ts_open, said = _opens(raw, request, rows, notes)
    spread = _spreads(raw, request, notes)
    _check_rows(rows, ts_open, request)
    order = np.flatnonzero(rows.good)
    if len(order) and (np.diff(ts_open[order]) < 0).any():
        backwards = bool((np.diff(ts_open[order]) <= 0).all())
        notes.append("newest first: sorted by time" if backwards else "out of order: sorted by time")
        order = order[np.argsort(ts_open[order], kind="stable")]
    order = _without_repeats(order, ts_open, rows, notes)
    _check_spacing(ts_open[order], request, notes)
    columns = _columns(raw, ts_open, spread, order, request)
    forming = columns.ts_close > request.now
    if forming.any():
        keep = int(np.argmax(forming))
        notes.append("the last bar had not closed yet and was left out")
        columns = columns.slice(0, keep)
    negative = int((columns.spread < 0).sum())
    if negative:
        notes.append(
            f"{negative} bars have their ask below their bid: kept as they are, refused where a decision is made"
        )
    return Intake(columns, rows.bad(), tuple(notes), said, raw.synthetic)


def as_found(raw: RawBars, request: Request) -> tuple[BarColumns, tuple[BadRow, ...]]:
    """All rows with a readable time in the order of the file, sound or not, and the rows without one.

    Raises:
        Misconfigured: the zone or the stamp cannot be what the request says.
    """
    rows = _Rows(raw)
    for row, reason in raw.torn:
        rows.good[row], rows.reasons[row] = False, reason
    notes: list[str] = []
    ts_open, _ = _opens(raw, request, rows, notes)
    spread = _spreads(raw, request, notes)
    floats = (raw.open, raw.high, raw.low, raw.close, raw.volume, spread)
    everything = BarColumns(ts_open, ts_open + request.timeframe.ns, *floats)
    return everything.take(rows.good), rows.bad()


def _opens(raw: RawBars, request: Request, rows: _Rows, notes: list[str]) -> tuple[NDArray[np.int64], str]:
    """UTC opens of all rows, and the convention in words."""
    stamped = request.stamp or raw.stamped
    if stamped not in STAMPS:
        raise Misconfigured(f"--stamp {stamped!r}", allowed=", ".join(STAMPS))
    stamp, zone = raw.stamp.copy(), "UTC"
    if raw.naive.any():
        zone = request.zone or raw.default_zone
        stamp[raw.naive] = to_utc(stamp[raw.naive], zone)
        if not request.zone:
            notes.append(f"times carry no zone and were read as {zone}; --tz NAME reads them in another")
    elif request.zone:
        notes.append(f"--tz {request.zone} was not needed: the times say their zone")
    rows.drop(raw.stamp == UNREADABLE, "the time cannot be read")
    rows.drop(stamp == UNREADABLE, f"this time does not exist in {zone} (clocks go forward)")
    stamp = np.where(rows.good, stamp, 0)
    if stamped == "close":
        # Some venues stamp the last millisecond of the interval rather than its end.
        last = (stamp + _MILLISECOND) % _grid(request.timeframe) == 0
        stamp = _opens_before(np.where(last, stamp + _MILLISECOND, stamp), request)
    return stamp, f"bars stamped at their {stamped}, {zone}"


def _opens_before(closes: NDArray[np.int64], request: Request) -> NDArray[np.int64]:
    """Opens of bars that close at the given times; a session's bar is as long as its session, 23 to 25 hours."""
    opens = closes - request.timeframe.ns
    if request.timeframe.ns <= HOUR:
        return opens
    past = np.flatnonzero((closes > 0) & (closes <= request.now))
    if len(past):
        moments, where = np.unique(closes[past], return_inverse=True)
        start, end = request.calendar.buckets(moments - 1, request.timeframe)
        opens[past] = np.where(end == moments, start, moments - request.timeframe.ns)[where]
    return opens


def _grid(timeframe: Timeframe) -> int:
    """Opens are whole multiples of this; longer bars follow sessions and only keep to the hour."""
    return min(timeframe.ns, HOUR)


def _spreads(raw: RawBars, request: Request, notes: list[str]) -> NDArray[np.float64]:
    spread = raw.spread
    if raw.spread_in == "points":
        if not (spread > 0).any():
            return np.full(len(spread), np.nan)
        spread = spread * request.tick
        notes.append(f"spread read in points of {request.tick:g}")
    known = np.isfinite(spread) & (raw.close > 0)
    if known.any() and np.median(spread[known]) > _POINT_SPREAD * np.median(raw.close[known]):
        raise Misconfigured(
            f"the spread column (median {np.median(spread[known]):g}) is no price distance at a price of "
            f"{np.median(raw.close[known]):g}",
            next_step="if it counts points, import with --format metatrader or rename the column",
        )
    return np.where(np.isinf(spread), np.nan, spread)


def _check_rows(rows: _Rows, ts_open: NDArray[np.int64], request: Request) -> None:
    raw = rows.raw
    # Prices become whole ticks; more than 10^12 of them is a wrong unit or column, not a market.
    least, most = max(LEAST_PRICE, 0.999999 * request.tick), min(MOST_PRICE, 1e12 * request.tick)
    prices = (("open", raw.open), ("high", raw.high), ("low", raw.low), ("close", raw.close))
    for name, values in (*prices, ("volume", raw.volume)):
        rows.drop(~np.isfinite(values), f"{name} is no finite number")
    for name, values in prices:
        rows.drop(values <= 0, f"{name} is not above zero", values)
        rows.drop(values < least, f"{name} is below the instrument's smallest step {request.tick:g}", values)
        rows.drop(values > most, f"{name} is no price: it is above {most:g}", values)
    rows.drop(raw.low > raw.high, "low is above high")
    rows.drop((raw.open > raw.high) | (raw.open < raw.low), "open is outside low to high")
    rows.drop((raw.close > raw.high) | (raw.close < raw.low), "close is outside low to high")
    rows.drop(raw.volume < 0, "volume is negative", raw.volume)
    rows.drop(ts_open >= request.now, "the bar opens in the future: is the clock or the zone (--tz) wrong?")
    rows.drop(ts_open % _grid(request.timeframe) != 0, f"the time is no {request.timeframe} boundary")


def _without_repeats(
    order: NDArray[np.int64], ts_open: NDArray[np.int64], rows: _Rows, notes: list[str]
) -> NDArray[np.int64]:
    """Equal rows of one time count once; differing ones are all bad, for nobody knows which is right."""
    times = ts_open[order]
    again = np.r_[False, times[1:] == times[:-1]] if len(order) else np.zeros(0, dtype=bool)
    if not again.any():
        return order
    raw, before = rows.raw, np.r_[order[:1], order[:-1]]
    equal = np.ones(len(order), dtype=bool)
    for column in (raw.open, raw.high, raw.low, raw.close, raw.volume):
        equal &= column[order] == column[before]
    clash = np.isin(times, times[again & ~equal])
    repeated = int((again & ~clash).sum())
    if repeated:
        notes.append(f"{repeated} repeated rows counted once")
    fallen = np.zeros(len(rows.good), dtype=bool)
    fallen[order[clash]] = True
    rows.drop(fallen, "the same time stands in the file with other values")
    return order[~again & ~clash]


def _check_spacing(times: NDArray[np.int64], request: Request, notes: list[str]) -> None:
    """The usual distance of the bars must be the interval they are said to have."""
    if len(times) < 3:
        return
    steps, counts = np.unique(np.diff(times), return_counts=True)
    usual, wanted = int(steps[np.argmax(counts)]), request.timeframe.ns
    if usual == wanted:
        return
    meant = next((each for each in Timeframe if each.ns == usual), None)
    if usual > wanted and meant is None:
        notes.append(f"most bars are {usual / 60e9:g} minutes apart: the series has holes")
        return
    raise Misconfigured(
        f"most bars are {meant or f'{usual / 60e9:g} minutes'} apart, not {request.timeframe}",
        next_step=f"repeat with --interval {meant}" if meant else "check what interval the file holds",
    )


def _columns(
    raw: RawBars, ts_open: NDArray[np.int64], spread: NDArray[np.float64], order: NDArray[np.int64], request: Request
) -> BarColumns:
    opens = ts_open[order]
    closes = opens + request.timeframe.ns
    if request.timeframe.ns > HOUR and len(opens):
        # Session bars end with their session, also on the 23 and 25 hour days; others after their nominal length,
        # but never beyond the next bar's open.
        start, end = request.calendar.buckets(opens, request.timeframe)
        closes = np.where(start == opens, end, closes)
        closes[:-1] = np.minimum(closes[:-1], opens[1:])
    floats = (raw.open, raw.high, raw.low, raw.close, raw.volume, spread)
    return BarColumns(opens, closes, *(column[order] for column in floats))
