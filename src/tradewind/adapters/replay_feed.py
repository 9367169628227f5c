"""Stored bars as a feed: many symbols merged into one time line, resumable at any close."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from tradewind.model.bar import Bar, BarColumns
from tradewind.model.event import BarClosed
from tradewind.model.timeframe import Timeframe

CHUNK = 4096


class Recording(msgspec.Struct, frozen=True):
    """The stored bars of one base series; those with ``ts_close <= warm_until`` warm up and nothing more."""

    symbol: str
    timeframe: Timeframe
    columns: BarColumns
    source: str = "store"
    warm_until: int = 0


class Step(NamedTuple):
    """All bars that closed at ``ts``, and the symbols whose recording ends with them."""

    ts: int
    bars: tuple[BarClosed, ...]
    ended: tuple[str, ...]


class ReplayFeed:
    """Recordings merged by close time; equal closes keep the order the recordings were given in."""

    def __init__(self, recordings: Sequence[Recording]) -> None:
        self._recordings = tuple(recordings)

    def __len__(self) -> int:
        """Number of bars in all recordings."""
        return sum(len(one.columns.ts_close) for one in self._recordings)

    @property
    def first_ts(self) -> int:
        """Open of the earliest bar of all recordings, UTC ns; 0 when they hold none."""
        return min((int(one.columns.ts_open[0]) for one in self._recordings if len(one.columns.ts_open)), default=0)

    def exhausted(self, resume_after: Mapping[str, int]) -> tuple[str, ...]:
        """Symbols whose recording holds nothing after ``resume_after[symbol]``: they ended in an earlier life."""
        return tuple(
            one.symbol
            for one in self._recordings
            if not len(one.columns.ts_close) or one.columns.ts_close[-1] <= resume_after.get(one.symbol, -1)
        )

    def steps(self, resume_after: Mapping[str, int] | None = None) -> Iterator[Step]:
        """Steps in time order. Bars of a symbol up to ``resume_after[symbol]`` (``ts_close``) were delivered before."""
        done = resume_after or {}
        starts = [
            int(np.searchsorted(one.columns.ts_close, done.get(one.symbol, -1), side="right"))
            for one in self._recordings
        ]
        closes = np.concatenate(
            [one.columns.ts_close[start:] for one, start in zip(self._recordings, starts, strict=True)]
        )
        owner = np.concatenate(
            [
                np.full(len(one.columns.ts_close) - start, i, dtype=np.int32)
                for i, (one, start) in enumerate(zip(self._recordings, starts, strict=True))
            ]
        )
        order = np.lexsort((owner, closes))
        readers = [_bars(one, start) for one, start in zip(self._recordings, starts, strict=True)]
        left = np.bincount(owner, minlength=len(readers)).tolist()
        pending: list[BarClosed] = []
        ended: list[str] = []
        current = -1
        for ts, i in zip(closes[order].tolist(), owner[order].tolist(), strict=True):
            if ts != current and pending:
                yield Step(current, tuple(pending), tuple(ended))
                pending, ended = [], []
            current = ts
            pending.append(next(readers[i]))
            left[i] -= 1
            if left[i] == 0:
                ended.append(self._recordings[i].symbol)
        if pending:
            yield Step(current, tuple(pending), tuple(ended))


def _bars(one: Recording, start: int) -> Iterator[BarClosed]:
    """Bars of a recording as events, converted a chunk of rows at a time."""
    for first in range(start, len(one.columns.ts_close), CHUNK):
        rows = one.columns.slice(first, first + CHUNK)
        for ts_open, ts_close, o, h, low, c, v, spread in zip(*(column.tolist() for column in rows), strict=True):
            bar = Bar(
                one.symbol, one.timeframe, ts_open, ts_close, o, h, low, c, v, None if spread != spread else spread
            )
            yield BarClosed(bar, "history" if ts_close <= one.warm_until else "venue", one.source)
