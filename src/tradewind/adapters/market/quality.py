"""What is wrong with a series of bars, with times: gaps typed by the session calendar, repeats, spikes, frozen prices.

Everything is computed on whole columns; only the gaps are looked at one by one, because each is asked of the calendar.
A *fault* is what a user should act on; the other findings are facts about the market (weekends, news moves).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.model.bar import LEAST_PRICE, MOST_PRICE, BarColumns
from tradewind.model.session import SessionCalendar
from tradewind.model.timeframe import Timeframe

SPIKE_Z = 10.0
SPIKE_REVERTS = 0.7  # a bad tick is taken back by the next bar to within 30 %; news is not
_AROUND = 24  # bars on each side that tell how lively the market was: a 10 sigma move in a panic is no bad tick
SCALE_RATIO = 1.5  # no bar of a liquid market has its high this many times its low
_NORMAL_MAD = 1.4826  # standard deviation of a normal distribution / its median absolute deviation
_RARE = 0.01  # a run is frozen when fewer than this many such runs are expected in the whole series
_LEAST_RUN = 3
TOLERANCE = 0.02
# The largest share of bars that each kind may touch; a clock one hour off moves one bar in 120 of a week into its end.
_BY_SHARE = {"frozen": 1.0, "bad_spread": 1.0, "weekend_bars": 0.004}


class Finding(msgspec.Struct, frozen=True):
    """One finding over ``[ts, ts_until)``, UTC nanoseconds, and the number of bars it touches (for a gap: lacks)."""

    kind: str
    ts: int
    ts_until: int
    bars: int
    fault: bool
    value: float | None = None
    detail: str = ""


class QualityReport(msgspec.Struct, frozen=True):
    """All findings in time order. ``missing`` counts bars the calendar expected and the series lacks."""

    symbol: str
    timeframe: Timeframe
    rows: int
    missing: int
    synthetic: int
    has_volume: bool
    has_spread: bool
    findings: tuple[Finding, ...]

    @property
    def missing_share(self) -> float:
        """Missing bars / expected bars."""
        return self.missing / max(1, self.rows + self.missing)

    @property
    def synthetic_share(self) -> float:
        """Bars that were made rather than received / all bars."""
        return self.synthetic / max(1, self.rows)

    def counts(self) -> dict[str, int]:
        """How many findings of each kind."""
        found: dict[str, int] = {}
        for each in self.findings:
            found[each.kind] = found.get(each.kind, 0) + 1
        return found

    def of(self, kind: str) -> tuple[Finding, ...]:
        """The findings of one kind."""
        return tuple(each for each in self.findings if each.kind == kind)

    def faults_that_matter(self, tolerance: float = TOLERANCE) -> tuple[str, ...]:
        """Why the series should not be relied on, in words; empty for a series that can be.

        What a venue's bad day leaves behind (outages, frozen prices, asks below bids, bars after the week's end) counts
        when it touches more than ``tolerance`` of the bars; every other fault counts at once.
        """
        reasons = []
        if self.missing_share > tolerance:
            reasons.append(f"{self.missing_share:.2%} of the expected bars are missing")
        for kind in sorted({each.kind for each in self.findings if each.fault} - {"outage"}):
            faulty = [each for each in self.of(kind) if each.fault]
            bars = sum(each.bars for each in faulty)
            if kind not in _BY_SHARE or bars > min(tolerance, _BY_SHARE[kind]) * self.rows:
                why = f" ({faulty[0].detail})" if kind == "weekend_bars" else ""
                reasons.append(f"{kind.replace('_', ' ')}: {bars} bars in {len(faulty)} places{why}")
        return tuple(reasons)


def inspect(
    columns: BarColumns, symbol: str, timeframe: Timeframe, calendar: SessionCalendar, *, synthetic: int = 0
) -> QualityReport:
    """Examines bars in the order given; they need not be sorted, unique or sound.

    ============================================  ==================================================================
    kind                                          meaning
    ============================================  ==================================================================
    ``out_of_order``, ``duplicate``               by open time
    ``weekend``, ``daily_pause``, ``holiday``     the market was closed; no bar is lacking
    ``outage``                                    the calendar expects bars and there are none
    ``weekend_bars``                              bars while the market is closed over the week-end
    ``bad_price``, ``bad_ohlc``, ``bad_volume``   not positive, not finite, not between 1e-12 and 1e12, or
                                                  outside low to high
    ``bad_spread``                                the ask is below the bid
    ``spike``                                     z = abs(log return) / (1.4826 MAD) > 10 between adjoining bars; a
                                                  fault when it stands out as much from the 24 bars on each side and
                                                  the next bar takes it back. Also a high of 1.5 times the low
    ``frozen``                                    equal bars in a row, so many that the share of equal bars lets
                                                  expect fewer than 0.01 such runs in the series
    ``zero_volume``                               three or more bars without volume in a series that has it
    ============================================  ==================================================================
    """
    findings = list(_disorder(columns))
    _, first = np.unique(columns.ts_open, return_index=True)
    ordered = columns.take(first)
    gaps = list(_gaps(ordered, timeframe, calendar))
    findings += gaps
    findings += _weekend_bars(ordered, calendar)
    findings += _unsound(ordered)
    findings += _spikes(ordered)
    findings += _frozen(ordered)
    has_volume = bool((ordered.volume > 0).any())
    if has_volume:
        for start, stop in _runs(ordered.volume == 0):
            if stop - start >= _LEAST_RUN:
                findings.append(_over(ordered, "zero_volume", start, stop, fault=False))
    return QualityReport(
        symbol=symbol,
        timeframe=timeframe,
        rows=len(columns.ts_open),
        missing=sum(each.bars for each in gaps if each.kind == "outage"),
        synthetic=synthetic,
        has_volume=has_volume,
        has_spread=bool(np.isfinite(ordered.spread).any()),
        findings=tuple(sorted(findings, key=lambda each: (each.ts, each.kind))),
    )


def _over(
    columns: BarColumns,
    kind: str,
    start: int,
    stop: int,
    *,
    fault: bool = True,
    value: float | None = None,
    detail: str = "",
) -> Finding:
    """A finding over rows ``start`` to ``stop`` (exclusive)."""
    return Finding(
        kind, int(columns.ts_open[start]), int(columns.ts_close[stop - 1]), stop - start, fault, value, detail
    )


def _runs(flags: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """``(start, stop)`` of the runs of true values."""
    edges = np.flatnonzero(np.diff(np.r_[0, flags.astype(np.int8), 0]))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _disorder(columns: BarColumns) -> Iterator[Finding]:
    times = columns.ts_open
    if not len(times):
        return
    late = np.r_[False, times[1:] < np.maximum.accumulate(times)[:-1]]
    order = np.argsort(times, kind="stable")
    repeated = np.zeros(len(times), dtype=bool)
    repeated[order[1:]] = times[order][1:] == times[order][:-1]
    for row in np.flatnonzero(repeated).tolist():
        yield _over(columns, "duplicate", row, row + 1, detail=f"row {row + 1}")
    for row in np.flatnonzero(late & ~repeated).tolist():
        yield _over(columns, "out_of_order", row, row + 1, detail=f"row {row + 1}")


def _gaps(columns: BarColumns, timeframe: Timeframe, calendar: SessionCalendar) -> Iterator[Finding]:
    after, until = columns.ts_close[:-1], columns.ts_open[1:]
    for row in np.flatnonzero(until > after).tolist():
        start, end = int(after[row]), int(until[row])
        lacking = calendar.expected_closes(start, end, timeframe)
        if lacking:
            hours = (end - start) / 3.6e12
            yield Finding("outage", lacking[0][0], lacking[-1][1], len(lacking), True, hours)
        else:
            yield Finding(_closure(calendar, start, end), start, end, 0, False, (end - start) / 3.6e12)


def _closure(calendar: SessionCalendar, start: int, end: int) -> str:
    """Why the market was closed over a span: the rarest reason met in it."""
    met, ts = set(), start
    while ts < end:
        met.add(calendar.closed_kind(ts))
        ts = max(calendar.day(ts).end, ts + 1)
    return next((kind for kind in ("holiday", "weekend", "daily_pause") if kind in met), "daily_pause")


def _weekend_bars(columns: BarColumns, calendar: SessionCalendar) -> Iterator[Finding]:
    if not len(columns.ts_open):
        return
    days = calendar.day_starts(int(columns.ts_open[0]), int(columns.ts_close[-1]))
    weekend = np.array([calendar.day(int(start)).closed == "weekend" for start in days])
    first, last = (np.searchsorted(days, ts, side="right") - 1 for ts in (columns.ts_open, columns.ts_close - 1))
    for start, stop in _runs(weekend[first] & weekend[last]):
        yield _over(columns, "weekend_bars", start, stop, detail="the market is closed: is the time zone right?")


def _unsound(columns: BarColumns) -> Iterator[Finding]:
    low, high, volume, spread = columns.low, columns.high, columns.volume, columns.spread
    price = ~((low >= LEAST_PRICE) & (low <= high) & (high <= MOST_PRICE))
    ohlc = ~price & ~((low <= columns.open) & (columns.open <= high) & (low <= columns.close) & (columns.close <= high))
    kinds = {
        "bad_price": price,
        "bad_ohlc": ohlc,
        "bad_volume": ~((volume >= 0) & np.isfinite(volume)),
        "bad_spread": (spread < 0) | np.isinf(spread),
    }
    for kind, where in kinds.items():
        for start, stop in _runs(where):
            value = float(np.min(spread[start:stop])) if kind == "bad_spread" else None
            yield _over(columns, kind, start, stop, value=value)


def _spikes(columns: BarColumns) -> Iterator[Finding]:
    sound = (columns.low > 0) & np.isfinite(columns.high) & (columns.close > 0) & np.isfinite(columns.close)
    wrong = sound & (columns.high > SCALE_RATIO * np.where(sound, columns.low, 1.0))
    for start, stop in _runs(wrong):
        ratio = float(np.max(columns.high[start:stop] / columns.low[start:stop]))
        yield _over(columns, "spike", start, stop, value=ratio, detail="the high is this many times the low")
    n = len(columns.close)
    if n < _LEAST_RUN:
        return
    close = np.log(np.where(sound, columns.close, 1.0))
    moves = np.r_[np.nan, np.diff(close)]
    adjoining = np.r_[False, (columns.ts_open[1:] == columns.ts_close[:-1]) & sound[1:] & sound[:-1]]
    usable = moves[adjoining]
    sigma = _robust_sigma(usable)
    if not sigma > 0:
        return
    z = np.where(adjoining, np.abs(moves) / sigma, 0.0)
    following = np.where(np.r_[adjoining[1:], False], np.r_[moves[1:], 0.0], 0.0)
    back = np.divide(-following, moves, out=np.zeros(n), where=adjoining & (moves != 0))
    returned = np.abs(back - 1.0) <= 1.0 - SPIKE_REVERTS
    before = np.r_[False, ((z > SPIKE_Z) & returned)[:-1]]  # the way back is not a second spike
    for row in np.flatnonzero((z > SPIKE_Z) & ~before & ~wrong).tolist():
        around = np.r_[moves[max(0, row - _AROUND) : row], moves[row + 2 : row + 2 + _AROUND]]
        local = _robust_sigma(around)
        bad_tick = bool(returned[row]) and not abs(moves[row]) <= SPIKE_Z * local
        detail = f"{moves[row]:+.2%}, {'taken back by the next bar' if returned[row] else 'not taken back'}"
        yield _over(columns, "spike", row, row + 1, fault=bad_tick, value=float(z[row]), detail=detail)


def _robust_sigma(moves: NDArray[np.float64]) -> float:
    """1.4826 MAD around zero of the moves that are not zero, so that a quiet series does not have a sigma of zero."""
    moving = np.abs(moves[np.isfinite(moves) & (moves != 0)])
    return float(_NORMAL_MAD * np.median(moving)) if len(moving) else math.nan


def _frozen(columns: BarColumns) -> Iterator[Finding]:
    n = len(columns.close)
    if n < _LEAST_RUN:
        return
    prices = (columns.open, columns.high, columns.low, columns.close)
    equal = np.r_[False, np.logical_and.reduce([column[1:] == column[:-1] for column in prices])]
    share = float(equal.mean())
    if not 0.0 < share < 1.0:
        least = _LEAST_RUN
    else:
        # P(a run of k further equal bars starts here) = share^k; expected number in the series: n share^k.
        least = max(_LEAST_RUN, 1 + math.ceil(math.log(_RARE / n) / math.log(share)))
    for start, stop in _runs(equal):
        if stop - start + 1 >= least:
            price = float(columns.close[start])
            yield _over(columns, "frozen", start - 1, stop, value=price, detail=f"all prices equal, at {price:g}")
