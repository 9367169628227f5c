"""From entries of feeds to articles: cleaned, named, dated, each once; what was refused, and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

import msgspec

from tradewind.adapters.news_feeds import formats
from tradewind.adapters.news_feeds.article_times import time_of
from tradewind.adapters.news_feeds.plain_text import LARGEST, LONGEST_SUMMARY, LONGEST_TITLE, decoded, plain
from tradewind.catalog import plugins_of
from tradewind.errors import Corrupt
from tradewind.model.article import Article
from tradewind.model.timeframe import DAY
from tradewind.ports.news_feed import FeedItem, NewsFormat

MOST_ITEMS: Final = 2_000
"""Entries of one answer that are looked at."""
AHEAD: Final = DAY
"""How far ahead of the clock an article's own time may lie; until then it is not known either way."""
COPIES: Final = 3 * DAY
_LETTERS: Final = re.compile(r"[^\w]+")


class KeptArticle(msgspec.Struct, frozen=True):
    """An article with the summary that was scored beside its title."""

    article: Article
    summary: str = ""


class Intake:
    """Turns entries into articles. It remembers keys and titles of those it took, so that each is taken once.

    Copies of one headline from several sources within three days are one article. ``refused`` counts by reason.
    """

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        self._ids: set[str] = set()
        self._titles: dict[str, int] = {}

    def remember(self, known: Iterable[Article]) -> None:
        """Articles that were taken before, by this intake or another."""
        for article in known:
            self._remember(article)

    def take(self, items: Iterable[FeedItem], source: str, seen: int | None) -> list[KeptArticle]:
        """The new articles among ``items``, as ``seen`` at a moment; None: each when its own time says (an archive)."""
        found = []
        for number, item in enumerate(items):
            if number >= MOST_ITEMS:
                self.refused["too many at once"] += 1
                break
            kept = self._article(item, source, seen)
            if isinstance(kept, str):
                self.refused[kept] += 1
                continue
            found.append(kept)
            self._remember(kept.article)
        return found

    def _article(self, item: FeedItem, source: str, seen: int | None) -> KeptArticle | str:
        title = plain(item.title, LONGEST_TITLE)
        if not title:
            return "no title"
        published = time_of(item.time)
        if published is None:
            return "no time" if not item.time.strip() else "no readable time"
        if seen is not None and published > seen + AHEAD:
            return "dated ahead"
        key = sha256(f"{source}\n{item.key.strip() or title}".encode("utf-8", "replace")).hexdigest()[:16]
        if key in self._ids:
            return "known already"
        copied = self._titles.get(_essence(title))
        if copied is not None and abs(published - copied) <= COPIES:
            return "copy of another"
        article = Article(key, source, title, published, published if seen is None else seen)
        return KeptArticle(article, plain(item.summary, LONGEST_SUMMARY))

    def _remember(self, article: Article) -> None:
        self._ids.add(article.id)
        self._titles[_essence(article.title)] = article.published


def items_of(body: bytes, content_type: str = "") -> tuple[str, list[FeedItem]]:
    """The format of a feed's answer and its entries.

    Raises:
        Corrupt: too large, of no known format, or not readable in its format.
    """
    if len(body) > LARGEST:
        raise Corrupt(f"{len(body)} bytes", where="a feed", allowed=f"at most {LARGEST}")
    text = decoded(body, content_type)
    known = known_formats()
    for one in known:
        if one.recognises(text):
            return one.name, one.items(text)
    names = ", ".join(one.name for one in known)
    raise Corrupt(f"no feed: {plain(text[:200], 60)!r}", where="a feed", allowed=names)


def known_formats() -> tuple[NewsFormat, ...]:
    """Every format there is, by the name of its file."""
    return tuple(plugins_of(formats, "FEED").values())


def _essence(title: str) -> str:
    """A title without case and punctuation."""
    return _LETTERS.sub(" ", title.lower()).strip()
