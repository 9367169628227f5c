"""The features of one closed bar."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tradewind.model.timeframe import Timeframe


class FeatureRow:
    """Features known at ``ts``: ``values`` has shape ``(n_features,)``, float64, NaN until warmed up.

    The arrays are views of live state: read them at the bar they belong to, copy them to keep them. ``index`` maps an
    indicator's key to its column and is shared by all rows of a series.
    """

    __slots__ = ("index", "previous", "symbol", "timeframe", "ts", "values")

    def __init__(
        self,
        symbol: str,
        timeframe: Timeframe,
        ts: int,
        values: NDArray[np.float64],
        previous: NDArray[np.float64],
        index: Mapping[str, int],
    ) -> None:
        self.symbol = symbol
        self.timeframe = timeframe
        self.ts = ts
        self.values = values
        self.previous = previous
        self.index = index

    def __getitem__(self, key: str) -> float:
        """The value of an indicator by its key; raises KeyError for one the series does not compute."""
        value: float = self.values.item(self.index[key])
        return value
