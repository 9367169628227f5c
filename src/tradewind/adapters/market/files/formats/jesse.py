"""Jesse's candle arrays. The order of their columns is timestamp, open, CLOSE, HIGH, LOW, volume."""

from __future__ import annotations

import io

import numpy as np

from tradewind.adapters.market.files.decoding import decoding
from tradewind.adapters.market.files.raw import RawBars, unreadable
from tradewind.adapters.market.files.rows import from_rows

_ORDER = (0, 1, 3, 4, 2, 5)  # where timestamp, open, high, low, close, volume stand


class Jesse:
    """A ``.npy`` array of shape (n, 6)."""

    name = "jesse"
    suffixes = (".npy",)
    convention = "the first column is the bar's open, UTC milliseconds; the third is the close"

    def claims(self, head: bytes) -> int:
        """numpy files start with ``\\x93NUMPY``."""
        return 3 if head.startswith(b"\x93NUMPY") else 0

    def parse(self, data: bytes) -> RawBars:
        """Loads the array, never unpickling anything."""
        with decoding("Jesse"):
            array = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
        if array.ndim != 2 or array.shape[1] < 6 or array.dtype.kind not in "fiu":
            raise unreadable(
                "Jesse",
                f"{array.dtype} of shape {array.shape}, expected (n, 6): timestamp, open, close, high, low, volume",
            )
        return from_rows(array.astype(np.float64), _ORDER)


FORMAT = Jesse()
