"""Reversion to the trend after a run against it, counted in closes.

Long on the bar that becomes the lowest close of ``period`` bars while it is above the long average, short on the bar
that becomes the highest close of them below it.

Source: Connors and Alvarez, "Short Term Trading Strategies That Work", 2008 (double 7's: 7 closes, average of 200).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.features.rule import Exits, Family, Rule, StrategyParams, rising_edge
from tradewind.features.rule_series import close, highest, lowest, sma
from tradewind.features.rule_space import FADING, choice, whole


class Params(StrategyParams, frozen=True, kw_only=True):
    """Periods in bars."""

    period: Annotated[int, Meta(ge=3, le=100)] = 7
    trend_period: Annotated[int, Meta(ge=10, le=400)] = 200
    exits: Exits = Exits(target_r=1.0, time_stop_bars=24)


def rule(params: Params) -> Rule:
    """A new extreme against the trend."""
    mean = sma(params.trend_period)
    return Rule(
        long=rising_edge(close() <= lowest(params.period)) & (close() > mean),
        short=rising_edge(close() >= highest(params.period)) & (close() < mean),
        exits=params.exits,
    )


STRATEGY = Family(
    "Double_Sevens",
    "reversion",
    Params,
    rule,
    pool=(),
    space={"period": whole(3, 30), "trend_period": choice(50, 100, 150, 200, 300)},
    ways_out=FADING,
)
