"""How often signals come, counted in the time the markets are open.

A week-end without signals is no silence, and a quiet Monday is: so days and hours are those in which a market trades.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from tradewind.model.session import SessionCalendar
from tradewind.model.timeframe import DAY, HOUR

ALERT_HOURS = 24.0


class SignalRate(msgspec.Struct, frozen=True):
    """``signals`` over ``open_hours`` of open market; ``per_open_day`` = signals / (open_hours / 24), null for none.

    ``silence`` is the number of open hours since the last signal (or the start), ``longest_silence`` the longest such
    stretch of the span.
    """

    signals: int
    open_hours: float
    per_open_day: float | None
    silence: float
    longest_silence: float

    @property
    def alert(self) -> bool:
        """Whether the last 24 open hours brought no signal."""
        return self.silence >= ALERT_HOURS

    def text(self) -> str:
        """``2.31 per market-open day (577 in 5998 open hours); longest silence 61 open hours``, and the alert."""
        rate = "-" if self.per_open_day is None else f"{self.per_open_day:.2f}"
        line = (
            f"{rate} per market-open day ({self.signals} in {self.open_hours:.0f} open hours); "
            f"longest silence {self.longest_silence:.0f} open hours"
        )
        return f"{line}. WARNING: none in the last {self.silence:.0f} market-open hours" if self.alert else line


def signal_rate(times: Sequence[int], first: int, last: int, calendars: Sequence[SessionCalendar]) -> SignalRate:
    """The rate of signals at ``times`` (UTC nanoseconds, ascending) between ``first`` and ``last``.

    Of several calendars the one that is open longest counts: while any market trades, a signal may come.
    """
    calendar = max(calendars, key=lambda one: open_time(one, first, last))
    marks = [first, *sorted(set(times)), last]
    gaps = [open_time(calendar, a, b) / HOUR for a, b in pairwise(marks)]
    hours = open_time(calendar, first, last) / HOUR
    days = hours * HOUR / DAY
    return SignalRate(
        signals=len(times),
        open_hours=hours,
        per_open_day=len(times) / days if days > 0.0 else None,
        silence=gaps[-1],
        longest_silence=max(gaps),
    )


def open_time(calendar: SessionCalendar, start: int, end: int) -> int:
    """Nanoseconds of ``[start, end)`` in which the market trades."""
    total, ts = 0, start
    while ts < end:
        day = calendar.day(ts)
        if not day.closed:
            total += max(0, min(day.end, end) - max(calendar.next_open(day.start), ts))
        ts = day.end
    return total
