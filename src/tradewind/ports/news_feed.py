"""How articles arrive: formats of feeds, one plug-in each."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class FeedItem(NamedTuple):
    """One entry as a feed writes it: raw text of somebody else, nothing cleaned, nothing believed.

    ``key`` is the feed's own name of it (guid, id or link); ``time`` its own time as written. Empty where absent.
    """

    key: str
    title: str
    summary: str
    time: str


class NewsFormat(Protocol):
    """One format of feeds. Found by the catalog in ``adapters/news_feeds`` under ``FEED``; holds no state."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    def recognises(self, text: str) -> bool:
        """Whether a body looks like this format; one body is at most one format."""
        ...

    def items(self, text: str) -> list[FeedItem]:
        """The entries of a body, in its order.

        Raises:
            Corrupt: it is not readable, or holds what no feed needs (a document type, entities, deep nesting).
        """
        ...
