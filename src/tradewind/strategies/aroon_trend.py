"""Trend following on how recent the extremes are.

Long on the bar at which the highest high of ``period`` bars becomes both more recent than the lowest low and as recent
as ``level`` asks, short in the mirror.

Source: Chande, "A Time Price Oscillator", Technical Analysis of Stocks & Commodities 13, 1995 (level of 70).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.features.rule import Exits, Family, Rule, StrategyParams, rising_edge
from tradewind.features.rule_series import aroon
from tradewind.features.rule_space import real, scale


class Params(StrategyParams, frozen=True, kw_only=True):
    """``period`` in bars; ``level`` in points of 100, which is the bar itself."""

    period: Annotated[int, Meta(ge=5, le=200)] = 25
    level: Annotated[float, Meta(ge=50.0, le=100.0)] = 70.0
    exits: Exits = Exits(target_r=2.0, time_stop_bars=96)


def rule(params: Params) -> Rule:
    """A new extreme after the other one has grown old."""
    up, down = aroon(params.period, "up"), aroon(params.period, "down")
    return Rule(
        long=rising_edge((up > down) & (up >= params.level)),
        short=rising_edge((down > up) & (down >= params.level)),
        exits=params.exits,
    )


STRATEGY = Family(
    "Aroon_Trend",
    "trend",
    Params,
    rule,
    pool=(),
    space={"period": scale(10, 120), "level": real(50.0, 100.0, 5.0)},
)
