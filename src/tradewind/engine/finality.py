"""When is a bar final? When the venue says so, a successor arrives, or its interval ended and a grace timer fired.

Local time alone is no evidence: the grace rule needs a bar that was seen forming. Every bar is final once; what comes
later for the same interval is a revision. The cause travels with the bar into the journal.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from tradewind.model.bar import Bar
from tradewind.model.event import BarClosed, BarRevised
from tradewind.model.timeframe import SECOND

DEFAULT_GRACE: Final = 5 * SECOND
REMEMBERED: Final = 512


class BarFinality:
    """Finality of the bars of one series, fed with whatever the venue sends, in any order and any number of times.

    ``grace`` is in nanoseconds. The last ``REMEMBERED`` final bars are kept to tell a repeat from a correction.
    """

    def __init__(self, source: str, grace: int = DEFAULT_GRACE) -> None:
        self.source = source
        self.grace = grace
        self._forming: Bar | None = None
        self._final: OrderedDict[int, Bar] = OrderedDict()

    def on_update(self, bar: Bar, *, closed: bool, ts_recv: int) -> list[BarClosed | BarRevised]:
        """What a venue's message about ``bar`` makes final; nothing for a repeat or for a bar still forming."""
        known = self._final.get(bar.ts_open)
        if known is not None:
            return [BarRevised(bar, self.source, ts_recv)] if closed and bar != known else []
        events: list[BarClosed | BarRevised] = []
        forming = self._forming
        if forming is not None and forming.ts_open < bar.ts_open:
            events.append(self._close(forming, "successor", ts_recv))
            forming = None
        if closed:
            events.append(self._close(bar, "venue", ts_recv))
            if forming is not None and forming.ts_open == bar.ts_open:
                forming = None
            self._forming = forming
        elif forming is None or bar.ts_open >= forming.ts_open:
            self._forming = bar
        return events

    def on_time(self, now: int) -> list[BarClosed | BarRevised]:
        """The forming bar, if its interval ended at least ``grace`` before ``now`` (UTC ns)."""
        forming = self._forming
        if forming is None or forming.ts_close + self.grace > now:
            return []
        self._forming = None
        return [self._close(forming, "grace", now)]

    def remember(self, bar: Bar) -> None:
        """Tells of a bar that became final elsewhere (history, backfill, an earlier process life)."""
        self._final[bar.ts_open] = bar
        if self._forming is not None and self._forming.ts_open == bar.ts_open:
            self._forming = None
        while len(self._final) > REMEMBERED:
            self._final.popitem(last=False)

    def _close(self, bar: Bar, cause: str, ts_recv: int) -> BarClosed:
        self.remember(bar)
        return BarClosed(bar, cause, self.source, ts_recv)
