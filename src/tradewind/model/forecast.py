"""What a served model says at the close of a bar, and what became of it.

A seat is a symbol on a timeframe; its champion is heard, its challenger only watched. Each is a member of the ensemble.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from tradewind.model.timeframe import Timeframe

Seat = Literal["champion", "challenger"]
SEATS: Final[tuple[Seat, ...]] = ("champion", "challenger")
Outcomes = Literal["up", "down", "either", "neither"]
"""A prediction set: the outcomes that cannot be ruled out at the level that was promised."""


def seat_member(symbol: str, timeframe: Timeframe, seat: Seat) -> str:
    """The id of a seat's member: ``model:BTC-USDT:1h:champion``."""
    return f"model:{symbol.replace('/', '-')}:{timeframe}:{seat}"


class Forecast(msgspec.Struct, frozen=True, tag="forecast", gc=False):
    """What the model of a seat says at ``ts``, the close of a bar.

    ``p`` is the calibrated probability that ``upper`` is met before ``lower``, two prices the same distance from the
    close. ``outcomes`` is its prediction set, ``side`` +1 or -1 where that holds one outcome, else 0. ``acted``:
    the side was heard as a vote. ``sha256`` is that of the artifact that was asked.
    """

    ts: int
    symbol: str
    timeframe: Timeframe
    seat: Seat
    version: str
    sha256: str
    p: float
    outcomes: Outcomes
    side: int
    acted: bool
    lower: float
    upper: float


class ForecastEnded(msgspec.Struct, frozen=True, tag="forecast_ended", gc=False):
    """The forecast made at ``forecast_ts`` is over: ``went`` +1 or -1 by the price met first, 0 where none was in time.

    ``missed``: the set did not hold what happened. ``acted`` as it was when the forecast was made.
    """

    ts: int
    symbol: str
    timeframe: Timeframe
    seat: Seat
    version: str
    forecast_ts: int
    p: float
    side: int
    acted: bool
    went: int
    missed: bool
