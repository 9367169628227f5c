"""Leaving the channel in which the market usually stays, as the commodity channel index draws it.

Long on the bar at which the index rises above ``level``, short on the bar at which it falls below minus that: seven
tenths to eight tenths of all values lie within 100 of zero, so beyond it the market does something unusual.

Source: Lambert, "Commodity Channel Index: Tool for Trading Cyclic Trends", Commodities 1980.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.features.rule import Exits, Family, Rule, StrategyParams, crosses_above, crosses_below
from tradewind.features.rule_series import cci
from tradewind.features.rule_space import real, scale


class Params(StrategyParams, frozen=True, kw_only=True):
    """``period`` in bars; ``level`` in points of the index."""

    period: Annotated[int, Meta(ge=5, le=400)] = 20
    level: Annotated[float, Meta(ge=25.0, le=400.0)] = 100.0
    exits: Exits = Exits(target_r=1.5, time_stop_bars=48)


def rule(params: Params) -> Rule:
    """The index leaves its channel."""
    index = cci(params.period)
    return Rule(long=crosses_above(index, params.level), short=crosses_below(index, -params.level), exits=params.exits)


STRATEGY = Family(
    "CCI_Channel",
    "channel",
    Params,
    rule,
    pool=(),
    space={"period": scale(8, 120), "level": real(50.0, 250.0, 12.5)},
)
