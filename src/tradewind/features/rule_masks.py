"""Compiles the rules of many members into operations on 64-bit words: the same expressions, for whole blocks of bars.

Every comparison becomes one of three kinds, ``a > b`` between rows or against a number; ``a >= b`` is the contrary of
``b > a``, which holds because a rule with a NaN is unknown as a whole. A comparison one bar ago is the mask of the same
comparison, one bit later. So a rule over two averages costs one comparison of rows, however often it looks back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured
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
)
from tradewind.features.rule_member import Member
from tradewind.features.rule_series import atr
from tradewind.kernels import sweep_masks as kernel

_ARITHMETIC: Final = {"+": kernel.ADD, "-": kernel.SUBTRACT, "*": kernel.MULTIPLY, "/": kernel.DIVIDE}


_OPERANDS: Final = {kernel.AND: 2, kernel.OR: 2, kernel.AND_NOT: 2, kernel.EARLIER: 1}
"""How many masks an operation reads."""


class Literal(NamedTuple):
    """A mask, or its contrary."""

    mask: int
    negated: bool

    @property
    def number(self) -> int:
        """As the kernel takes it: twice the mask, plus one for the contrary."""
        return 2 * self.mask + self.negated


class MaskProgram(NamedTuple):
    """What the kernel runs for a block, and per member the masks of its sides and what they read.

    ``reads`` lists rows as ``2 * row + bars ago``; those of member k are ``reads[spans[k] : spans[k + 1]]``. ``atr``
    is the row of the range each member's stop needs, -1 for none.
    """

    code: NDArray[np.int64]
    numbers: NDArray[np.float64]
    reads: NDArray[np.int64]
    spans: NDArray[np.int64]
    longs: NDArray[np.int64]
    shorts: NDArray[np.int64]
    atr: NDArray[np.int64]
    n_rows: int
    n_masks: int


def mask_program(members: Sequence[Member], rows: Mapping[str, int], n_rows: int) -> MaskProgram:
    """The rules of ``members`` over cells of which ``rows`` names the indicators; more rows are added for arithmetic.

    Raises:
        Misconfigured: a rule reads an indicator without a row.
    """
    build = _Assembly(rows, n_rows)
    longs, shorts, spans, ranges = [], [], [0], []
    reads: list[int] = []
    for member in members:
        build.read = {}
        longs.append(build.literal(member.rule.long, member.id).number)
        shorts.append(build.literal(member.rule.short, member.id).number)
        row = -1
        if member.rule.exits.needs_atr:
            row = build.row_of(atr(member.rule.exits.atr_period).indicator.key, member.id)
            build.read[2 * row] = None
        ranges.append(row)
        reads.extend(build.read)
        spans.append(len(reads))
    code = np.array(build.code, dtype=np.int64).reshape(-1, 4)
    places, n_masks = _places(code, build.n_masks, {number >> 1 for number in (*longs, *shorts)})
    longs, shorts = ([2 * places[number >> 1] + (number & 1) for number in some] for some in (longs, shorts))
    return MaskProgram(
        code=_placed(code, places),
        numbers=np.array(list(build.numbers), dtype=np.float64),
        reads=np.array(reads, dtype=np.int64),
        spans=np.array(spans, dtype=np.int64),
        longs=np.array(longs, dtype=np.int64),
        shorts=np.array(shorts, dtype=np.int64),
        atr=np.array(ranges, dtype=np.int64),
        n_rows=build.n_rows,
        n_masks=n_masks,
    )


def _places(code: NDArray[np.int64], n_masks: int, kept: Collection[int]) -> tuple[list[int], int]:
    """Where each mask stands, and how many places that takes: one that nothing reads any more gives its place away.

    A block's masks then stay in the cache beside its numbers. ``kept`` are read after the last operation.
    """
    last = [0] * n_masks
    for k, (operation, a, b, _) in enumerate(code.tolist()):
        for mask in _read(operation, a, b):
            last[mask] = k
    places, free, used = [0] * n_masks, [], 0
    for k, (operation, a, b, to) in enumerate(code.tolist()):
        free += [places[mask] for mask in _read(operation, a, b) if last[mask] == k and mask not in kept]
        if operation < kernel.ADD:
            if not free:
                free.append(used)
                used += 1
            places[to] = free.pop()
    return places, used


def _placed(code: NDArray[np.int64], places: Sequence[int]) -> NDArray[np.int64]:
    """``code`` over the places of its masks."""
    moved = code.copy()
    for line in moved:
        operation = int(line[0])
        if operation < kernel.ADD:
            line[3] = places[line[3]]
            for column in (1, 2)[: _OPERANDS.get(operation, 0)]:
                line[column] = places[line[column]]
    return moved


def _read(operation: int, a: int, b: int) -> tuple[int, ...]:
    """The masks an operation reads, each once."""
    return tuple(dict.fromkeys((a, b)[: _OPERANDS.get(operation, 0)]))


class _Assembly:
    """Gives every distinct part one mask or one row; ``read`` collects what the member at hand looks at."""

    def __init__(self, rows: Mapping[str, int], n_rows: int) -> None:
        self._rows = rows
        self.n_rows = n_rows
        self.n_masks = 0
        self.numbers: dict[float, int] = {}
        self.code: list[tuple[int, int, int, int]] = []
        self.read: dict[int, None] = {}
        self._masks: dict[tuple[int, int, int], int] = {}
        self._made: dict[tuple[int, int, int], int] = {}

    def literal(self, part: Condition, member: str) -> Literal:
        """The mask of a condition."""
        match part:
            case Comparison(order=order, left=left, right=right):
                if order in (">", "<="):
                    return Literal(self._greater(left, right, member), order == "<=")
                return Literal(self._greater(right, left, member), order == ">=")
            case Both(left=left, right=right):
                return self._both(self.literal(left, member), self.literal(right, member))
            case Either(left=left, right=right):
                one, other = self.literal(left, member), self.literal(right, member)
                contrary = self._both(one._replace(negated=not one.negated), other._replace(negated=not other.negated))
                return contrary._replace(negated=not contrary.negated)
            case Negated(part=inner):
                found = self.literal(inner, member)
                return found._replace(negated=not found.negated)
            case _:
                raise Misconfigured(f"{type(part).__name__} is no rule expression", where=member)

    def row_of(self, key: str, member: str) -> int:
        """The row of an indicator."""
        row = self._rows.get(key)
        if row is None:
            raise Misconfigured(
                f"indicator {key} has no row", where=member, next_step="lay out the indicators_of(members)"
            )
        return row

    def _both(self, one: Literal, other: Literal) -> Literal:
        if one.negated and other.negated:
            return Literal(self._mask(kernel.OR, *sorted((one.mask, other.mask))), True)
        if one.negated:
            return Literal(self._mask(kernel.AND_NOT, other.mask, one.mask), False)
        if other.negated:
            return Literal(self._mask(kernel.AND_NOT, one.mask, other.mask), False)
        return Literal(self._mask(kernel.AND, *sorted((one.mask, other.mask))), False)

    def _greater(self, left: Operand, right: Operand, member: str) -> int:
        """The mask of ``left > right``; where both look one bar back, that of the same bar, moved on."""
        series = [side for side in (left, right) if isinstance(side, Series)]
        plain = all(isinstance(side, Series | Constant) for side in (left, right))
        if plain and series and all(side.bars_ago for side in series):
            for side in series:
                self.read[2 * self.row_of(side.indicator.key, member) + 1] = None
            now = [Series(side.indicator) if isinstance(side, Series) else side for side in (left, right)]
            return self._mask(kernel.EARLIER, self._compared(now[0], now[1], member, noted=False), 0)
        return self._compared(left, right, member, noted=True)

    def _compared(self, left: Operand, right: Operand, member: str, *, noted: bool) -> int:
        if isinstance(right, Constant) and not isinstance(left, Constant):
            return self._mask(kernel.ABOVE_NUMBER, self._cells(left, member, noted=noted), self._number(right.number))
        if isinstance(left, Constant) and not isinstance(right, Constant):
            return self._mask(kernel.BELOW_NUMBER, self._cells(right, member, noted=noted), self._number(left.number))
        places = (self._cells(left, member, noted=noted), self._cells(right, member, noted=noted))
        return self._mask(kernel.ROWS_GREATER, *places)

    def _cells(self, part: Operand, member: str, *, noted: bool = True) -> int:
        """Where a number per bar stands, ``2 * row + bars ago``."""
        match part:
            case Series(indicator=indicator, bars_ago=bars_ago):
                place = 2 * self.row_of(indicator.key, member) + bars_ago
                if noted:
                    self.read[place] = None
                return place
            case Constant(number=number):
                return 2 * self._row(kernel.FILL, self._number(number), 0)
            case Combined(op=op, left=left, right=right):
                made = self._row(_ARITHMETIC[op], self._cells(left, member), self._cells(right, member))
                self.read[2 * made] = None
                return 2 * made
            case _:
                raise Misconfigured(f"{type(part).__name__} is no operand", where=member)

    def _number(self, number: float) -> int:
        return self.numbers.setdefault(number, len(self.numbers))

    def _mask(self, operation: int, a: int, b: int) -> int:
        line = (operation, a, b)
        if line not in self._masks:
            self._masks[line] = self.n_masks
            self.code.append((*line, self.n_masks))
            self.n_masks += 1
        return self._masks[line]

    def _row(self, operation: int, a: int, b: int) -> int:
        line = (operation, a, b)
        if line not in self._made:
            self._made[line] = self.n_rows
            self.code.append((*line, self.n_rows))
            self.n_rows += 1
        return self._made[line]
