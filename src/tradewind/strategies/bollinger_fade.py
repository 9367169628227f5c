"""Reversion from the edge of the usual range, in quiet markets only.

Long on the bar at which the close comes back inside the lower Bollinger band, short inside the upper one, and only
while the average directional index is below ``max_adx``: fading a trend is how this rule loses.

Source: Bollinger, "Bollinger on Bollinger Bands", 2001; Wilder, 1978 (ADX).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.features.rule import Exits, Family, Rule, StrategyParams, crosses_above, crosses_below
from tradewind.features.rule_series import adx, bbands, close
from tradewind.features.rule_space import FADING, real, scale, whole


class Params(StrategyParams, frozen=True, kw_only=True):
    """Periods in bars; ``width`` of the bands in standard deviations; ``max_adx`` in ADX points."""

    period: Annotated[int, Meta(ge=5, le=200)] = 20
    width: Annotated[float, Meta(ge=0.5, le=4.0)] = 2.0
    adx_period: Annotated[int, Meta(ge=2, le=100)] = 14
    max_adx: Annotated[float, Meta(ge=10.0, le=100.0)] = 25.0
    exits: Exits = Exits(target_r=1.0, time_stop_bars=24)


def rule(params: Params) -> Rule:
    """Back inside the bands in a quiet market."""
    quiet = adx(params.adx_period) < params.max_adx
    lower, upper = (bbands(params.period, params.width, edge) for edge in ("lower", "upper"))
    return Rule(
        long=crosses_above(close(), lower) & quiet, short=crosses_below(close(), upper) & quiet, exits=params.exits
    )


STRATEGY = Family(
    "Bollinger_Fade",
    "reversion",
    Params,
    rule,
    pool=(Params(), Params(width=2.5, max_adx=30.0)),
    space={
        "period": scale(10, 80),
        "width": real(1.5, 3.0, 0.25),
        "adx_period": whole(7, 28, 7),
        "max_adx": real(15.0, 40.0, 5.0),
    },
    ways_out=FADING,
)
