"""What the news of a day said, at any moment, from what was known of them by then."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured
from tradewind.model.timeframe import DAY, HOUR

PARTS: Final = 1_000_000
"""Scores are counted in millionths: whole numbers add up to the same in every order and from every start."""

LULL: Final = 6 * HOUR
"""How long a reading of the sources is believed: after a longer silence of the reader nothing is known."""

Span = tuple[int, int]


class News(Protocol):
    """What the rows of a model ask of the news."""

    def at(self, ts: NDArray[np.int64]) -> NDArray[np.float64]:
        """Mean score and number of the articles of a day, ``(n, 2)``; NaN where nobody had read a whole day."""
        ...


class NewsScores:
    """Scores of articles about one symbol, and when each was known.

    An article counts from ``known_at`` on: the later of its own time and the time it was seen, UTC nanoseconds, in any
    order. ``score`` is -1 to 1. ``since`` is the time from which the source was read, or the spans in which it was
    (``span_of``, ``merged``): outside of them nothing is known, which is not the same as silence.

    Raises:
        Misconfigured: arrays that differ in length, or a score outside -1 to 1.
    """

    def __init__(
        self,
        known_at: NDArray[np.int64],
        score: NDArray[np.float64],
        since: int | Sequence[Span],
        window: int = DAY,
    ) -> None:
        if known_at.shape != score.shape or known_at.ndim != 1 or not (np.abs(score) <= 1.0).all():
            raise Misconfigured(
                f"{known_at.size} times and {score.size} scores", where="NewsScores", allowed="as many, each -1 to 1"
            )
        order = np.argsort(known_at, kind="stable")
        self.window: Final = window
        self._known = known_at[order]
        self._total = np.concatenate([[0], np.cumsum(np.rint(score[order] * PARTS).astype(np.int64))])
        spans = [(since, np.iinfo(np.int64).max)] if isinstance(since, int) else list(since)
        self._begins = np.array([begin for begin, _ in spans], dtype=np.int64)
        self._ends = np.array([end for _, end in spans], dtype=np.int64)

    @property
    def until(self) -> int:
        """Up to when anything is known, UTC nanoseconds; 0: never."""
        return int(self._ends.max(initial=0))

    @property
    def articles(self) -> int:
        """Number of articles."""
        return self._known.size

    def at(self, ts: NDArray[np.int64]) -> NDArray[np.float64]:
        """Mean score and number of the articles known in ``(ts - window, ts]``, ``(n, 2)``.

        Without an article the mean is 0. NaN unless the sources were read over the whole window.
        """
        last = np.searchsorted(self._known, ts, side="right")
        first = np.searchsorted(self._known, ts - self.window, side="right")
        number = (last - first).astype(np.float64)
        total = (self._total[last] - self._total[first]).astype(np.float64)
        found = np.column_stack([total / np.maximum(number, 1.0) / PARTS, number])
        if not self._begins.size:
            found[:] = np.nan
            return found
        span = np.searchsorted(self._begins, ts - self.window, side="right") - 1
        read = (span >= 0) & (ts <= self._ends[np.maximum(span, 0)])
        found[~read] = np.nan
        return found


class HeardNews:
    """The same numbers, bit for bit, from articles that arrive one by one; it forgets what no window holds any more.

    A bar that closed up to a window before the newest reading can still be asked for.
    """

    def __init__(self, window: int = DAY) -> None:
        self.window: Final = window
        self._known: list[int] = []
        self._parts: list[int] = []
        self._spans: list[Span] = []

    def read(self, ts: int, since: int, until: int) -> None:
        """The sources were read at ``ts``, over ``since`` to ``until``."""
        self._spans = merged([*self._spans, span_of(since, until)])
        oldest = ts - 2 * self.window
        gone = bisect_right(self._known, oldest)
        del self._known[:gone], self._parts[:gone]
        self._spans = [one for one in self._spans if one[1] > oldest]

    def has_read(self, since: int, until: int) -> bool:
        """Whether that reading is within what is known to be read."""
        begin, end = span_of(since, until)
        return any(one <= begin and end <= other for one, other in self._spans)

    def take(self, known_at: int, score: float) -> None:
        """An article that counts from ``known_at`` on."""
        place = bisect_right(self._known, known_at)
        self._known.insert(place, known_at)
        self._parts.insert(place, round(score * PARTS))

    def now(self, ts: int) -> tuple[float, float]:
        """Mean score and number at one moment."""
        begin = ts - self.window
        span = bisect_right(self._spans, begin, key=_begin) - 1
        if span < 0 or ts > self._spans[span][1]:
            return float("nan"), float("nan")
        first, last = bisect_right(self._known, begin), bisect_right(self._known, ts)
        number = float(last - first)
        return float(sum(self._parts[first:last])) / max(number, 1.0) / PARTS, number

    def at(self, ts: NDArray[np.int64]) -> NDArray[np.float64]:
        """As ``NewsScores.at``."""
        return np.array([self.now(int(one)) for one in ts]).reshape(-1, 2)

    def state(self) -> tuple[list[int], list[int], list[Span]]:
        """What ``restore`` takes: times, millionths, spans."""
        return self._known, self._parts, self._spans

    def restore(self, state: tuple[list[int], list[int], list[Span]]) -> None:
        """Continues from a ``state``."""
        known, parts, spans = state
        self._known, self._parts, self._spans = list(known), list(parts), list(spans)


def span_of(since: int, until: int) -> Span:
    """The time that one reading of the sources speaks of: it is believed for ``LULL`` after its end."""
    return since, until + LULL


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans that meet as one, ascending."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def _begin(span: Span) -> int:
    return span[0]
