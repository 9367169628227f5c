"""Compiles the rules of many members into one program that a kernel runs once per bar."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured
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
    operands_of,
)
from tradewind.features.rule_member import Member
from tradewind.kernels import rules as kernel

_ARITHMETIC: Final = {"+": kernel.ADD, "-": kernel.SUBTRACT, "*": kernel.MULTIPLY, "/": kernel.DIVIDE}


def indicators_of(members: Iterable[Member]) -> tuple[Indicator, ...]:
    """Every indicator the members' rules and ATR stops read, once each, in the order of first use."""
    found: dict[str, Indicator] = {}
    for member in members:
        for condition in (member.rule.long, member.rule.short):
            for series in operands_of(condition):
                found.setdefault(series.indicator.key, series.indicator)
        if member.rule.exits.needs_atr:
            needed = _atr(member.rule.exits.atr_period)
            found.setdefault(needed.key, needed)
    return tuple(found.values())


class RuleProgram:
    """The rules of ``members`` over the columns of ``index`` (indicator key -> column of the feature bank).

    After ``evaluate``, ``atr`` (float64, ``(n_members,)``) holds the average true range each member's stop needs at
    this bar: 0 for percent stops, NaN during warm-up, when the member is silent. ``voted`` is how many members took a
    side.

    Raises:
        Misconfigured: a rule reads an indicator the bank does not hold.
    """

    __slots__ = ("_program", "_registers", "atr", "members", "voted")

    def __init__(self, members: Sequence[Member], index: Mapping[str, int]) -> None:
        self.members = tuple(members)
        self.voted = 0
        self.atr: NDArray[np.float64] = np.full(len(self.members), math.nan)
        build = _Assembly(index)
        rows = []
        for member in self.members:
            rule = member.rule
            rows.append(
                (
                    build.condition(rule.long, member.id),
                    build.condition(rule.short, member.id),
                    build.atr(rule.exits.atr_period, member.id) if rule.exits.needs_atr else build.constant(0.0),
                )
            )
        self._program, self._registers = build.finished(rows)
        self._compile(len(index))

    @property
    def n_instructions(self) -> int:
        """Distinct sub-expressions over all members: what one evaluation computes."""
        return int(self._program[2])

    def evaluate(
        self, values: NDArray[np.float64], previous: NDArray[np.float64], sides: NDArray[np.int8]
    ) -> NDArray[np.int8]:
        """Fill ``sides`` ``(n_members,)`` with +1, -1 or 0 from the features of this bar and the one before."""
        self.voted = kernel.evaluate_rules(self._program, self._registers, values, previous, sides, self.atr)
        return sides

    def _compile(self, n_features: int) -> None:
        """Have the kernel compiled (or read from its cache) now: no candle ever waits for a compiler."""
        unknown = np.full(n_features, math.nan)
        unknown.flags.writeable = False  # as the feature bank hands them out, which is a type of its own to numba
        self.evaluate(unknown, unknown, np.zeros(len(self.members), dtype=np.int8))

    def run(self, features: NDArray[np.float64]) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
        """``(sides, atr)``, both ``(n_bars, n_members)``, from ``features`` ``(n_bars, n_features)``, oldest first.

        The same kernel over many bars; before the first bar there is only NaN.
        """
        shape = (len(features), len(self.members))
        sides = np.zeros(shape, dtype=np.int8)
        ranges = np.full(shape, math.nan)
        kernel.evaluate_rules_many(self._program, self._registers, np.ascontiguousarray(features), sides, ranges)
        return sides, ranges


_Place = tuple[Literal["feature", "constant", "result"], int]


class _Assembly:
    """Gives every distinct sub-expression one register and one instruction."""

    def __init__(self, index: Mapping[str, int]) -> None:
        self._index = index
        self._width = len(index)
        self._constants: dict[float, int] = {}
        self._code: list[tuple[int, _Place, _Place]] = []
        self._seen: dict[Hashable, _Place] = {}

    def condition(self, part: Condition | Operand, member: str) -> _Place:
        """The place that will hold ``part``."""
        match part:
            case Series(indicator=indicator, bars_ago=bars_ago):
                return "feature", self._column(indicator.key, member) + bars_ago * self._width
            case Constant(number=number):
                return self.constant(number)
            case Combined(op=op, left=left, right=right):
                return self._emit(_ARITHMETIC[op], self.condition(left, member), self.condition(right, member))
            case Comparison(order=order, left=left, right=right):
                a, b = self.condition(left, member), self.condition(right, member)
                strict = kernel.GREATER if order in (">", "<") else kernel.GREATER_EQUAL
                return self._emit(strict, a, b) if order[0] == ">" else self._emit(strict, b, a)
            case Both(left=left, right=right):
                return self._emit(kernel.AND, self.condition(left, member), self.condition(right, member))
            case Either(left=left, right=right):
                return self._emit(kernel.OR, self.condition(left, member), self.condition(right, member))
            case Negated(part=inner):
                place = self.condition(inner, member)
                return self._emit(kernel.NOT, place, place)
            case _:
                raise Misconfigured(f"{type(part).__name__} is no rule expression", where=member)

    def atr(self, period: int, member: str) -> _Place:
        """The place of the average true range."""
        return "feature", self._column(_atr(period).key, member)

    def constant(self, number: float) -> _Place:
        """The place of a fixed number."""
        return "constant", self._constants.setdefault(number, len(self._constants))

    def finished(self, rows: Sequence[tuple[_Place, _Place, _Place]]) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """``(program, registers)`` for the kernel."""
        start = {"feature": 0, "constant": 2 * self._width, "result": 2 * self._width + len(self._constants)}

        def register(place: _Place) -> int:
            return start[place[0]] + place[1]

        cells = [self._width, start["result"], len(self._code), len(rows)]
        for op, a, b in self._code:
            cells += [op, register(a), register(b)]
        for row in rows:
            cells += [register(place) for place in row]
        registers = np.full(start["result"] + len(self._code), math.nan)
        for constant, k in self._constants.items():
            registers[start["constant"] + k] = constant
        return np.array(cells, dtype=np.int32), registers

    def _column(self, key: str, member: str) -> int:
        column = self._index.get(key)
        if column is None:
            raise Misconfigured(
                f"indicator {key} is not in the feature bank",
                where=member,
                allowed=", ".join(sorted(self._index)) or "nothing",
                next_step="build the bank from indicators_of(members)",
            )
        return column

    def _emit(self, op: int, a: _Place, b: _Place) -> _Place:
        line = (op, a, b)
        place = self._seen.get(line)
        if place is None:
            place = self._seen[line] = ("result", len(self._code))
            self._code.append(line)
        return place


def _atr(period: int) -> Indicator:
    return Indicator("atr", (period,))
