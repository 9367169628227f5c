"""Delimited text with any of the usual separators, header spellings and time notations."""

from __future__ import annotations

from tradewind.adapters.market.files.raw import RawBars
from tradewind.adapters.market.files.tables import from_text
from tradewind.adapters.market.files.text_table import read_table


class Delimited:
    """CSV in the widest sense; without a header the order is time, open, high, low, close, volume."""

    name = "csv"
    suffixes = (".csv", ".txt", ".tsv")
    convention = (
        "the time is the bar's open unless only a close time is given or --stamp close; without a zone it is UTC"
    )

    def claims(self, head: bytes) -> int:
        """Text that holds digits and no zero byte."""
        if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return 1
        return 1 if b"\0" not in head and any(48 <= byte <= 57 for byte in head) else 0

    def parse(self, data: bytes) -> RawBars:
        """Splits lines and reads times and numbers."""
        return from_text(read_table(data))


FORMAT = Delimited()
