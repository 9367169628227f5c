"""How old the newest bar is, and why: a closed market is no fault, an open one that was not heard of is."""

from __future__ import annotations

import msgspec

from tradewind.app.signal_rate import open_time
from tradewind.app.signal_text import utc
from tradewind.model.instrument import Instrument
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import HOUR, MINUTE, SECOND, Timeframe

LATE_BARS = 2


class Freshness(msgspec.Struct, frozen=True):
    """Where the data of a symbol stand at ``now``.

    ``market`` is open, weekend, holiday or daily_pause; ``next_open`` is null while it is open. ``missed_s`` counts the
    seconds the market traded since the last bar. ``cause`` is fresh, market_closed or behind.
    """

    symbol: str
    last_bar: int
    age_s: float
    missed_s: float
    market: str
    next_open: int | None
    cause: str

    def text(self) -> str:
        """One sentence: the age of the data, and what to do where they are too old."""
        age = f"last bar closed {utc(self.last_bar)}, {span(self.age_s)} ago"
        if self.cause == "fresh":
            return f"{age}; the market is open"
        if self.cause == "market_closed":
            return f"{age}; nothing is missing: the market is closed ({self.market}) until {utc(self.next_open or 0)}"
        return (
            f"{age}; the market has traded {span(self.missed_s)} since: `tradewind data fetch` brings newer bars, "
            "`tradewind data ping` checks the connection"
        )


def freshness(instrument: Instrument, timeframe: Timeframe, last_bar: int, now: int) -> Freshness:
    """Judges the newest bar of ``timeframe``, closed at ``last_bar``, both UTC nanoseconds."""
    market, next_open = market_state(instrument, now)
    missed = open_time(calendar_of(instrument.calendar), last_bar, now)
    late = missed > LATE_BARS * timeframe.ns
    cause = "behind" if late else "fresh" if market == "open" else "market_closed"
    return Freshness(instrument.symbol, last_bar, (now - last_bar) / SECOND, missed / SECOND, market, next_open, cause)


def market_state(instrument: Instrument, now: int) -> tuple[str, int | None]:
    """``("open", None)``, or why the market is closed and when it opens."""
    calendar = calendar_of(instrument.calendar)
    closed = calendar.closed_kind(now)
    return (closed, calendar.next_open(now)) if closed else ("open", None)


def span(seconds: float) -> str:
    """``45 s``, ``12 min``, ``7.5 h`` or ``3.2 days``."""
    ns = abs(seconds) * SECOND
    if ns < 2 * MINUTE:
        return f"{abs(seconds):.0f} s"
    if ns < 2 * HOUR:
        return f"{ns / MINUTE:.0f} min"
    return f"{ns / HOUR:.1f} h" if ns < 48 * HOUR else f"{ns / HOUR / 24:.1f} days"
