"""Trend following with the directional movement system.

Long when the upward directional indicator leads the downward one while the average directional index shows a trend of
at least ``strength``; short in the mirror. The vote falls on the bar on which both become true together.

Source: Wilder, "New Concepts in Technical Trading Systems", 1978.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.features.rule import Exits, Family, Rule, StrategyParams, rising_edge
from tradewind.features.rule_series import adx, minus_di, plus_di
from tradewind.features.rule_space import real, whole


class Params(StrategyParams, frozen=True, kw_only=True):
    """``period`` in bars; ``strength`` in ADX points."""

    period: Annotated[int, Meta(ge=2, le=100)] = 14
    strength: Annotated[float, Meta(ge=5.0, le=60.0)] = 25.0
    exits: Exits = Exits(target_r=2.0, time_stop_bars=96)


def rule(params: Params) -> Rule:
    """Leading direction in a trend."""
    trending = adx(params.period) >= params.strength
    up, down = plus_di(params.period), minus_di(params.period)
    return Rule(long=rising_edge((up > down) & trending), short=rising_edge((down > up) & trending), exits=params.exits)


STRATEGY = Family(
    "ADX_Trend",
    "trend",
    Params,
    rule,
    pool=(Params(), Params(period=21, strength=20.0)),
    space={"period": whole(7, 40), "strength": real(15.0, 40.0, 2.5)},
)
