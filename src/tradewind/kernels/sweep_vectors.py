"""Vector comparisons for compiled code, of the width the machine has (AVX-512, AVX2, NEON); needs the compiler.

Written down as LLVM instructions because a loop over elements is not always turned into them, and a sweep spends half
its time in these. ``sweep_words`` says what each does.
"""

from __future__ import annotations

from typing import Any, Final

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_WORD: Final = ir.IntType(64)
_INDEX: Final = ir.IntType(32)
_EIGHT: Final = ir.VectorType(ir.DoubleType(), 8)
_EIGHT_WORDS: Final = ir.VectorType(_WORD, 8)


def _load(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    place = builder.gep(context.make_array(kind)(context, builder, array).data, [at])
    return builder.load(builder.bitcast(place, _EIGHT.as_pointer()), align=8)


def _spread(builder: Any, value: Any) -> Any:
    nothing = ir.Constant(_EIGHT, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(_INDEX, 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_INDEX, 8), [0] * 8))


def _bits(builder: Any, order: str, left: Any, right: Any) -> Any:
    found = builder.fcmp_ordered(order, left, right)
    return builder.zext(builder.bitcast(found, ir.IntType(8)), _WORD)


def _sixty_four(builder: Any, part: Any) -> Any:
    whole = ir.Constant(_WORD, 0)
    for step in range(8):
        offset = ir.Constant(_WORD, 8 * step)
        whole = builder.or_(whole, builder.shl(part(offset), offset))
    return whole


@intrinsic
def greater64(_typing: Any, a: Any, i: Any, b: Any, j: Any) -> Any:
    """64 elements of one array against those of another."""

    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        def part(offset: Any) -> Any:
            left = _load(context, builder, signature.args[0], given[0], builder.add(given[1], offset))
            right = _load(context, builder, signature.args[2], given[2], builder.add(given[3], offset))
            return _bits(builder, ">", left, right)

        return _sixty_four(builder, part)

    return types.uint64(a, types.int64, b, types.int64), code


def _many_against_number(order: str) -> Any:
    @intrinsic
    def many(_typing: Any, a: Any, i: Any, x: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            number = _spread(builder, given[2])

            def part(offset: Any) -> Any:
                at = builder.add(given[1], offset)
                return _bits(builder, order, _load(context, builder, signature.args[0], given[0], at), number)

            return _sixty_four(builder, part)

        return types.uint64(a, types.int64, types.float64), code

    return many


def _few_against_number(order: str) -> Any:
    @intrinsic
    def few(_typing: Any, a: Any, i: Any, x: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            value = _load(context, builder, signature.args[0], given[0], given[1])
            return _bits(builder, order, value, _spread(builder, given[2]))

        return types.uint64(a, types.int64, types.float64), code

    return few


def _joined(combine: Any) -> Any:
    @intrinsic
    def eight_words(_typing: Any, masks: Any, i: Any, j: Any, to: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            data = context.make_array(signature.args[0])(context, builder, given[0]).data

            def place(at: Any) -> Any:
                return builder.bitcast(builder.gep(data, [at]), _EIGHT_WORDS.as_pointer())

            left, right = (builder.load(place(at), align=8) for at in given[1:3])
            builder.store(combine(builder, left, right), place(given[3]), align=8)
            return context.get_dummy_value()

        return types.void(masks, types.int64, types.int64, types.int64), code

    return eight_words


def _words_at(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    place = builder.gep(context.make_array(kind)(context, builder, array).data, [at])
    return builder.bitcast(place, _EIGHT_WORDS.as_pointer())


def _all_of(builder: Any, word: Any) -> Any:
    nothing = ir.Constant(_EIGHT_WORDS, ir.Undefined)
    first = builder.insert_element(nothing, word, ir.Constant(_INDEX, 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_INDEX, 8), [0] * 8))


@intrinsic
def earlier8(_typing: Any, words: Any, i: Any, before: Any, to: Any) -> Any:
    """Eight words one bit later."""

    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kind = signature.args[0]
        found = builder.load(_words_at(context, builder, kind, given[0], given[1]), align=8)
        one, last = (ir.Constant(_EIGHT_WORDS, [amount] * 8) for amount in (1, 63))
        carries = builder.lshr(found, last)
        first = builder.insert_element(ir.Constant(_EIGHT_WORDS, [0] * 8), given[2], ir.Constant(_INDEX, 0))
        moved = ir.Constant(ir.VectorType(_INDEX, 8), [0, *range(8, 15)])
        carried = builder.shuffle_vector(first, carries, moved)
        result = builder.or_(builder.shl(found, one), carried)
        builder.store(result, _words_at(context, builder, kind, given[0], given[3]), align=8)
        return context.get_dummy_value()

    return types.void(words, types.int64, types.uint64, types.int64), code


@intrinsic
def votes8(_typing: Any, masks: Any, i: Any, turn: Any, j: Any, turned: Any, known: Any, to: Any, at: Any) -> Any:
    """Votes of one member over eight words."""

    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kinds = signature.args

        def words(which: int, at: Any) -> Any:
            return builder.load(_words_at(context, builder, kinds[which], given[which], at), align=8)

        up = builder.xor(words(0, given[1]), _all_of(builder, given[2]))
        down = builder.xor(words(0, given[3]), _all_of(builder, given[4]))
        voted = builder.and_(builder.xor(up, down), words(5, ir.Constant(_WORD, 0)))
        for value, place in (
            (voted, given[7]),
            (builder.and_(up, voted), builder.add(given[7], ir.Constant(_WORD, 8))),
        ):
            builder.store(value, _words_at(context, builder, kinds[6], given[6], place), align=8)
        return context.get_dummy_value()

    arguments = (masks, types.int64, types.uint64, types.int64, types.uint64, known, to, types.int64)
    return types.void(*arguments), code


@intrinsic
def trailing_zeros(_typing: Any, x: Any) -> Any:
    """Number of the lowest set bit."""

    def code(_context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        return builder.cttz(given[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), code


above64: Final = _many_against_number(">")
below64: Final = _many_against_number("<")
at_most8: Final = _few_against_number("<=")
at_least8: Final = _few_against_number(">=")
and8: Final = _joined(lambda builder, left, right: builder.and_(left, right))
or8: Final = _joined(lambda builder, left, right: builder.or_(left, right))
and_not8: Final = _joined(lambda builder, left, right: builder.and_(left, builder.not_(right)))
