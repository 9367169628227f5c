"""Momentum of the market itself: what has risen enough goes on rising.

Long on the bar at which the change over ``period`` bars exceeds ``threshold`` percent, short on the bar at which it
falls below minus that.

Source: Moskowitz, Ooi and Pedersen, "Time Series Momentum", Journal of Financial Economics 104, 2012.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.features.rule import Exits, Family, Rule, StrategyParams, crosses_above, crosses_below
from tradewind.features.rule_series import roc
from tradewind.features.rule_space import scale


class Params(StrategyParams, frozen=True, kw_only=True):
    """``period`` in bars; ``threshold`` in percent."""

    period: Annotated[int, Meta(ge=2, le=400)] = 24
    threshold: Annotated[float, Meta(ge=0.01, le=50.0)] = 0.5
    exits: Exits = Exits(target_r=2.0, time_stop_bars=48)


def rule(params: Params) -> Rule:
    """The change leaves the neutral zone."""
    change = roc(params.period)
    return Rule(
        long=crosses_above(change, params.threshold), short=crosses_below(change, -params.threshold), exits=params.exits
    )


STRATEGY = Family(
    "ROC_Momentum",
    "momentum",
    Params,
    rule,
    pool=(Params(), Params(period=120, threshold=1.0)),
    space={"period": scale(6, 240), "threshold": scale(0.1, 3.0)},
)
