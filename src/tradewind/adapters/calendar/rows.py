"""Releases as calendars write them: objects with a time, a currency, an impact and a title, under several names."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from tradewind.adapters.calendar.currencies import CURRENCIES
from tradewind.errors import Corrupt
from tradewind.model.calendar import TAKEN_AS, NewsEvent, event_of
from tradewind.model.timeframe import SECOND

_TIMES: Final = ("datetime", "timestamp", "date", "time")
_CURRENCIES: Final = ("currency", "country", "ccy")
_IMPACTS: Final = ("impact", "importance", "volatility")
_TITLES: Final = ("title", "event", "name")
_ZONES: Final = ("timezone", "zone", "tz")
_EVERY: Final = ("ALL", "*")
_LEVELS: Final = {
    **{word: word for word in ("high", "medium", "low", "holiday")},
    "non-economic": "low",
    "none": "low",
    "3": "high",
    "2": "medium",
    "1": "low",
    "0": "low",
    "red": "high",
    "orange": "medium",
    "yellow": "low",
    "gray": "low",
    "grey": "low",
}
_LAST_YEAR: Final = 2200
_LONGEST_TITLE: Final = 200


class ReadEvents(NamedTuple):
    """``events`` by time, each once; ``rows`` read, and how many were no reason to stay out."""

    events: tuple[NewsEvent, ...]
    rows: int
    quiet: int


def events_of(rows: Iterable[Mapping[str, Any]], where: str, zone: str = "") -> ReadEvents:
    """The releases of ``rows``; ``zone`` is that of times which name none, "" where nobody has said it.

    What is not understood keeps out rather than lets in: an unknown impact is taken as high, an unknown currency as
    every currency, and the title says so from then on.

    Raises:
        Corrupt: a row lacks one of the four fields, holds no time or one whose zone is unknown; nothing of the list is
            then believed.
    """
    found, count, quiet = set(), 0, 0
    for number, row in enumerate(rows, start=1):
        count += 1
        place = f"{where}, row {number}"
        low = {str(key).strip().lower(): value for key, value in row.items()}
        ts = _time(_pick(low, _TIMES, place), low, place, zone)
        currency = str(_pick(low, _CURRENCIES, place)).strip().upper()
        impact = str(_pick(low, _IMPACTS, place)).strip().lower()
        title = " ".join(str(_pick(low, _TITLES, place)).split())[:_LONGEST_TITLE]
        event = event_of(ts, currency, _LEVELS.get(impact, "high"), title)
        if event is None:
            quiet += 1
        else:
            found.add(_believed(event, impact))
    return ReadEvents(tuple(sorted(found)), count, quiet)


def _believed(event: NewsEvent, impact: str) -> NewsEvent:
    """The event with what was made of an impact or a currency that nobody knows."""
    said = event.title
    if impact not in _LEVELS:
        said += f" [impact {impact[:20]!r} {TAKEN_AS} high]"
    if event.currency not in CURRENCIES and event.currency not in _EVERY:
        said += f" [currency {event.currency[:20]!r} {TAKEN_AS} every currency]"
    currency = event.currency if event.currency in CURRENCIES else "*"
    return msgspec.structs.replace(event, currency=currency, title=said)


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


def _time(value: Any, row: Mapping[str, Any], place: str, zone: str) -> int:
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
    if when.tzinfo is None:
        when = when.replace(tzinfo=_zone(when, row, place, zone))
    try:
        return _plausible(when.astimezone(UTC).timestamp(), place)
    except OverflowError as error:
        raise Corrupt(f"{when} is no time of a release", where=place) from error


def _zone(when: datetime, row: Mapping[str, Any], place: str, zone: str) -> ZoneInfo:
    name = next((str(row[key]).strip() for key in _ZONES if row.get(key)), zone)
    if not name:
        raise Corrupt(
            f"{when.isoformat(' ', 'minutes')} names no zone, and an hour beside it keeps nothing out",
            where=place,
            allowed="2026-06-05T08:30:00-04:00, or a column `timezone` such as America/New_York",
            next_step="say the zone of the source: filters.news.zone, or `tradewind calendar import FILE --zone ZONE`",
        )
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Corrupt(
            f"{name!r} is no time zone", where=place, allowed="an IANA name: UTC, America/New_York"
        ) from error


def _plausible(seconds: float, place: str) -> int:
    if not 0.0 <= seconds < (_LAST_YEAR - 1970) * 365.25 * 86400:
        raise Corrupt(f"{seconds:g} seconds since 1970 is no time of a release", where=place)
    return round(seconds) * SECOND
