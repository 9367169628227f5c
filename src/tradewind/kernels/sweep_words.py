"""Comparisons of many bars at once: 64 of them as the bits of one word, or eight as the low bits of one.

Bit k of a word belongs to element k after the place given. A comparison with NaN is false. 64 elements, or eight, must
be there; nothing beyond them is read.

``greater64(a, i, b, j)``: bit k is ``a[i + k] > b[j + k]``.
``above64(a, i, x)``, ``below64(a, i, x)``: bit k is ``a[i + k] > x``, ``a[i + k] < x``.
``at_most8(a, i, x)``, ``at_least8(a, i, x)``: bit k is ``a[i + k] <= x``, ``a[i + k] >= x``, eight elements.
``trailing_zeros(word)``: number of the lowest set bit; 64 for none.
``and8(words, i, j, to)``: eight words from ``to`` on become those from ``i`` and those from ``j``; ``or8`` those from
``i`` or those from ``j``; ``and_not8`` those from ``i`` without those from ``j``.
``earlier8(words, i, before, to)``: eight words from ``to`` on become those from ``i`` one bit later; the first bit is
``before``.
``votes8(masks, i, turn, j, turned, known, to, at)``: long where the masks from ``i``, turned by ``turn``, are set and
those from ``j``, turned by ``turned``, are not; short the other way round; both where ``known``. Eight words of votes
go to ``to`` from ``at`` on, behind them eight of votes for long.
"""

from __future__ import annotations

from typing import Any, Final

from tradewind.kernels.compiled import HAS_COMPILER

if HAS_COMPILER:
    from tradewind.kernels import sweep_vectors

    _words: Any = sweep_vectors
else:
    from tradewind.kernels import sweep_loops

    _words = sweep_loops

greater64: Final = _words.greater64
above64: Final = _words.above64
below64: Final = _words.below64
at_most8: Final = _words.at_most8
at_least8: Final = _words.at_least8
trailing_zeros: Final = _words.trailing_zeros
and8: Final = _words.and8
or8: Final = _words.or8
and_not8: Final = _words.and_not8
earlier8: Final = _words.earlier8
votes8: Final = _words.votes8
