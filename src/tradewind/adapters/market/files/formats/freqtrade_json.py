"""freqtrade's JSON: a list of ``[milliseconds, open, high, low, close, volume]``."""

from __future__ import annotations

import msgspec
import numpy as np

from tradewind.adapters.market.files.raw import RawBars, unreadable
from tradewind.adapters.market.files.rows import from_rows

_Row = list[float | str | bool | None]


class FreqtradeJson:
    """Rows as ccxt returns them. A value that is null or no number makes its row a bad one."""

    name = "freqtrade-json"
    suffixes = (".json",)
    convention = "the first value is the bar's open, UTC milliseconds"

    def claims(self, head: bytes) -> int:
        """A JSON list of lists."""
        return 3 if head.lstrip().replace(b" ", b"").replace(b"\n", b"").startswith(b"[[") else 0

    def parse(self, data: bytes) -> RawBars:
        """Decodes the list."""
        try:
            rows = msgspec.json.decode(data, type=list[_Row])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise unreadable("freqtrade JSON", str(error)) from error
        torn = tuple((i, f"{len(row)} values, 6 expected") for i, row in enumerate(rows) if len(row) < 6)
        table = np.array([[_number(value) for value in (*row, *[None] * 6)[:6]] for row in rows], dtype=np.float64)
        return from_rows(table.reshape(-1, 6), (0, 1, 2, 3, 4, 5))._replace(torn=torn)


def _number(value: float | str | bool | None) -> float:
    return float(value) if isinstance(value, float | int) and not isinstance(value, bool) else np.nan


FORMAT = FreqtradeJson()
