"""Calendar files: CSV, JSON and Parquet, with a column each for time, currency, impact and title."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from tradewind.adapters.calendar.rows import ReadEvents, events_of, rows_of_json
from tradewind.errors import Corrupt, Misconfigured, Unavailable


def read_calendar_file(path: Path, zone: str = "") -> ReadEvents:
    """The releases in a file; its ending says how it is written, ``zone`` is that of times which name none.

    Raises:
        Unavailable: it cannot be read.
        Misconfigured: it has another ending, or a row is no release; the message names it.
    """
    try:
        return _read(path, zone)
    except Corrupt as error:  # a file a person names is theirs to correct, unlike what a feed answers
        raise Misconfigured(error.found, where=error.where, allowed=error.allowed, next_step=error.next_step) from error


def _read(path: Path, zone: str) -> ReadEvents:
    try:
        if path.suffix.lower() == ".json":
            return events_of(rows_of_json(path.read_bytes(), str(path)), str(path), zone)
        if path.suffix.lower() == ".csv":
            return events_of(_csv(path), str(path), zone)
        if path.suffix.lower() == ".parquet":
            return events_of(_parquet(path), str(path), zone)
    except OSError as error:
        raise Unavailable(f"cannot read: {error.strerror or error}", where=str(path)) from error
    raise Misconfigured(f"{path.suffix or 'no ending'}", where=str(path), allowed=".csv, .json, .parquet")


def _csv(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return [{key: value for key, value in row.items() if key is not None} for row in csv.DictReader(file)]
    except (csv.Error, UnicodeDecodeError) as error:
        raise Corrupt(f"no CSV ({error})", where=str(path)) from error


def _parquet(path: Path) -> list[dict[str, Any]]:
    import polars as pl  # 37 MB, needed for this one format

    try:
        return pl.read_parquet(path).to_dicts()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise Corrupt(f"no Parquet ({error})", where=str(path)) from error
