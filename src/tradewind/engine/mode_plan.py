"""Which members have a mode; part of the engine's plan."""

from __future__ import annotations

import msgspec

from tradewind.model.forecast import seat_member
from tradewind.model.timeframe import Timeframe


class ModeSeat(msgspec.Struct, frozen=True):
    """A symbol on a timeframe with the members that sit there; an empty ``challenger``: nobody is ever tried."""

    symbol: str
    timeframe: Timeframe
    champion: str
    challenger: str = ""

    @classmethod
    def of_models(cls, symbol: str, timeframe: Timeframe) -> ModeSeat:
        """The seat of served models."""
        return cls(
            symbol,
            timeframe,
            seat_member(symbol, timeframe, "champion"),
            seat_member(symbol, timeframe, "challenger"),
        )
