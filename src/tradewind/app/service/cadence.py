"""When something is due: every so many seconds, or at an hour of a day in a time zone, whatever its clocks do.

A time that a clock change leaves out is taken as much later as the clocks jump; one that comes twice is taken the first
time. So a daily, weekly or monthly job runs exactly once for every day, week or month it is meant for.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from tradewind.model.timeframe import SECOND

_LONGEST_SEARCH: Final = 400


class Every(msgspec.Struct, frozen=True):
    """On the grid of whole multiples of ``seconds`` since the epoch, ``offset`` seconds later: no drift, no memory."""

    seconds: float
    offset: float = 0.0

    def next_after(self, ts: int) -> int:
        """The first due time after ``ts``, UTC nanoseconds."""
        step, offset = round(self.seconds * SECOND), round(self.offset * SECOND)
        return (ts - offset) // step * step + step + offset

    def text(self) -> str:
        """``every 3600 s``."""
        return f"every {self.seconds:g} s"


class Calendar(msgspec.Struct, frozen=True):
    """At ``at`` in ``zone``: daily, each ``day`` 0 (Monday) to 6 of a week, each ``day`` of a month or of a quarter."""

    kind: Literal["daily", "weekly", "monthly", "quarterly"]
    at: time
    zone: str = "UTC"
    day: int = 0

    def next_after(self, ts: int) -> int:
        """The first due time after ``ts``, UTC nanoseconds."""
        zone = ZoneInfo(self.zone)
        day = datetime.fromtimestamp(ts // SECOND, zone).date() - timedelta(days=1)
        for _ in range(_LONGEST_SEARCH):
            if self._meant(day):
                due = _moment(day, self.at, zone)
                if due > ts:
                    return due
            day += timedelta(days=1)
        raise AssertionError(f"no {self.kind} day after {ts}")

    def _meant(self, day: date) -> bool:
        if self.kind == "weekly":
            return day.weekday() == self.day
        if self.kind in ("monthly", "quarterly"):
            return day.day == self.day and (self.kind == "monthly" or day.month in (1, 4, 7, 10))
        return True

    def text(self) -> str:
        """``monthly, day 1 at 03:00 UTC``."""
        day = {"weekly": f", {_WEEKDAYS[self.day % 7]}", "daily": ""}.get(self.kind, f", day {self.day}")
        return f"{self.kind}{day} at {self.at:%H:%M} {self.zone}"


_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Cadence = Every | Calendar


def _moment(day: date, at: time, zone: ZoneInfo) -> int:
    """UTC nanoseconds of a wall clock's time."""
    return int(datetime.combine(day, at, zone).astimezone(UTC).timestamp()) * SECOND
