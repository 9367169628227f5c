"""Reversion on the turn of the stochastic at the edge of the recent range.

Long on the bar at which %K crosses above %D while %D is below ``level``, short when it crosses below %D above
100 - ``level``.

Source: Lane, "Lane's Stochastics", Technical Analysis of Stocks & Commodities 2, 1984.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.features.rule import Exits, Family, Rule, StrategyParams, crosses_above, crosses_below
from tradewind.features.rule_series import stoch
from tradewind.features.rule_space import FADING, real, scale, whole


class Params(StrategyParams, frozen=True, kw_only=True):
    """Periods in bars; ``level`` in points of 100."""

    period: Annotated[int, Meta(ge=3, le=200)] = 14
    slowing: Annotated[int, Meta(ge=1, le=50)] = 3
    signal: Annotated[int, Meta(ge=2, le=50)] = 3
    level: Annotated[float, Meta(ge=1.0, le=45.0)] = 20.0
    exits: Exits = Exits(target_r=1.0, time_stop_bars=24)


def rule(params: Params) -> Rule:
    """The turn at the edge."""
    k = stoch(params.period, params.slowing, params.signal, "k")
    d = stoch(params.period, params.slowing, params.signal, "d")
    return Rule(
        long=crosses_above(k, d) & (d < params.level),
        short=crosses_below(k, d) & (d > 100.0 - params.level),
        exits=params.exits,
    )


STRATEGY = Family(
    "Stochastic_Turn",
    "reversion",
    Params,
    rule,
    pool=(Params(),),
    space={
        "period": scale(5, 40),
        "slowing": whole(1, 6),
        "signal": whole(2, 6),
        "level": real(10.0, 30.0, 2.5),
    },
    ways_out=FADING,
)
