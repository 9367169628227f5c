"""Articles of a project: fetched and imported into its archive, scored, and handed to whoever asks what was said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np

from tradewind.adapters.news_feeds.archive import NewsArchive, Reading
from tradewind.adapters.news_feeds.article_times import time_of
from tradewind.adapters.news_feeds.files import read_article_file
from tradewind.adapters.news_feeds.intake import Intake, KeptArticle
from tradewind.adapters.news_feeds.reader import FeedReader
from tradewind.adapters.text_scorers.onnx_text import read_text_model
from tradewind.app.settings.root import AppConfig
from tradewind.errors import Corrupt, Misconfigured, TradewindError, Unavailable
from tradewind.features.lexicon import LexiconScorer
from tradewind.features.news_inputs import LULL, NewsScores, Span, merged, span_of
from tradewind.features.news_subjects import score_of
from tradewind.features.sentiment import scored, scores_of
from tradewind.model.article import Article, NewsRead
from tradewind.model.instrument import Instrument
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import DAY, HOUR
from tradewind.ports.clock import Clock
from tradewind.ports.text_scorer import TextScorer
from tradewind.ports.transport import Transport

HOLE: Final = 3 * DAY
MARKED: Final = HOUR
"""How often a reading without anything new is written down: the sources were read, and silent."""


class FeedResult(msgspec.Struct, frozen=True):
    """What one feed or file gave: ``new`` articles, entries ``refused`` by reason, or the ``fault`` it had."""

    source: str
    entries: int
    new: int
    refused: dict[str, int]
    fault: str = ""


class Library:
    """The articles of a project as they are now: what was read when, scored by one scorer.

    What another scorer had scored is scored again, in memory: one history, one scale.

    Raises:
        Corrupt, Unavailable: the archive or the text model cannot be read.
    """

    def __init__(self, config: AppConfig, folder: Path | None = None) -> None:
        root = folder or Path()
        self.archive = NewsArchive(root / config.paths.data / "news")
        self.scorer = scorer_of(config, root)
        self.articles: list[Article] = []
        self._readings: list[tuple[int, int, int]] = []
        self._known: set[str] = set()
        self._end = 0
        self.intake = Intake()
        self.refreshed()

    @property
    def spans(self) -> list[Span]:
        """When the sources were read."""
        return merged(span_of(since, until) for _, since, until in self._readings)

    @property
    def last_read(self) -> int:
        """Until when the sources were last read, 0: never."""
        return max((until for _, _, until in self._readings), default=0)

    def add(self, *readings: Reading) -> tuple[NewsRead, ...]:
        """Scores what readings brought, writes them down and gives them, and what others wrote, as input events.

        Raises:
            Unavailable: the disk refuses; nothing was added then.
        """
        self.archive.append([msgspec.structs.replace(one, kept=self._rescored(one.kept)) for one in readings])
        return self.refreshed()

    def refreshed(self) -> tuple[NewsRead, ...]:
        """Takes what was written since by this process or another, and gives it as input events.

        Raises:
            Corrupt, Unavailable: the archive cannot be read.
        """
        readings, self._end = self.archive.readings(self._end)
        made = [msgspec.structs.replace(one, kept=self._rescored(one.kept)) for one in readings]
        for reading in made:
            self._readings.append((reading.ts, reading.since, reading.until))
            new = [one.article for one in reading.kept if one.article.id not in self._known]
            self._known |= {one.id for one in new}
            self.articles += new
            self.intake.remember(new)
        return tuple(NewsRead(one.ts, one.since, one.until, tuple(kept.article for kept in one.kept)) for one in made)

    def scores(self, instrument: Instrument) -> NewsScores:
        """What models and backtests read of an instrument."""
        return scores_of(instrument, self.articles, self.spans)

    def told(self, ts: int, first: int, last: int, instruments: Sequence[Instrument]) -> tuple[NewsRead, ...]:
        """What a run from ``first`` to ``last`` is told at ``ts``: articles about it, and when anybody read them.

        One event for each span of reading, the articles with the first; each counts from the time it was known on.
        """
        about = tuple(
            article
            for article in self.articles
            if first - DAY <= article.known_at <= last
            and any(score_of(one, article.subjects) is not None for one in instruments)
        )
        spans = [(since, until) for since, until in self.spans if until >= first - DAY and since <= last]
        return tuple(
            NewsRead(ts, since, until - LULL, () if number else about) for number, (since, until) in enumerate(spans)
        )

    def _rescored(self, kept: Sequence[KeptArticle]) -> tuple[KeptArticle, ...]:
        """As the scorer of now sees them."""
        stale = [one for one in kept if one.article.scorer != self.scorer.name]
        if not stale:
            return tuple(kept)
        again = iter(scored([(one.article, one.summary) for one in stale], self.scorer))
        return tuple(
            one if one.article.scorer == self.scorer.name else msgspec.structs.replace(one, article=next(again))
            for one in kept
        )


def scorer_of(config: AppConfig, folder: Path) -> TextScorer:
    """The text model of the configuration, the lexicon where there is none.

    Raises:
        Corrupt, Unavailable: as ``read_text_model``.
    """
    return read_text_model(folder / config.sentiment.model) if config.sentiment.model else LexiconScorer()


def readers_of(config: AppConfig, transport: Transport, clock: Clock) -> tuple[FeedReader, ...]:
    """One reader for each feed.

    Raises:
        Misconfigured: an address is none.
    """
    return tuple(FeedReader(url, transport, clock) for url in config.sentiment.feeds)


def unread(config: AppConfig) -> list[str]:
    """What a person should know at the start of a service that is to hear of articles and has nothing to read."""
    if config.sentiment.feeds:
        return []
    readers = [f"the models of {one.name}" for one in config.predictors if one.news]
    readers += ["the veto sentiment"] if "sentiment" in config.filters.enabled else []
    models = any(one.news for one in config.predictors)
    silent = "a model is silent where nobody has read for a day" if models else "the veto objects to nothing else"
    return [
        f"{' and '.join(readers) or 'this run'} read the news, and no feed is configured (sentiment.feeds): only what"
        f" `tradewind news fetch` or `import` adds is heard; {silent}"
    ]


async def fetched(
    library: Library, readers: Sequence[FeedReader], clock: Clock
) -> tuple[tuple[NewsRead, ...], tuple[FeedResult, ...]]:
    """Asks every feed once; what is new is scored and written down. A feed that fails keeps no other from being read.

    No event where nothing is to be told: no feed answered, or none had news and the hour is not over.

    Raises:
        Unavailable: the disk refuses.
    """
    kept: list[KeptArticle] = []
    results = []
    answered = False
    for reader in readers:
        try:
            items = await reader.items()
        except TradewindError as error:
            results.append(FeedResult(reader.source, 0, 0, {}, str(error)))
            continue
        answered = True
        before = library.intake.refused.copy()
        new = library.intake.take(items, reader.source, clock.now())
        refused = dict(library.intake.refused - before)
        results.append(FeedResult(reader.source, len(items), len(new), refused))
        kept += new
    now = clock.now()
    if not answered or not (kept or now - library.last_read >= MARKED):
        return (), tuple(results)
    kept = [msgspec.structs.replace(one, article=msgspec.structs.replace(one.article, seen=now)) for one in kept]
    return library.add(Reading(now, now, now, tuple(kept))), tuple(results)


def imported(library: Library, path: Path, now: int) -> tuple[FeedResult, tuple[Span, ...]]:
    """Adds the articles of a file. They count from the time their file says that they were seen, else from their own.

    The spans that are known by it are returned: from article to article, where these are at most three days apart. A
    longer hole says nothing, not that nothing was said.

    Raises:
        Misconfigured: it is no file of articles, or none of its rows is one that was not known.
        Unavailable: as ``read_article_file``.
    """
    try:
        rows = read_article_file(path)
    except Corrupt as fault:  # a file that was named is an argument; nothing of ours is damaged
        raise Misconfigured(
            fault.found, where=fault.where or str(path), allowed=fault.allowed, next_step=fault.next_step
        ) from fault
    kept: list[KeptArticle] = []
    before = library.intake.refused.copy()
    for row in rows:
        for one in library.intake.take([row.item], row.source or path.stem, None):
            seen = time_of(row.seen) or one.article.published
            if max(seen, one.article.published) > now:
                library.intake.refused["dated ahead"] += 1
                continue
            kept.append(msgspec.structs.replace(one, article=msgspec.structs.replace(one.article, seen=seen)))
    refused = dict(library.intake.refused - before)
    if not kept:
        told = ", ".join(f"{number} {reason}" for reason, number in refused.items()) or "it is empty"
        raise Misconfigured(
            f"no new article in {len(rows)} rows: {told}", where=str(path), allowed="rows with a time and a title"
        )
    kept.sort(key=_known_at)
    parts: list[list[KeptArticle]] = []
    for one in kept:
        if parts and _known_at(one) - _known_at(parts[-1][-1]) <= HOLE:
            parts[-1].append(one)
        else:
            parts.append([one])
    readings = [Reading(now, _known_at(part[0]), _known_at(part[-1]), tuple(part)) for part in parts]
    library.add(*readings)
    return FeedResult(path.name, len(rows), len(kept), refused), tuple((one.since, one.until) for one in readings)


def _known_at(kept: KeptArticle) -> int:
    return kept.article.known_at


def news_of(config: AppConfig, symbol: str, folder: Path | None = None) -> NewsScores:
    """What models read of a symbol's news.

    Raises:
        Unavailable: there is no archive of articles.
        Corrupt: it cannot be read.
    """
    library = Library(config, folder)
    if not library.spans:
        raise Unavailable(
            "nobody has read any news", where=str(library.archive.path),
            next_step="tradewind news import FILE, or set sentiment.feeds and tradewind news fetch",
        )  # fmt: skip
    return library.scores(resolve(symbol, config.instruments))


class Sentiment(NamedTuple):
    """What was said of a symbol in the day before a moment: NaN where nobody had read for a whole day."""

    score: float
    articles: tuple[tuple[Article, float], ...]
    read: bool


def sentiment_at(library: Library, instrument: Instrument, ts: int) -> Sentiment:
    """Mean score and the articles behind it, newest first; only what was known at ``ts``."""
    score, _ = library.scores(instrument).at(np.array([ts]))[0]
    inside = [
        (article, found)
        for article in library.articles
        if ts - DAY < article.known_at <= ts and (found := score_of(instrument, article.subjects)) is not None
    ]
    inside.sort(key=lambda pair: (-pair[0].known_at, pair[0].id))
    return Sentiment(float(score), tuple(inside), not np.isnan(score))
