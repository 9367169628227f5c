"""Where a series is cut, and what else might have come after the cut."""

from __future__ import annotations

from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tradewind.model.bar import BarColumns

Future = Literal["rally", "crash", "path", "holes"]
"""Prices double and go on; halve and go on; take another path; half of the bars never come."""
FUTURES: Final[tuple[Future, ...]] = get_args(Future)

ALL_CUTS: Final = 400
"""Series of up to so many bars are cut after every bar."""
RANDOM_CUTS: Final = 200
REGULAR_CUTS: Final = 50
GAP_CUTS: Final = 25


def cut_points(columns: BarColumns, generator: np.random.Generator, *, first: int = 1) -> NDArray[np.int64]:
    """How many bars are known at each replay, ascending, from ``first`` to all but one.

    All of them for short series; else ``RANDOM_CUTS`` drawn ones, about ``REGULAR_CUTS`` at equal distances, and
    ``GAP_CUTS`` after the last bar before a gap, where labels of sessions know what they should not.
    """
    every = np.arange(max(first, 1), len(columns.close))
    if len(every) <= ALL_CUTS:
        return every
    gaps = np.flatnonzero(columns.ts_open[1:] != columns.ts_close[:-1]) + 1
    gaps = gaps[gaps >= every[0]]
    drawn = [generator.choice(every, RANDOM_CUTS, replace=False), every[:: len(every) // REGULAR_CUTS]]
    drawn.append(generator.choice(gaps, min(GAP_CUTS, len(gaps)), replace=False))
    return np.unique(np.concatenate(drawn))


def rewritten(
    columns: BarColumns, known: int, future: Future, generator: np.random.Generator, *, opened: bool = False
) -> BarColumns:
    """The first ``known`` bars as they are, then another future; still bars a market could give.

    With ``opened`` the bar after them keeps its open, which somebody was filled at, and nothing else.
    """
    later = columns.slice(known, len(columns.close))
    size = len(later.close)
    if future in ("rally", "crash"):
        factor = np.full(size, 2.0 if future == "rally" else 0.5)
    else:
        factor = np.exp(np.cumsum(generator.normal(0.0, 0.02, size)))
    tail = later._replace(
        open=later.open * factor,
        high=later.high * factor,
        low=later.low * factor,
        close=later.close * factor,
        volume=later.volume * generator.uniform(0.1, 10.0, size),
    )
    if opened and size:
        tail.open[0] = later.open[0]
        tail.high[0] = max(tail.high[0], later.open[0])
        tail.low[0] = min(tail.low[0], later.open[0])
    if future == "holes":
        stays = generator.random(size) < 0.5
        stays[:1] |= opened
        tail = tail.take(stays)
    pairs = zip(columns.slice(0, known), tail, strict=True)
    return BarColumns._make(np.concatenate(pair) for pair in pairs)
