"""How often forecasts came true, over how sure they were, as a picture; the same figures make the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final, NamedTuple

from tradewind.validation.calibration import ReliabilityBin
from tradewind.validation.significance import wilson

WIDTH: Final = 720
HEIGHT: Final = 400
LEFT: Final = 56
RIGHT: Final = 210
TOP: Final = 28
BOTTOM: Final = 48
COUNTS: Final = 60
"""Pixels at the bottom in which the number of forecasts of each bin stands."""
COLOURS: Final = ("#0b62a4", "#c1440e", "#2f7d32", "#7a3e9d")


class Curve(NamedTuple):
    """The bins of one slice under its name, and the calibration error beside it (None: undefined)."""

    name: str
    bins: Sequence[ReliabilityBin]
    error: float | None


def reliability_picture(title: str, curves: Sequence[Curve]) -> str:
    """SVG: share that went up over the mean forecast of each bin, with Wilson's 95% limits; dashed: as promised.

    Below, how many forecasts lie in each bin, of each curve against its own largest bin.
    """
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12" role="img" aria-label="Reliability of {escape(title)}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="16">{escape(title)}; dashed: as promised</text>',
        *_axes(),
    ]
    for number, curve in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        parts += _counts(curve.bins, colour, number, len(curves))
        parts += _curve(curve.bins, colour)
        y = TOP + 20 + 34 * number
        error = "undefined" if curve.error is None else f"{curve.error:.3f}"
        n = sum(one.n for one in curve.bins)
        parts.append(f'<rect x="{WIDTH - RIGHT + 14}" y="{y - 9}" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 30}" y="{y}">{escape(curve.name)}</text>')
        parts.append(f'<text x="{WIDTH - RIGHT + 30}" y="{y + 14}">{n:,} forecasts, error {error}</text>')
    return "\n".join((*parts, "</svg>")) + "\n"


def _axes() -> Iterator[str]:
    for tenth in range(0, 11, 2):
        share = tenth / 10
        x, y = _x(share), _y(share)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="#dddddd"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{share:.1f}</text>'
        yield f'<text x="{x}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{share:.1f}</text>'
    yield (
        f'<line x1="{_x(0.0)}" x2="{_x(1.0)}" y1="{_y(0.0)}" y2="{_y(1.0)}" stroke="#888888" stroke-dasharray="5 4"/>'
    )
    yield f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">forecast of going up</text>'


def _curve(bins: Sequence[ReliabilityBin], colour: str) -> Iterator[str]:
    line = " ".join(f"{_x(one.mean_p)},{_y(one.rate)}" for one in bins)
    yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for one in bins:
        x = _x(one.mean_p)
        low, high = wilson(round(one.rate * one.n), one.n) or (0.0, 1.0)
        yield f'<line x1="{x}" x2="{x}" y1="{_y(low)}" y2="{_y(high)}" stroke="{colour}"/>'
        yield f'<circle cx="{x}" cy="{_y(one.rate)}" r="3.5" fill="{colour}"/>'


def _counts(bins: Sequence[ReliabilityBin], colour: str, place: int, of: int) -> Iterator[str]:
    most = max((one.n for one in bins), default=1)
    for one in bins:
        left, whole = _x(one.low), _x(one.high) - _x(one.low)
        width = round((whole - 2.0) / of, 1)
        tall = round(COUNTS * one.n / most, 1)
        x = round(left + 1.0 + place * width, 1)
        yield (
            f'<rect x="{x}" y="{round(HEIGHT - BOTTOM - tall, 1)}" width="{width}" height="{tall}" fill="{colour}" '
            f'fill-opacity="0.2"/>'
        )


def _x(share: float) -> float:
    return round(LEFT + share * (WIDTH - RIGHT - LEFT), 1)


def _y(share: float) -> float:
    return round(HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP), 1)
