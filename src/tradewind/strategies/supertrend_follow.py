"""Trend following on a volatility-scaled trailing line.

Long on the bar at which the close breaks the SuperTrend line upwards and its direction turns to rising, short on the
bar at which it turns to falling.

Source: Seban, "Tout le monde merite d'etre riche", 2008.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.features.rule import Exits, Family, Rule, StrategyParams, crosses_above, crosses_below
from tradewind.features.rule_series import supertrend
from tradewind.features.rule_space import real, whole


class Params(StrategyParams, frozen=True, kw_only=True):
    """``period`` of the average true range in bars; ``width`` of the line in ranges."""

    period: Annotated[int, Meta(ge=2, le=100)] = 10
    width: Annotated[float, Meta(ge=0.5, le=10.0)] = 3.0
    exits: Exits = Exits(target_r=2.0, time_stop_bars=96)


def rule(params: Params) -> Rule:
    """The turn of the direction."""
    direction = supertrend(params.period, params.width)
    return Rule(long=crosses_above(direction, 0), short=crosses_below(direction, 0), exits=params.exits)


STRATEGY = Family(
    "SuperTrend_Follow",
    "trend",
    Params,
    rule,
    pool=(Params(), Params(period=20, width=4.0)),
    space={"period": whole(7, 30), "width": real(1.5, 6.0, 0.25)},
)
