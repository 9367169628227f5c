"""A rule with the numbers of one bar: what it compared, what came out, and therefore which way it voted."""

from __future__ import annotations

import math

import msgspec

from tradewind.features.indicator import Indicator
from tradewind.features.rule_expression import (
    Both,
    Combined,
    Comparison,
    Condition,
    Constant,
    Either,
    Negated,
    Operand,
    Series,
    comparisons_of,
)
from tradewind.features.rule_member import Rule
from tradewind.model.feature_row import FeatureRow


class Reading(msgspec.Struct, frozen=True):
    """One comparison at one bar; ``holds`` is null where an operand is unknown (NaN) at that bar.

    ``text`` carries the numbers, for example ``ema(12) 1.1032 > ema(26) 1.1019``.
    """

    text: str
    left: float
    right: float
    holds: bool | None


class Weighed(msgspec.Struct, frozen=True):
    """A whole condition at one bar: in words, whether it holds (null: unknown), and each comparison in it.

    ``pivots`` are the positions in ``readings`` of comparisons that alone keep a condition from holding: with the
    opposite truth of that one it would hold.
    """

    text: str
    holds: bool | None
    readings: tuple[Reading, ...]
    pivots: tuple[int, ...] = ()


class Explanation(msgspec.Struct, frozen=True):
    """Why a rule voted ``side``: +1, -1, or 0 where neither condition held, both did, or a number was unknown.

    ``stop_known`` is false while the average true range its stop needs is unknown; the rule is silent then.
    """

    side: int
    long: Weighed
    short: Weighed
    stop_known: bool


def explain(rule: Rule, row: FeatureRow) -> Explanation:
    """``rule`` at ``row``, comparisons in reading order.

    Plain Python over the expression itself; the side is the one ``RuleProgram`` gives for the same row.

    Raises:
        KeyError: the row lacks an indicator of the rule.
    """
    long, short = _weigh(rule.long, row), _weigh(rule.short, row)
    exits = rule.exits
    stop_known = not (exits.needs_atr and math.isnan(row[Indicator("atr", (exits.atr_period,)).key]))
    silent = long.holds is None or short.holds is None or not stop_known
    side = 0 if silent else int(bool(long.holds)) - int(bool(short.holds))
    return Explanation(side, long, short, stop_known)


def _weigh(condition: Condition, row: FeatureRow) -> Weighed:
    parts = tuple(dict.fromkeys(comparisons_of(condition)))
    readings = tuple(
        Reading(
            f"{_shown(part.left, row)} {part.order} {_shown(part.right, row)}",
            _number(part.left, row),
            _number(part.right, row),
            _truth(part, row),
        )
        for part in parts
    )
    holds = _truth(condition, row)
    pivots = [i for i, part in enumerate(parts) if _truth(condition, row, part)] if holds is False else []
    return Weighed(str(condition), holds, readings, tuple(pivots))


def _number(part: Operand, row: FeatureRow) -> float:
    match part:
        case Series(indicator=indicator, bars_ago=bars_ago):
            source = row.previous if bars_ago else row.values
            return float(source[row.index[indicator.key]])
        case Constant(number=number):
            return number
        case Combined(op=op, left=left, right=right):
            return _combine(op, _number(left, row), _number(right, row))
        case _:
            raise TypeError(f"{type(part).__name__} is no operand")


def _combine(op: str, a: float, b: float) -> float:
    match op:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case _:
            return a / b if b != 0.0 else math.nan


def _truth(part: Condition, row: FeatureRow, turned: Comparison | None = None) -> bool | None:
    """Whether ``part`` holds at ``row``, with the comparison ``turned`` taken for the opposite of what it is."""
    match part:
        case Comparison(order=order, left=left, right=right):
            found = _compare(order, _number(left, row), _number(right, row))
            return not found if part == turned and found is not None else found
        case Negated(part=inner):
            held = _truth(inner, row, turned)
            return None if held is None else not held
        case Both(left=left, right=right) | Either(left=left, right=right):
            first, second = _truth(left, row, turned), _truth(right, row, turned)
            if first is None or second is None:
                return None
            return (first and second) if isinstance(part, Both) else (first or second)
        case _:
            raise TypeError(f"{type(part).__name__} is no condition")


def _compare(order: str, a: float, b: float) -> bool | None:
    if math.isnan(a) or math.isnan(b):
        return None
    match order:
        case ">":
            return a > b
        case ">=":
            return a >= b
        case "<":
            return a < b
        case _:
            return a <= b


def _shown(part: Operand, row: FeatureRow) -> str:
    match part:
        case Series():
            return f"{part} {_number(part, row):.6g}"
        case Combined(op=op, left=left, right=right):
            return f"({_shown(left, row)} {op} {_shown(right, row)})"
        case _:
            return str(part)
