"""Whether stored inputs are what was known at each bar: computed again bar by bar, compared bit by bit.

The replay hands over one bar after the other, so that the row of a bar is made of the bars up to it and of nothing
else; this is what cutting the history off after every single bar would give. The longer bars come out of the engine's
own aggregator as they close.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.engine.aggregate import Aggregator
from tradewind.features.bank import FeatureBank
from tradewind.features.feature_set import FeatureSet
from tradewind.features.input_schema import InputSchema
from tradewind.features.model_inputs import LiveInputs, complete
from tradewind.features.news_inputs import NewsScores
from tradewind.model.bar import Bar, BarColumns
from tradewind.model.session import SessionCalendar
from tradewind.research.lookahead_trace import moment

Column = NDArray[np.float32]
Kind = Literal["leak", "late", "other", "unknown", "missing"]

SHIFTS: Final = 48
"""How many bars forth and back a column is looked for among what was known at other bars."""

STEP: Final = 512
"""Bars between two words of progress."""


class ColumnFault(msgspec.Struct, frozen=True):
    """A column that is not what was known.

    ``leak``: it holds what was known ``shift`` bars later only. ``late``: what was known ``-shift`` bars before.
    ``other``: neither. ``unknown``: the schema has no such column; ``missing``: the file has not. ``bar`` (row), ``ts``
    (its close), ``stored`` and ``known`` are of the first of ``bars`` that differ; None where nothing is known.
    """

    column: str
    kind: Kind
    bars: int = 0
    bar: int = -1
    ts: int = 0
    shift: int = 0
    stored: float | None = None
    known: float | None = None
    source: str = ""

    def __str__(self) -> str:
        if self.kind == "missing":
            return f"{self.column} is missing"
        if self.kind == "unknown":
            return f"{self.column} is no column of the schema: what it knows cannot be checked"
        own = f" of {self.source}" if self.source not in ("", self.column) else ""
        words = {
            "leak": f"LEAK: it holds the value{own} of {self.shift} bar{'s' * (self.shift > 1)} later",
            "late": f"it holds the value{own} of {-self.shift} bar{'s' * (self.shift < -1)} before",
            "other": f"it is another number at {self.bars} bars",
        }
        at = f" at bar {self.bar} ({moment(self.ts)}): {_text(self.stored)} in the file, {_text(self.known)} was known"
        return f"{self.column}{at if self.bar >= 0 else ''}; {words[self.kind]}"


class Completeness(msgspec.Struct, frozen=True):
    """``first`` is the first complete row, -1 where there is none; after it ``holes`` rows are not complete.

    ``unknown`` is the share of NaN of each column from ``first`` on (of all rows where there is no complete one).
    """

    rows: int
    first: int
    holes: int
    unknown: dict[str, float]

    def faults(self, most: float) -> tuple[str, ...]:
        """What is too little: no complete row, or a column with more than a share ``most`` unknown."""
        if self.first < 0:
            empty = [name for name, share in self.unknown.items() if share == 1.0]
            return ("no row is complete" + (f"; never known: {', '.join(empty)}" if empty else ""),)
        wide = [(name, share) for name, share in self.unknown.items() if share > most]
        return tuple(f"{name} is unknown at {share:.2%} of the bars after the warm-up" for name, share in wide)


def completeness(columns: Mapping[str, Column]) -> Completeness:
    """How much of a set of inputs is there."""
    rows = np.column_stack(list(columns.values()))
    whole = complete(rows)
    first = int(np.argmax(whole)) if whole.any() else -1
    share = np.isnan(rows[max(first, 0) :]).mean(axis=0)
    return Completeness(
        len(rows),
        first,
        int(np.count_nonzero(~whole[first:])) if first >= 0 else 0,
        dict(zip(columns, share.tolist(), strict=True)),
    )


def replayed(
    symbol: str,
    schema: InputSchema,
    columns: BarColumns,
    calendar: SessionCalendar,
    news: NewsScores | None = None,
    on_bars: Callable[[int], None] = lambda _: None,
) -> FeatureSet:
    """The inputs of ``columns`` as a service would have made them, one bar after the other.

    ``on_bars`` is told now and then how many bars were taken since it was told last.
    """
    own = FeatureBank(schema.indicators, schema.seeding)
    higher = {one: FeatureBank(schema.indicators_of(one), schema.seeding) for one in schema.higher}
    aggregator = Aggregator(symbol, calendar, schema.timeframe, schema.higher)
    inputs = LiveInputs(schema, own, higher, news)
    n = len(columns.ts_close)
    rows = np.empty((n, schema.width), dtype=np.float32)
    for start in range(0, n, STEP):
        part = columns.slice(start, min(start + STEP, n))
        for row, (opened, closed, *prices, _) in enumerate(
            zip(*(column.tolist() for column in part), strict=True), start
        ):
            bar = Bar(symbol, schema.timeframe, opened, closed, *prices)
            for longer in aggregator.on_bar(bar):
                _take(higher[longer.timeframe], longer)
            _take(own, bar)
            rows[row] = inputs.row(closed)
        on_bars(len(part.ts_close))
    return FeatureSet(symbol, schema, columns.ts_open, columns.ts_close, rows)


def column_faults(stored: Mapping[str, Column], known: FeatureSet) -> tuple[ColumnFault, ...]:
    """Every column of ``stored`` that is not, bit for bit, what was known at its bar; and those that are not there.

    Any two NaN are the same. A column under another name is looked for among all that were known.
    """
    names = known.schema.names
    truth = {name: known.rows[:, number] for number, name in enumerate(names)}
    found = []
    for name, column in stored.items():
        own = truth.get(name)
        if own is not None and not _differs(column, own).any():
            continue
        sources = names if own is None else (name, *(other for other in names if other != name))
        found.append(_fault(name, column, own, [(one, truth[one]) for one in sources], known.ts_close))
    return (*found, *(ColumnFault(name, "missing") for name in names if name not in stored))


def _fault(
    name: str, column: Column, own: Column | None, sources: list[tuple[str, Column]], ts: NDArray[np.int64]
) -> ColumnFault:
    place = _origin(column, sources)
    bar, bars, was = -1, 0, None
    if own is not None:
        rows = np.flatnonzero(_differs(column, own))
        bar, bars, was = int(rows[0]), len(rows), _plain(own[rows[0]])
    elif place is not None:
        rows = np.flatnonzero(~np.isnan(column))
        bar = int(rows[0]) if len(rows) else -1
    kind: Kind = "other" if own is not None else "unknown"
    source, shift = place or ("", 0)
    if shift:
        kind = "leak" if shift > 0 else "late"
    held = _plain(column[bar]) if bar >= 0 else None
    return ColumnFault(name, kind, bars, bar, int(ts[bar]) if bar >= 0 else 0, shift, held, was, source)


def _origin(column: Column, sources: list[tuple[str, Column]]) -> tuple[str, int] | None:
    """Which known column it is and how many bars later (before, if negative); None where it is none of them."""
    n = len(column)
    for source, values in sources:
        for shift in sorted(range(-SHIFTS, SHIFTS + 1), key=abs):
            if abs(shift) >= n - 1:
                continue
            mine = column[max(-shift, 0) : n - max(shift, 0)]
            other = values[max(shift, 0) : n - max(-shift, 0)]
            told = mine[~np.isnan(mine)]
            if len(told) and (told != told[0]).any() and not _differs(mine, other).any():
                return source, shift
    return None


def _differs(one: Column, two: Column) -> NDArray[np.bool_]:
    same = np.ascontiguousarray(one).view(np.int32) == np.ascontiguousarray(two).view(np.int32)
    other: NDArray[np.bool_] = np.logical_not(same | (np.isnan(one) & np.isnan(two)))
    return other


def _take(bank: FeatureBank, bar: Bar) -> None:
    bank.step(bar.ts_close, bar.open, bar.high, bar.low, bar.close, bar.volume)


def _plain(value: np.float32) -> float | None:
    return None if np.isnan(value) else float(value)


def _text(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.6g}"
