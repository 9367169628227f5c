"""History exported by MetaTrader 4 and 5: server time, tick volume, spread in points."""

from __future__ import annotations

import numpy as np

from tradewind.adapters.market.files.column_names import plain
from tradewind.adapters.market.files.raw import RawBars
from tradewind.adapters.market.files.tables import from_text
from tradewind.adapters.market.files.text_table import decoded, read_table
from tradewind.errors import Corrupt

SERVER_ZONE = "Europe/Athens"


class MetaTrader:
    """``<DATE> <TIME> <OPEN> <HIGH> <LOW> <CLOSE> <TICKVOL> <VOL> <SPREAD>``, tab separated; daily bars have no TIME.

    The file does not say its zone. Most servers keep Eastern European time with its summer time (the common close of
    the week at midnight), so that is assumed and said; brokers that change clocks on the United States dates need
    ``--tz``.
    """

    name = "metatrader"
    suffixes = (".csv", ".txt")
    convention = f"DATE and TIME are the bar's open in server time, read as {SERVER_ZONE} unless --tz says otherwise"

    def claims(self, head: bytes) -> int:
        """The header is unmistakable: ``<DATE>``, or DATE with TICKVOL."""
        try:
            lines = decoded(head[: len(head) // 2 * 2]).splitlines()
        except Corrupt:
            return 0
        first = lines[0].upper() if lines else ""
        return 3 if "<DATE>" in first or ("DATE" in first and "TICKVOL" in first) else 0

    def parse(self, data: bytes) -> RawBars:
        """Reads the table; tick volume is the volume, a spread that is 0 everywhere is unknown."""
        table = read_table(data)
        header = None if table.header is None else [plain(name) for name in table.header]
        if header is not None and "tickvol" in header:  # VOL is the exchange's volume, 0 for currencies
            header = ["unused" if name == "vol" else name for name in header]
        raw = from_text(table._replace(header=header))
        spread = raw.spread if (raw.spread > 0).any() else np.full(len(raw.spread), np.nan)
        return raw._replace(spread=spread, spread_in="points", default_zone=SERVER_ZONE)


FORMAT = MetaTrader()
