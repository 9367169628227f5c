"""Times as feeds write them: RFC 822, ISO 8601, seconds or milliseconds since 1970."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from tradewind.model.timeframe import DAY, SECOND

FIRST: Final = int(datetime(1990, 1, 1, tzinfo=UTC).timestamp()) * SECOND
LAST: Final = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp()) * SECOND
_NUMBER: Final = re.compile(r"\d{9,13}(?:\.\d{1,9})?")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}")
_LONGEST: Final = 64
_MILLISECONDS: Final = 100_000_000_000


def time_of(text: str) -> int | None:
    """UTC nanoseconds of a written time; None where it is none, or lies outside 1990 to 2200.

    A time without a zone is UTC. A date without a time is the end of that day: before, nobody can be sure that the
    article was there.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST or not text.isascii():
        return None
    if _NUMBER.fullmatch(text):
        number = float(text)
        return _plausible(number / (1000.0 if number >= _MILLISECONDS else 1.0))
    when = _read(text)
    if when is None:
        return None
    ts = _plausible((when.replace(tzinfo=UTC) if when.tzinfo is None else when).timestamp())
    return ts + DAY if ts is not None and _DATE.fullmatch(text) else ts


def _read(text: str) -> datetime | None:
    for reading in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            when = reading(text)
            when.timestamp()
        except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
            continue
        return when
    return None


def _plausible(seconds: float) -> int | None:
    if not math.isfinite(seconds) or not FIRST <= seconds * SECOND < LAST:
        return None
    return round(seconds) * SECOND
