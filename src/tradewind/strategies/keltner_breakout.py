"""Breakout from a channel of average true ranges around an exponential average.

Long on the bar at which the close leaves the channel upwards, short downwards: a move that is large for the range the
market usually covers.

Source: Keltner, "How to Make Money in Commodities", 1960; Raschke and Connors, "Street Smarts", 1996 (exponential
average and true range).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.features.rule import Exits, Family, Rule, StrategyParams, crosses_above, crosses_below
from tradewind.features.rule_series import close, keltner
from tradewind.features.rule_space import choice, real, scale


class Params(StrategyParams, frozen=True, kw_only=True):
    """Periods in bars; ``width`` of the channel in ranges."""

    period: Annotated[int, Meta(ge=5, le=200)] = 20
    atr_period: Annotated[int, Meta(ge=2, le=100)] = 10
    width: Annotated[float, Meta(ge=0.5, le=6.0)] = 2.0
    exits: Exits = Exits(target_r=1.5, time_stop_bars=48)


def rule(params: Params) -> Rule:
    """The close leaves the channel."""
    upper = keltner(params.period, params.atr_period, params.width, "upper")
    lower = keltner(params.period, params.atr_period, params.width, "lower")
    return Rule(long=crosses_above(close(), upper), short=crosses_below(close(), lower), exits=params.exits)


STRATEGY = Family(
    "Keltner_Breakout",
    "channel",
    Params,
    rule,
    pool=(Params(), Params(period=50, width=2.5)),
    space={"period": scale(10, 120), "atr_period": choice(7, 10, 14, 20), "width": real(1.0, 4.0, 0.25)},
)
