"""How much labels that overlap in time say together.

After Lopez de Prado, Advances in Financial Machine Learning (2018), chapter 4. A label lives from its entry to the bar
at which it is known, both included; labels that live at the same time are explained by the same returns.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def concurrency(start: Ints, end: Ints, bars: int) -> Ints:
    """Number of labels alive at each bar, shape ``(bars,)``: ``c_t = #{i: start_i <= t <= end_i}``.

    Raises:
        Misconfigured: a label that ends before it starts, or outside the bars.
    """
    if start.size and not ((start >= 0) & (start <= end) & (end < bars)).all():
        raise Misconfigured("a label outside the bars", where="concurrency", allowed="0 <= start <= end < bars")
    steps = np.bincount(start, minlength=bars + 1) - np.bincount(end + 1, minlength=bars + 1)
    alive: Ints = np.cumsum(steps)[:bars]
    return alive


def average_uniqueness(start: Ints, end: Ints, bars: int) -> Floats:
    """``u_i = mean of 1 / c_t over start_i <= t <= end_i``, in (0, 1]; the weight of a sample, shape ``(labels,)``.

    The sum of all is the number of independent labels they amount to (``n_eff``).

    Raises:
        Misconfigured: as ``concurrency``.
    """
    return _mean_inverse(concurrency(start, end, bars), start, end)


def sequential_odds(start: Ints, end: Ints, bars: int, drawn: Sequence[int]) -> Floats:
    """Chance of each label to be drawn next by the sequential bootstrap, given the indices drawn before; sums to 1.

    ``p_i ~ mean of 1 / (1 + c_t)`` over its bars, ``c`` counting the drawn ones: what overlaps them is less likely.

    Raises:
        Misconfigured: as ``concurrency``.
    """
    taken = np.asarray(drawn, np.int64)
    odds = _mean_inverse(1 + concurrency(start[taken], end[taken], bars), start, end)
    shares: Floats = odds / odds.sum()
    return shares


def without_overlap(start: Ints, end: Ints) -> Ints:
    """Indices of labels that share no bar, greedily from the first on; ``start`` ascending. The independent events."""
    kept: list[int] = []
    free_from = -1
    for index, (first, last) in enumerate(zip(start.tolist(), end.tolist(), strict=True)):
        if first > free_from:
            kept.append(index)
            free_from = last
    return np.asarray(kept, np.int64)


def _mean_inverse(alive: Ints, start: Ints, end: Ints) -> Floats:
    inverse = np.zeros(alive.size + 1)
    np.cumsum(np.divide(1.0, alive, out=np.zeros(alive.size), where=alive > 0), out=inverse[1:])
    return np.minimum(1.0, (inverse[end + 1] - inverse[start]) / (end + 1 - start))
