"""A chart as a PNG: candles, the entry zone, stop and target of a signal. Same bars, same signal, same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Final, NamedTuple

from tradewind.model.bar import Bar
from tradewind.model.decision import Signal
from tradewind.model.timeframe import SECOND, Timeframe

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

WIDTH: Final = 960
HEIGHT: Final = 540
SHOWN: Final = 80
_LEFT, _RIGHT, _TOP, _BOTTOM = 16, 130, 44, 30
LABEL: Final = 19
"""Rows that a label of the trade needs."""
_BACK, _TEXT, _GRID, _QUIET = "#0e1621", "#e6edf3", "#22303f", "#6b7b8c"
_UP, _DOWN, _ENTRY, _STOP, _TARGET = "#26a69a", "#ef5350", "#5b9bd5", "#ef5350", "#26a69a"
_ZONE: Final = (91, 155, 213, 60)


class _Scale(NamedTuple):
    """Prices to rows of the picture."""

    low: float
    high: float

    def row(self, price: float) -> int:
        share = (self.high - price) / (self.high - self.low)
        return _TOP + round(share * (HEIGHT - _TOP - _BOTTOM))


def bars_of(bars: Sequence[Bar], timeframe: Timeframe, shown: int = SHOWN) -> list[Bar]:
    """The last ``shown`` bars of ``timeframe``, put together from shorter ones by their open time."""
    made: list[Bar] = []
    for bar in bars:
        start = bar.ts_open - bar.ts_open % timeframe.ns
        if made and made[-1].ts_open == start:
            one = made[-1]
            high, low = max(one.high, bar.high), min(one.low, bar.low)
            made[-1] = Bar(bar.symbol, timeframe, start, bar.ts_close, one.open, high, low, bar.close, 0.0)
        else:
            made.append(Bar(bar.symbol, timeframe, start, bar.ts_close, *bar_prices(bar), 0.0))
    return made[-shown:]


def bar_prices(bar: Bar) -> tuple[float, float, float, float]:
    """Open, high, low, close."""
    return bar.open, bar.high, bar.low, bar.close


def draw(bars: Sequence[Bar], signal: Signal, digits: int) -> bytes:
    """The picture; ``digits`` are those of the prices. Without bars only the levels are drawn."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (WIDTH, HEIGHT), _BACK)
    pen = ImageDraw.Draw(image, "RGBA")
    bracket = signal.bracket
    levels = [bracket.stop, bracket.target, bracket.entry_low, bracket.entry_high]
    low = min([bar.low for bar in bars] + levels)
    high = max([bar.high for bar in bars] + levels)
    pad = 0.05 * (high - low) or abs(high) * 1e-4 or 1.0
    scale = _Scale(low - pad, high + pad)
    named = ((bracket.target, _TARGET, "target"), (bracket.entry, _ENTRY, "entry"), (bracket.stop, _STOP, "stop"))
    _grid(pen, scale, digits, [scale.row(price) for price, _, _ in named])
    _candles(pen, scale, bars)
    _times(pen, bars)
    right = WIDTH - _RIGHT
    pen.rectangle((_LEFT, scale.row(bracket.entry_high), right, scale.row(bracket.entry_low)), fill=_ZONE)
    lowest_first = sorted(named, key=lambda one: one[0])
    places = apart([scale.row(price) for price, _, _ in lowest_first])
    for (price, colour, name), place in zip(lowest_first, places, strict=True):
        row = scale.row(price)
        pen.line((_LEFT, row, right, row), fill=colour, width=2)
        pen.text((right + 6, place - 7), f"{name} {price:.{digits}f}", fill=colour, font_size=13)
    head = f"{signal.stamp + '  ' if signal.stamp else ''}{signal.direction} {signal.symbol} {signal.timeframe}"
    pen.text((_LEFT, 12), head, fill=_TEXT, font_size=20)
    out = BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def apart(rows: Sequence[int], least: int = LABEL) -> list[int]:
    """Rows of labels, from the bottom of the picture up, moved up until none covers another: ``least`` rows between.

    >>> apart([500, 495, 100])
    [500, 481, 100]
    """
    found: list[int] = []
    for row in rows:
        found.append(min(row, found[-1] - least) if found else row)
    return found


def _times(pen: ImageDraw, bars: Sequence[Bar]) -> None:
    """When the first and the last shown bar closed, UTC."""
    if not bars:
        return
    first, last = (
        f"{datetime.fromtimestamp(one.ts_close // SECOND, UTC):%Y-%m-%d %H:%M}" for one in (bars[0], bars[-1])
    )
    pen.text((_LEFT, HEIGHT - 22), first, fill=_QUIET, font_size=12)
    pen.text((WIDTH - _RIGHT, HEIGHT - 22), f"{last} UTC", fill=_QUIET, font_size=12, anchor="ra")


def _grid(pen: ImageDraw, scale: _Scale, digits: int, taken: Sequence[int]) -> None:
    """Lines with their prices; a price that would stand under a label of the trade is left out."""
    for part in range(1, 6):
        price = scale.low + part * (scale.high - scale.low) / 6
        row = scale.row(price)
        pen.line((_LEFT, row, WIDTH - _RIGHT, row), fill=_GRID)
        if all(abs(row - one) > 2 * LABEL for one in taken):
            pen.text((WIDTH - _RIGHT + 6, row - 7), f"{price:.{digits}f}", fill=_QUIET, font_size=12)


def _candles(pen: ImageDraw, scale: _Scale, bars: Sequence[Bar]) -> None:
    if not bars:
        return
    step = (WIDTH - _RIGHT - _LEFT) / len(bars)
    half = max(1, round(step * 0.35))
    for number, bar in enumerate(bars):
        middle = _LEFT + round((number + 0.5) * step)
        colour = _UP if bar.close >= bar.open else _DOWN
        pen.line((middle, scale.row(bar.high), middle, scale.row(bar.low)), fill=colour)
        top, foot = sorted((scale.row(bar.open), scale.row(bar.close)))
        pen.rectangle((middle - half, top, middle + half, max(foot, top + 1)), fill=colour)
