"""What a rule votes at one bar, in plain Python: written from the rule language in words, bar by bar, no compiler.

A number that is missing makes the whole rule unknown, and an unknown rule does not vote. A division by zero is missing.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any

from tradewind.features.rule_expression import Both, Combined, Comparison, Constant, Either, Negated, Series

_ORDER = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
_ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul}


class _Unknown(Exception):
    """A number the rule reads is missing."""


def oracle_side(rule: Any, columns: Mapping[str, Sequence[float]], bar: int) -> int:
    """+1, -1 or 0; ``columns`` are the indicators by key."""
    try:
        long, short = _holds(rule.long, columns, bar), _holds(rule.short, columns, bar)
    except _Unknown:
        return 0
    return 0 if long == short else (1 if long else -1)


def _holds(part: Any, columns: Mapping[str, Sequence[float]], bar: int) -> bool:
    if isinstance(part, Comparison):
        return _ORDER[part.order](_number(part.left, columns, bar), _number(part.right, columns, bar))
    if isinstance(part, Negated):
        return not _holds(part.part, columns, bar)
    # both sides are looked at in any case: a number missing on either makes the rule unknown
    left, right = _holds(part.left, columns, bar), _holds(part.right, columns, bar)
    assert isinstance(part, Both | Either)
    return (left and right) if isinstance(part, Both) else (left or right)


def _number(part: Any, columns: Mapping[str, Sequence[float]], bar: int) -> float:
    if isinstance(part, Constant):
        return part.number
    if isinstance(part, Series):
        at = bar - part.bars_ago
        found = columns[part.indicator.key][at] if at >= 0 else math.nan
    else:
        assert isinstance(part, Combined)
        left, right = _number(part.left, columns, bar), _number(part.right, columns, bar)
        found = (left / right if right else math.nan) if part.op == "/" else _ARITHMETIC[part.op](left, right)
    if math.isnan(found):
        raise _Unknown
    return found
