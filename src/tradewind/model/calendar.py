"""Scheduled news: what is due when, for which currency, and how far around it nothing new is entered.

A calendar is data with an age. It says until when it may be believed; afterwards, before its first day and where there
is none, windows that follow from the habits of the publishing offices take its place. They are wider than the events
they stand for, and never absent: an empty answer does not mean that nothing is due.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from tradewind.model.session import NEW_YORK
from tradewind.model.timeframe import DAY, MINUTE, SECOND

LONDON: Final = ZoneInfo("Europe/London")
FRANKFURT: Final = ZoneInfo("Europe/Berlin")
LONGEST: Final = 6 * 60 * MINUTE
"""No event's own end may lie farther behind its start than this."""
TAKEN_AS: Final = "unknown, taken as"
"""Stands in the title of a release whose impact or currency was not understood."""


class NewsEvent(msgspec.Struct, frozen=True, order=True, gc=False):
    """A release at ``ts`` (UTC ns) that moves ``currency``.

    ``tier`` 1 is what stops markets (payrolls, inflation, rate decisions), 2 other high-impact releases, 3 the rest.
    ``until`` is when it ends (a press conference), 0 for a moment. ``currency`` "*" is every currency.
    """

    ts: int
    currency: str
    tier: int
    title: str
    until: int = 0


class NewsCalendar(msgspec.Struct, frozen=True, tag="calendar"):
    """What is due from ``valid_from`` to ``valid_until``, as fetched at ``fetched_at``; UTC ns, events by time.

    An input event of the engine: from ``ts`` on this is what it knows. ``provenance`` is ``feed`` or ``file``,
    ``source`` says which.
    """

    ts: int
    fetched_at: int
    valid_from: int
    valid_until: int
    provenance: str
    source: str
    events: tuple[NewsEvent, ...]

    def covers(self, ts: int, max_age: int) -> bool:
        """Whether it may be believed about ``ts``: inside its span, and fetched at most ``max_age`` ns before."""
        return self.valid_from <= ts <= self.valid_until and ts - self.fetched_at <= max_age

    def around(self, ts: int, before: int, after: int) -> Iterator[NewsEvent]:
        """Events that begin between ``ts - after`` (less the longest event) and ``ts + before``."""
        first = bisect_left(self.events, ts - after - LONGEST, key=_start)
        for event in self.events[first:]:
            if event.ts > ts + before:
                return
            yield event


def _start(event: NewsEvent) -> int:
    return event.ts


class _Habit(msgspec.Struct, frozen=True):
    """A window of local time on some weekdays (Monday 0) and days of the month, in which releases tend to fall."""

    title: str
    currency: str
    zone: ZoneInfo
    begin: time
    end: time
    weekdays: Sequence[int] = (0, 1, 2, 3, 4)
    last_day: int = 31
    tier: int = 1


HABITS: Final = (
    _Habit("employment report day, by rule", "*", NEW_YORK, time(8), time(9), (4,), 14),
    _Habit("US releases of 08:30, by rule", "*", NEW_YORK, time(8, 25), time(8, 35)),
    _Habit("US releases of 10:00, by rule", "*", NEW_YORK, time(9, 55), time(10, 5)),
    _Habit("rate decision of the Fed, by rule", "*", NEW_YORK, time(13, 30), time(15, 35), (2,)),
    _Habit("US statements of the afternoon, by rule", "*", NEW_YORK, time(13, 55), time(15, 35)),
    _Habit("rate decision of the ECB, by rule", "EUR", FRANKFURT, time(13, 40), time(15, 50), (3,)),
    _Habit("rate decision of the Bank of England, by rule", "GBP", LONDON, time(11, 30), time(12, 30), (3,)),
    _Habit("UK releases of 07:00, by rule", "GBP", LONDON, time(6, 55), time(7, 5)),
)
"""Edges inclusive. The employment report is due on the first or second Friday of a month (third Friday after the week
with the 12th of the month before; moved by holidays); inflation and most other US figures at 08:30, surveys at 10:00,
the Fed at 14:00 with a press conference, all New York; ECB 14:15 Frankfurt, Bank of England 12:00 London."""


def by_rule(ts: int) -> Iterator[NewsEvent]:
    """The windows of ``HABITS`` that hold ``ts``, as events that last from their begin to their end."""
    for event in _habits_of(ts // DAY):
        if event.ts <= ts <= event.until:
            yield event


@lru_cache(maxsize=64)
def _habits_of(day: int) -> tuple[NewsEvent, ...]:
    """The windows of all local dates that have a moment in common with a UTC day, in the order of ``HABITS``."""
    dates = [date(1970, 1, 1) + timedelta(days=day + step) for step in (-1, 0, 1)]
    found = []
    for habit in HABITS:
        for local in dates:
            if local.weekday() in habit.weekdays and local.day <= habit.last_day:
                begin = _moment(datetime.combine(local, habit.begin, habit.zone))
                end = _moment(datetime.combine(local, habit.end, habit.zone))
                found.append(NewsEvent(begin, habit.currency, habit.tier, habit.title, end))
    return tuple(found)


def _moment(local: datetime) -> int:
    return int(local.astimezone(UTC).timestamp()) * SECOND


_TIER_1: Final = (
    "non-farm", "nonfarm", "non farm", "cpi", "fomc", "federal funds", "interest rate decision", "refinancing rate",
    "monetary policy statement", "official bank rate", "policy rate", "cash rate", "overnight rate", "mpc official",
    "ecb press conference",
)  # fmt: skip
_PRESS_CONFERENCES: Final = (("fomc statement", 90), ("federal funds", 90), ("refinancing rate", 95))
"""Minutes from a rate decision to the end of the press conference that follows it."""


def event_of(ts: int, currency: str, impact: str, title: str) -> NewsEvent | None:
    """A release as calendars describe it, ranked; None for one that is no reason to stay out (low, holiday).

    ``impact`` is high, medium, low or holiday, in any case.
    """
    level, words = impact.strip().lower(), title.strip().lower()
    if level not in ("high", "medium"):
        return None
    tier = 3 if level == "medium" else 1 if any(word in words for word in _TIER_1) else 2
    last = next((minutes for word, minutes in _PRESS_CONFERENCES if word in words), 0)
    return NewsEvent(ts, currency.strip().upper(), tier, title.strip(), ts + last * MINUTE if last else 0)


def calendar_span(events: Sequence[NewsEvent]) -> tuple[int, int]:
    """``(valid_from, valid_until)`` of a list that says nothing of its own span: whole UTC days it has events on."""
    if not events:
        return 0, 0
    return events[0].ts - events[0].ts % DAY, events[-1].ts - events[-1].ts % DAY + DAY - SECOND
