"""Longer bars from the shortest ones, so that every source agrees on them.

A longer bar covers one interval of the session calendar. It closes when the event that ends its interval arrives, a
bar or a missing one, or late, when a bar of a later interval shows up. An interval whose bars are all missing gives a
``BarMissing``. An interval in which the data begins after bars the calendar expected is left out: its open and extremes
are not known. So the longer bars do not depend on where the history starts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from tradewind.errors import Corrupt, Misconfigured
from tradewind.kernels.bars import CLOSE, COUNT, HIGH, LOW, OPEN, SPREAD, SYNTHETIC, VOLUME, WIDTH, fold, fold_columns
from tradewind.model.bar import Bar, BarColumns
from tradewind.model.event import BarMissing
from tradewind.model.session import SessionCalendar
from tradewind.model.timeframe import Timeframe

NEVER: Final = 1 << 62
"""A time no bar reaches: the next boundary of an aggregator without targets."""


class _State(msgspec.Struct, frozen=True):
    rows: list[list[float]]
    starts: list[int]
    ends: list[int]
    whole: list[bool]
    made: list[str]
    last: int


class Aggregator:
    """Builds the ``targets`` of one symbol from its ``base`` bars.

    Bars come out oldest close first, the shorter timeframe first where two close together. ``synthetic`` of a longer
    bar names the kind of its last made part and how many of its parts were made, as in ``carried x3``.
    """

    def __init__(self, symbol: str, calendar: SessionCalendar, base: Timeframe, targets: Sequence[Timeframe]) -> None:
        wrong = [target for target in targets if target.rank <= base.rank]
        if wrong or len(set(targets)) != len(targets):
            raise Misconfigured(
                f"cannot build {', '.join(targets)} from {base} bars of {symbol}",
                allowed=f"distinct timeframes longer than {base}",
                next_step="choose a shorter base interval or drop these timeframes",
            )
        self.symbol = symbol
        self.calendar = calendar
        self.base = base
        self.targets = tuple(sorted(targets, key=lambda timeframe: timeframe.rank))
        n = len(self.targets)
        self._rows = np.zeros((n, WIDTH))
        self._starts = [0] * n
        self._ends = [0] * n
        self._whole = [True] * n
        self._made = [""] * n
        self._soonest = 0
        self._last = 0
        if n:
            fold(np.zeros((0, WIDTH)), 1.0, 1.0, 1.0, 1.0, 0.0, math.nan, 0.0)  # compiled before a candle waits for it

    def on_bar(self, bar: Bar) -> list[Bar]:
        """The longer bars that this base bar completes, and those it finds overdue.

        Raises:
            Corrupt: the bar is not a later base bar of this symbol; the sequencer must have failed.
        """
        self._check(bar.symbol, bar.timeframe, bar.ts_open, bar.ts_close)
        if not self.targets:
            return []
        closed: list[Bar] = []
        if bar.ts_open >= self._soonest:
            closed = self._roll(bar.ts_open)
        spread = bar.spread
        synthetic = 0.0
        if bar.synthetic:
            synthetic = 1.0
            self._made = [bar.synthetic] * len(self.targets)
        fold(
            self._rows,
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            bar.volume,
            math.nan if spread is None else spread,
            synthetic,
        )
        if bar.ts_close >= self._soonest:
            closed += [made for i in self._due(bar.ts_close) if (made := self._take(i)) is not None]
        return closed

    def on_missing(self, missing: BarMissing) -> list[Bar | BarMissing]:
        """What the absence of a base bar completes: bars made of the others, or longer bars missing altogether."""
        self._check(missing.symbol, missing.timeframe, missing.ts_open, missing.ts_close)
        closed: list[Bar | BarMissing] = []
        if missing.ts_open >= self._soonest:
            closed.extend(self._roll(missing.ts_open))
        for i in self._due(missing.ts_close):
            empty = self._rows[i, COUNT] == 0.0
            made = self._take(i)
            if made is not None:
                closed.append(made)
            elif empty and self._whole[i]:
                closed.append(BarMissing(self.symbol, self.targets[i], self._starts[i], self._ends[i], missing.kind))
        return closed

    def snapshot(self) -> bytes:
        """The bars under construction, as bytes that ``restore`` takes."""
        return msgspec.msgpack.encode(
            _State(self._rows.tolist(), self._starts, self._ends, self._whole, self._made, self._last)
        )

    def restore(self, state: bytes) -> None:
        """Continues from a snapshot of an aggregator with the same targets."""
        found = msgspec.msgpack.decode(state, type=_State)
        if len(found.ends) != len(self.targets):
            raise Corrupt(
                f"snapshot holds {len(found.ends)} timeframes, not {len(self.targets)}",
                where=f"aggregator of {self.symbol}",
                next_step="rebuild it from the journal",
            )
        self._rows = np.array(found.rows, dtype=np.float64).reshape(len(self.targets), WIDTH)
        self._starts, self._ends = list(found.starts), list(found.ends)
        self._whole, self._made = list(found.whole), list(found.made)
        self._last = found.last
        self._soonest = min(self._ends, default=NEVER)

    def _check(self, symbol: str, timeframe: Timeframe, ts_open: int, ts_close: int) -> None:
        if ts_open < self._last or symbol != self.symbol or timeframe is not self.base:
            raise Corrupt(
                f"{symbol} {timeframe} opening at {ts_open} after events until {self._last}",
                where=f"aggregator of {self.symbol} {self.base}",
                next_step="this is a fault of the sequencer: keep the journal and report it",
            )
        self._last = ts_close

    def _roll(self, ts: int) -> list[Bar]:
        """Closes what ended at or before ``ts`` and opens the intervals that hold it."""
        late = []
        for i, target in enumerate(self.targets):
            if ts < self._ends[i]:
                continue
            made = self._take(i)
            if made is not None:
                late.append(made)
            fresh = self._ends[i] == 0
            start, end = self.calendar.bucket(ts, target)
            self._starts[i], self._ends[i] = start, end
            self._whole[i] = not (fresh and self.calendar.expected_closes(start, ts, self.base))
        self._soonest = min(self._ends, default=NEVER)
        late.sort(key=lambda made: (made.ts_close, made.timeframe.rank))
        return late

    def _due(self, ts_close: int) -> list[int]:
        return [i for i, end in enumerate(self._ends) if end <= ts_close]

    def _take(self, i: int) -> Bar | None:
        """The finished bar of target ``i``, or None when it is empty or its beginning is unknown."""
        row = self._rows[i].tolist()
        self._rows[i, COUNT] = 0.0
        kind, self._made[i] = self._made[i], ""
        if row[COUNT] == 0.0 or not self._whole[i]:
            return None
        return Bar(
            symbol=self.symbol,
            timeframe=self.targets[i],
            ts_open=self._starts[i],
            ts_close=self._ends[i],
            open=row[OPEN],
            high=row[HIGH],
            low=row[LOW],
            close=row[CLOSE],
            volume=row[VOLUME],
            spread=None if math.isnan(row[SPREAD]) else row[SPREAD],
            synthetic=f"{kind} x{int(row[SYNTHETIC])}" if row[SYNTHETIC] else "",
        )


def aggregate(columns: BarColumns, calendar: SessionCalendar, target: Timeframe) -> BarColumns:
    """The ``target`` bars of sorted base bars, those that a stream of the same bars would have closed.

    The last interval is left out unless its end was reached, the first unless its beginning was seen.
    """
    n = columns.ts_open.size
    if n == 0:
        return columns
    starts, ends = calendar.buckets(columns.ts_open, target)
    rows = np.zeros((n, WIDTH))
    first = np.zeros(n, dtype=np.int64)
    made = fold_columns(
        starts,
        columns.open,
        columns.high,
        columns.low,
        columns.close,
        columns.volume,
        columns.spread,
        rows,
        first,
    )
    begin = 0
    ts, start = int(columns.ts_open[0]), int(starts[0])
    base = _length_of(int(columns.ts_close[0]) - ts)
    if ts > start and (base is None or calendar.expected_closes(start, ts, base)):
        begin = 1
    stop = made if int(columns.ts_close[-1]) >= int(ends[-1]) else made - 1
    rows, first = rows[begin : max(begin, stop)], first[begin : max(begin, stop)]
    return BarColumns(
        starts[first],
        ends[first],
        rows[:, OPEN].copy(),
        rows[:, HIGH].copy(),
        rows[:, LOW].copy(),
        rows[:, CLOSE].copy(),
        rows[:, VOLUME].copy(),
        rows[:, SPREAD].copy(),
    )


def _length_of(length: int) -> Timeframe | None:
    return next((timeframe for timeframe in Timeframe if timeframe.ns == length), None)
