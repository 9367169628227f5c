"""Whether bars are those that a strategy was judged on, month by month."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np

from tradewind.model.bar import BarColumns
from tradewind.model.report import Window
from tradewind.model.timeframe import SECOND


def bars_by_month(columns: BarColumns, window: Window | None = None) -> dict[str, str]:
    """``{"2024-03": 16 hex digits}`` of every calendar month (UTC) by the open of its bars, inside ``window``.

    All columns count, bit for bit; zeros have one sign and NaNs one pattern, so that storing changes nothing. Equal
    bars give equal digits on every machine.
    """
    first, last = 0, len(columns.ts_open)
    if window is not None:
        first = int(np.searchsorted(columns.ts_open, window.start, side="left"))
        last = int(np.searchsorted(columns.ts_close, window.end, side="right"))
    part = columns.slice(first, max(first, last))
    month = (part.ts_open // SECOND).astype("datetime64[s]").astype("datetime64[M]")
    names, starts = np.unique(month, return_index=True)
    ends = [*starts[1:].tolist(), len(month)]
    return {
        str(name): _digest(part.slice(start, end))
        for name, start, end in zip(names, starts.tolist(), ends, strict=True)
    }


@lru_cache(maxsize=4096)  # asked again for every verdict of a series
def covered(month: str, window: Window, stored: Window) -> bool:
    """Whether bars that reach over ``stored`` reach both ends of what ``window`` has of a month."""
    start, end = (
        int(edge.astype("datetime64[s]").astype(np.int64)) * SECOND
        for edge in (np.datetime64(month, "M"), np.datetime64(month, "M") + 1)
    )
    return stored.start <= max(start, window.start) and stored.end >= min(end, window.end)


def _digest(part: BarColumns) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for column in part:
        plain = np.ascontiguousarray(column)
        if plain.dtype == np.float64:
            plain = np.where(np.isnan(plain), np.nan, plain + 0.0)
        digest.update(plain.tobytes())
    return digest.hexdigest()
