"""Delimited text as columns of cells, with the line number of every row and the rows that are none."""

from __future__ import annotations

import csv
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tradewind.adapters.market.files.column_names import looks_like_header
from tradewind.adapters.market.files.raw import unreadable

_SEPARATORS = ("\t", ";", ",", "|", " ")
_FEWEST = 4
_PREAMBLE = 5  # lines of titles some sites put above the header


class TextTable(NamedTuple):
    """``header`` is None where the first line is data; ``cells`` are text columns of ``(n_rows,)``."""

    header: list[str] | None
    cells: list[pl.Series]
    line: NDArray[np.int64]
    torn: tuple[tuple[int, str], ...]
    notes: tuple[str, ...]


def decoded(data: bytes) -> str:
    """Text of a file in UTF-8 or UTF-16 (with byte order mark), or else Latin-1.

    Raises:
        Corrupt: the bytes are empty or no text.
    """
    if not data.strip():
        raise unreadable("text", "it is empty")
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if not text.strip():
        raise unreadable("text", "it is empty")
    if "\0" in text:
        raise unreadable("text", "it holds zero bytes")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def separator_of(lines: list[str]) -> str:
    """The separator that splits the sample into the most equal rows; a space when there is no other."""
    best, score = " ", (False, 0)
    for separator in _SEPARATORS:
        counts = [line.count(separator) for line in lines]
        usual = max(set(counts), key=lambda count: (counts.count(count), count))
        mine = (usual >= _FEWEST, counts.count(usual) if usual else 0)  # bars have at least five fields
        if mine > score:
            best, score = separator, mine
    return best


def read_table(data: bytes) -> TextTable:
    """Splits a file into cells. Rows with another number of cells are reported in ``torn``, not guessed at.

    Raises:
        Corrupt: the file is empty, binary, or has a single line of no use.
    """
    text = decoded(data)
    ended = text.endswith("\n")
    column = pl.Series([text.removesuffix("\n")]).str.split("\n").explode()
    del text  # a file of minutes over years is large; one copy of it is enough
    filled = (column.str.strip_chars() != "").to_numpy()
    line, column = np.flatnonzero(filled) + 1, column.filter(pl.Series(filled))
    if not len(line):
        raise unreadable("text", "it has no rows")
    separator = separator_of(column.head(50).to_list())
    notes: list[str] = []
    head = [_split(each, separator) for each in column.head(_PREAMBLE).to_list()]
    above = next((index for index, cells in enumerate(head) if looks_like_header(cells)), None)
    if above:
        notes.append(f"{above} lines above the header were left out")
    header = None if above is None else head[above]
    first = 0 if above is None else above + 1
    line, column = line[first:], column.slice(first)
    if not len(line):
        raise unreadable("text", "it has no rows")
    width = len(header) if header is not None else len(head[0])
    if not ended:
        notes.append(f"the file does not end with a line end: line {line[-1]} may be cut off")
    cells, torn = _cells(column, separator, width)
    if torn and not ended and torn[-1][0] == len(line) - 1:
        torn[-1] = (torn[-1][0], f"the file is cut off in this line ({torn[-1][1]})")
    return TextTable(header, cells, line.astype(np.int64), tuple(torn), tuple(notes))


def _split(line: str, separator: str) -> list[str]:
    if separator == " ":
        return line.split()
    if '"' not in line:
        return [cell.strip() for cell in line.split(separator)]
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]
    except csv.Error as error:
        raise unreadable("delimited text", str(error)) from error


def _cells(text: pl.Series, separator: str, width: int) -> tuple[list[pl.Series], list[tuple[int, str]]]:
    if text.str.contains('"', literal=True).any() or separator == " ":
        rows = [_split(line, separator) for line in text.to_list()]
        counts = np.array([len(row) for row in rows])
        columns = [pl.Series([row[i] if i < len(row) else "" for row in rows], dtype=pl.String) for i in range(width)]
    else:
        counts = text.str.count_matches(separator, literal=True).to_numpy() + 1
        fields = text.str.split_exact(separator, width - 1).struct.unnest()
        columns = [fields[name].fill_null("").str.strip_chars() for name in fields.columns]
        # A trailing separator on every line is a style, not a fault.
    loose = (counts == width + 1) & text.str.ends_with(separator).to_numpy()
    wrong = np.flatnonzero((counts != width) & ~loose)
    return columns, [(int(row), f"{counts[row]} fields, {width} expected") for row in wrong]


def numbers(cells: pl.Series, *, comma: bool) -> NDArray[np.float64]:
    """Cells as float64, NaN where a cell is no number; ``comma`` allows 1,2345 for 1.2345."""
    text = cells.str.strip_chars()
    if comma:
        text = text.str.replace(r"^([^.,]*),([^.,]*)$", "${1}.${2}")
    return text.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
