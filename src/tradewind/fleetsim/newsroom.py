"""A calendar of news that keeps its own truth: what is due, what was told of it, and everything a feed does wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from tradewind.app.config import load_config
from tradewind.app.news_calendar import differs, fetched, newest
from tradewind.errors import Misconfigured, TradewindError
from tradewind.fleetsim.clock import VirtualClock
from tradewind.fleetsim.evidence import Durable
from tradewind.fleetsim.service import Service
from tradewind.fleetsim.world import NEWS
from tradewind.model.decision import Signal
from tradewind.model.timeframe import DAY, HOUR, MINUTE, SECOND
from tradewind.ports.transport import Channel, Response, Traffic

URL: Final = str(NEWS["news"]["url"])
AHEAD: Final = 14 * DAY
OLDEST: Final = 7 * DAY
NEW_YORK: Final = ZoneInfo("America/New_York")
MODES: Final = ("empty", "error", "page", "no_zone", "other_zone", "stale", "silent")
EACH: Final = 8 * HOUR
STUCK: Final = 4
"""Size of a fault from which on the feed says the same for nine days."""
BY_RULE: Final = (("08:25", "08:35"), ("09:55", "10:05"), ("13:55", "15:35"))
"""Windows of New York on working days that are kept out of where no calendar can be believed."""


class Release(NamedTuple):
    """What is due at ``ts``; ``tier`` as the product ranks it, by our own word."""

    ts: int
    title: str
    tier: int


class Newsroom:
    """Implements ``ports.transport.Transport`` for one feed. ``honest`` is when it last told the truth."""

    def __init__(self, clock: VirtualClock, first: int, last: int, rng: np.random.Generator) -> None:
        self.releases = list(_releases(first, last + AHEAD, rng))
        self.traffic = Traffic()
        self.honest = 0
        self._clock = clock
        self._modes: tuple[str, ...] = ()
        self._begun = self._until = 0
        self._old = b"[]"

    def strike(self, share: float, size: int) -> None:
        """For days the feed misbehaves in one way after the other, or stays at one list longer than may be believed."""
        now, first = self._clock.true, int(share * len(MODES))
        self._modes = ("stale",) if size >= STUCK else MODES[first:] + MODES[:first]
        self._begun, self._until = now, now + (9 * DAY if size >= STUCK else len(MODES) * EACH)
        self._old = self._told(now - 20 * DAY, UTC)

    def _mode(self, now: int) -> str:
        if now >= self._until:
            return ""
        return self._modes[(now - self._begun) // EACH % len(self._modes)]

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout_s: float = 10.0,
    ) -> Response:
        """What the feed answers, or what it makes of itself."""
        now = self._clock.true
        mode = self._mode(now)
        if mode == "silent":
            raise TradewindError("no answer in time", where=URL)
        if mode in ("error", "page"):
            status = 503 if mode == "error" else 200
            return Response(status, {}, b"<html>We will be back soon.</html>")
        if mode in ("empty", "stale"):
            return Response(200, {}, b"[]" if mode == "empty" else self._old)
        if mode != "no_zone":
            self.honest = now
        zone = timezone(timedelta(hours=5, minutes=30)) if mode == "other_zone" else UTC
        told = self._told(now, zone)
        return Response(200, {}, told.replace(b"+00:00", b"") if mode == "no_zone" else told)

    async def connect(self, url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 10.0) -> Channel:
        """It has no streams."""
        raise Misconfigured("the newsroom has no web socket", where=url)

    def lines(
        self, url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 10.0
    ) -> AsyncIterator[bytes]:
        """It has none."""
        raise Misconfigured("the newsroom has no lines", where=url)

    def _told(self, now: int, zone: timezone) -> bytes:
        rows = [
            {
                "title": one.title,
                "country": "USD",
                "date": datetime.fromtimestamp(one.ts // SECOND, zone).isoformat(),
                "impact": "High",
            }
            for one in self.releases
            if now - DAY <= one.ts <= now + AHEAD
        ]
        return msgspec.json.encode(rows)


class NewsLaws:
    """Embargo, by the newsroom's own truth: what it told is kept out of, and where it told nothing, rules are."""

    def __init__(self, newsroom: Newsroom) -> None:
        self._newsroom = newsroom
        self._known = 0
        self._next = 0

    def informed(self) -> None:
        """The service has taken what the newsroom told last."""
        self._known = self._newsroom.honest

    def entry(self, one: Durable) -> Iterator[str]:
        """Signals that came where none may come."""
        for output in one.outputs:
            if isinstance(output, Signal):
                yield from self._judge(one, output)

    def _judge(self, one: Durable, signal: Signal) -> Iterator[str]:
        releases, ts = self._newsroom.releases, signal.ts
        while self._next < len(releases) and releases[self._next].ts < ts - HOUR:
            self._next += 1
        for release in releases[self._next :]:
            if release.ts > ts + HOUR:
                break
            margin = (30 if release.tier == 1 else 10) * MINUTE
            if abs(ts - release.ts) <= margin and self._known > 0 and release.ts <= self._known + AHEAD:
                away = (ts - release.ts) / MINUTE
                yield f"INV-11 entry {one.entry.seq}: {signal.id} {away:+.0f} minutes from the known {release.title}"
        if ts - self._known > OLDEST:
            local = datetime.fromtimestamp(ts // SECOND, NEW_YORK)
            clock = f"{local:%H:%M}"
            if local.weekday() < 5 and any(begin <= clock <= end for begin, end in BY_RULE):
                yield f"INV-11 entry {one.entry.seq}: {signal.id} at {clock} in New York, and nobody knows what is due"


class NewsDesk:
    """The service's task of the calendar: asks the feed, keeps what it says, and tells the engine what is new."""

    def __init__(self, newsroom: Newsroom, folder: Path, settings: dict[str, Any]) -> None:
        self.laws = NewsLaws(newsroom)
        self._newsroom = newsroom
        self._folder = folder
        self._config = load_config(environment={}, overrides=settings)
        self._due: tuple[Service | None, int] = (None, 0)

    async def task(self, service: Service, now: int) -> None:
        """At the start of a life and every few hours; where nobody answered, again after one."""
        known, due = self._due
        if known is service and now < due:
            return
        wait = round(self._config.filters.news.refresh_hours * HOUR)
        clock = service.session.clock
        try:
            await fetched(self._config, self._newsroom, clock, self._folder)
        except TradewindError:
            wait = HOUR
        found = newest(self._config, clock.now(), self._folder)
        if found is not None and differs(service.engine.book.calendar, found):
            service.session.inject(found)
        self._due = (service, now + wait)
        self.laws.informed()


def _releases(first: int, last: int, rng: np.random.Generator) -> Iterator[Release]:
    """Two or three a week at 08:30 or 14:00 in New York, some of them first rank."""
    day = datetime.fromtimestamp(first // SECOND, NEW_YORK).date()
    while True:
        local = datetime(day.year, day.month, day.day, tzinfo=NEW_YORK)
        if local.timestamp() * SECOND > last:
            return
        drawn = rng.random(3)
        if local.weekday() < 5 and drawn[0] < 0.5:
            hour, minute = ((8, 30), (10, 0), (14, 0))[int(drawn[1] * 3)]
            title, tier = ("CPI m/m", 1) if drawn[2] < 0.5 else ("Retail Sales m/m", 2)
            yield Release(int(local.replace(hour=hour, minute=minute).timestamp()) * SECOND, title, tier)
        day += timedelta(days=1)
