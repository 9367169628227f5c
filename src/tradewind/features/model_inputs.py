"""Rows of model inputs: one function over the last axis, for the bar that just closed and for a million stored ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tradewind.errors import Misconfigured
from tradewind.features.bank import FeatureBank
from tradewind.features.input_schema import CLOCKS, NEWS, InputSchema, constant
from tradewind.features.news_inputs import News
from tradewind.model.bar import BarColumns
from tradewind.model.timeframe import Timeframe

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]

CHUNK: Final = 32_768
"""Bars whose sources are held at once: 16 MiB beside the rows, however long the history."""

_DIGITS: Final = 9  # of the tables: what libm says beyond them differs between machines


class InputRows:
    """``rows(sources)`` of a schema, ``(..., m) -> (..., k)``.

    ``sources`` are float64 in the order of ``schema.sources``, the result is float32. Subtraction, division,
    multiplication, addition and a look-up in a table, element by element and nothing else, so that one row gives the
    same bits alone and in any array.

    NaN rule: what reads a NaN, or is not finite, is NaN. A row with any NaN in it is no input: there is no forecast.
    """

    def __init__(self, schema: InputSchema) -> None:
        self.schema: Final = schema
        self.width: Final = schema.width
        place = {key: number for number, key in enumerate(schema.sources)}
        reads = [(*one.over, *one.under) for one in schema.channels]
        self._a, self._b, self._c, self._d = (
            np.array([place[keys[part]] for keys in reads], dtype=np.intp) for part in range(4)
        )
        self._scale: Floats = np.array([one.scale for one in schema.channels])
        self._offset: Floats = np.array([one.offset for one in schema.channels])
        constants = [(at, number) for at, key in enumerate(schema.sources) if (number := constant(key)) is not None]
        self._blank = np.full(len(schema.sources), math.nan)
        self._blank[[at for at, _ in constants]] = [number for _, number in constants]
        turning = [number for number, one in enumerate(schema.channels) if one.turn]
        tables = [_table(schema.channels[number].over[0], schema.channels[number].turn) for number in turning]
        self._turning = np.array(turning, dtype=np.intp)
        self._clock = self._a[self._turning]
        self._table: Floats = np.concatenate([*tables, np.empty(0)])
        self._first = np.cumsum([0, *(len(table) for table in tables)])[: len(turning)]
        self._unknown = self._first + [len(table) - 1 for table in tables]

    def blank(self, *shape: int) -> Floats:
        """Sources of that many rows to be filled in: the constants stand in them, all else is NaN."""
        return np.tile(self._blank, (*shape, 1)) if shape else self._blank.copy()

    def rows(self, sources: Floats) -> Rows:
        """The rows of ``sources``."""
        with np.errstate(all="ignore"):
            over = sources.take(self._a, axis=-1) - sources.take(self._b, axis=-1)
            under = sources.take(self._c, axis=-1) - sources.take(self._d, axis=-1)
            made = over / under
            made[(over == 0.0) & (under == 0.0)] = 0.0
            made *= self._scale
            made += self._offset
            clock = sources.take(self._clock, axis=-1)
            entry = np.where(np.isnan(clock), self._unknown, clock + self._first).astype(np.intp)
            made[..., self._turning] = self._table.take(entry)
            found: Rows = made.astype(np.float32)
            found[~np.isfinite(found)] = np.nan
        return found


class LiveInputs:
    """The row of the bar that closed last, out of feature banks that are stepped elsewhere; it keeps no state itself.

    The banks of longer timeframes must have taken the bars that closed up to now before ``row`` is asked for, those
    that closed with this very bar among them.

    Raises:
        Misconfigured: a bank of a longer timeframe is missing, lacks an indicator or has another seeding.
    """

    def __init__(
        self,
        schema: InputSchema,
        own: FeatureBank,
        higher: Mapping[Timeframe, FeatureBank],
        news: News | None = None,
    ) -> None:
        for bank in (own, *higher.values()):
            if bank.seeding != schema.seeding:
                raise Misconfigured(f"a bank with seeding {bank.seeding}", where="inputs", allowed=schema.seeding)
        self.schema: Final = schema
        self._rows = InputRows(schema)
        self._sources = self._rows.blank()
        self._news = news
        banks = [("", own), *((f"{one}:", higher[one]) for one in schema.higher if one in higher)]
        self._parts = [(bank.values, *_columns(schema, bank, head)) for head, bank in banks]
        self._news_at = _news_places(schema)
        known = {at for _, places, _ in self._parts for at in places.tolist()} | {at for at, _ in self._news_at}
        for at, key in enumerate(schema.sources):
            if at not in known and constant(key) is None:
                raise Misconfigured(f"nothing gives {key}", where=f"inputs on {schema.timeframe}")

    def row(self, ts: int) -> Rows:
        """The inputs at the close ``ts``, shape ``(k,)``, a new array."""
        for values, places, columns in self._parts:
            self._sources[places] = values[columns]
        if self._news is not None:
            said = self._news.at(np.array([ts]))[0]
            for at, column in self._news_at:
                self._sources[at] = said[column]
        return self._rows.rows(self._sources)


def inputs_of(
    schema: InputSchema,
    columns: BarColumns,
    higher: Mapping[Timeframe, BarColumns],
    news: News | None = None,
) -> Rows:
    """Inputs at the close of every bar, float32 ``(n_bars, k)``: those that ``LiveInputs`` gives bar by bar.

    ``higher`` holds the longer bars; one counts from its close on, at the bar that closes with it too. Where there are
    no ``news`` their channels are NaN.

    Raises:
        Misconfigured: the bars of a longer timeframe are missing.
    """
    missing = [one for one in schema.higher if one not in higher]
    if missing:
        raise Misconfigured(f"no {missing[0]} bars", where=f"inputs on {schema.timeframe}")
    made = InputRows(schema)
    own = FeatureBank(schema.indicators, schema.seeding)
    places, picked = _columns(schema, own, "")
    joined = [_joined(schema, longer, columns.ts_close, higher[longer]) for longer in schema.higher]
    told = _news_places(schema)
    n = len(columns.ts_close)
    found = np.empty((n, schema.width), dtype=np.float32)
    for start in range(0, n, CHUNK):
        part = columns.slice(start, min(start + CHUNK, n))
        sources = made.blank(len(part.ts_close))
        sources[:, places] = own.batch(part)[:, picked]
        for filled, values, known in joined:
            sources[:, filled] = values[known[start : start + CHUNK]]
        if news is not None:
            said = news.at(part.ts_close)
            for at, column in told:
                sources[:, at] = said[:, column]
        found[start : start + CHUNK] = made.rows(sources)
    return found


def complete(rows: Rows) -> NDArray[np.bool_]:
    """Rows without any NaN, ``(..., k) -> (...)``: those a forecast can be made of."""
    whole: NDArray[np.bool_] = np.logical_not(np.isnan(rows).any(axis=-1))
    return whole


def windows_of(rows: Rows, length: int) -> Rows:
    """The last ``length`` rows at every bar, oldest first: ``(n, k) -> (n - length + 1, length, k)``, a read-only view.

    Raises:
        Misconfigured: a length below 1, or fewer rows than that.
    """
    if not 1 <= length <= len(rows):
        raise Misconfigured(f"windows of {length} over {len(rows)} rows", where="windows_of", allowed="1 to all rows")
    return sliding_window_view(rows, length, axis=0).transpose(0, 2, 1)


def _joined(
    schema: InputSchema, longer: Timeframe, ts_close: NDArray[np.int64], bars: BarColumns
) -> tuple[NDArray[np.intp], Floats, NDArray[np.int64]]:
    """Places in a source row, the longer bars' values with a row of NaN behind, and the row known at each close."""
    bank = FeatureBank(schema.indicators_of(longer), schema.seeding)
    places, picked = _columns(schema, bank, f"{longer}:")
    values = np.concatenate([bank.batch(bars)[:, picked], np.full((1, len(picked)), math.nan)])
    known = np.searchsorted(bars.ts_close, ts_close, side="right") - 1  # -1, none yet, is the row behind the last
    return places, values, known.astype(np.int64)


def _columns(schema: InputSchema, bank: FeatureBank, head: str) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Places in a source row that a bank fills, and the columns of the bank they come from."""
    pairs = [
        (at, bank.index[key.removeprefix(head)])
        for at, key in enumerate(schema.sources)
        if (key.startswith(head) if head else ":" not in key) and key.removeprefix(head) in bank.index
    ]
    both = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _table(unit: str, turn: str) -> Floats:
    """Sine or cosine of every unit of the clock, and a NaN behind them."""
    turns = CLOCKS[unit]
    wave = math.sin if turn == "sine" else math.cos
    return np.array([*(round(wave(2.0 * math.pi * k / turns), _DIGITS) for k in range(turns)), math.nan])


def _news_places(schema: InputSchema) -> list[tuple[int, int]]:
    """Places in a source row that the news fill, and which of their numbers."""
    return [(schema.sources.index(key), column) for column, key in enumerate(NEWS) if key in schema.sources]
