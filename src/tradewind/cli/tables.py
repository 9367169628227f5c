"""Tables that stay readable on a narrow screen: framed where they fit, else bare, else one record under another."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

_FRAME = 3  # a column's border and its two blanks
_GAP = 2  # blanks between columns without a frame
_MANY = 500  # rows from which a table is written line by line: Rich takes half a second for a thousand
_LONGEST = 36  # letters of a word that keeps its column; longer ones, such as paths and digests, may be folded


class FittedTable:
    """Cells as text under ``columns``; ``right`` says which columns hold numbers.

    A frame is drawn when nothing has to be folded for it. Without a frame cells fold between words; where even single
    words are too long, every row becomes a record of its own, one line a cell. Long tables are never framed.
    """

    def __init__(
        self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]
    ) -> None:
        self.title = title
        self.columns = tuple(columns)
        self.rows = tuple(tuple(row) for row in rows)
        self.right = tuple(right)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType | Segment]:
        """Draws what fits into the width there is."""
        if self.title:
            yield Text(self.title, style="italic")
        whole = [max(_length(cell) for cell in cells) for cells in self._cells()]
        least = [min(_LONGEST, max(map(len, " ".join(cells).split()), default=0)) for cells in self._cells()]
        width, count = options.max_width, len(self.columns)
        many = len(self.rows) >= _MANY
        if sum(whole) + _FRAME * count + 1 <= width and not many:
            yield self._table(box.HEAVY_HEAD, whole)
            return
        room = width - _GAP * (count - 1)
        if sum(least) > room:
            yield from self._record_lines(width) if many else self._records()
            return
        widths = _squeezed(whole, least, room)
        if many:
            yield from self._lines(widths)
        else:
            yield self._table(None, widths)

    def _cells(self) -> Iterator[list[str]]:
        for index, column in enumerate(self.columns):
            yield [column, *(row[index] for row in self.rows)]

    def _table(self, frame: box.Box | None, widths: Sequence[int]) -> Table:
        bare = frame is None
        drawn = Table(
            header_style="bold underline" if bare else "bold",
            box=frame,
            pad_edge=not bare,
            padding=(0, _GAP, 0, 0) if bare else (0, 1),
        )
        for column, right, width in zip(self.columns, self.right, widths, strict=True):
            drawn.add_column(Text(column), justify="right" if right else "left", overflow="fold", width=width)
        for row in self.rows:
            drawn.add_row(*map(Text, row))
        return drawn

    def _lines(self, widths: Sequence[int]) -> Iterator[RenderableType | Segment]:
        """The table without a frame, a line at a time."""
        heads = (f"{name:>{w}}" if right else f"{name:<{w}}" for name, w, right in self._columns(widths))
        yield Text((" " * _GAP).join(heads), style="bold", overflow="ignore", no_wrap=True)
        for row in self.rows:
            folded = [_folded(cell, width) for cell, width in zip(row, widths, strict=True)]
            for parts in zip_longest(*folded, fillvalue=""):
                cells = (f"{part:>{w}}" if right else f"{part:<{w}}" for part, w, right in self._columns(widths, parts))
                yield Segment((" " * _GAP).join(cells).rstrip() + "\n")

    def _columns(self, widths: Sequence[int], cells: Sequence[str] = ()) -> Iterator[tuple[str, int, bool]]:
        return zip(cells or self.columns, widths, self.right, strict=True)

    def _record_lines(self, width: int) -> Iterator[Segment]:
        """Every row as a record, a line at a time."""
        first = max(map(len, self.columns)) + _GAP
        for row in self.rows:
            for column, cell in zip(self.columns, row, strict=True):
                for name, part in zip_longest([column], _folded(cell, max(1, width - first)), fillvalue=""):
                    yield Segment(f"{name:<{first}}{part}".rstrip() + "\n")
            yield Segment("\n")

    def _records(self) -> Iterator[RenderableType]:
        drawn = Table(box=None, show_header=False, pad_edge=False, padding=(0, _GAP, 0, 0))
        drawn.add_column(style="bold", no_wrap=True)
        drawn.add_column(overflow="fold")
        for row in self.rows:
            for column, cell in zip(self.columns, row, strict=True):
                drawn.add_row(Text(column), Text(cell))
            drawn.add_row("", "")
        yield drawn


def _folded(cell: str, width: int) -> list[str]:
    """The lines of a cell, none longer than ``width``; between words where that is possible."""
    if len(cell) <= width and "\n" not in cell:
        return [cell]
    return [part for line in cell.split("\n") for part in textwrap.wrap(line, width, break_on_hyphens=False) or [""]]


def _length(cell: str) -> int:
    """Letters of the longest line."""
    return max(map(len, cell.split("\n")))


def _squeezed(whole: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Widths that fill ``room``: the widest column gives way first, none below its longest word."""
    widths = list(whole)
    while sum(widths) > room:
        widest = max((i for i in range(len(widths)) if widths[i] > least[i]), key=lambda i: widths[i])
        widths[widest] -= 1
    return widths
