"""Releases as calendars write them: objects with a time, a currency, an impact and a title, under several names."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from tradewind.errors import Corrupt
from tradewind.model.calendar import NewsEvent, event_of
from tradewind.model.timeframe import SECOND

_TIMES: Final = ("datetime", "timestamp", "date", "time")
_CURRENCIES: Final = ("currency", "country", "ccy")
_IMPACTS: Final = ("impact", "importance", "volatility")
_TITLES: Final = ("title", "event", "name")
_LEVELS: Final = {
    "3": "high",
    "2": "medium",
    "1": "low",
    "0": "low",
    "red": "high",
    "orange": "medium",
    "yellow": "low",
}
_LAST_YEAR: Final = 2200
_LONGEST_TITLE: Final = 200


class ReadEvents(NamedTuple):
    """``events`` by time, each once; ``rows`` read, and how many were no reason to stay out."""

    events: tuple[NewsEvent, ...]
    rows: int
    quiet: int


def events_of(rows: Iterable[Mapping[str, Any]], where: str) -> ReadEvents:
    """The releases of ``rows``. Times without a zone are UTC.

    Raises:
        Corrupt: a row lacks one of the four fields or holds no time; nothing of the list is then believed.
    """
    found, count, quiet = set(), 0, 0
    for number, row in enumerate(rows, start=1):
        count += 1
        place = f"{where}, row {number}"
        low = {str(key).strip().lower(): value for key, value in row.items()}
        ts = _time(_pick(low, _TIMES, place), low, place)
        currency = str(_pick(low, _CURRENCIES, place))
        impact = str(_pick(low, _IMPACTS, place)).strip().lower()
        title = " ".join(str(_pick(low, _TITLES, place)).split())[:_LONGEST_TITLE]
        event = event_of(ts, currency, _LEVELS.get(impact, impact), title)
        if event is None:
            quiet += 1
        else:
            found.add(event)
    return ReadEvents(tuple(sorted(found)), count, quiet)


def rows_of_json(body: bytes, where: str) -> list[dict[str, Any]]:
    """The objects of a JSON array, or of the one array inside a JSON object (``{"data": [...]}``).

    Raises:
        Corrupt: it is something else.
    """
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        start = body[:60].decode("utf-8", "replace")
        raise Corrupt(f"no JSON ({error}): {start!r}", where=where) from error
    if isinstance(found, dict):
        arrays = [value for value in found.values() if isinstance(value, list)]
        found = arrays[0] if len(arrays) == 1 else found
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise Corrupt("the answer is no list of releases", where=where, allowed="[{title, country, date, impact}, ...]")
    return found


def _pick(row: Mapping[str, Any], names: tuple[str, ...], place: str) -> Any:
    for name in names:
        if row.get(name) not in (None, ""):
            return row[name]
    raise Corrupt(f"no {names[0]}", where=place, allowed=" or ".join(names))


def _time(value: Any, row: Mapping[str, Any], place: str) -> int:
    """UTC nanoseconds of ISO text, seconds or milliseconds since 1970, or a ``datetime``."""
    if isinstance(value, int | float) and math.isfinite(value):
        seconds = float(value) / (1000.0 if abs(value) > 1e11 else 1.0)
        return _plausible(seconds, place)
    if isinstance(value, datetime):
        when = value
    else:
        text = str(value).strip()
        if len(text) == 10 and "date" in row and str(row.get("time", "")).strip():
            text = f"{text} {str(row['time']).strip()}"
        try:
            when = datetime.fromisoformat(text)
        except ValueError as error:
            raise Corrupt(f"{text!r} is no time", where=place, allowed="2026-06-05T08:30:00-04:00") from error
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when
    return _plausible(when.timestamp(), place)


def _plausible(seconds: float, place: str) -> int:
    if not 0.0 <= seconds < (_LAST_YEAR - 1970) * 365.25 * 86400:
        raise Corrupt(f"{seconds:g} seconds since 1970 is no time of a release", where=place)
    return round(seconds) * SECOND
