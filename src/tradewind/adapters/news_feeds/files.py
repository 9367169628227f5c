"""Files of articles: CSV, JSON, JSON lines, Parquet, and feeds as they were saved."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from tradewind.adapters.news_feeds.formats.json_feed import SUMMARIES, TIMES, TITLES
from tradewind.adapters.news_feeds.intake import items_of
from tradewind.adapters.news_feeds.plain_text import decoded, plain
from tradewind.errors import Corrupt, Misconfigured, Unavailable
from tradewind.ports.news_feed import FeedItem

LARGEST_FILE: Final = 256 << 20
ENDINGS: Final = ".csv, .json, .jsonl, .parquet, .xml, .rss, .atom"


class FileItem(NamedTuple):
    """An entry with the source its file names and the time at which somebody saw it, where the file tells."""

    item: FeedItem
    source: str
    seen: str


def read_article_file(path: Path) -> list[FileItem]:
    """The entries of a file; its ending says how it is written. Columns as in JSON feeds, ``source`` and ``seen``.

    A column of times that are all midnight holds dates: they are handed on without the time.

    Raises:
        Unavailable: it cannot be read.
        Misconfigured: it has another ending, or is too large.
        Corrupt: it is not what its ending says.
    """
    ending = path.suffix.lower()
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise Misconfigured(f"{path.stat().st_size} bytes", where=str(path), allowed=f"at most {LARGEST_FILE}")
        if ending == ".parquet":
            return _rows(_parquet(path))
        body = path.read_bytes()
    except OSError as error:
        raise Unavailable(f"cannot read ({error.strerror or error})", where=str(path)) from error
    if ending == ".csv":
        return _rows(_csv(body, path))
    if ending == ".jsonl":
        return _rows(_lines(body, path))
    if ending in (".json", ".xml", ".rss", ".atom"):
        return [FileItem(one, "", "") for one in items_of(body)[1]]
    raise Misconfigured(f"{ending or 'no ending'}", where=str(path), allowed=ENDINGS)


def _rows(rows: list[Mapping[str, Any]]) -> list[FileItem]:
    names = {str(name).lower(): str(name) for row in rows[:1] for name in row}
    time = next((names[one.lower()] for one in TIMES if one.lower() in names), "")
    title = next((names[one.lower()] for one in TITLES if one.lower() in names), "")
    summary = next((names[one.lower()] for one in SUMMARIES if one.lower() in names), "")
    texts = [_time(row.get(time)) for row in rows]
    if texts and all("T00:00:00" in text for text in texts):
        texts = [text.partition("T")[0] for text in texts]
    found = []
    for row, text in zip(rows, texts, strict=True):
        body = str(row.get(summary) or "")
        head = str(row.get(title) or "") or _sentence(body)
        item = FeedItem(str(row.get(names.get("id", ""), "") or ""), head, body, text)
        found.append(FileItem(item, plain(str(row.get("source") or ""), 60), _time(row.get("seen"))))
    return found


def _sentence(body: str) -> str:
    """The first sentence of an article that has no title."""
    text = plain(body[:2_000], 300)
    return text.partition(". ")[0]


def _time(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value if value is not None else "")


def _csv(body: bytes, path: Path) -> list[Mapping[str, Any]]:
    try:
        return [
            {key: value for key, value in row.items() if key is not None}
            for row in csv.DictReader(io.StringIO(decoded(body), newline=""))
        ]
    except csv.Error as error:
        raise Corrupt(f"no CSV ({error})", where=str(path)) from error


def _lines(body: bytes, path: Path) -> list[Mapping[str, Any]]:
    try:
        return [msgspec.json.decode(line, type=dict[str, Any]) for line in body.splitlines() if line.strip()]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Corrupt(f"no JSON lines ({error})", where=str(path)) from error


def _parquet(path: Path) -> list[Mapping[str, Any]]:
    import polars as pl  # 37 MB, needed for this one format

    try:
        return list(pl.read_parquet(path).to_dicts())
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise Corrupt(f"no Parquet ({error})", where=str(path)) from error
