"""Puts final bars into the one order in which the engine sees them, whatever order they arrived in.

Order is ``(ts_close, symbol, timeframe rank)``. ``release(watermark)`` hands out every close up to the watermark: the
bars that came, and a ``BarMissing`` for each bar the session calendar expected and nobody delivered. A series is open
from its first bar until ``close``; before the first bar and after the end nothing is expected of it. A bar that comes
after the end opens the series again, and nothing is owed for the pause.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from tradewind.model.bar import Bar
from tradewind.model.event import BarClosed, BarMissing, BarRevised
from tradewind.model.session import SessionCalendar
from tradewind.model.timeframe import HOUR, Timeframe

REMEMBERED: Final = 512


class SeriesKey(NamedTuple):
    """One stream of base bars."""

    symbol: str
    timeframe: Timeframe


class _Series:
    """Bars waiting for the watermark, and how far the series was released; ``shortest`` is the length of any bar."""

    __slots__ = ("calendar", "closed", "frontier", "pending", "recent", "shortest")

    def __init__(self, calendar: SessionCalendar, timeframe: Timeframe) -> None:
        self.calendar = calendar
        # A trading day may lose an hour to daylight saving.
        self.shortest = timeframe.ns - (HOUR if timeframe.ns > HOUR else 0)
        self.closed = False
        self.pending: dict[int, BarClosed] = {}
        self.frontier: int | None = None
        self.recent: OrderedDict[int, Bar] = OrderedDict()


class SeriesProgress(msgspec.Struct, frozen=True):
    """One series in a snapshot: how far it was released, whether it has ended, and the newest released bars.

    The bars tell a repeat from a correction after a restart.
    """

    symbol: str
    timeframe: Timeframe
    frontier: int | None
    closed: bool
    recent: tuple[Bar, ...]


class SequencerState(msgspec.Struct, frozen=True):
    """What a snapshot keeps of a sequencer."""

    series: tuple[SeriesProgress, ...]


class Sequencer:
    """Watermark order over the base series of all symbols.

    ``calendars`` maps every series to the calendar that says which bars it owes.
    """

    def __init__(self, calendars: Mapping[SeriesKey, SessionCalendar]) -> None:
        self._series = {
            key: _Series(calendar, key.timeframe) for key, calendar in sorted(calendars.items(), key=_key_order)
        }
        self._alone = len(self._series) == 1

    @property
    def keys(self) -> tuple[SeriesKey, ...]:
        """The series, in canonical order."""
        return tuple(self._series)

    def frontier(self, key: SeriesKey) -> int | None:
        """``ts_close`` up to which the series has been released, ended or not; None before its first bar."""
        return self._series[key].frontier

    def resume(self, event: BarClosed | BarMissing) -> None:
        """Tells of an event that was released in an earlier life: its close is done, its values are known."""
        where = event.bar if isinstance(event, BarClosed) else event
        series = self._series.get(SeriesKey(where.symbol, where.timeframe))
        if series is None:
            return
        series.frontier = max(series.frontier or 0, where.ts_close)
        if isinstance(where, Bar):
            series.recent[where.ts_close] = where
            _forget(series)

    def owed(self, key: SeriesKey, until: int) -> list[tuple[int, int]]:
        """``(ts_open, ts_close)`` of bars due up to ``until`` that have not come: what a backfill should ask for."""
        series = self._series[key]
        if series.frontier is None or series.closed or until < series.frontier + series.shortest:
            return []
        expected = series.calendar.expected_closes(series.frontier, until, key.timeframe)
        return [bounds for bounds in expected if bounds[1] not in series.pending]

    def push(self, event: BarClosed) -> BarRevised | None:
        """Takes a final bar. A bar already released, or already waiting with other values, comes back as a revision.

        So does one that is no interval of the calendar (a day cut at midnight UTC where days begin at 17:00 New York):
        it is recorded, and the bar that was due in its place is missing.
        """
        bar = event.bar
        series = self._series[SeriesKey(bar.symbol, bar.timeframe)]
        if not _fits(bar, series.calendar):
            return BarRevised(bar, event.source, event.ts_recv)
        waiting = series.pending.get(bar.ts_close)
        if waiting is not None:
            return None if waiting.bar == bar else BarRevised(bar, event.source, event.ts_recv)
        if series.frontier is not None and bar.ts_close <= series.frontier:
            known = series.recent.get(bar.ts_close)  # too old to remember: nothing can be said about it
            return None if known is None or known == bar else BarRevised(bar, event.source, event.ts_recv)
        if series.closed:
            series.closed = False
            series.frontier = bar.ts_close - 1
        series.pending[bar.ts_close] = event
        return None

    def release(self, watermark: int) -> list[BarClosed | BarMissing]:
        """Everything with ``ts_close <= watermark``, in canonical order."""
        due: list[tuple[int, int, BarClosed | BarMissing]] = []
        for position, (key, series) in enumerate(self._series.items()):
            frontier = series.frontier
            if not series.pending:
                if series.closed or frontier is None or watermark < frontier + series.shortest:
                    continue  # nothing came and nothing can be due
            elif len(series.pending) == 1 and frontier is not None:
                (ts,) = series.pending
                if ts <= frontier + series.shortest and ts <= watermark < ts + series.shortest:
                    event = _release(series, ts)  # the one bar that was due, nothing else can be
                    if self._alone:
                        return [event]
                    due.append((ts, position, event))
                    continue
            due.extend([(event_close(event), position, event) for event in _take(key, series, watermark)])
        if len(due) > 1:
            due.sort(key=_due_order)
        return [event for _, _, event in due]

    def close(self, key: SeriesKey) -> None:
        """Ends a series: nothing more is expected of it. Bars already waiting are still released."""
        self._series[key].closed = True

    def state(self) -> SequencerState:
        """Progress for a snapshot; waiting bars are not part of it, the feed delivers them again."""
        return SequencerState(
            tuple(
                SeriesProgress(key.symbol, key.timeframe, one.frontier, one.closed, tuple(one.recent.values()))
                for key, one in self._series.items()
            )
        )

    def restore(self, state: SequencerState) -> None:
        """Continues from ``state``; a series it does not know starts anew."""
        for saved in state.series:
            series = self._series.get(SeriesKey(saved.symbol, saved.timeframe))
            if series is not None:
                series.frontier, series.closed = saved.frontier, saved.closed
                series.recent = OrderedDict((bar.ts_close, bar) for bar in saved.recent)


def event_close(event: BarClosed | BarMissing) -> int:
    """``ts_close`` of a sequenced event."""
    return event.bar.ts_close if isinstance(event, BarClosed) else event.ts_close


def _release(series: _Series, ts: int) -> BarClosed:
    """Hands out one waiting bar and moves the frontier to it."""
    event = series.pending.pop(ts)
    series.recent[ts] = event.bar
    series.frontier = ts
    if len(series.recent) > REMEMBERED:
        series.recent.popitem(last=False)
    return event


def _fits(bar: Bar, calendar: SessionCalendar) -> bool:
    length = bar.timeframe.ns
    if length <= HOUR:  # trading days of every calendar begin on the hour
        return bar.ts_open % length == 0 and bar.ts_close - bar.ts_open == length
    return calendar.bucket(bar.ts_open, bar.timeframe) == (bar.ts_open, bar.ts_close)


def _take(key: SeriesKey, series: _Series, watermark: int) -> list[BarClosed | BarMissing]:
    """Moves one series' frontier to the watermark and returns what lies between, unordered."""
    arrived = sorted([ts for ts in series.pending if ts <= watermark])
    frontier = series.frontier
    if frontier is None:
        if not arrived:
            return []
        frontier = arrived[0] - 1
    if not arrived and watermark < frontier + series.shortest:
        return []
    bounds = [] if series.closed else series.calendar.expected_closes(frontier, watermark, key.timeframe)
    found: list[BarClosed | BarMissing] = [
        BarMissing(key.symbol, key.timeframe, ts_open, ts_close)
        for ts_open, ts_close in bounds
        if ts_close not in series.pending
    ]
    found += [_release(series, ts) for ts in arrived]
    series.frontier = max(frontier, arrived[-1] if arrived else 0, bounds[-1][1] if bounds else 0)
    return found


def _forget(series: _Series) -> None:
    """Keeps the newest ``REMEMBERED`` released bars."""
    while len(series.recent) > REMEMBERED:
        series.recent.popitem(last=False)


def _key_order(item: tuple[SeriesKey, SessionCalendar]) -> tuple[str, int]:
    return item[0].symbol, item[0].timeframe.rank


def _due_order(item: tuple[int, int, BarClosed | BarMissing]) -> tuple[int, int]:
    return item[0], item[1]
