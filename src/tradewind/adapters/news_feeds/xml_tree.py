"""XML of strangers as a small tree: no document type, no entities of its own, no file or address behind it."""

from __future__ import annotations

from typing import Final
from xml.parsers import expat  # nosec B407 - with a document type refused there is no entity left to expand

from tradewind.adapters.news_feeds.plain_text import with_entities
from tradewind.errors import Corrupt

DEEPEST: Final = 24
MOST_NODES: Final = 100_000


class Node:
    """An element: its local ``name`` in small letters, ``text`` of its own, ``attributes`` and children."""

    __slots__ = ("attributes", "children", "name", "parts")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Node] = []
        self.parts: list[str] = []

    @property
    def text(self) -> str:
        """All text inside, that of its children behind its own."""
        return " ".join(["".join(self.parts), *(child.text for child in self.children)]).strip()

    def first(self, *names: str) -> Node | None:
        """The first child of the first name that one has."""
        for name in names:
            for child in self.children:
                if child.name == name:
                    return child
        return None

    def said(self, *names: str) -> str:
        """Text of ``first``, ``""`` where there is none."""
        found = self.first(*names)
        return found.text if found is not None else ""


def tree(text: str) -> Node:
    """The root of an XML document.

    Raises:
        Corrupt: it is no XML, declares a document type, is nested deeper than 24 or holds more than 100,000 elements.
    """
    made = _Tree()
    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = made.refuse_type
    parser.StartElementHandler = made.start
    parser.EndElementHandler = made.end
    parser.CharacterDataHandler = made.data
    try:
        parser.Parse(with_entities(text).encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise Corrupt(f"no XML ({error})", where="a feed", next_step="nothing of it was taken") from error
    if made.root is None:
        raise Corrupt("no XML (it is empty)", where="a feed")
    return made.root


class _Tree:
    """What the parser tells, as nodes."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[Node] = []
        self._nodes = 0

    def refuse_type(self, *_: object) -> None:
        """A document type is where entity bombs and references to files are declared."""
        raise Corrupt("a document type declaration", where="a feed", allowed="feeds declare none")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._nodes += 1
        if len(self._open) >= DEEPEST or self._nodes > MOST_NODES:
            raise Corrupt(
                f"{self._nodes} elements, {len(self._open) + 1} deep", where="a feed",
                allowed=f"{MOST_NODES} and {DEEPEST}",
            )  # fmt: skip
        node = Node(_local(name), {_local(key): value for key, value in attributes.items()})
        if self._open:
            self._open[-1].children.append(node)
        elif self.root is None:
            self.root = node
        self._open.append(node)

    def end(self, name: str) -> None:
        """It ends."""
        self._open.pop()

    def data(self, text: str) -> None:
        """Text of the innermost element."""
        self._open[-1].parts.append(text)


def _local(name: str) -> str:
    return name.rpartition(" ")[2].lower()
