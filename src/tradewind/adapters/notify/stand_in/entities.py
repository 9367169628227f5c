"""HTML of the Bot API: which tags there are, how they must nest, and what the text is once they are taken out."""

from __future__ import annotations

import html
import re
from typing import Final

TAGS: Final = frozenset(
    {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "span", "tg-spoiler", "a", "tg-emoji", "code", "pre"}
    | {"blockquote"}
)
_TAG: Final = re.compile(r"<(/?)([a-zA-Z0-9-]*)([^<>]*)>?")
_ENTITY: Final = re.compile(r"&(#x[0-9a-fA-F]+|#[0-9]+|lt|gt|amp|quot);")


class Unparseable(ValueError):
    """The words of the API's refusal, behind ``Bad Request:``."""


def plain_text(text: str, parse_mode: str) -> str:
    """The text people see.

    Raises:
        Unparseable: a tag that does not exist, is not closed or closes another one; an unknown parse mode.
    """
    if not parse_mode:
        return text
    if parse_mode.lower() != "html":
        raise Unparseable("unsupported parse_mode")
    out: list[str] = []
    open_tags: list[str] = []
    place = 0
    while (start := text.find("<", place)) >= 0:
        out.append(text[place:start])
        match = _TAG.match(text, start)
        offset = len(text[:start].encode())
        if match is None or not match.group().endswith(">"):
            raise Unparseable(f"can't parse entities: Unclosed start tag at byte offset {offset}")
        closing, name = match.group(1), match.group(2).lower()
        if closing:
            _close(open_tags, name, offset)
        elif name not in TAGS:
            raise Unparseable(f'can\'t parse entities: Unsupported start tag "{name}" at byte offset {offset}')
        else:
            open_tags.append(name)
        place = match.end()
    if open_tags:
        raise Unparseable(f"can't parse entities: Can't find end tag corresponding to start tag \"{open_tags[-1]}\"")
    out.append(text[place:])
    return _ENTITY.sub(lambda found: html.unescape(found.group()), "".join(out))


def utf16_length(text: str) -> int:
    """Length as the API counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def _close(open_tags: list[str], name: str, offset: int) -> None:
    if not open_tags:
        raise Unparseable(f"can't parse entities: Unexpected end tag at byte offset {offset}")
    expected = open_tags.pop()
    if name not in ("", expected):
        raise Unparseable(
            f'can\'t parse entities: Unmatched end tag at byte offset {offset}, expected "</{expected}>",'
            f' found "</{name}>"'
        )
