"""Breakout by one bar that goes farther than the market's range lets expect.

Long when the close is more than ``width`` average true ranges above the close before, short when it is as far below;
the range is that of the bar before, which the breaking bar has not widened yet.

Source: Williams, "Long-Term Secrets to Short-Term Trading", 1999 (volatility breakout).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.features.rule import Exits, Family, Rule, StrategyParams
from tradewind.features.rule_series import atr, close
from tradewind.features.rule_space import real, whole


class Params(StrategyParams, frozen=True, kw_only=True):
    """``range_period`` of the average true range in bars; ``width`` in ranges."""

    range_period: Annotated[int, Meta(ge=2, le=100)] = 14
    width: Annotated[float, Meta(ge=0.1, le=6.0)] = 1.0
    exits: Exits = Exits(target_r=1.5, time_stop_bars=24)


def rule(params: Params) -> Rule:
    """A bar beyond the usual range."""
    before = close().lag()
    reach = params.width * atr(params.range_period).lag()
    return Rule(long=close() > before + reach, short=close() < before - reach, exits=params.exits)


STRATEGY = Family(
    "Volatility_Breakout",
    "volatility",
    Params,
    rule,
    pool=(),
    space={"range_period": whole(4, 40), "width": real(0.5, 3.0, 0.125)},
)
