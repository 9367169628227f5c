"""Trend following on the cross of the upward and the downward vortex.

Long on the bar at which the upward movement of ``period`` bars comes to lead the downward one by ``margin``, short in
the mirror. A margin of 0 is the cross itself.

Source: Botes and Siepman, "The Vortex Indicator", Technical Analysis of Stocks & Commodities 28, 2010.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.features.rule import Exits, Family, Rule, StrategyParams, crosses_above
from tradewind.features.rule_series import vortex
from tradewind.features.rule_space import real, scale


class Params(StrategyParams, frozen=True, kw_only=True):
    """``period`` in bars; ``margin`` in true ranges."""

    period: Annotated[int, Meta(ge=3, le=200)] = 14
    margin: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0
    exits: Exits = Exits(target_r=2.0, time_stop_bars=96)


def rule(params: Params) -> Rule:
    """One movement comes to lead."""
    up, down = vortex(params.period, "plus"), vortex(params.period, "minus")
    return Rule(
        long=crosses_above(up - down, params.margin), short=crosses_above(down - up, params.margin), exits=params.exits
    )


STRATEGY = Family(
    "Vortex_Cross",
    "trend",
    Params,
    rule,
    pool=(),
    space={"period": scale(7, 80), "margin": real(0.0, 0.3, 0.02)},
)
