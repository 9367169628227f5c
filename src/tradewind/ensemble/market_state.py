"""The state of a market in three words, from its recent bars alone: trend, volatility, session.

    trend       up, flat, down     (c_n - c_{n-20}) / (mean |change| * sqrt(20)) against +-1
    volatility  calm, usual, wild  mean |change| of the last 14 bars / of the last 100, against 0.8 and 1.25
    session     asia, london, new_york, late   by UTC hour of the close: 0-6, 7-12, 13-20, 21-23

Thirty-six states at most; the same bars give the same state.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec

from tradewind.model.timeframe import HOUR

TREND_BARS: Final = 20
SHORT_BARS: Final = 14
LONG_BARS: Final = 100
NEEDED: Final = LONG_BARS + 1
"""Closes below which there is no state."""
UNKNOWN: Final = "unknown"
_SESSIONS: Final = ((7, "asia"), (13, "london"), (21, "new_york"), (24, "late"))


class MarketState(msgspec.Struct, frozen=True):
    """Three words; ``key`` joins them."""

    trend: str
    volatility: str
    session: str

    @property
    def key(self) -> str:
        """``up/calm/london``."""
        return f"{self.trend}/{self.volatility}/{self.session}"


def market_state(closes: Sequence[float], ts: int) -> MarketState | None:
    """The state after the last of ``closes`` (oldest first), known at ``ts`` (UTC nanoseconds).

    None with fewer than ``NEEDED`` closes, or where one of them is no positive number.
    """
    recent = closes[-NEEDED:]
    if len(recent) < NEEDED or not (math.isfinite(math.fsum(recent)) and min(recent) > 0.0):
        return None
    moves = [abs(later - earlier) for earlier, later in pairwise(recent)]
    long = math.fsum(moves) / LONG_BARS  # rounded once, the same on every machine
    short = math.fsum(moves[-SHORT_BARS:]) / SHORT_BARS
    usual = math.fsum(moves[-TREND_BARS:]) / TREND_BARS * math.sqrt(TREND_BARS)
    drift = (recent[-1] - recent[-1 - TREND_BARS]) / usual if usual > 0.0 else 0.0
    ratio = short / long if long > 0.0 else 1.0
    hour = ts // HOUR % 24
    return MarketState(
        trend="up" if drift > 1.0 else "down" if drift < -1.0 else "flat",
        volatility="wild" if ratio > 1.25 else "calm" if ratio < 0.8 else "usual",
        session=next(name for end, name in _SESSIONS if hour < end),
    )
