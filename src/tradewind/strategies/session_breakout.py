"""Breakout from the quiet hours when a trading centre opens.

Between ``from_hour`` and ``to_hour`` (UTC hour of the bar's close, both included) long when the close is above the
highest high of the ``period`` bars before it, short below their lowest low. The default is the opening of London after
the Asian hours.

Source: Ito and Hashimoto, "Intraday seasonality in activities of the foreign exchange markets", Journal of the
Japanese and International Economies 20, 2006 (activity by hour).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.errors import Misconfigured
from tradewind.features.rule import Exits, Family, Rule, StrategyParams
from tradewind.features.rule_series import close, donchian, hour
from tradewind.features.rule_space import real, whole
from tradewind.model.timeframe import Timeframe


class Params(StrategyParams, frozen=True, kw_only=True):
    """``period`` in bars; hours are UTC."""

    period: Annotated[int, Meta(ge=3, le=400)] = 8
    from_hour: Annotated[int, Meta(ge=0, le=23)] = 7
    to_hour: Annotated[int, Meta(ge=0, le=23)] = 10
    exits: Exits = Exits(target_r=1.5, time_stop_bars=12)

    def __post_init__(self) -> None:
        if self.from_hour > self.to_hour:
            raise Misconfigured(
                f"from_hour {self.from_hour}, to_hour {self.to_hour}",
                where="Session_Breakout",
                allowed="from_hour <= to_hour, within one UTC day",
            )


def rule(params: Params) -> Rule:
    """The channel breaks in the opening hours."""
    opening = (hour() >= params.from_hour) & (hour() <= params.to_hour)
    return Rule(
        long=opening & (close() > donchian(params.period, "upper").lag()),
        short=opening & (close() < donchian(params.period, "lower").lag()),
        exits=params.exits,
    )


STRATEGY = Family(
    "Session_Breakout",
    "session",
    Params,
    rule,
    pool=(Params(), Params(from_hour=13, to_hour=15)),
    longest=Timeframe.H1,
    space={
        "period": whole(4, 24),
        "from_hour": whole(5, 16),
        "to_hour": whole(6, 19, at_least="from_hour"),
    },
    ways_out={"target_r": real(1.0, 3.0, 0.25), "time_stop_bars": whole(4, 24, 2)},
)
