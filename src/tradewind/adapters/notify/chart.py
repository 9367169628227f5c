"""A chart as a PNG: candles, the entry zone, stop and target of a signal. Same bars, same signal, same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Final, NamedTuple

from tradewind.model.bar import Bar
from tradewind.model.decision import Signal
from tradewind.model.timeframe import Timeframe

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

WIDTH: Final = 960
HEIGHT: Final = 540
SHOWN: Final = 80
_LEFT, _RIGHT, _TOP, _BOTTOM = 16, 130, 44, 30
_BACK, _TEXT, _GRID = "#0e1621", "#e6edf3", "#22303f"
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
    _grid(pen, scale, digits)
    _candles(pen, scale, bars)
    right = WIDTH - _RIGHT
    pen.rectangle((_LEFT, scale.row(bracket.entry_high), right, scale.row(bracket.entry_low)), fill=_ZONE)
    for price, colour, name in (
        (bracket.target, _TARGET, "target"),
        (bracket.entry, _ENTRY, "entry"),
        (bracket.stop, _STOP, "stop"),
    ):
        row = scale.row(price)
        pen.line((_LEFT, row, right, row), fill=colour, width=2)
        pen.rectangle((right + 2, row - 10, WIDTH - 2, row + 10), fill=_BACK)
        pen.text((right + 6, row - 7), f"{name} {price:.{digits}f}", fill=colour, font_size=13)
    head = f"{signal.stamp + '  ' if signal.stamp else ''}{signal.direction} {signal.symbol} {signal.timeframe}"
    pen.text((_LEFT, 12), head, fill=_TEXT, font_size=20)
    out = BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _grid(pen: ImageDraw, scale: _Scale, digits: int) -> None:
    for part in range(1, 6):
        price = scale.low + part * (scale.high - scale.low) / 6
        row = scale.row(price)
        pen.line((_LEFT, row, WIDTH - _RIGHT, row), fill=_GRID)
        pen.text((WIDTH - _RIGHT + 6, row - 7), f"{price:.{digits}f}", fill="#6b7b8c", font_size=12)


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
