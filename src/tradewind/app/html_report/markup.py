"""The few HTML shapes a report is made of. Every text passes through ``html.escape`` here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple


class Cell(NamedTuple):
    """Text of a table cell, its CSS classes, and the times to show when its row is chosen."""

    text: str
    style: str = ""


def text(value: str) -> str:
    """Text safe inside an element or a quoted attribute."""
    return escape(value, quote=True)


def element(tag: str, inner: str, style: str = "", **attributes: str) -> str:
    """``<tag class=style ...>inner</tag>``; ``inner`` is markup already."""
    named = {"class": style, **attributes} if style else attributes
    written = "".join(f' {name.replace("_", "-")}="{text(value)}"' for name, value in named.items())
    return f"<{tag}{written}>{inner}</{tag}>"


def table(headers: Sequence[Cell], rows: Iterable[Sequence[Cell]], keys: Sequence[str] = (), style: str = "") -> str:
    """A table that scrolls sideways on a narrow screen; ``keys`` go to ``data-key`` of the rows, one each."""
    head = "".join(element("th", text(cell.text), cell.style, scope="col") for cell in headers)
    body = []
    for index, row in enumerate(rows):
        cells = "".join(element("td", text(cell.text), cell.style) for cell in row)
        body.append(element("tr", cells, **({"data_key": keys[index]} if keys else {})))
    whole = element("table", f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody>", style)
    return element("div", whole, "scroll", tabindex="0")


def section(title: str, inner: str, note: str = "", anchor: str = "") -> str:
    """A titled part of the page; empty when there is nothing in it."""
    if not inner:
        return ""
    lead = element("p", text(note), "note") if note else ""
    heading = element("h2", text(title))
    return element("section", heading + lead + inner, **({"id": anchor} if anchor else {}))


def folded(title: str, inner: str, *, unfolded: bool = False) -> str:
    """A part that opens on a click."""
    return f"<details{' open' if unfolded else ''}><summary>{title}</summary>{inner}</details>"


def badge(word: str, style: str) -> str:
    """A short coloured word."""
    return element("span", text(word), f"badge {style}")
