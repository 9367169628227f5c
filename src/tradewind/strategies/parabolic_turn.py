"""Trend following on a stop that closes in on price the longer the trend lasts.

Long on the bar at which the close comes to stand above the parabolic stop, short on the bar at which it comes to stand
below it, each only while the average directional index is at least ``strength``: without a trend the stop is hit every
few bars.

Source: Wilder, "New Concepts in Technical Trading Systems", 1978 (parabolic time/price system, to be used where the
directional movement system sees a trend).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.features.rule import Exits, Family, Rule, StrategyParams, crosses_above, crosses_below
from tradewind.features.rule_series import adx, close, sar
from tradewind.features.rule_space import real, whole


class Params(StrategyParams, frozen=True, kw_only=True):
    """``step`` and ``limit`` of the acceleration per new extreme, as fractions; ``strength`` in ADX points."""

    step: Annotated[float, Meta(ge=0.001, le=0.2)] = 0.02
    limit: Annotated[float, Meta(ge=0.01, le=1.0)] = 0.2
    adx_period: Annotated[int, Meta(ge=2, le=100)] = 14
    strength: Annotated[float, Meta(ge=1.0, le=60.0)] = 20.0
    exits: Exits = Exits(target_r=2.0, time_stop_bars=96)


def rule(params: Params) -> Rule:
    """The close changes sides."""
    stop = sar(params.step, params.limit)
    trending = adx(params.adx_period) >= params.strength
    return Rule(
        long=crosses_above(close(), stop) & trending,
        short=crosses_below(close(), stop) & trending,
        exits=params.exits,
    )


STRATEGY = Family(
    "Parabolic_Turn",
    "trend",
    Params,
    rule,
    pool=(),
    space={
        "step": real(0.005, 0.05, 0.0025),
        "limit": real(0.05, 0.4, 0.025),
        "adx_period": whole(7, 28, 7),
        "strength": real(10.0, 35.0, 2.5),
    },
)
