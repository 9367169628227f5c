"""The task that reads the news: articles become input events when they are seen, and none is lost by a restart."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.fakes.transport import InProcessTransport
from tests.unit.news.feeds import ATOM, RSS
from tradewind.adapters.sim_clock import ManualClock
from tradewind.app.news_articles import Library, fetched, readers_of
from tradewind.app.service.articles import articles
from tradewind.app.settings.root import AppConfig
from tradewind.app.settings.sentiment import SentimentSettings
from tradewind.engine.news_desk import NewsDesk
from tradewind.model.article import NewsRead
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import DAY, HOUR, MINUTE, SECOND
from tradewind.ports.transport import Response

NOW = int(datetime(2024, 1, 5, 16, tzinfo=UTC).timestamp()) * SECOND
PAIRS = {one: resolve(one) for one in ("BTC/USDT", "EUR/USD")}
FEEDS = AppConfig(sentiment=SentimentSettings(feeds=("http://b.example/y", "http://dead.example/z")))


class Room:
    """A life with a desk that hears, and a publisher; ``heard`` keeps every event that changed something."""

    def __init__(self, config: AppConfig, clock: ManualClock, *, asks: bool = False) -> None:
        self.clock, self.bodies = clock, {"b.example": RSS}
        self.heard: list[NewsRead] = []
        self.said: list[tuple[str, bool]] = []
        self.desk = NewsDesk(PAIRS)
        plan = SimpleNamespace(
            asks_for=lambda what: asks, symbols=[SimpleNamespace(instrument=one) for one in PAIRS.values()]
        )
        run = SimpleNamespace(plan=plan, session=SimpleNamespace(clock=clock), hear=self.hear)
        service = SimpleNamespace(attempted=lambda error, origin: self.said.append((origin, error is not None)))
        self.life = SimpleNamespace(
            run=run, config=config, clock=clock, service=service, transport=InProcessTransport(self.answer)
        )

    def answer(self, method: str, url: str, headers) -> Response:
        body = self.bodies.get(url.split("/")[2])
        return Response(503, {}, b"") if body is None else Response(200, {}, body)

    def hear(self, news) -> int:
        due = [one for one in news if not self.desk.knows(one)]
        for one in due:
            self.desk.take(one)
        self.heard += due
        return len(due)

    async def lives(self, until: int, meanwhile=lambda now: None) -> None:
        """The task, minute by minute, until a time."""

        def beat() -> None:
            meanwhile(self.clock.now())
            if self.clock.now() >= until:
                raise asyncio.CancelledError

        with pytest.raises(asyncio.CancelledError):
            await articles(self.life)(beat)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_feeds_and_without_anybody_who_asks_there_is_no_task():
    assert articles(Room(AppConfig(), ManualClock(NOW)).life) is None
    assert articles(Room(AppConfig(), ManualClock(NOW), asks=True).life) is not None


async def test_feeds_are_read_from_time_to_time_and_a_dead_one_is_said():
    room = Room(FEEDS, ManualClock(NOW))
    await room.lives(NOW + HOUR)
    assert [len(one.articles) for one in room.heard] == [2]
    assert {one.seen for one in room.heard[0].articles} == {NOW}
    assert (
        room.said.count(("news feed of b.example", False)) == room.said.count(("news feed of dead.example", True)) == 4
    )


async def test_what_is_heard_live_is_what_the_archive_gives_to_training():
    """Rule: bit for bit, at every minute, over a restart, an import beside it and a new article of another feed."""
    clock = ManualClock(NOW)
    live: dict[int, tuple[bytes, ...]] = {}

    def look(room: Room) -> None:
        now = np.array([clock.now()])
        live[clock.now()] = tuple(room.desk.of(one).at(now).tobytes() for one in PAIRS)

    first = Room(FEEDS, clock)
    await first.lives(NOW + 26 * HOUR, lambda now: look(first) if now > NOW else None)
    second = Room(FEEDS, clock)
    second.bodies["dead.example"] = ATOM
    clock.advance_to(clock.now() + 1)
    restarted = clock.now()
    await second.lives(NOW + 53 * HOUR, lambda now: look(second) if now > restarted else None)
    library = Library(FEEDS)
    for number, symbol in enumerate(PAIRS):
        times = np.array(sorted(live))
        stored = library.scores(PAIRS[symbol]).at(times)
        assert [row.tobytes() for row in stored] == [live[ts][number] for ts in times.tolist()]
        known = np.isfinite(stored[:, 0])
        assert not known[times < NOW + DAY].any()
        assert known[times >= NOW + DAY].all()
    assert (stored[:, 1] > 0.0).any()  # of the second feed, about the euro


async def test_what_was_fetched_by_hand_is_taken_within_a_minute():
    clock, done = ManualClock(NOW), []
    room = Room(AppConfig(), clock, asks=True)

    def by_hand(now: int) -> None:
        if now == NOW + 5 * MINUTE and not done:
            library = Library(FEEDS)
            done.append(fetched(library, readers_of(FEEDS, room.life.transport, clock), clock))

    async def fetch() -> None:
        while not done:
            await asyncio.sleep(0)
        await done[0]

    await asyncio.gather(room.lives(NOW + HOUR, by_hand), fetch())
    assert [len(one.articles) for one in room.heard] == [2]
