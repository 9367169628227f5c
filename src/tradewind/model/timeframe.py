"""Bar lengths. Boundaries that depend on trading sessions live in ``model/session.py``."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from tradewind.errors import Misconfigured

SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


class Timeframe(StrEnum):
    """The timeframes Tradewind knows, shortest first.

    ``ns`` is the length in nanoseconds; a trading day counts as 24 h even where a DST change makes it 23 or 25.
    ``rank`` is 0 for the shortest; it orders timeframes without comparing strings.

    >>> Timeframe.parse("60min").ns == HOUR
    True
    """

    ns: int
    rank: int

    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H4 = "4h"
    D1 = "1d"

    @classmethod
    def parse(cls, text: str) -> Timeframe:
        """Accepts ``1h`` and the spellings other tools use (``60min``, ``H1``, ``1hour``, ``5min``, ``daily``).

        Raises:
            Misconfigured: the spelling is unknown; the message lists the allowed ones.
        """
        found = _SPELLINGS.get(text.strip().lower())
        if found is None:
            raise Misconfigured(
                f"unknown timeframe {text!r}",
                allowed=", ".join(cls),
                next_step="use one of these with --interval",
            )
        return found


_LENGTH: Final = {
    Timeframe.M1: MINUTE,
    Timeframe.M5: 5 * MINUTE,
    Timeframe.M15: 15 * MINUTE,
    Timeframe.M30: 30 * MINUTE,
    Timeframe.H1: HOUR,
    Timeframe.H4: 4 * HOUR,
    Timeframe.D1: DAY,
}
for _rank, _timeframe in enumerate(Timeframe):  # plain attributes: they are asked for some ten times a bar
    _timeframe.ns = _LENGTH[_timeframe]
    _timeframe.rank = _rank
_SPELLINGS: Final = {
    spelling: timeframe
    for timeframe, spellings in {
        Timeframe.M1: ("1m", "1min", "m1", "1minute"),
        Timeframe.M5: ("5m", "5min", "m5"),
        Timeframe.M15: ("15m", "15min", "m15"),
        Timeframe.M30: ("30m", "30min", "m30"),
        Timeframe.H1: ("1h", "60m", "60min", "h1", "1hour", "hourly"),
        Timeframe.H4: ("4h", "240m", "240min", "h4", "4hour"),
        Timeframe.D1: ("1d", "24h", "d1", "1day", "daily"),
    }.items()
    for spelling in spellings
}
