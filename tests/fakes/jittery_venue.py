"""A venue on a bad day: the right bars, but late, twice, out of order, with corrections and broken connections.

The truth it keeps are the bars of a recording. Every one of them is told at last, as forming and then final, so that a
correct reader ends up with the same bars; what it may not rely on is the order, the number of times or the moment.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import msgspec
import numpy as np

from tradewind.adapters.replay_feed import Recording, ReplayFeed
from tradewind.model.bar import Bar
from tradewind.ports.market import FeedItem, Heartbeat, Lost, Update

SECOND = 1_000_000_000


def partial(bar: Bar) -> Bar:
    """The bar as it looked before it was over."""
    return msgspec.structs.replace(bar, close=bar.open, volume=bar.volume / 2)


class JitteryVenue:
    """Streams one recording; ``done`` counts what it did to it."""

    def __init__(self, recording: Recording, generator: np.random.Generator) -> None:
        self._bars = [event.bar for step in ReplayFeed([recording]).steps() for event in step.bars]
        self._rng = generator
        self.source = f"venue-{recording.symbol}"
        self.done: Counter[str] = Counter()

    async def stream(self) -> AsyncIterator[FeedItem]:
        """Everything there is to say, in an order of its own; the consumer's turns come at random."""
        i = 0
        while i < len(self._bars):
            size = min(int(self._rng.integers(1, 6)), len(self._bars) - i)
            for item in self._told(self._bars[i : i + size]):
                for _ in range(int(self._rng.integers(0, 3))):
                    await asyncio.sleep(0)
                yield item
            i += size

    def _told(self, bars: list[Bar]) -> list[FeedItem]:
        """Messages about a few bars in a row: one kind of trouble for each group."""
        kind = str(self._rng.choice(["plain", "duplicate", "reorder", "reconnect", "late", "successor", "correction"]))
        self.done[kind] += 1
        items: list[FeedItem] = [self._final(bar) for bar in bars]
        if kind == "plain":
            return [item for bar in bars for item in (Update(partial(bar), False, 1), self._final(bar))]
        if kind == "duplicate":
            return [*items, *items, items[0]]
        if kind == "reorder":
            return [items[i] for i in self._rng.permutation(len(items))]
        if kind == "reconnect":
            lost = Lost(1, "connection reset")
            return [Heartbeat(1), lost, *(self._final(bar, "backfill") for bar in bars), *items]
        if kind == "late":
            return [*items[1:], Heartbeat(1), items[0]]
        if kind == "successor":
            # No word that these are over: each is, when the next one begins; the last one gets the venue's word.
            return [*(Update(bar, False, bar.ts_close) for bar in bars), items[-1]]
        wrong = msgspec.structs.replace(bars[0], volume=bars[0].volume + 1.0)
        return [*items, Update(wrong, True, bars[0].ts_close + 60 * SECOND, self.source)]

    def _final(self, bar: Bar, cause: str = "venue") -> Update:
        return Update(bar, True, bar.ts_close + int(self._rng.integers(0, 5 * SECOND)), self.source, cause)
