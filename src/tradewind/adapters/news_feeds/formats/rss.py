"""RSS 2.0 and 1.0: ``item`` elements with title, description, pubDate or dc:date, guid or link."""

from __future__ import annotations

import re
from typing import Final

from tradewind.adapters.news_feeds.xml_tree import Node, tree
from tradewind.ports.news_feed import FeedItem

_ROOT: Final = re.compile(r"<(?:[\w-]+:)?(?:rss|RDF)[\s>]", re.IGNORECASE)


class RssFeed:
    """Implements ``NewsFormat``."""

    name: Final = "rss"

    def recognises(self, text: str) -> bool:
        """Whether its first element is ``rss`` or ``rdf:RDF``."""
        found = re.search(r"<[A-Za-z]", text[:4096])
        return found is not None and _ROOT.match(text, found.start()) is not None

    def items(self, text: str) -> list[FeedItem]:
        """Items, wherever the version puts them."""
        root = tree(text)
        channel = root.first("channel")
        held = [*root.children, *(channel.children if channel is not None else ())]
        return [_item(node) for node in held if node.name == "item"]


def _item(node: Node) -> FeedItem:
    return FeedItem(
        key=node.said("guid", "link") or node.attributes.get("about", ""),
        title=node.said("title"),
        summary=node.said("description", "encoded"),
        time=node.said("pubdate", "date", "published"),
    )


FEED: Final = RssFeed()
