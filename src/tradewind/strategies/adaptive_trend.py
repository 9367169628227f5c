"""Trend following on an average that hurries in a trend and waits in noise.

Long on the bar at which the close comes to stand above Kaufman's adaptive average, short below it, each only while the
efficiency ratio of the same bars is at least ``efficiency``: in a market without direction the cross means nothing.

Source: Kaufman, "Smarter Trading", 1995.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.features.rule import Exits, Family, Rule, StrategyParams, crosses_above, crosses_below
from tradewind.features.rule_series import close, efficiency, kama
from tradewind.features.rule_space import real, scale


class Params(StrategyParams, frozen=True, kw_only=True):
    """``period`` in bars; ``efficiency`` as a fraction."""

    period: Annotated[int, Meta(ge=3, le=200)] = 10
    efficiency: Annotated[float, Meta(ge=0.0, le=0.95)] = 0.3
    exits: Exits = Exits(target_r=2.0, time_stop_bars=96)


def rule(params: Params) -> Rule:
    """The cross in a market with direction."""
    average = kama(params.period)
    directed = efficiency(params.period) >= params.efficiency
    return Rule(
        long=crosses_above(close(), average) & directed,
        short=crosses_below(close(), average) & directed,
        exits=params.exits,
    )


STRATEGY = Family(
    "Adaptive_Trend",
    "trend",
    Params,
    rule,
    pool=(),
    space={"period": scale(5, 60), "efficiency": real(0.1, 0.5, 0.05)},
)
