"""What the news of a day said, at any moment, from what was known of them by then."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured
from tradewind.model.timeframe import DAY

PARTS: Final = 1_000_000
"""Scores are counted in millionths: whole numbers add up to the same in every order and from every start."""


class NewsScores:
    """Scores of articles about one symbol, and when each was known.

    An article counts from ``known_at`` on: the later of its own time and the time it was seen, UTC nanoseconds, in any
    order. ``score`` is -1 to 1. ``since`` is the time from which the source was read: before it nothing is known, which
    is not the same as silence.

    Raises:
        Misconfigured: arrays that differ in length, or a score outside -1 to 1.
    """

    def __init__(self, known_at: NDArray[np.int64], score: NDArray[np.float64], since: int, window: int = DAY) -> None:
        if known_at.shape != score.shape or known_at.ndim != 1 or not (np.abs(score) <= 1.0).all():
            raise Misconfigured(
                f"{known_at.size} times and {score.size} scores", where="NewsScores", allowed="as many, each -1 to 1"
            )
        order = np.argsort(known_at, kind="stable")
        self.since: Final = since
        self.window: Final = window
        self._known = known_at[order]
        self._total = np.concatenate([[0], np.cumsum(np.rint(score[order] * PARTS).astype(np.int64))])

    def at(self, ts: NDArray[np.int64]) -> NDArray[np.float64]:
        """Mean score and number of the articles known in ``(ts - window, ts]``, ``(n, 2)``.

        Without an article the mean is 0. NaN until a whole window has been read.
        """
        last = np.searchsorted(self._known, ts, side="right")
        first = np.searchsorted(self._known, ts - self.window, side="right")
        number = (last - first).astype(np.float64)
        total = (self._total[last] - self._total[first]).astype(np.float64)
        found = np.column_stack([total / np.maximum(number, 1.0) / PARTS, number])
        found[ts < self.since + self.window] = np.nan
        return found
