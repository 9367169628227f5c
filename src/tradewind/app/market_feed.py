"""Turns what providers say into final bars and a watermark, for a session to decide on.

A bar is passed on when it is final, once. A feed is known up to its newest final bar, moved on by time where a market
is closed or a bar is given up after ``patience``. Nothing here decides, and nothing here reads a wall clock of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tradewind.adapters.market.stale_guard import StaleGuard
from tradewind.engine.finality import BarFinality
from tradewind.engine.sequencer import SeriesKey
from tradewind.model.bar import Bar
from tradewind.model.event import BarClosed, BarRevised, FeedState
from tradewind.model.session import SessionCalendar
from tradewind.model.timeframe import SECOND
from tradewind.ports.market import FeedItem, Heartbeat, Update


class FeedRules(msgspec.Struct, frozen=True):
    """When a bar is final, given up, or its feed stale.

    ``grace`` after an interval's end a forming bar counts as final, ``patience`` after it one that history lacks too is
    given up; while history cannot be asked, ``outage_patience`` after the first try; all in nanoseconds.
    ``silent_bars`` without an update, or ``frozen_bars`` at one price, make a feed stale. What a venue says of times
    more than ``ahead`` from now is not believed: a bar cannot have closed before its end.
    """

    grace: int = 5 * SECOND
    patience: int = 60 * SECOND
    outage_patience: int = 300 * SECOND
    silent_bars: float = 1.5
    frozen_bars: int = 3
    ahead: int = 2 * SECOND


class SymbolFeed:
    """One base series: finality, staleness, and how far it is known.

    ``stale`` is what the journal said last, so that a feed that recovered while nobody listened is called fresh again.
    """

    def __init__(
        self,
        key: SeriesKey,
        calendar: SessionCalendar,
        source: str,
        rules: FeedRules,
        monotonic: int,
        known: int,
        *,
        stale: bool = False,
    ) -> None:
        self.key = key
        self.calendar = calendar
        self.known = known
        self._source = source
        self._rules = rules
        self._finality = BarFinality(source, rules.grace)
        self._guard = StaleGuard(
            key.symbol,
            key.timeframe,
            calendar,
            monotonic,
            silent_bars=rules.silent_bars,
            frozen_bars=rules.frozen_bars,
            stale=stale,
        )

    def on_update(self, item: Update, now: int) -> list[BarClosed | BarRevised]:
        """Final bars and revisions out of one update; provenance is that of the update.

        A bar said to be closed before its end is still forming; one that has not begun is not there.
        """
        latest = now + self._rules.ahead
        bar = item.bar
        if bar.ts_open > latest:
            return []
        closed = item.closed and bar.ts_close <= latest
        made: list[BarClosed | BarRevised] = []
        for event in self._finality.on_update(bar, closed=closed, ts_recv=item.ts_recv):
            if isinstance(event, BarClosed) and (event.bar is bar or event.bar == bar):
                cause = item.cause if event.cause == "venue" else event.cause
                event = BarClosed(event.bar, cause, item.source or self._source, event.ts_recv)
            made.append(event)
        if made:
            self._note(made)
        return made

    def on_time(self, now: int) -> list[BarClosed | BarRevised]:
        """The forming bar, once its grace is over."""
        made = self._finality.on_time(now)
        if made:
            self._note(made)
        return made

    def confirmed(self, bar: Bar, ts_recv: int, source: str) -> BarClosed:
        """A final bar fetched from history: to fill a hole, or in place of one that was only seen forming."""
        self._finality.remember(bar)
        self.known = max(self.known, bar.ts_close)
        return BarClosed(bar, "backfill", source or self._source, ts_recv)

    def state(self, item: FeedItem, now: int, monotonic: int) -> FeedState | None:
        """Whether this item made the feed stale or fresh."""
        return self._guard.observe(item, now, monotonic)

    def silence(self, now: int, monotonic: int) -> FeedState | None:
        """Whether the time that passed made the feed stale."""
        return self._guard.check(now, monotonic)

    def give_up(self, now: int) -> None:
        """Lets time pass: what was due ``patience`` ago and never came is no longer waited for."""
        due = now - self._rules.patience
        if due > self.known:
            self.known = due

    def rest(self, now: int) -> None:
        """Lets time pass while the market is closed: nothing is owed, nobody has to wait for this symbol."""
        until = now - self._rules.grace
        if until > self.known and not self.calendar.expected_closes(self.known, until, self.key.timeframe):
            self.known = until

    def _note(self, events: Sequence[BarClosed | BarRevised]) -> None:
        for event in events:
            if isinstance(event, BarClosed):
                self.known = max(self.known, event.bar.ts_close)


class VenueTime:
    """The latest moment any message spoke of: the clock of a venue whose time is not the host's."""

    def __init__(self) -> None:
        self.now = 0

    def observe(self, item: FeedItem) -> None:
        """Takes a message's own time."""
        if isinstance(item, Update):
            self.now = max(self.now, item.bar.ts_close if item.closed else item.bar.ts_open)
        elif isinstance(item, Heartbeat):
            self.now = max(self.now, item.ts_venue)
