"""Momentum within the day: a session that began with a move goes on with it.

On bars that close in the UTC hour ``at_hour``, long when the change over the ``period`` bars before is at least
``threshold`` percent, short when it is as far below zero. The default looks at the eight hours up to the opening of
New York.

Source: Gao, Han, Li and Zhou, "Market Intraday Momentum", Journal of Financial Economics 129, 2018; Elaut, Frommel and
Lampaert, "Intraday Momentum in FX Markets", Journal of Financial Markets 37, 2018.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tradewind.features.rule import Exits, Family, Rule, StrategyParams
from tradewind.features.rule_series import hour, roc
from tradewind.features.rule_space import real, scale, whole
from tradewind.model.timeframe import Timeframe


class Params(StrategyParams, frozen=True, kw_only=True):
    """``period`` in bars; ``at_hour`` is UTC; ``threshold`` in percent."""

    period: Annotated[int, Meta(ge=1, le=400)] = 8
    at_hour: Annotated[int, Meta(ge=0, le=23)] = 14
    threshold: Annotated[float, Meta(ge=0.0, le=20.0)] = 0.1
    exits: Exits = Exits(target_r=1.5, time_stop_bars=8)


def rule(params: Params) -> Rule:
    """The day's move at its hour."""
    now = (hour() >= params.at_hour) & (hour() <= params.at_hour)
    change = roc(params.period)
    return Rule(
        long=now & (change >= params.threshold) & (change > 0.0),
        short=now & (change <= -params.threshold) & (change < 0.0),
        exits=params.exits,
    )


STRATEGY = Family(
    "Session_Momentum",
    "session",
    Params,
    rule,
    pool=(),
    longest=Timeframe.H1,
    space={"period": whole(3, 24), "at_hour": whole(7, 20), "threshold": scale(0.05, 1.0)},
    ways_out={"target_r": real(1.0, 3.0, 0.25), "time_stop_bars": whole(4, 24, 2)},
)
