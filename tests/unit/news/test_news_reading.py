"""Reading feeds: within a budget, only what is new, no feed in the way of another; and an archive that keeps it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import polars as pl
import pytest

from tests.fakes.transport import InProcessTransport
from tests.shared_data import shared
from tests.unit.news.feeds import ATOM, RSS, rss_item
from tradewind.adapters.news_feeds.archive import NewsArchive, Reading
from tradewind.adapters.news_feeds.reader import REQUESTS, FeedReader
from tradewind.adapters.sim_clock import ManualClock
from tradewind.app.news_articles import Library, fetched, imported, readers_of, sentiment_at
from tradewind.app.settings.root import AppConfig
from tradewind.app.settings.sentiment import SentimentSettings
from tradewind.errors import Corrupt, Misconfigured, Retryable, Unavailable
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import DAY, HOUR, MINUTE, SECOND
from tradewind.ports.transport import Response

NOW = int(datetime(2024, 1, 5, 16, tzinfo=UTC).timestamp()) * SECOND
BTC, EUR = resolve("BTC/USDT"), resolve("EUR/USD")


def config(*feeds: str) -> AppConfig:
    return AppConfig(sentiment=SentimentSettings(feeds=feeds))


THREE = config("http://a.example/x", "http://b.example/y", "http://c.example/z")


def answering(**bodies: bytes | int):
    """A network where host ``a`` answers with ``bodies['a']``, or with that status."""

    def answer(method: str, url: str, headers) -> Response:
        said = bodies[url.split("/")[2].partition(".")[0]]
        return Response(said, {}, b"") if isinstance(said, int) else Response(200, {"etag": '"1"'}, said)

    return InProcessTransport(answer)


def test_a_feed_that_fails_keeps_no_other_from_being_read(tmp_path):
    library = Library(THREE, tmp_path)
    network, clock = answering(a=500, b=RSS, c=b"<html>no feed</html>"), ManualClock(NOW)
    (event,), results = asyncio.run(fetched(library, readers_of(THREE, network, clock), clock))
    assert [(one.source, one.new) for one in results] == [("a.example", 0), ("b.example", 2), ("c.example", 0)]
    assert "500" in results[0].fault
    assert "no feed" in results[2].fault
    assert event.ts == event.since == event.until == NOW
    assert {one.seen for one in event.articles} == {NOW}
    assert dict(event.articles[0].subjects)["BTC"] > 0.3
    assert {one.id for one in Library(config(), tmp_path).articles} == {one.id for one in event.articles}


def test_what_was_read_before_is_not_told_again_and_silence_is_told_once_an_hour(tmp_path):
    library, clock = Library(config(), tmp_path), ManualClock(NOW)
    readers = (FeedReader("http://b.example/y", answering(b=RSS), clock),)
    told = []
    for _ in range(9):
        told.append(asyncio.run(fetched(library, readers, clock))[0])
        clock.advance_to(clock.now() + 15 * MINUTE)
    assert [[len(one.articles) for one in events] for events in told] == [[2], [], [], [], [0], [], [], [], [0]]


def test_where_no_feed_answers_nobody_has_read(tmp_path):
    library, clock = Library(config(), tmp_path), ManualClock(NOW)
    events, (result,) = asyncio.run(
        fetched(library, (FeedReader("http://a.example/", answering(a=503), clock),), clock)
    )
    assert events == ()
    assert result.fault
    assert library.spans == []


def test_a_feed_is_asked_within_its_budget_and_only_for_what_changed():
    """Rule: twelve requests an hour, whoever asks; the second asks with the tag of the first."""
    clock, seen = ManualClock(NOW), []

    def answer(method: str, url: str, headers) -> Response:
        seen.append((clock.monotonic(), headers.get("If-None-Match")))
        return Response(304, {}, b"") if "If-None-Match" in headers else Response(200, {"etag": '"v1"'}, ATOM)

    reader = FeedReader("https://www.desk.example/feed", InProcessTransport(answer), clock)

    async def ask() -> list[int]:
        return [len(await reader.items()) for _ in range(REQUESTS + 1)]

    assert asyncio.run(ask()) == [2] + [0] * REQUESTS
    assert seen[1][1] == '"v1"'
    assert seen[-1][0] - seen[0][0] >= HOUR
    assert reader.source == "desk.example"


@pytest.mark.parametrize(
    ("status", "kind"), [(429, Retryable), (500, Retryable), (404, Unavailable), (301, Unavailable)]
)
def test_refusals_are_told_apart(status, kind):
    transport = InProcessTransport(lambda *_: Response(status, {"location": "http://x/<b>y</b>\x07"}, b""))
    with pytest.raises(kind) as caught:
        asyncio.run(FeedReader("http://a.example/f?key=secret", transport, ManualClock(NOW)).items())
    assert "secret" not in str(caught.value)
    assert "<b>" not in str(caught.value)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/y", "a.example/feed", "", "http://"])
def test_only_addresses_of_the_web_are_asked(url):
    with pytest.raises(Misconfigured):
        FeedReader(url, answering(), ManualClock(NOW))


def test_a_cut_line_is_read_over_and_taken_away_by_the_next(tmp_path):
    archive = NewsArchive(tmp_path)
    assert archive.readings() == ([], 0)
    first, second = Reading(1, 1, 1), Reading(2, 2, 2)
    archive.append([first])
    whole = archive.path.read_bytes()
    archive.path.write_bytes(whole + b'{"ts":2,"since":')
    assert archive.readings() == ([first], len(whole))
    archive.append([second])
    assert archive.readings()[0] == [first, second]
    assert archive.readings(len(whole))[0] == [second]
    archive.path.write_bytes(b"nonsense\n" + archive.path.read_bytes())
    with pytest.raises(Corrupt, match="line 1"):
        archive.readings()


def test_an_archive_counts_from_the_times_it_tells_and_has_holes(tmp_path):
    """Rule: ``seen`` where the file has it; dates end their day; a hole of more than three days is unread."""
    day = datetime(2023, 3, 1, tzinfo=UTC)
    frame = pl.DataFrame({
        "time": [day.replace(day=n) for n in (1, 2, 3, 20, 21)],
        "title": [f"Bitcoin rallies again {n}" for n in range(5)],
    })  # fmt: skip
    frame.write_parquet(tmp_path / "dates.parquet")
    library = Library(config(), tmp_path)
    result, spans = imported(library, tmp_path / "dates.parquet", NOW)
    at = int(day.timestamp()) * SECOND
    assert result.new == 5
    assert spans == ((at + DAY, at + 3 * DAY), (at + 20 * DAY, at + 21 * DAY))
    assert sentiment_at(library, BTC, at + 2 * DAY + HOUR).read
    assert not sentiment_at(library, BTC, at + 10 * DAY).read
    late = pl.DataFrame({"published_at": ["2023-03-02T10:00:00Z"], "seen": ["2023-03-02T12:00:00Z"],
                         "headline": ["Bitcoin crashes"], "source": ["a <b>wire</b>"]})  # fmt: skip
    late.write_csv(tmp_path / "late.csv")
    imported(library, tmp_path / "late.csv", NOW)
    (one,) = [article for article in library.articles if article.title == "Bitcoin crashes"]
    assert (one.known_at - one.published, one.source) == (2 * HOUR, "a wire")
    with pytest.raises(Misconfigured, match="known already"):
        imported(library, tmp_path / "late.csv", NOW)


def test_a_run_is_told_what_concerns_it_and_when_anybody_read(tmp_path):
    library, clock = Library(config(), tmp_path), ManualClock(NOW)
    asyncio.run(fetched(library, (FeedReader("http://b.example/y", answering(b=RSS), clock),), clock))
    clock.advance_to(NOW + 3 * DAY)
    asyncio.run(fetched(library, (FeedReader("http://c.example/y", answering(c=ATOM), clock),), clock))
    everything = library.told(1, NOW, NOW + 9 * DAY, (BTC, EUR))
    assert [(one.since, one.until) for one in everything] == [(NOW, NOW), (NOW + 3 * DAY, NOW + 3 * DAY)]
    assert sorted(one.title[:7] for one in everything[0].articles) == ["Bitcoin", "Euro fa"]
    assert len(library.told(1, NOW, NOW + HOUR, (BTC,))) == 1
    assert library.told(1, NOW - 90 * DAY, NOW - 80 * DAY, (BTC,)) == ()


def test_what_another_scorer_scored_is_scored_again(tmp_path):
    library, clock = Library(config(), tmp_path), ManualClock(NOW)
    asyncio.run(fetched(library, (FeedReader("http://b.example/y", answering(b=rss_item("Bitcoin soars")),
                                             clock),), clock))  # fmt: skip
    path = library.archive.path
    path.write_bytes(path.read_bytes().replace(b"lexicon-", b"ancient-").replace(b'["BTC",0.', b'["BTC",-0.'))
    (article,) = Library(config(), tmp_path).articles
    assert article == library.articles[0]


def test_what_another_process_adds_is_taken_once(tmp_path):
    library, other, clock = Library(config(), tmp_path), Library(config(), tmp_path), ManualClock(NOW)
    reader = FeedReader("http://b.example/y", answering(b=RSS), clock)
    (event,), _ = asyncio.run(fetched(other, (reader,), clock))
    assert library.refreshed() == (event,)
    assert library.refreshed() == other.refreshed() == ()
    assert library.articles == other.articles
    again = FeedReader("http://b.example/y", answering(b=RSS), clock)
    clock.advance_to(NOW + 2 * HOUR)
    (silent,), (result,) = asyncio.run(fetched(library, (again,), clock))
    assert silent.articles == ()
    assert result.refused == {"known already": 2}


def test_recorded_headlines_are_read_and_most_coins_are_found(tmp_path):
    """Real headlines of 2022 to 2025 about coins and currencies: none fails, every subject is one that is known."""
    library = Library(config(), tmp_path)
    result, _ = imported(library, shared("data/news/headlines_small.parquet"), NOW + 900 * DAY)
    assert result.entries == 193
    assert result.new + sum(result.refused.values()) == 193
    assert sum(bool(one.subjects) for one in library.articles) > 0.6 * result.new
    assert all(-1.0 <= score <= 1.0 for one in library.articles for _, score in one.subjects)
