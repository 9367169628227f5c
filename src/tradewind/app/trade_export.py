"""Closed trades as a CSV file that proves itself: every row carries the hash of all rows before it.

``hash_n = sha256(hash_{n-1} || cells of row n, joined by 0x1f)`` in hex, beginning with 64 zeros. Whoever changes,
adds, drops or moves a row changes every hash after it; the last one is printed, to be kept elsewhere. Texts that a
spreadsheet would take for a formula are prefixed with an apostrophe; numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

from tradewind.adapters.store.reader import Queryable
from tradewind.errors import Corrupt, Misconfigured

COLUMNS: Final = (
    "number", "signal_id", "symbol", "timeframe", "direction", "lots", "opened_utc", "closed_utc", "entry", "exit",
    "exit_leg", "gross", "spread_cost", "slippage_cost", "commission", "swap", "net", "r", "journal_seq", "hash",
)  # fmt: skip
START: Final = "0" * 64
_TEXTS: Final = frozenset({"signal_id", "symbol", "timeframe", "direction", "exit_leg"})
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_TRADES: Final = (
    "SELECT signal_id, symbol, timeframe, predicted_direction, lots, ts_entry, ts_exit, entry, exit, exit_leg, gross,"
    " spread_cost, slippage_cost, commission, swap, net, r, journal_seq FROM trade_outcomes"
    " WHERE ts_exit >= ? AND ts_exit < ? ORDER BY id"
)


class Export(NamedTuple):
    """The file's text, how many trades, and the last hash."""

    text: str
    trades: int
    head: str


def year_span(year: int | None) -> tuple[int, int]:
    """``[start, end)`` of a year, UTC nanoseconds; everything without one.

    Raises:
        Misconfigured: no such year.
    """
    if year is None:
        return 0, 2**62
    if not 1970 <= year <= 2100:
        raise Misconfigured(f"year {year}", where="--year", allowed="1970 to 2100")
    first, last = (int(datetime(one, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000_000 for one in (year, year + 1))
    return first, last


def export(database: Queryable, year: int | None = None) -> Export:
    """Every closed trade of the store, or those closed in a year (UTC), oldest booking first."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    head, number = START, 0
    for row in database.query(_TRADES, year_span(year))[1]:
        number += 1
        cells = [safe(name, value) for name, value in zip(COLUMNS, _cells(number, row), strict=False)]
        head = chained(head, cells)
        writer.writerow([*cells, head])
    return Export(out.getvalue(), number, head)


def safe(name: str, value: object) -> str:
    """A cell as text; what a spreadsheet would run is prefixed."""
    text = str(value)
    return "'" + text if name in _TEXTS and text.startswith(_FORMULA) else text


def chained(head: str, cells: Sequence[str]) -> str:
    """The hash of a row after ``head``."""
    return sha256("\x1f".join([head, *cells]).encode()).hexdigest()


def verify(text: str, where: str) -> tuple[int, str]:
    """``(trades, last hash)`` of an exported file whose every row follows from those before.

    Raises:
        Corrupt: a row was changed, added, dropped or moved; the message names the first one that does not follow.
    """
    rows = csv.reader(io.StringIO(text))
    if tuple(next(rows, ())) != COLUMNS:
        raise Corrupt("the first line does not name the columns of an export", where=where)
    head, number = START, 0
    for row in rows:
        number += 1
        head = chained(head, row[:-1])
        if not row or row[-1] != head or row[0] != str(number):
            raise Corrupt(
                f"line {number + 1} does not follow from the lines before it: it, or one above, was changed",
                where=where,
                next_step="export again from the store: `tradewind trades export`",
            )
    return number, head


def _cells(number: int, row: Sequence[Any]) -> Iterator[object]:
    signal, symbol, timeframe, direction, lots, opened, closed, *rest = row
    yield from (number, signal, symbol, timeframe, direction, lots, _utc(opened), _utc(closed), *rest)


def _utc(ts: int) -> str:
    return datetime.fromtimestamp(ts // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
