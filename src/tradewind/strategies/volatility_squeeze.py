"""Breakout from a squeeze: volatility is low for the market's range, then price leaves.

The squeeze is on while the Bollinger bands lie inside the Keltner channel. Long when the squeeze was on at the bar
before and the close is above the upper Bollinger band of that bar, short below the lower one.

Source: Carter, "Mastering the Trade", 2005; Bollinger, 2001 (the squeeze).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.features.rule import Exits, Family, Rule, StrategyParams
from tradewind.features.rule_series import bbands, close, keltner
from tradewind.features.rule_space import real, scale


class Params(StrategyParams, frozen=True, kw_only=True):
    """``period`` in bars; widths in standard deviations and in ranges."""

    period: Annotated[int, Meta(ge=5, le=200)] = 20
    band_width: Annotated[float, Meta(ge=0.5, le=4.0)] = 2.0
    channel_width: Annotated[float, Meta(ge=0.5, le=6.0)] = 1.5
    exits: Exits = Exits(target_r=2.0, time_stop_bars=48)


def rule(params: Params) -> Rule:
    """Leaving the bands of a squeeze."""
    upper, lower = (bbands(params.period, params.band_width, edge).lag() for edge in ("upper", "lower"))
    channel = [keltner(params.period, params.period, params.channel_width, edge).lag() for edge in ("upper", "lower")]
    squeezed = (upper < channel[0]) & (lower > channel[1])
    return Rule(long=squeezed & (close() > upper), short=squeezed & (close() < lower), exits=params.exits)


STRATEGY = Family(
    "Volatility_Squeeze",
    "volatility",
    Params,
    rule,
    pool=(Params(), Params(channel_width=2.0)),
    space={
        "period": scale(10, 60),
        "band_width": real(1.5, 2.5, 0.25),
        "channel_width": real(1.0, 2.5, 0.25),
    },
)
