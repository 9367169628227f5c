"""Reversion to the trend after a short exhaustion.

Long on the bar at which the RSI falls below ``level`` while the close is above its long average, short on the bar at
which it rises above 100 - ``level`` below that average: buy the dip of a rising market, sell the rally of a falling.

Source: Connors and Alvarez, "Short Term Trading Strategies That Work", 2008 (RSI of 2, average of 200).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.features.rule import Exits, Family, Rule, StrategyParams, crosses_above, crosses_below
from tradewind.features.rule_series import close, rsi, sma
from tradewind.features.rule_space import FADING, choice, real, whole


class Params(StrategyParams, frozen=True, kw_only=True):
    """Periods in bars; ``level`` in RSI points."""

    period: Annotated[int, Meta(ge=2, le=50)] = 2
    level: Annotated[float, Meta(ge=1.0, le=45.0)] = 10.0
    trend_period: Annotated[int, Meta(ge=10, le=400)] = 200
    exits: Exits = Exits(target_r=1.0, time_stop_bars=24)


def rule(params: Params) -> Rule:
    """Exhaustion against the trend."""
    strength, mean = rsi(params.period), sma(params.trend_period)
    return Rule(
        long=crosses_below(strength, params.level) & (close() > mean),
        short=crosses_above(strength, 100.0 - params.level) & (close() < mean),
        exits=params.exits,
    )


STRATEGY = Family(
    "RSI_Reversion",
    "reversion",
    Params,
    rule,
    pool=(Params(), Params(period=4, level=20.0, trend_period=100)),
    space={
        "period": whole(2, 8),
        "level": real(5.0, 35.0, 2.5),
        "trend_period": choice(50, 100, 150, 200, 300),
    },
    ways_out=FADING,
)
