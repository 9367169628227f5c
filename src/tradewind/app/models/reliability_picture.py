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
"""Pixels at the bottom in which it stands where the forecasts lie."""
COLOURS: Final = ("#0b62a4", "#c1440e", "#2f7d32", "#7a3e9d")


class Curve(NamedTuple):
    """The bins of one slice under its name, the calibration error (None: undefined), ``n_eff / n`` of the labels."""

    name: str
    bins: Sequence[ReliabilityBin]
    error: float | None
    unique: float = 1.0


def reliability_picture(title: str, curves: Sequence[Curve]) -> str:
    """SVG: share that went up over the mean forecast of each bin; dashed: as promised.

    The bars are Wilson's 95% limits at what the labels amount to, for labels that overlap come true together. Below,
    how the forecasts lie: bins of equally many are tall where they are narrow, each curve against its own tallest.
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
        parts += _density(curve.bins, colour)
        parts += _curve(curve, colour)
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
    middle = (TOP + HEIGHT - BOTTOM) / 2
    yield (
        f'<text x="14" y="{middle}" text-anchor="middle" transform="rotate(-90 14 {middle})">share that went up</text>'
    )


def _curve(curve: Curve, colour: str) -> Iterator[str]:
    bins = curve.bins
    line = " ".join(f"{_x(one.mean_p)},{_y(one.rate)}" for one in bins)
    yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for one in bins:
        x = _x(one.mean_p)
        low, high = wilson(one.rate * one.n * curve.unique, one.n * curve.unique) or (0.0, 1.0)
        yield f'<line x1="{x}" x2="{x}" y1="{_y(low)}" y2="{_y(high)}" stroke="{colour}"/>'
        yield f'<circle cx="{x}" cy="{_y(one.rate)}" r="3.5" fill="{colour}"/>'


def _density(bins: Sequence[ReliabilityBin], colour: str) -> Iterator[str]:
    least = 1.0 / (WIDTH - RIGHT - LEFT)  # a pixel: a model that always says the same has bins of no width
    widths = [max(one.high - one.low, least) for one in bins]
    most = max((one.n / width for one, width in zip(bins, widths, strict=True)), default=1.0)
    for one, width in zip(bins, widths, strict=True):
        tall = round(COUNTS * one.n / width / most, 1)
        yield (
            f'<rect x="{_x(one.low)}" y="{round(HEIGHT - BOTTOM - tall, 1)}" width="{round(_x(width) - LEFT, 1)}" '
            f'height="{tall}" fill="{colour}" fill-opacity="0.2"/>'
        )


def _x(share: float) -> float:
    return round(LEFT + share * (WIDTH - RIGHT - LEFT), 1)


def _y(share: float) -> float:
    return round(HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP), 1)
