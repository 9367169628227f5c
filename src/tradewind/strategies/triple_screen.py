"""Trading a dip of the short term in the direction of a longer one: two timeframes seen on one series.

The tide is an exponential average over ``period`` bars of a timeframe ``factor`` times as long, which on this one is
an average over ``period`` x ``factor`` bars; it rises or falls from bar to bar. Long on the bar at which the stochastic
comes back above ``level`` while the tide rises, short when it comes back below 100 - ``level`` while it falls.

Source: Elder, "Trading for a Living", 1993 (the triple screen: tide, wave, entry).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.features.rule import Exits, Family, Rule, StrategyParams, crosses_above, crosses_below
from tradewind.features.rule_series import ema, stoch
from tradewind.features.rule_space import choice, real, scale, whole


class Params(StrategyParams, frozen=True, kw_only=True):
    """``period`` in bars of the longer timeframe, ``wave_period`` of this one; ``level`` in points of 100."""

    period: Annotated[int, Meta(ge=3, le=100)] = 13
    factor: Annotated[int, Meta(ge=2, le=60)] = 24
    wave_period: Annotated[int, Meta(ge=3, le=200)] = 14
    level: Annotated[float, Meta(ge=1.0, le=45.0)] = 30.0
    exits: Exits = Exits(target_r=2.0, time_stop_bars=48)


def rule(params: Params) -> Rule:
    """The wave turns back into the tide."""
    tide = ema(params.period * params.factor)
    wave = stoch(params.wave_period, 3, 3, "k")
    return Rule(
        long=crosses_above(wave, params.level) & (tide > tide.lag()),
        short=crosses_below(wave, 100.0 - params.level) & (tide < tide.lag()),
        exits=params.exits,
    )


STRATEGY = Family(
    "Triple_Screen",
    "multi-timeframe",
    Params,
    rule,
    pool=(),
    space={
        "period": whole(5, 26),
        "factor": choice(4, 6, 12, 24),
        "wave_period": scale(5, 30),
        "level": real(15.0, 40.0, 2.5),
    },
)
