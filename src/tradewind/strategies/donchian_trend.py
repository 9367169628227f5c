"""Breakout from the range of the last bars, in the direction of a much longer trend only.

Long when the close is above the highest high of the ``period`` bars before it while the ``fast`` exponential average
is above the ``slow`` one, short below their lowest low while it is under it. With 350 bars the slow average sees the
market as somebody on a timeframe a dozen times as long does.

Source: Faith, "Way of the Turtle", 2007 (the Donchian trend system: 20 bars, averages of 25 and 350).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.errors import Misconfigured
from tradewind.features.rule import Exits, Family, Rule, StrategyParams
from tradewind.features.rule_series import close, donchian, ema
from tradewind.features.rule_space import scale


class Params(StrategyParams, frozen=True, kw_only=True):
    """Periods in bars."""

    period: Annotated[int, Meta(ge=5, le=400)] = 20
    fast: Annotated[int, Meta(ge=2, le=400)] = 25
    slow: Annotated[int, Meta(ge=10, le=2000)] = 350
    exits: Exits = Exits(target_r=2.0, time_stop_bars=96)

    def __post_init__(self) -> None:
        if self.fast >= self.slow:
            raise Misconfigured(f"fast {self.fast}, slow {self.slow}", where="Donchian_Trend", allowed="fast < slow")


def rule(params: Params) -> Rule:
    """The close leaves the channel on the trend's side."""
    fast, slow = ema(params.fast), ema(params.slow)
    return Rule(
        long=(close() > donchian(params.period, "upper").lag()) & (fast > slow),
        short=(close() < donchian(params.period, "lower").lag()) & (fast < slow),
        exits=params.exits,
    )


STRATEGY = Family(
    "Donchian_Trend",
    "multi-timeframe",
    Params,
    rule,
    pool=(),
    space={"period": scale(10, 80), "fast": scale(10, 80), "slow": scale(100, 600, 1.1, above="fast")},
)
