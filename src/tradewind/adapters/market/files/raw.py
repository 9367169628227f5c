"""What a format hands over: every row of the file as it was read, good or bad, before any judgement."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Corrupt, Misconfigured

UNREADABLE = np.iinfo(np.int64).min


class RawBars(NamedTuple):
    """Rows of a file; every array has shape ``(n_rows,)``.

    ``stamp`` is int64 nanoseconds, ``UNREADABLE`` where the cell is no time; ``naive`` marks stamps that are wall-clock
    times without a zone. Prices are NaN where the cell is no number. ``line`` is what a person would look up: the line
    of a text file (from 1), the row of a table (from 1). ``torn`` holds rows that are not rows at all, with the reason.
    ``stamped`` is ``open`` or ``close``; ``spread_in`` is ``price`` or ``points``. ``synthetic``: why the
    bars were made rather than received, where the file says so.
    """

    stamp: NDArray[np.int64]
    naive: NDArray[np.bool_]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    spread: NDArray[np.float64]
    line: NDArray[np.int64]
    torn: tuple[tuple[int, str], ...] = ()
    stamped: str = "open"
    spread_in: str = "price"
    default_zone: str = "UTC"
    notes: tuple[str, ...] = ()
    synthetic: str = ""


class Format(Protocol):
    """One kind of bar file. ``convention`` says how its bars are stamped and in which zone."""

    name: str
    suffixes: tuple[str, ...]
    convention: str

    def claims(self, head: bytes) -> int:
        """How sure the first bytes of the file make it: 0 not mine, 1 possible, 2 likely, 3 certain."""
        ...

    def parse(self, data: bytes) -> RawBars:
        """Every row of the file.

        Raises:
            Corrupt: the bytes are not of this format, or cut off.
            Misconfigured: columns are missing.
        """
        ...


def unreadable(what: str, detail: str) -> Corrupt:
    """The file cannot be decoded at all."""
    return Corrupt(
        f"this is not a readable {what} file ({detail}); nothing was stored",
        next_step="get the file again, or name its real kind with --format",
    )


def missing_columns(found: list[str], missing: list[str]) -> Misconfigured:
    """Needed columns are absent."""
    shown = ", ".join(repr(name[:40]) for name in found[:20]) or "none"
    return Misconfigured(
        f"no column for {', '.join(missing)} among {shown}",
        allowed="a time column and open, high, low, close; volume, spread and ask_close are optional",
        next_step="rename the columns, or name the file's kind with --format",
    )
