"""Atom (RFC 4287): ``entry`` elements with title, summary or content, published or updated, id."""

from __future__ import annotations

import re
from typing import Final

from tradewind.adapters.news_feeds.xml_tree import Node, tree
from tradewind.ports.news_feed import FeedItem

_ROOT: Final = re.compile(r"<(?:[\w-]+:)?feed[\s>]", re.IGNORECASE)


class AtomFeed:
    """Implements ``NewsFormat``."""

    name: Final = "atom"

    def recognises(self, text: str) -> bool:
        """Whether its first element is ``feed``."""
        found = re.search(r"<[A-Za-z]", text[:4096])
        return found is not None and _ROOT.match(text, found.start()) is not None

    def items(self, text: str) -> list[FeedItem]:
        """Entries, in the order of the feed."""
        return [_item(node) for node in tree(text).children if node.name == "entry"]


def _item(node: Node) -> FeedItem:
    link = node.first("link")
    return FeedItem(
        key=node.said("id") or (link.attributes.get("href", "") if link is not None else ""),
        title=node.said("title"),
        summary=node.said("summary", "content"),
        time=node.said("published", "updated"),
    )


FEED: Final = AtomFeed()
