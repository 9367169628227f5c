"""Parquet tables of bars, also those of freqtrade and of bid and ask."""

from __future__ import annotations

import io

import polars as pl

from tradewind.adapters.market.files.decoding import decoding
from tradewind.adapters.market.files.raw import RawBars
from tradewind.adapters.market.files.tables import from_frame
from tradewind.adapters.market.sealed.partitions import LABEL


class Parquet:
    """A time column and open, high, low, close; ``ask_close`` gives the spread, ``close`` is then the bid."""

    name = "parquet"
    suffixes = (".parquet", ".pq")
    convention = "time is the bar's open; without a zone it is UTC"

    def claims(self, head: bytes) -> int:
        """Parquet starts with ``PAR1``."""
        return 3 if head.startswith(b"PAR1") else 0

    def parse(self, data: bytes) -> RawBars:
        """Decodes the table; a ``close_time`` without an open time marks bars stamped at their close."""
        with decoding("Parquet"):
            frame = pl.read_parquet(io.BytesIO(data))
            label = pl.read_parquet_metadata(io.BytesIO(data)).get(LABEL, "")
        raw = from_frame(frame)
        if not label:
            return raw
        return raw._replace(synthetic=f"{label}, as the file says", notes=(*raw.notes, f"the file says: {label} bars"))


FORMAT = Parquet()
