"""Trend following on the cross of two exponential averages.

Long on the bar at which the fast average rises above the slow one, short on the bar at which it no longer is, each
only with momentum on its side: RSI at least ``gate``, or at most 100 - ``gate``. A gate of 0 switches that off.

Source: Appel, "Technical Analysis: Power Tools for Active Investors", 2005 (crossing exponential averages);
Wilder, "New Concepts in Technical Trading Systems", 1978 (RSI).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.errors import Misconfigured
from tradewind.features.rule import Exits, Family, Rule, StrategyParams, rising_edge
from tradewind.features.rule_series import ema, rsi
from tradewind.features.rule_space import choice, scale, whole


class Params(StrategyParams, frozen=True, kw_only=True):
    """Periods in bars; ``gate`` in RSI points."""

    fast: Annotated[int, Meta(ge=2, le=200)] = 12
    slow: Annotated[int, Meta(ge=3, le=400)] = 26
    gate: Annotated[float, Meta(ge=0.0, le=70.0)] = 50.0
    rsi_period: Annotated[int, Meta(ge=2, le=100)] = 14
    exits: Exits = Exits(target_r=2.0, time_stop_bars=96)

    def __post_init__(self) -> None:
        if self.fast >= self.slow:
            raise Misconfigured(f"fast {self.fast}, slow {self.slow}", where="EMA_Crossover", allowed="fast < slow")


def rule(params: Params) -> Rule:
    """The cross with its gate."""
    above = ema(params.fast) > ema(params.slow)
    strength = rsi(params.rsi_period)
    return Rule(
        long=rising_edge(above) & (strength >= params.gate),
        short=rising_edge(~above) & (strength <= 100.0 - params.gate),
        exits=params.exits,
    )


STRATEGY = Family(
    "EMA_Crossover",
    "trend",
    Params,
    rule,
    pool=(Params(), Params(fast=20, slow=50)),
    space={
        "fast": whole(3, 50),
        "slow": scale(8, 200, 1.1, above="fast"),
        "gate": choice(0.0, 45.0, 50.0, 55.0),
        "rsi_period": whole(7, 28, 7, unless=("gate", 0.0)),
    },
)
