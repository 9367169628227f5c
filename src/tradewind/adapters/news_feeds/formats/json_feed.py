"""JSON: JSON Feed 1.1 (``items``), and lists of objects as news services answer with them under several names."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tradewind.errors import Corrupt
from tradewind.ports.news_feed import FeedItem

TITLES: Final = ("title", "headline", "name")
SUMMARIES: Final = ("summary", "content_text", "description", "body", "content_html", "text", "content")
TIMES: Final = (
    *("date_published", "published_at", "publishedAt", "published", "published_on", "time_published", "pubDate"),
    *("datetime", "timestamp", "created_at", "date", "time"),
)
KEYS: Final = ("id", "guid", "uuid", "url", "link", "external_url")
LISTS: Final = ("items", "articles", "results", "feed", "data", "Data", "news", "posts")


class JsonFeed:
    """Implements ``NewsFormat``."""

    name: Final = "json"

    def recognises(self, text: str) -> bool:
        """Whether it begins like an object or a list."""
        return text.lstrip()[:1] in ("{", "[")

    def items(self, text: str) -> list[FeedItem]:
        """The objects of the list, or of the one list inside the object."""
        try:
            found = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError) as error:
            raise Corrupt(f"no JSON ({error})", where="a feed", next_step="nothing of it was taken") from error
        if isinstance(found, dict):
            lists = [found[name] for name in LISTS if isinstance(found.get(name), list)]
            found = lists[0] if lists else None
        if not isinstance(found, list):
            raise Corrupt("no list of articles", where="a feed", allowed="items: [{title, date_published, ...}, ...]")
        return [_item(row) for row in found if isinstance(row, dict)]


def _item(row: dict[str, Any]) -> FeedItem:
    return FeedItem(_said(row, KEYS), _said(row, TITLES), _said(row, SUMMARIES), _said(row, TIMES))


def _said(row: dict[str, Any], names: tuple[str, ...]) -> str:
    """The first of several names that holds a text or a number."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""


FEED: Final = JsonFeed()
