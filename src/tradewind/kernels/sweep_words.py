"""Comparisons of many bars at once: 64 of them as the bits of one word, or eight as the low bits of one.

Compiled code emits vector comparisons of the width the machine has (AVX-512, AVX2, NEON); plain code loops. Bit k of a
word belongs to element k after the place given. A comparison with NaN is false. Reads beyond the elements asked for
never happen: 64, or 8, must be there.
"""

from __future__ import annotations

from typing import Any, Final

from tradewind.kernels.compiled import HAS_COMPILER

ONE_WORD: Final = 64


def _vectors() -> tuple[Any, ...]:
    from llvmlite import ir  # comes with the compiler only
    from numba import types  # likewise
    from numba.extending import intrinsic

    real, word, index = ir.DoubleType(), ir.IntType(64), ir.IntType(32)
    eight = ir.VectorType(real, 8)

    def load(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
        place = builder.gep(context.make_array(kind)(context, builder, array).data, [at])
        return builder.load(builder.bitcast(place, eight.as_pointer()), align=8)

    def spread(builder: Any, value: Any) -> Any:
        nothing = ir.Constant(eight, ir.Undefined)
        first = builder.insert_element(nothing, value, ir.Constant(index, 0))
        return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(index, 8), [0] * 8))

    def bits(builder: Any, order: str, left: Any, right: Any) -> Any:
        found = builder.fcmp_ordered(order, left, right)
        return builder.zext(builder.bitcast(found, ir.IntType(8)), word)

    def sixty_four(builder: Any, part: Any) -> Any:
        whole = ir.Constant(word, 0)
        for step in range(8):
            offset = ir.Constant(word, 8 * step)
            whole = builder.or_(whole, builder.shl(part(offset), offset))
        return whole

    @intrinsic
    def rows(_typing: Any, a: Any, i: Any, b: Any, j: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            def part(offset: Any) -> Any:
                left = load(context, builder, signature.args[0], given[0], builder.add(given[1], offset))
                right = load(context, builder, signature.args[2], given[2], builder.add(given[3], offset))
                return bits(builder, ">", left, right)

            return sixty_four(builder, part)

        return types.uint64(a, types.int64, b, types.int64), code

    def against_number(order: str) -> Any:
        @intrinsic
        def many(_typing: Any, a: Any, i: Any, x: Any) -> Any:
            def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
                number = spread(builder, given[2])

                def part(offset: Any) -> Any:
                    at = builder.add(given[1], offset)
                    return bits(builder, order, load(context, builder, signature.args[0], given[0], at), number)

                return sixty_four(builder, part)

            return types.uint64(a, types.int64, types.float64), code

        return many

    def few_against_number(order: str) -> Any:
        @intrinsic
        def few(_typing: Any, a: Any, i: Any, x: Any) -> Any:
            def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
                value = load(context, builder, signature.args[0], given[0], given[1])
                return bits(builder, order, value, spread(builder, given[2]))

            return types.uint64(a, types.int64, types.float64), code

        return few

    @intrinsic
    def zeros(_typing: Any, x: Any) -> Any:
        def code(_context: Any, builder: Any, _signature: Any, given: Any) -> Any:
            return builder.cttz(given[0], ir.Constant(ir.IntType(1), 0))

        return types.uint64(types.uint64), code

    def joined(combine: Any) -> Any:
        words = ir.VectorType(word, 8)

        @intrinsic
        def eight_words(_typing: Any, masks: Any, i: Any, j: Any, to: Any) -> Any:
            def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
                data = context.make_array(signature.args[0])(context, builder, given[0]).data

                def place(at: Any) -> Any:
                    return builder.bitcast(builder.gep(data, [at]), words.as_pointer())

                left, right = (builder.load(place(at), align=8) for at in given[1:3])
                builder.store(combine(builder, left, right), place(given[3]), align=8)
                return context.get_dummy_value()

            return types.void(masks, types.int64, types.int64, types.int64), code

        return eight_words

    def both(builder: Any, left: Any, right: Any) -> Any:
        return builder.and_(left, right)

    def either(builder: Any, left: Any, right: Any) -> Any:
        return builder.or_(left, right)

    def only(builder: Any, left: Any, right: Any) -> Any:
        return builder.and_(left, builder.not_(right))

    compare = (rows, against_number(">"), against_number("<"), few_against_number("<="), few_against_number(">="))
    return (*compare, zeros, joined(both), joined(either), joined(only))


def _plain() -> tuple[Any, ...]:
    def word(truths: Any) -> int:
        return sum(1 << k for k, truth in enumerate(truths) if truth)

    def rows(a: Any, i: int, b: Any, j: int) -> int:
        return word(a[i : i + 64] > b[j : j + 64])

    def above(a: Any, i: int, x: float) -> int:
        return word(a[i : i + 64] > x)

    def below(a: Any, i: int, x: float) -> int:
        return word(a[i : i + 64] < x)

    def reached_down(a: Any, i: int, x: float) -> int:
        return word(a[i : i + 8] <= x)

    def reached_up(a: Any, i: int, x: float) -> int:
        return word(a[i : i + 8] >= x)

    def zeros(x: Any) -> int:
        number = int(x)
        return (number & -number).bit_length() - 1 if number else 64

    def both(masks: Any, i: int, j: int, to: int) -> None:
        masks[to : to + 8] = masks[i : i + 8] & masks[j : j + 8]

    def either(masks: Any, i: int, j: int, to: int) -> None:
        masks[to : to + 8] = masks[i : i + 8] | masks[j : j + 8]

    def only(masks: Any, i: int, j: int, to: int) -> None:
        masks[to : to + 8] = masks[i : i + 8] & ~masks[j : j + 8]

    return rows, above, below, reached_down, reached_up, zeros, both, either, only


_ALL: Final = _vectors() if HAS_COMPILER else _plain()
greater64: Final = _ALL[0]
"""``greater64(a, i, b, j)``: bit k is ``a[i + k] > b[j + k]``."""
above64: Final = _ALL[1]
"""``above64(a, i, x)``: bit k is ``a[i + k] > x``."""
below64: Final = _ALL[2]
"""``below64(a, i, x)``: bit k is ``a[i + k] < x``."""
at_most8: Final = _ALL[3]
"""``at_most8(a, i, x)``: bit k is ``a[i + k] <= x``, eight elements."""
at_least8: Final = _ALL[4]
"""``at_least8(a, i, x)``: bit k is ``a[i + k] >= x``, eight elements."""
trailing_zeros: Final = _ALL[5]
"""Number of the lowest set bit; 64 for none."""
and8: Final = _ALL[6]
"""``and8(words, i, j, to)``: eight words from ``to`` on become those from ``i`` and those from ``j``."""
or8: Final = _ALL[7]
"""As ``and8``, those from ``i`` or those from ``j``."""
and_not8: Final = _ALL[8]
"""As ``and8``, those from ``i`` without those from ``j``."""
