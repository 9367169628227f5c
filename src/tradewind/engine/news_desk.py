"""What articles said of each symbol, as it became known to the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from tradewind.features.news_inputs import HeardNews
from tradewind.features.news_subjects import score_of
from tradewind.model.article import NewsRead
from tradewind.model.instrument import Instrument


class _State(msgspec.Struct, frozen=True):
    heard: dict[str, tuple[list[int], list[int], list[tuple[int, int]]]]
    ids: list[str]


REMEMBERED: Final = 4096
"""Articles by which a repeat is known."""


class NewsDesk:
    """Holds a day of articles for every symbol; empty, and free of cost, where no news are read."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self._instruments = instruments
        self._heard = {symbol: HeardNews() for symbol in instruments}
        self._ids: dict[str, None] = {}

    def of(self, symbol: str) -> HeardNews:
        """The articles about ``symbol``; the same object as long as the engine lives."""
        return self._heard[symbol]

    def knows(self, read: NewsRead) -> bool:
        """Whether taking ``read`` would change nothing."""
        told = all(article.id in self._ids for article in read.articles)
        return told and all(heard.has_read(read.since, read.until) for heard in self._heard.values())

    def take(self, read: NewsRead) -> None:
        """What was read counts from now on, each article once."""
        for heard in self._heard.values():
            heard.read(read.ts, read.since, read.until)
        for article in read.articles:
            if article.id in self._ids:
                continue
            self._ids[article.id] = None
            for symbol, instrument in self._instruments.items():
                score = score_of(instrument, article.subjects)
                if score is not None:
                    self._heard[symbol].take(article.known_at, score)
        while len(self._ids) > REMEMBERED:
            del self._ids[next(iter(self._ids))]

    def snapshot(self) -> bytes:
        """The state as bytes; none where nothing was read."""
        told = {symbol: heard.state() for symbol, heard in self._heard.items() if heard.state()[2]}
        return msgspec.msgpack.encode(_State(told, list(self._ids))) if told else b""

    def restore(self, state: bytes) -> None:
        """Continues from a snapshot; empty bytes are a desk that read nothing."""
        if not state:
            return
        found = msgspec.msgpack.decode(state, type=_State)
        self._ids = dict.fromkeys(found.ids)
        for symbol, saved in found.heard.items():
            if symbol in self._heard:
                self._heard[symbol].restore(saved)
