"""Days of 23 and 25 hours: the product's day of currencies over a change of clocks, against the wall clock itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tradewind.engine.aggregate import Aggregator
from tradewind.model.bar import Bar
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import DAY, HOUR, SECOND, Timeframe

NEW_YORK: Final = ZoneInfo("America/New_York")
SYMBOL: Final = "EUR/USD"


def broken_days(change: int) -> list[str]:
    """What is wrong with the days of a week round ``change`` (UTC ns); empty where nothing is."""
    return list(_broken(change // DAY * DAY - 4 * DAY, change // DAY * DAY + 5 * DAY))


def _broken(start: int, end: int) -> Iterator[str]:
    calendar = calendar_of("fx")
    aggregator = Aggregator(SYMBOL, calendar, Timeframe.H1, (Timeframe.D1,))
    days: list[Bar] = []
    for ts_open, ts_close in calendar.expected_closes(start, end, Timeframe.H1):
        hour = Bar(SYMBOL, Timeframe.H1, ts_open, ts_close, 1.1, 1.1, 1.1, 1.1, 1.0)
        days += [one for one in aggregator.on_bar(hour) if isinstance(one, Bar)]
    if len(days) < 4:
        yield f"INV-17 {len(days)} days of currencies in nine, at least four are due"
    for day in days:
        for at, what in ((day.ts_open, "begins"), (day.ts_close, "ends")):
            local = datetime.fromtimestamp(at // SECOND, NEW_YORK)
            if (local.hour, local.minute) != (17, 0):
                yield f"INV-17 a day of currencies {what} at {local:%a %H:%M} in New York"
        opened = datetime.fromtimestamp(day.ts_open // SECOND, NEW_YORK)
        due = opened.replace(tzinfo=None) + timedelta(days=1)
        if day.ts_close != int(due.replace(tzinfo=NEW_YORK).timestamp()) * SECOND:
            hours = (day.ts_close - day.ts_open) / HOUR
            yield f"INV-17 a day of currencies of {hours:.0f} hours from {opened:%a %H:%M}"
