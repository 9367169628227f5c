"""Expressions over indicators: operands, comparisons, and their boolean combinations.

Building an expression computes nothing; ``rule_program`` compiles it and ``rule_explanation`` shows it with numbers.

NaN rule: a comparison with a NaN operand is *unknown*, and an unknown part makes every combination of it unknown, even
``unknown | true``. An unknown rule is silent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, Literal, NoReturn

import msgspec

from tradewind.errors import Misconfigured
from tradewind.features.indicator import Indicator

MAX_LAG: Final = 1
"""Feature rows carry this bar and the one before; a longer look back is an indicator of its own."""

Arithmetic = Literal["+", "-", "*", "/"]
Order = Literal[">", ">=", "<", "<="]
_OPPOSITE: Final[dict[Order, Order]] = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}


class Operand(msgspec.Struct, frozen=True):
    """A number per bar. Supports ``+ - * /`` and ``> >= < <=`` with operands and plain numbers."""

    def lag(self, bars: int = 1) -> Operand:
        """The same number ``bars`` bars ago; only 0 and 1 exist."""
        raise NotImplementedError

    def __add__(self, other: Operand | float) -> Operand:
        return Combined("+", self, operand(other))

    def __radd__(self, other: float) -> Operand:
        return Combined("+", operand(other), self)

    def __sub__(self, other: Operand | float) -> Operand:
        return Combined("-", self, operand(other))

    def __rsub__(self, other: float) -> Operand:
        return Combined("-", operand(other), self)

    def __mul__(self, other: Operand | float) -> Operand:
        return Combined("*", self, operand(other))

    def __rmul__(self, other: float) -> Operand:
        return Combined("*", operand(other), self)

    def __truediv__(self, other: Operand | float) -> Operand:
        return Combined("/", self, operand(other))

    def __rtruediv__(self, other: float) -> Operand:
        return Combined("/", operand(other), self)

    def __gt__(self, other: Operand | float) -> Condition:
        return Comparison(">", self, operand(other))

    def __ge__(self, other: Operand | float) -> Condition:
        return Comparison(">=", self, operand(other))

    def __lt__(self, other: Operand | float) -> Condition:
        return Comparison("<", self, operand(other))

    def __le__(self, other: Operand | float) -> Condition:
        return Comparison("<=", self, operand(other))


class Series(Operand, frozen=True):
    """An indicator at this closed bar (``bars_ago`` 0) or the one before (1); printed ``ema(12)``, ``ema(12)[1]``."""

    indicator: Indicator
    bars_ago: int = 0

    def lag(self, bars: int = 1) -> Operand:
        """Raises Misconfigured for more than one bar in all."""
        if not 0 <= self.bars_ago + bars <= MAX_LAG:
            raise Misconfigured(
                f"lag of {self.bars_ago + bars} bars",
                where=self.indicator.key,
                allowed="0 or 1, the bars a feature row carries",
                next_step="use an indicator that looks further back, such as donchian or roc",
            )
        return Series(self.indicator, self.bars_ago + bars)

    def __str__(self) -> str:
        return f"{self.indicator.key}[{self.bars_ago}]" if self.bars_ago else self.indicator.key


class Constant(Operand, frozen=True):
    """A fixed finite number."""

    number: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.number):
            raise Misconfigured(f"constant {self.number!r} in a rule", allowed="finite numbers")

    def lag(self, bars: int = 1) -> Operand:
        """A constant was the same before."""
        return self

    def __str__(self) -> str:
        return f"{self.number:g}"


class Combined(Operand, frozen=True):
    """``left op right``; division by zero is NaN, therefore unknown."""

    op: Arithmetic
    left: Operand
    right: Operand

    def lag(self, bars: int = 1) -> Operand:
        """Both parts, earlier."""
        return Combined(self.op, self.left.lag(bars), self.right.lag(bars))

    def __str__(self) -> str:
        return f"({self.left} {self.op} {self.right})"


class Condition(msgspec.Struct, frozen=True):
    """True, false or unknown per bar. Combine with ``&``, ``|`` and ``~``; ``and``, ``or`` and ``not`` are refused."""

    def lag(self, bars: int = 1) -> Condition:
        """The same condition ``bars`` bars ago; only 0 and 1 exist."""
        raise NotImplementedError

    def __and__(self, other: Condition) -> Condition:
        return Both(self, other)

    def __or__(self, other: Condition) -> Condition:
        return Either(self, other)

    def __invert__(self) -> Condition:
        return Negated(self)

    def __bool__(self) -> NoReturn:
        raise Misconfigured(
            f"the condition '{self}' was used as a truth value",
            where="rule expression",
            allowed="& | ~ between comparisons in parentheses",
            next_step="write (a > b) & (c > d) instead of 'and', 'or', 'not' or a > b > c",
        )


class Comparison(Condition, frozen=True):
    """``left order right``; unknown where either is NaN."""

    order: Order
    left: Operand
    right: Operand

    def __invert__(self) -> Condition:
        return Comparison(_OPPOSITE[self.order], self.left, self.right)

    def lag(self, bars: int = 1) -> Condition:
        """Both sides, earlier."""
        return Comparison(self.order, self.left.lag(bars), self.right.lag(bars))

    def __str__(self) -> str:
        return f"{self.left} {self.order} {self.right}"


class Both(Condition, frozen=True):
    """True where both are true."""

    left: Condition
    right: Condition

    def lag(self, bars: int = 1) -> Condition:
        """Both parts, earlier."""
        return Both(self.left.lag(bars), self.right.lag(bars))

    def __str__(self) -> str:
        return f"{_grouped(self.left, Both)} and {_grouped(self.right, Both)}"


class Either(Condition, frozen=True):
    """True where at least one is true."""

    left: Condition
    right: Condition

    def lag(self, bars: int = 1) -> Condition:
        """Both parts, earlier."""
        return Either(self.left.lag(bars), self.right.lag(bars))

    def __str__(self) -> str:
        return f"{_grouped(self.left, Either)} or {_grouped(self.right, Either)}"


class Negated(Condition, frozen=True):
    """True where the part is false."""

    part: Condition

    def __invert__(self) -> Condition:
        return self.part

    def lag(self, bars: int = 1) -> Condition:
        """The part, earlier."""
        return Negated(self.part.lag(bars))

    def __str__(self) -> str:
        return f"not ({self.part})"


def operand(source: Operand | float) -> Operand:
    """``source`` itself, or a constant for a plain number."""
    return source if isinstance(source, Operand) else Constant(float(source))


def value(indicator: Indicator) -> Series:
    """An indicator as operand."""
    return Series(indicator)


def crosses_above(left: Operand, right: Operand | float) -> Condition:
    """``left > right`` now and ``left <= right`` one bar ago."""
    other = operand(right)
    return Both(left > other, left.lag() <= other.lag())


def crosses_below(left: Operand, right: Operand | float) -> Condition:
    """``left < right`` now and ``left >= right`` one bar ago."""
    other = operand(right)
    return Both(left < other, left.lag() >= other.lag())


def rising_edge(condition: Condition) -> Condition:
    """``condition`` true now and false one bar ago."""
    return Both(condition, ~condition.lag())


def operands_of(part: Condition | Operand) -> Iterator[Series]:
    """Every series in ``part``, in reading order, repeats included."""
    match part:
        case Series():
            yield part
        case Comparison(left=left, right=right) | Combined(left=left, right=right):
            yield from operands_of(left)
            yield from operands_of(right)
        case Both(left=left, right=right) | Either(left=left, right=right):
            yield from operands_of(left)
            yield from operands_of(right)
        case Negated(part=inner):
            yield from operands_of(inner)
        case _:
            return


def comparisons_of(condition: Condition) -> Iterator[Comparison]:
    """Every comparison in ``condition``, in reading order, repeats included."""
    match condition:
        case Comparison():
            yield condition
        case Both(left=left, right=right) | Either(left=left, right=right):
            yield from comparisons_of(left)
            yield from comparisons_of(right)
        case Negated(part=inner):
            yield from comparisons_of(inner)
        case _:
            return


def _grouped(part: Condition, parent: type[Condition]) -> str:
    bare = isinstance(part, (Comparison, Negated, parent))
    return str(part) if bare else f"({part})"
