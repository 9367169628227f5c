"""Times as files write them: epochs of any unit, ISO 8601, the dotted and slashed dates of trading platforms."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tradewind.adapters.market.files.raw import UNREADABLE
from tradewind.errors import Misconfigured
from tradewind.model.timeframe import SECOND

# A number of so many digits is an epoch of this many nanoseconds; 8, 12 and 14 digits are dates without separators.
_EPOCH_UNIT: Final = {9: SECOND, 10: SECOND, 13: 10**6, 15: 10**3, 16: 10**3, 18: 1, 19: 1}
_CLOCK: Final = r"(?:[T _,;]*(?P<H>\d{1,2}):?(?P<M>\d{2})(?::?(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?)?"
_ZONE: Final = r"\s*(?P<z>(?:Z|UTC|GMT)?(?:[+-]\d{2}(?::?\d{2})?)?)"
_YEAR_FIRST: Final = r"^(?P<y>\d{4})[-./]?(?P<m>\d{1,2})[-./]?(?P<d>\d{1,2})" + _CLOCK + _ZONE + "$"
_YEAR_LAST: Final = r"^(?P<d>\d{1,2})[-./](?P<m>\d{1,2})[-./](?P<y>\d{4})" + _CLOCK + _ZONE + "$"
_PART: Final = 200_000
_FIRST_YEAR, _LAST_YEAR = 1970, 2200


class Times(NamedTuple):
    """int64 nanoseconds (``UNREADABLE`` where the text is no time) and whether each is a wall clock without a zone."""

    stamp: NDArray[np.int64]
    naive: NDArray[np.bool_]


def parse_times(cells: pl.Series) -> Times:
    """Reads a column of texts. Epochs and times with an offset are UTC; the rest is wall clock without a zone.

    Raises:
        Misconfigured: dates such as 03/04/2024 whose day and month cannot be told apart anywhere in the column.
    """
    text = cells.fill_null("").str.strip_chars()
    stamp = np.full(len(text), UNREADABLE, dtype=np.int64)
    naive = np.zeros(len(text), dtype=bool)
    whole = text.str.replace(r"\.0*$", "")
    digits = np.where(whole.str.contains(r"^\d+$").to_numpy(), whole.str.len_bytes().to_numpy(), 0)
    for count, unit in _EPOCH_UNIT.items():
        rows = np.flatnonzero(digits == count)
        if len(rows):
            values = whole.gather(rows).cast(pl.Int64, strict=False).fill_null(-1).to_numpy()
            fits = (values >= 0) & (values <= np.iinfo(np.int64).max // unit)
            stamp[rows[fits]] = values[fits] * unit
    rest = np.flatnonzero(~np.isin(digits, list(_EPOCH_UNIT)))
    if len(rest):
        stamp[rest], naive[rest] = _calendar(text.gather(rest))
    return Times(stamp, naive)


def _calendar(text: pl.Series) -> Times:
    if not text.str.contains(r"^\d{4}").all():
        return _calendar_of_any_order(text)
    # By parts, because the groups of a pattern take many times the memory of the text.
    parts = [
        _assembled(text.slice(start, _PART).str.extract_groups(_YEAR_FIRST).struct.unnest())
        for start in range(0, len(text), _PART)
    ]
    return Times(np.concatenate([part.stamp for part in parts]), np.concatenate([part.naive for part in parts]))


def _calendar_of_any_order(text: pl.Series) -> Times:
    parts = text.str.extract_groups(_YEAR_FIRST).struct.unnest()
    last = text.str.extract_groups(_YEAR_LAST).struct.unnest()
    year_last = parts["y"].is_null() & last["y"].is_not_null()
    if year_last.any():
        slashed = text.filter(year_last).str.contains("/", literal=True).any()
        day, month = _day_first(last, slashed=bool(slashed))
        last = last.with_columns(day.alias("d"), month.alias("m"))
        parts = pl.DataFrame([last[name].zip_with(year_last, parts[name]).alias(name) for name in parts.columns])
    return _assembled(parts)


def _day_first(parts: pl.DataFrame, *, slashed: bool) -> tuple[pl.Series, pl.Series]:
    """Day and month columns; with slashes the order is what the data prove, with dots and dashes day first."""
    first, second = (parts[name].cast(pl.Int32, strict=False).max() for name in ("d", "m"))
    if not slashed or (isinstance(first, int) and first > 12):
        return parts["d"], parts["m"]
    if isinstance(second, int) and second > 12:
        return parts["m"], parts["d"]
    raise Misconfigured(
        "day and month of dates such as 03/04/2024 cannot be told apart in this file",
        next_step="write the dates as 2024-04-03 and import again",
    )


def _assembled(parts: pl.DataFrame) -> Times:
    def number(name: str) -> NDArray[np.int64]:
        return parts[name].cast(pl.Int64, strict=False).fill_null(0).to_numpy()

    year, month, day = number("y"), number("m"), number("d")
    hour, minute, second = number("H"), number("M"), number("S")
    fraction = parts["f"].fill_null("").str.pad_end(9, "0").cast(pl.Int64, strict=False).fill_null(0).to_numpy()
    good = (year >= _FIRST_YEAR) & (year < _LAST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1)
    good &= (hour < 24) & (minute < 60) & (second < 60)
    months = np.where(good, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    dates = months.astype("datetime64[D]") + np.where(good, day - 1, 0)
    good &= dates.astype("datetime64[M]") == months  # 31 February is no date
    seconds = dates.astype("datetime64[s]").astype(np.int64) + hour * 3600 + minute * 60 + second
    zone = parts["z"].fill_null("")
    offset, sound = _offsets(zone)
    good &= sound
    stamp = np.where(good, (np.where(good, seconds, 0) - offset) * SECOND + fraction, UNREADABLE)
    return Times(stamp, good & (zone == "").to_numpy())


def _offsets(zone: pl.Series) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Seconds east of UTC, and whether each offset is one that exists (within 14 hours)."""
    parts = zone.str.extract_groups(r"(?P<s>[+-])(?P<h>\d{2}):?(?P<m>\d{2})?$").struct.unnest()
    hours, minutes = (parts[name].cast(pl.Int64, strict=False).fill_null(0).to_numpy() for name in ("h", "m"))
    sign = np.where((parts["s"].fill_null("") == "-").to_numpy(), -1, 1)
    return sign * (hours * 3600 + minutes * 60), (hours <= 14) & (minutes < 60)


def to_utc(wall: NDArray[np.int64], zone: str) -> NDArray[np.int64]:
    """Wall-clock nanoseconds of a zone as UTC; ``UNREADABLE`` for times that the spring change skips.

    Of the hour that the autumn change repeats, a time seen for the first time in file order is the earlier one, a time
    not after one already seen is the later.

    Raises:
        Misconfigured: the zone is unknown.
    """
    known = wall != UNREADABLE
    times = pl.Series(np.where(known, wall, 0)).cast(pl.Datetime("ns"))
    seen = np.maximum.accumulate(np.where(known, wall, np.iinfo(np.int64).min))
    repeated = np.r_[False, wall[1:] <= seen[:-1]]
    try:
        first, second = (
            times.dt.replace_time_zone(zone, ambiguous=choice, non_existent="null")
            .dt.convert_time_zone("UTC")
            .cast(pl.Int64)
            .fill_null(UNREADABLE)
            .to_numpy()
            for choice in ("earliest", "latest")
        )
    except pl.exceptions.ComputeError as error:
        raise Misconfigured(
            f"unknown time zone {zone!r}",
            allowed="IANA names such as Europe/Athens, America/New_York or UTC",
            next_step="repeat with --tz NAME",
        ) from error
    return np.where(known, np.where(repeated, second, first), UNREADABLE)
