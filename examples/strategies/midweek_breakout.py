"""Breakout from the range of the last bars, from Tuesday to Thursday only.

Long when the close is above the highest high of the ``period`` bars before it, short below their lowest low, but not on
Mondays, which begin thin, nor on Fridays, which nobody wants to hold over.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.features.rule import Exits, Family, Rule, StrategyParams, value
from tradewind.features.rule_series import close, donchian
from tradewind.features.rule_space import scale, whole
from tradewind.features.spec import weekday


class Params(StrategyParams, frozen=True, kw_only=True):
    """``period`` in bars; weekdays are UTC, Monday is 0."""

    period: Annotated[int, Meta(ge=5, le=400)] = 24
    first_day: Annotated[int, Meta(ge=0, le=6)] = 1
    last_day: Annotated[int, Meta(ge=0, le=6)] = 3
    exits: Exits = Exits(target_r=2.0, time_stop_bars=48)


def rule(params: Params) -> Rule:
    """Close outside the earlier channel, in the middle of the week."""
    day = value(weekday())  # any indicator of features.spec can be compared
    midweek = (day >= params.first_day) & (day <= params.last_day)
    return Rule(
        long=midweek & (close() > donchian(params.period, "upper").lag()),
        short=midweek & (close() < donchian(params.period, "lower").lag()),
        exits=params.exits,
    )


STRATEGY = Family(
    "Midweek_Breakout",
    "breakout",
    Params,
    rule,
    pool=(Params(),),
    space={"period": scale(8, 120), "first_day": whole(0, 2), "last_day": whole(2, 4, at_least="first_day")},
)
