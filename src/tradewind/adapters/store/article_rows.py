"""What follows from a reading of the news: a row an article, the first time it is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tradewind.adapters.store.article_schema import articles
from tradewind.adapters.store.codec import encode_text
from tradewind.adapters.store.schema import utc_text
from tradewind.model.article import NewsRead

_COLUMNS: Final = [column.name for column in articles.columns]
_TOLD: Final = (
    f"INSERT INTO articles ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608  constants
    " ON CONFLICT (id) DO NOTHING"
)


def article_rows(read: NewsRead, seq: int) -> Iterator[tuple[str, tuple[object, ...]]]:
    """The statements of one reading, journal entry ``seq``."""
    for one in read.articles:
        when = (utc_text(one.known_at), one.known_at, one.published, one.seen)
        yield _TOLD, (one.id, *when, one.source, one.title, encode_text(one.subjects), one.scorer, seq)
