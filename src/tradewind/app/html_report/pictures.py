"""Pictures of distributions as SVG inside the page: they need no script, follow the theme and fit a phone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from tradewind.app.html_report.figures import number
from tradewind.app.html_report.markup import element, text

_WIDTH, _HEIGHT = 640, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 16, 24, 40
_TICKS: Final = 5
_LINE: Final = 24
_LABELLED: Final = 2
"""Marks with a label of their own; more would lie upon one another."""


class Mark(NamedTuple):
    """A value to point out; ``style`` is a CSS class."""

    value: float
    label: str = ""
    style: str = "mark"


class Pair(NamedTuple):
    """Two shares side by side under one label, and the least that the second one should be; None is unknown."""

    label: str
    first: float | None
    second: float | None
    least: float | None


def histogram(
    edges: Sequence[float], counts: Sequence[int], label: str, marks: Sequence[Mark] = (), digits: int = 1
) -> str:
    """``counts[k]`` values between ``edges[k]`` and ``edges[k + 1]``, bins of equal width; empty for no value.

    ``label`` says what it is, for those who cannot see it. ``digits`` are those of the axis.
    """
    if not any(counts):
        return ""
    low = min(edges[0], *(one.value for one in marks), edges[0])
    high = max(edges[-1], *(one.value for one in marks), edges[-1])
    top = _TOP + _LINE * min(_LABELLED, sum(bool(one.label) for one in marks))
    wide, tall = _WIDTH - _LEFT - _RIGHT, _HEIGHT - top - _BOTTOM
    most = max(counts)

    def across(value: float) -> float:
        return _LEFT + wide * (value - low) / (high - low)

    bars = "".join(
        _shape("rect", "bar", x=across(edge), y=top + tall * (1 - count / most),
               width=max(1.0, across(after) - across(edge) - 1.0), height=tall * count / most)
        for (edge, after), count in zip(pairwise(edges), counts, strict=True)
        if count
    )  # fmt: skip
    axis = _shape("line", "axis", x1=_LEFT, y1=top + tall, x2=_LEFT + wide, y2=top + tall)
    values = [low + (high - low) * step / (_TICKS - 1) for step in range(_TICKS)]
    ticks = "".join(_words(number(value, digits), across(value), _HEIGHT - 12) for value in values)
    lines = "".join(_marked(one, across(one.value), top, place) for place, one in enumerate(marks))
    count = _words(f"{most:,}", _LEFT - 6, top + 14, anchor="end")
    return _picture(label, axis + bars + lines + ticks + count)


def paired_bars(pairs: Sequence[Pair], label: str) -> str:
    """Two shares a label as bars from 0 to 100%, the second one with the least it should be; empty for no pair."""
    if not pairs:
        return ""
    wide, tall = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    step = wide / len(pairs)
    parts = [_shape("line", "axis", x1=_LEFT, y1=_TOP + tall, x2=_LEFT + wide, y2=_TOP + tall)]
    for place, pair in enumerate(pairs):
        left = _LEFT + step * place
        for value, offset, style in ((pair.first, 0.12, "bar pale"), (pair.second, 0.5, "bar")):
            if value is not None:
                parts.append(_shape("rect", style, x=left + offset * step, y=_TOP + tall * (1 - value),
                                    width=0.36 * step, height=tall * value))  # fmt: skip
        if pair.least is not None:
            y = _TOP + tall * (1 - pair.least)
            parts.append(_shape("line", "mark", x1=left + 0.46 * step, y1=y, x2=left + 0.9 * step, y2=y))
        parts.append(_words(pair.label, left + 0.5 * step, _HEIGHT - 12))
    for share in (0.0, 0.5, 1.0):
        parts.append(_words(f"{share:.0%}", _LEFT - 6, _TOP + tall * (1 - share) + 6, anchor="end"))
    return _picture(label, "".join(parts))


def _marked(mark: Mark, x: float, top: float, place: int) -> str:
    line = _shape("line", mark.style, x1=x, y1=top - 6, x2=x, y2=_HEIGHT - _BOTTOM)
    if not mark.label or place >= _LABELLED:
        return line
    middle = 0.5 * (_LEFT + _WIDTH - _RIGHT)
    anchor, shift = ("start", 6) if x < middle else ("end", -6)
    return line + _words(mark.label, x + shift, 20 + _LINE * place, anchor=anchor, style=mark.style)


def _picture(label: str, inner: str) -> str:
    box = f"0 0 {_WIDTH} {_HEIGHT}"
    return element("svg", inner, "picture", viewBox=box, role="img", aria_label=label)


def _shape(tag: str, style: str, **places: float) -> str:
    return element(tag, "", style, **{name: f"{value:.2f}" for name, value in places.items()})


def _words(words: str, x: float, y: float, *, anchor: str = "middle", style: str = "") -> str:
    return element("text", text(words), style, x=f"{x:.2f}", y=f"{y:.2f}", text_anchor=anchor)
