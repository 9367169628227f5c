"""Answers of ``tradewind news``."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from tradewind.adapters.http_transport import HttpTransport
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import load_config
from tradewind.app.instruments import instrument_for
from tradewind.app.news_articles import FeedResult, Library, fetched, imported, readers_of, sentiment_at
from tradewind.app.signal_text import utc
from tradewind.cli.contract import DONE, UNAVAILABLE, Report, table
from tradewind.cli.options import moment
from tradewind.errors import Misconfigured, Unavailable


class ToldArticle(msgspec.Struct, frozen=True):
    """An article as people read it; times are UTC nanoseconds, ``score`` is for the pair that was asked about."""

    id: str
    source: str
    title: str
    published: int
    seen: int
    known_at: int
    score: float


class SentimentAnswer(msgspec.Struct, frozen=True):
    """``score`` is None where nobody had read the news for a whole day; ``counted`` articles lie in that day."""

    symbol: str
    ts: int
    score: float | None
    counted: int
    scorer: str
    last_read: int | None
    articles: tuple[ToldArticle, ...]


def sentiment_answer(config: Path | None, symbol: str, at: str, limit: int) -> Report:
    """What was said of a pair in the day before a moment."""
    settings = load_config(config)
    instrument = instrument_for(settings, symbol)
    library = Library(settings)
    ts = moment(at) if at else WallClock().now()
    found = sentiment_at(library, instrument, ts)
    told = tuple(
        ToldArticle(one.id, one.source, one.title, one.published, one.seen, one.known_at, score)
        for one, score in found.articles[:limit]
    )
    answer = SentimentAnswer(
        symbol=instrument.symbol,
        ts=ts,
        score=None if math.isnan(found.score) else found.score,
        counted=len(found.articles),
        scorer=library.scorer.name,
        last_read=library.last_read or None,
        articles=told,
    )
    return Report(answer, _text(answer), DONE if found.read else UNAVAILABLE)


def fetch_answer(config: Path | None) -> Report:
    """Asks the feeds once."""
    settings = load_config(config)
    if not settings.sentiment.feeds:
        raise Misconfigured(
            "no feed is configured", where="sentiment.feeds", allowed="addresses of RSS, Atom or JSON feeds",
            next_step="set them in tradewind.toml, or tradewind news import FILE",
        )  # fmt: skip
    library = Library(settings)

    async def ask() -> tuple[FeedResult, ...]:
        transport, clock = HttpTransport(), WallClock()
        try:
            return (await fetched(library, readers_of(settings, transport, clock), clock))[1]
        finally:
            await transport.close()

    results = asyncio.run(ask())
    if all(one.fault for one in results):
        raise Unavailable(
            "; ".join(one.fault for one in results), where="sentiment.feeds",
            next_step="what was read before is kept; the fetch can be repeated",
        )  # fmt: skip
    return Report({"feeds": results, "articles": len(library.articles)}, _results(results))


def import_answer(config: Path | None, file: Path) -> Report:
    """Adds a file."""
    library = Library(load_config(config))
    result, spans = imported(library, file, WallClock().now())
    document = {**msgspec.structs.asdict(result), "spans": spans}
    holes = f", with {len(spans) - 1} holes of more than three days" if len(spans) > 1 else ""
    span = f"known from {utc(spans[0][0])} to {utc(spans[-1][1])}{holes}"
    return Report(document, [*_results((result,)), f"{result.new} articles, {span}, are in {library.archive.path}"])


def _results(results: Sequence[FeedResult]) -> list[Any]:
    rows = [
        (one.source, one.entries, one.new, ", ".join(f"{count} {reason}" for reason, count in one.refused.items()),
         one.fault)
        for one in results
    ]  # fmt: skip
    return [table("Articles", ["source", "entries", "new", "refused", "fault"], rows)]


def _text(answer: SentimentAnswer) -> list[Any]:
    when = utc(answer.ts)
    if answer.score is None:
        last = f"; last read {utc(answer.last_read)}" if answer.last_read else ""
        head = (
            f"{answer.symbol} at {when}: unknown. Nobody has read the news for a whole day{last}."
            " Next: tradewind news fetch, or import FILE"
        )
    else:
        head = (
            f"{answer.symbol} at {when}: {answer.score:+.3f} from {answer.counted} articles of a day ({answer.scorer})"
        )
    rows = [(utc(one.published), utc(one.seen), f"{one.score:+.2f}", one.id, one.source, one.title)
            for one in answer.articles]  # fmt: skip
    if not rows:
        return [head]
    return [head, table("Articles", ["published", "seen", "score", "id", "source", "title"], rows)]
