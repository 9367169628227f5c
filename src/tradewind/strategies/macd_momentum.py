"""Momentum on the turn of the MACD, in the direction of the trend.

Long on the bar at which the MACD line crosses above its signal line while the close is above its trend average, short
in the mirror.

Source: Appel, "The Moving Average Convergence-Divergence Trading Method", 1979.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.errors import Misconfigured
from tradewind.features.rule import Exits, Family, Rule, StrategyParams, crosses_above, crosses_below
from tradewind.features.rule_series import close, ema, macd
from tradewind.features.rule_space import choice, whole


class Params(StrategyParams, frozen=True, kw_only=True):
    """Periods in bars."""

    fast: Annotated[int, Meta(ge=2, le=100)] = 12
    slow: Annotated[int, Meta(ge=3, le=200)] = 26
    signal: Annotated[int, Meta(ge=2, le=100)] = 9
    trend_period: Annotated[int, Meta(ge=2, le=400)] = 100
    exits: Exits = Exits(target_r=1.5, time_stop_bars=48)

    def __post_init__(self) -> None:
        if self.fast >= self.slow:
            raise Misconfigured(f"fast {self.fast}, slow {self.slow}", where="MACD_Momentum", allowed="fast < slow")


def rule(params: Params) -> Rule:
    """The turn of the MACD with the trend."""
    line = macd(params.fast, params.slow, params.signal, "line")
    signal = macd(params.fast, params.slow, params.signal, "signal")
    trend = ema(params.trend_period)
    return Rule(
        long=crosses_above(line, signal) & (close() > trend),
        short=crosses_below(line, signal) & (close() < trend),
        exits=params.exits,
    )


STRATEGY = Family(
    "MACD_Momentum",
    "momentum",
    Params,
    rule,
    pool=(Params(), Params(fast=8, slow=21, signal=5)),
    space={
        "fast": whole(5, 24),
        "slow": whole(13, 60, above="fast"),
        "signal": whole(5, 18),
        "trend_period": choice(50, 100, 150, 200, 300),
    },
)
