"""A calendar feed over HTTP that answers with JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from tradewind.adapters.calendar.rows import events_of, rows_of_json
from tradewind.errors import Retryable, Unavailable
from tradewind.model.calendar import NewsCalendar, calendar_span
from tradewind.model.timeframe import DAY, SECOND
from tradewind.ports.clock import Clock
from tradewind.ports.transport import Transport

BACK, AHEAD = DAY, 14 * DAY
TIMEOUT_S = 10.0
LARGEST = 8 << 20


class CalendarFeed:
    """Asks ``url`` for the releases of the next two weeks; ``key`` goes as a bearer token, where there is one.

    ``zone`` is that of times which name none.
    ``impact``, ``from`` and ``to`` (dates, UTC) are added to the query; a feed of its own span may ignore them.
    """

    def __init__(self, url: str, key: str, transport: Transport, clock: Clock, zone: str = "") -> None:
        self._url = url
        self._key = key
        self._transport = transport
        self._clock = clock
        self._zone = zone

    async def fetch(self) -> NewsCalendar:
        """What is due, as of now. Its span is that of the releases in it: a feed that knows none says nothing.

        Raises:
            Retryable: no answer, or one to ask again for.
            Unavailable: refused; the key is missing or wrong.
            Corrupt: the answer is no calendar.
        """
        now = self._clock.now()
        headers = {"Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        query = urlencode({"impact": "high", "from": _day(now - BACK), "to": _day(now + AHEAD)})
        url = f"{self._url}{'&' if '?' in self._url else '?'}{query}"
        answer = await self._transport.request("GET", url, headers=headers, timeout_s=TIMEOUT_S)
        if answer.status in (401, 403):
            needed = "the key was refused" if self._key else "a key is needed"
            raise Unavailable(
                f"{needed} ({answer.status})",
                where=self._url,
                next_step="set NEWS_API_KEY in .env; rules block meanwhile",
            )
        if answer.status != 200:
            raise Retryable(f"the calendar answered {answer.status}", where=self._url)
        if len(answer.body) > LARGEST:
            raise Retryable(f"the calendar answered {len(answer.body)} bytes", where=self._url, allowed=str(LARGEST))
        events = events_of(rows_of_json(answer.body, self._url), self._url, self._zone).events
        start, until = calendar_span(events)
        return NewsCalendar(now, now, start, until, "feed", self._url.partition("?")[0], events)


def _day(ts: int) -> str:
    return datetime.fromtimestamp(ts // SECOND, UTC).strftime("%Y-%m-%d")
