"""When a market trades, and which bar interval a moment belongs to.

Every calendar is a row of trading days, each half-open ``[start, end)`` in UTC nanoseconds:

* ``fx``: a day runs from 17:00 to 17:00 New York and carries the date it ends on, so that Sunday 17:00 opens Monday.
  Monday to Friday trade; the days dated 25 December and 1 January do not.
* ``metals``: as ``fx``, with a pause from 17:00 to 18:00 New York at the start of every day, and closed on Good Friday
  and on the Monday after a 25 December or 1 January that falls on a Sunday.
* ``crypto``: a day is a UTC date; there is no pause.

The days of a daylight-saving change last 23 or 25 hours. Bars of one hour and less align to the UTC hour (New York is a
whole number of hours away); 4h bars count from the start of their day and the last one is cut at its end; a 1d bar is
the day. Early closes (13:00 New York on United States holidays, 24 and 31 December) are not modelled: the hours they
take are expected and reported missing.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import msgspec

from tradewind.errors import Misconfigured
from tradewind.model.timeframe import DAY, HOUR, SECOND, Timeframe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEW_YORK: Final = ZoneInfo("America/New_York")
_ROLLOVER_HOUR: Final = 17
_EPOCH: Final = date(1970, 1, 1)


class TradingDay(msgspec.Struct, frozen=True, gc=False):
    """One day of a calendar, ``[start, end)`` in UTC nanoseconds; ``closed`` is ``""``, weekend or holiday."""

    date: date
    start: int
    end: int
    closed: str


class SessionCalendar:
    """Sessions of one kind of market. Obtain one with ``calendar_of``; answers are memoised by day, never by clock.

    ``closes``: there are moments at which the market does not trade.
    """

    def __init__(self, name: str, *, new_york: bool, pause: int = 0, observed: bool = False) -> None:
        self.name = name
        self._new_york = new_york
        self._pause = pause
        self._observed = observed
        # 17:00 New York is 21:00 or 22:00 UTC: the key of a day is the date of its earliest possible start.
        self._anchor = 21 * HOUR if new_york else 0
        self._days: dict[int, TradingDay] = {}
        self._recent = TradingDay(_EPOCH, 0, 0, "")
        self.closes = new_york

    def __repr__(self) -> str:
        return f"SessionCalendar({self.name!r})"

    def day(self, ts: int) -> TradingDay:
        """The trading day that holds ``ts``, open or not."""
        recent = self._recent
        if recent.start <= ts < recent.end:
            return recent
        key = (ts - self._anchor) // DAY
        found = self._day_of(key)
        if ts < found.start:
            found = self._day_of(key - 1)
        elif ts >= found.end:
            found = self._day_of(key + 1)
        self._recent = found
        return found

    def trading_day(self, ts: int) -> date:
        """The date a moment is booked on: for ``fx`` and ``metals`` the New York date on which its day ends."""
        return self.day(ts).date

    def closed_kind(self, ts: int) -> str:
        """Why the market is closed at ``ts``: ``weekend``, ``holiday``, ``daily_pause``, or ``""`` when it is open."""
        day = self.day(ts)
        if day.closed:
            return day.closed
        return "daily_pause" if ts < day.start + self._pause else ""

    def is_open(self, ts: int) -> bool:
        """Whether the market trades at ``ts``."""
        return not self.closed_kind(ts)

    def bucket(self, ts: int, timeframe: Timeframe) -> tuple[int, int]:
        """``(ts_open, ts_close)`` of the bar interval that holds ``ts``, whether or not the market is open then."""
        length = timeframe.ns
        if length <= HOUR:
            start = ts - ts % length
            return start, start + length
        day = self.day(ts)
        if length >= DAY:
            return day.start, day.end
        start = ts - (ts - day.start) % length
        return start, min(start + length, day.end)

    def expected_closes(self, after: int, until: int, timeframe: Timeframe) -> list[tuple[int, int]]:
        """``(ts_open, ts_close)`` of the bars that should exist with ``after < ts_close <= until``, oldest first.

        A bar should exist when the market is open in any part of its interval.
        """
        expected: list[tuple[int, int]] = []
        if until <= after:
            return expected
        length = timeframe.ns
        ts = self.bucket(after, timeframe)[0]
        while ts < until:
            day = self.day(ts)
            if day.closed:
                ts = day.end
                continue
            opens = day.start + self._pause
            # A 25-hour day is still one daily bar.
            for start in (ts,) if length >= DAY else range(ts, day.end, length):
                end = min(start + length, day.end)
                if end > until:
                    return expected
                if end > after and end > opens:
                    expected.append((start, end))
            ts = day.end
        return expected

    def next_open(self, ts: int) -> int:
        """The first moment at or after ``ts`` at which the market is open."""
        day = self.day(ts)
        while day.closed:
            day = self.day(day.end)
        return max(ts, day.start + self._pause)

    def day_starts(self, first: int, last: int) -> NDArray[np.int64]:
        """Starts of all days from the one holding ``first`` to the end of the one holding ``last``, int64 ``(n,)``."""
        day = self.day(first)
        starts = [day.start]
        while day.end <= last:
            day = self.day(day.end)
            starts.append(day.start)
        starts.append(day.end)
        import numpy as np  # 0.1 s; verbs that only ask whether a market is open have no columns

        return np.array(starts, dtype=np.int64)

    def buckets(self, ts: NDArray[np.int64], timeframe: Timeframe) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """``bucket`` for an array of sorted moments: two int64 arrays of its shape ``(n,)``."""
        length = timeframe.ns
        if length <= HOUR or ts.size == 0:
            start = ts - ts % length
            return start, start + length
        days = self.day_starts(int(ts[0]), int(ts[-1]))
        row = days.searchsorted(ts, side="right") - 1
        day_start, day_end = days[row], days[row + 1]
        if length >= DAY:
            return day_start, day_end
        start = ts - (ts - day_start) % length
        return start, (start + length).clip(max=day_end)

    def _day_of(self, key: int) -> TradingDay:
        found = self._days.get(key)
        if found is None:
            found = self._days[key] = self._make(key)
        return found

    def _make(self, key: int) -> TradingDay:
        opening = _EPOCH + timedelta(days=key)
        if not self._new_york:
            return TradingDay(opening, key * DAY, (key + 1) * DAY, "")
        booked = opening + timedelta(days=1)
        return TradingDay(booked, _rollover(opening), _rollover(booked), self._closure(booked))

    def _closure(self, day: date) -> str:
        if day.weekday() >= 5:
            return "weekend"
        if (day.month, day.day) in {(12, 25), (1, 1)}:
            return "holiday"
        if not self._observed:
            return ""
        moved = day.weekday() == 0 and (day.month, day.day) in {(12, 26), (1, 2)}
        return "holiday" if moved or day == easter(day.year) - timedelta(days=2) else ""


def _rollover(day: date) -> int:
    """17:00 New York of a date, UTC nanoseconds."""
    moment = datetime(day.year, day.month, day.day, _ROLLOVER_HOUR, tzinfo=NEW_YORK)
    return int((moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * SECOND


@lru_cache(maxsize=256)
def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (anonymous algorithm, Nature 13, 1876, p. 487)."""
    golden, century, rest = year % 19, year // 100, year % 100
    leap_century, century_rest = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_century - correction + 15) % 30
    leap, leap_rest = divmod(rest, 4)
    weekday = (32 + 2 * century_rest + 2 * leap - epact - leap_rest) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


CALENDARS: Final = {
    calendar.name: calendar
    for calendar in (
        SessionCalendar("fx", new_york=True),
        SessionCalendar("metals", new_york=True, pause=HOUR, observed=True),
        SessionCalendar("crypto", new_york=False),
    )
}


def calendar_of(name: str) -> SessionCalendar:
    """The calendar of that name.

    Raises:
        Misconfigured: there is none; the message lists those there are.
    """
    found = CALENDARS.get(name)
    if found is None:
        raise Misconfigured(
            f"unknown session calendar {name!r}",
            allowed=", ".join(sorted(CALENDARS)),
            next_step="set the instrument's calendar to one of these",
        )
    return found
