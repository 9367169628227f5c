"""Asks one feed over HTTP, within a budget, and again only for what is new."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from tradewind.adapters.market.rate_budget import RateBudget
from tradewind.adapters.market.venue_http import SERVER_FAULT, TOO_MANY, retry_after_s
from tradewind.adapters.news_feeds.intake import items_of
from tradewind.adapters.news_feeds.plain_text import plain
from tradewind.errors import Corrupt, Misconfigured, Retryable, Unavailable
from tradewind.ports.clock import Clock
from tradewind.ports.news_feed import FeedItem
from tradewind.ports.transport import Transport

TIMEOUT_S: Final = 15.0
REQUESTS, WINDOW_S = 12, 3600.0
"""Most requests of one feed in an hour, whoever asks: publishers shut out who asks more often."""
_WAIT_S: Final = 900.0
_NOT_MODIFIED: Final = 304
_TAGS: Final = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
_ACCEPTED: Final = "application/rss+xml, application/atom+xml, application/feed+json, application/json, text/xml;q=0.9"


class FeedReader:
    """One feed. ``source`` is the host of its address: what a feed calls itself is not asked.

    Raises:
        Misconfigured: the address is none of http or https.
    """

    def __init__(self, url: str, transport: Transport, clock: Clock) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Misconfigured(f"{url!r} is no address of a feed", where="sentiment.feeds", allowed="http, https")
        self.url = url
        self.source = parts.hostname.removeprefix("www.")
        self.budget = RateBudget(clock, REQUESTS, WINDOW_S)
        self._transport = transport
        self._clock = clock
        self._tags: dict[str, str] = {}

    async def items(self) -> list[FeedItem]:
        """The entries of the feed; none where it says that nothing changed.

        Raises:
            Retryable: no answer, or one to ask again for.
            Unavailable: refused, gone or moved.
            Corrupt: the answer is no feed.
        """
        await self.budget.acquire()
        headers = {"Accept": _ACCEPTED, **self._tags}
        answer = await self._transport.request("GET", self.url, headers=headers, timeout_s=TIMEOUT_S)
        where = f"feed of {self.source}"
        if answer.status == _NOT_MODIFIED:
            return []
        if answer.status in TOO_MANY or answer.status >= SERVER_FAULT:
            wait = retry_after_s(answer.headers, self._clock.now())
            if answer.status in TOO_MANY:
                self.budget.ban(_WAIT_S if wait is None else wait)
            raise Retryable(f"it answered {answer.status}", where=where, retry_after_s=wait)
        if answer.status != 200:
            to = plain(answer.headers.get("location", ""), 100)
            raise Unavailable(
                f"it answered {answer.status}{f' and points to {to}' if to else ''}", where=where,
                next_step="correct its address in sentiment.feeds, or take it out",
            )  # fmt: skip
        try:
            _, found = items_of(answer.body, answer.headers.get("content-type", ""))
        except Corrupt as error:
            raise Corrupt(error.found, where=where, allowed=error.allowed, next_step=error.next_step) from error
        self._tags = {
            _TAGS[name]: value for name, value in answer.headers.items() if name in _TAGS and len(value) < 200
        }
        return found
