"""Text of somebody else, made harmless: one charset, no markup, no control characters, a known length."""

from __future__ import annotations

import codecs
import html.entities
import re
import unicodedata
from html import escape
from html.parser import HTMLParser
from typing import Final

LARGEST: Final = 4 << 20
"""Bytes of a feed that are read at all."""
LONGEST_TITLE: Final = 300
LONGEST_SUMMARY: Final = 1_000
_LONGEST_MARKUP: Final = 20_000

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED: Final = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_CHARSET: Final = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9._-]{1,40})", re.IGNORECASE)
_KNOWN: Final = re.compile(
    r"(?:iso[-_]?8859[-_]?\d{1,2}|latin[-_]?1|us-ascii|ascii|windows[-_]?125\d|cp125\d|koi8[-_][ru]|gb2312|gbk|gb18030"
    r"|big5|shift[-_]?jis|euc[-_](?:jp|kr))",
    re.IGNORECASE,
)
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_ENTITY: Final = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_OF_XML: Final = frozenset(("amp", "lt", "gt", "quot", "apos"))
_UNREAD: Final = frozenset(("script", "style", "template", "noscript"))


def decoded(body: bytes, content_type: str = "") -> str:
    """The text of a body: by its byte-order mark, else UTF-8 where that fits, else as declared, else Windows-1252.

    Charsets that can hide markup (UTF-7) are not among those that may be declared. What still does not fit becomes a
    replacement character; characters that no document may hold are left out.
    """
    for mark, name in _MARKS:
        if body.startswith(mark):
            return _CONTROLS.sub("", body[len(mark) :].decode(name, "replace"))
    try:
        return _CONTROLS.sub("", body.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    inside, outside = _DECLARED.search(body[:400]), _CHARSET.search(content_type)
    declared = inside[1].decode("ascii") if inside else outside[1] if outside else ""
    name = declared if _KNOWN.fullmatch(declared) else "cp1252"
    try:
        return _CONTROLS.sub("", body.decode(name, "replace"))
    except LookupError:  # an alias that this interpreter does not carry
        return _CONTROLS.sub("", body.decode("cp1252", "replace"))


def with_entities(text: str) -> str:
    """XML whose entities of HTML (``&nbsp;``), which XML does not know, are characters."""
    return _ENTITY.sub(_character, text)


def plain(markup: str, longest: int) -> str:
    """The words of a piece of HTML in one line, at most ``longest`` characters, the last an ellipsis where it was cut.

    Tags, scripts, invisible characters and changes of direction are gone; what looks like an order stays, as words.
    """
    reader = _Words()
    reader.feed(markup[:_LONGEST_MARKUP])
    reader.close()
    text = unicodedata.normalize("NFC", " ".join(reader.parts))
    words = " ".join("".join(one for one in text if one.isspace() or one.isprintable()).split())
    return words if len(words) <= longest else f"{words[: longest - 1].rstrip()}…"


def _character(found: re.Match[str]) -> str:
    name = found[1]
    if name in _OF_XML:
        return found[0]
    known = html.entities.html5.get(f"{name};")
    return f"&amp;{name};" if known is None else escape(known)


class _Words(HTMLParser):
    """Collects text outside of tags, scripts and styles."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Text of scripts is none."""
        self._unread += tag in _UNREAD

    def handle_endtag(self, tag: str) -> None:
        """As above."""
        if tag in _UNREAD:
            self._unread = max(0, self._unread - 1)

    def handle_data(self, data: str) -> None:
        """Keeps the words."""
        if not self._unread:
            self.parts.append(data)
