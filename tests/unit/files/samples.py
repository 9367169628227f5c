"""The same four hourly bars in every notation."""

from __future__ import annotations

import numpy as np

from tradewind.adapters.market.files.intake import Request
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import Timeframe

NOW = int(np.datetime64("2026-01-01", "ns").astype(np.int64))
FIRST = np.datetime64("2024-01-10T08:00", "ns")
OPENS = (FIRST + np.arange(4) * np.timedelta64(1, "h")).astype(np.int64)
ROWS = (
    (1.0950, 1.0960, 1.0945, 1.0955, 120.0),
    (1.0955, 1.0970, 1.0950, 1.0965, 130.0),
    (1.0965, 1.0966, 1.0940, 1.0941, 140.0),
    (1.0941, 1.0949, 1.0939, 1.0948, 150.0),
)


def request(**changed: object) -> Request:
    """Hourly EUR/USD, read in 2026."""
    settings = {"timeframe": Timeframe.H1, "calendar": calendar_of("fx"), "tick": 0.00001, "now": NOW} | changed
    return Request(**settings)  # type: ignore[arg-type]


def csv(
    times: list[str] | None = None,
    *,
    header: str | None = "time,open,high,low,close,volume",
    separator: str = ",",
    rows: tuple[tuple[float, ...], ...] = ROWS,
) -> bytes:
    """A text file of the sample rows."""
    stamps = times or [str(np.datetime64(int(ts), "ns").astype("datetime64[s]")) for ts in OPENS]
    lines = [separator.join((stamp, *(f"{value:g}" for value in row))) for stamp, row in zip(stamps, rows, strict=True)]
    head = [header.replace(",", separator)] if header is not None else []
    return ("\n".join([*head, *lines]) + "\n").encode()
