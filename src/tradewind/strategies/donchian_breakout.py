"""Breakout from the range of the last bars.

Long when the close is above the highest high of the ``period`` bars before it, short when it is below their lowest
low. The channel is that of the bar before, since the breaking bar is part of its own channel.

Source: Donchian, "High Finance in Copper", Financial Analysts Journal 1960; Faith, "Way of the Turtle", 2007 (20 and
55 bars).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.features.rule import Exits, Family, Rule, StrategyParams
from tradewind.features.rule_series import close, donchian
from tradewind.features.rule_space import scale


class Params(StrategyParams, frozen=True, kw_only=True):
    """``period`` in bars."""

    period: Annotated[int, Meta(ge=5, le=400)] = 20
    exits: Exits = Exits(target_r=2.0, time_stop_bars=96)


def rule(params: Params) -> Rule:
    """Close outside the earlier channel."""
    return Rule(
        long=close() > donchian(params.period, "upper").lag(),
        short=close() < donchian(params.period, "lower").lag(),
        exits=params.exits,
    )


STRATEGY = Family(
    "Donchian_Breakout",
    "breakout",
    Params,
    rule,
    pool=(Params(), Params(period=55)),
    space={"period": scale(10, 250)},
)
