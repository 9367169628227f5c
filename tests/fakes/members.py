"""Members whose rules are never asked: for books that take votes as they come."""

from __future__ import annotations

from tradewind.features.indicator import Indicator
from tradewind.features.rule import Exits, Member, Rule, StrategyParams, value
from tradewind.model.timeframe import Timeframe


def voter(exits: Exits, number: int = 1) -> Member:
    """A member with ``exits`` and a rule that stands for nothing."""
    close = value(Indicator("close"))
    rule = Rule(long=close > 0, short=close < 0, exits=exits)
    return Member(f"Voter_1h_v{number}", "Voter", Timeframe.H1, StrategyParams(exits=exits), 1.0, rule)
