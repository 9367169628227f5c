"""A moment as people type it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from tradewind.errors import Misconfigured
from tradewind.model.timeframe import DAY, SECOND

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def moment(text: str, last: int) -> int:
    """UTC nanoseconds of ``2020-01-03 13:00``, ISO with a zone, a date (its first instant), or epoch seconds.

    A time of day alone means the latest such moment at or before ``last``. A time without a zone is UTC.

    Raises:
        Misconfigured: the text is no time.
    """
    word = text.strip()
    clock = _CLOCK.fullmatch(word)
    if clock is not None:
        asked = last - last % DAY + (int(clock[1]) * 3600 + int(clock[2]) * 60) * SECOND
        return asked if asked <= last else asked - DAY
    if word.isascii() and word.isdigit() and len(word) in (10, 13):
        return int(word) * (SECOND if len(word) == 10 else SECOND // 1000)
    try:
        found = datetime.fromisoformat(word)
    except ValueError:
        raise Misconfigured(
            f"{text!r} is not a time",
            where="TIME",
            allowed="2020-01-03 13:00, 2020-01-03T13:00+01:00, 2020-01-03, 13:00 or epoch seconds",
        ) from None
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return int((found - _EPOCH) / timedelta(microseconds=1)) * 1000
