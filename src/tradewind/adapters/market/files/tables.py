"""From named columns to raw bars: the part that delimited text, Parquet and Feather share."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tradewind.adapters.market.files.column_names import columns_of
from tradewind.adapters.market.files.raw import UNREADABLE, RawBars
from tradewind.adapters.market.files.text_table import TextTable, numbers
from tradewind.adapters.market.files.times import Times, parse_times

_POSITIONS = ["time", "open", "high", "low", "close", "volume"]
_TIMES = ("time", "close_time", "clock")
_PRICES = ("open", "high", "low", "close")


def from_text(table: TextTable) -> RawBars:
    """Raw bars of a text table; without a header the order is time (or date, time), open, high, low, close, volume.

    Raises:
        Misconfigured: a needed column is absent.
    """
    header, notes = table.header, list(table.notes)
    if header is None:
        header = _positions(table)
        notes.append(f"no header: the columns were taken as {', '.join(name for name in header if name)}")
    place = columns_of(header)
    stamped = "open" if "time" in place else "close"
    when = table.cells[place["time" if stamped == "open" else "close_time"]]
    if "clock" in place:
        clock = table.cells[place["clock"]]
        timed = clock.str.contains(r"^\d{1,2}:\d{2}").any()
        when = when + " " + clock if timed and not when.str.contains(":", literal=True).any() else when
    commas = not any(table.cells[place[name]].str.contains(".", literal=True).any() for name in _PRICES)

    columns = {name: numbers(table.cells[index], comma=commas) for name, index in place.items() if name not in _TIMES}
    raw = _raw(parse_times(when), columns, table.line)
    return raw._replace(torn=table.torn, stamped=stamped, notes=(*notes, *raw.notes))


def _positions(table: TextTable) -> list[str]:
    """Names for the columns of a table without a header, by the shape of its first row."""
    first = [str(column[0]) for column in table.cells]
    split_time = len(first) > 5 and ":" in first[1] and ":" not in first[0]
    names = ["date", "time", *_POSITIONS[1:]] if split_time else _POSITIONS
    return [names[i] if i < len(names) else "" for i in range(len(first))]


def from_frame(frame: pl.DataFrame) -> RawBars:
    """Raw bars of a typed table (Parquet, Feather); times may be dates, times with or without zone, numbers or text.

    Raises:
        Misconfigured: a needed column is absent.
    """
    place = columns_of(frame.columns)
    stamped = "open" if "time" in place else "close"
    times = _typed_times(frame.to_series(place["time" if stamped == "open" else "close_time"]))
    columns = {
        name: frame.to_series(index).cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
        for name, index in place.items()
        if name not in _TIMES
    }
    return _raw(times, columns, np.arange(1, frame.height + 1))._replace(stamped=stamped)


def _typed_times(cells: pl.Series) -> Times:
    if isinstance(cells.dtype, pl.Datetime | pl.Date):
        naive = cells.dtype == pl.Date or getattr(cells.dtype, "time_zone", None) is None
        # A microsecond value beyond the range of nanoseconds becomes null here, an unreadable row later.
        stamp = cells.cast(pl.Datetime("us", getattr(cells.dtype, "time_zone", None)), strict=False).cast(pl.Int64)
        limit = np.iinfo(np.int64).max // 1000
        values = stamp.fill_null(limit).to_numpy()
        good = (values >= 0) & (values < limit)
        return Times(np.where(good, np.where(good, values, 0) * 1000, UNREADABLE), np.full(len(values), naive))
    if cells.dtype.is_float():
        cells = cells.cast(pl.Int64, strict=False)
    return parse_times(cells.cast(pl.String, strict=False))


def _raw(times: Times, columns: dict[str, NDArray[np.float64]], line: NDArray[np.int64]) -> RawBars:
    n = len(times.stamp)
    notes: list[str] = []
    if "volume" not in columns:
        notes.append("no volume column: volume is 0")
    spread = columns.get("spread", np.full(n, np.nan))
    if "ask_close" in columns:
        spread = columns["ask_close"] - columns["close"]
    return RawBars(
        stamp=times.stamp,
        naive=times.naive,
        open=columns["open"],
        high=columns["high"],
        low=columns["low"],
        close=columns["close"],
        volume=columns.get("volume", np.zeros(n)),
        spread=spread,
        line=line,
        notes=tuple(notes),
    )
