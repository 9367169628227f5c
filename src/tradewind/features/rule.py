"""The language of rules, in one place to import from.

>>> from tradewind.features.rule_series import ema, rsi
>>> above = ema(12) > ema(26)
>>> rule = Rule(long=rising_edge(above) & (rsi(14) >= 50), short=rising_edge(~above) & (rsi(14) <= 50), exits=Exits())
>>> print(rule.long)
ema(12) > ema(26) and ema(12)[1] <= ema(26)[1] and rsi(14) >= 50

Indicators as operands are in ``rule_series``, compiling in ``rule_program``, explaining in ``rule_explanation``.
"""

from tradewind.features.rule_exits import Exits, StopMode
from tradewind.features.rule_expression import (
    Comparison,
    Condition,
    Operand,
    Series,
    crosses_above,
    crosses_below,
    rising_edge,
    value,
)
from tradewind.features.rule_member import Family, Kind, Member, Rule, StrategyParams, member_of, spec_hash

__all__ = [
    "Comparison",
    "Condition",
    "Exits",
    "Family",
    "Kind",
    "Member",
    "Operand",
    "Rule",
    "Series",
    "StopMode",
    "StrategyParams",
    "crosses_above",
    "crosses_below",
    "member_of",
    "rising_edge",
    "spec_hash",
    "value",
]
