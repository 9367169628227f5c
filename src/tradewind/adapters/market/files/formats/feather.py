"""Feather (Arrow IPC) tables, the default of freqtrade."""

from __future__ import annotations

import io

import polars as pl

from tradewind.adapters.market.files.decoding import decoding
from tradewind.adapters.market.files.raw import RawBars
from tradewind.adapters.market.files.tables import from_frame


class Feather:
    """freqtrade's columns: ``date`` (UTC milliseconds), open, high, low, close, volume."""

    name = "freqtrade-feather"
    suffixes = (".feather", ".arrow")
    convention = "date is the bar's open in UTC"

    def claims(self, head: bytes) -> int:
        """Arrow files start with ``ARROW1``."""
        return 3 if head.startswith(b"ARROW1") else 0

    def parse(self, data: bytes) -> RawBars:
        """Decodes the table."""
        with decoding("Feather"):
            frame = pl.read_ipc(io.BytesIO(data))
        return from_frame(frame)


FORMAT = Feather()
