"""Blocks trades that the next higher timeframe contradicts (F02).

The higher trend is up when EMA(fast) > EMA(slow) on the nearest higher timeframe, down when below. Code: ``mtf``.
"""

from __future__ import annotations

import math
from functools import cache
from typing import ClassVar

import msgspec

from tradewind.features.indicator import Indicator
from tradewind.features.spec import ema
from tradewind.model.decision import Consensus, Reason
from tradewind.model.feature_row import FeatureRow
from tradewind.ports.desk import DeskView


class HigherTimeframeFilter(msgspec.Struct, frozen=True):
    """Conflict veto. Not applicable, and so silent, where no higher timeframe is configured."""

    name: ClassVar[str] = "higher_timeframe"
    asset_classes: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()

    fast: int = 20
    slow: int = 50

    def features(self) -> tuple[Indicator, ...]:
        """Both averages, computed on every timeframe."""
        return (ema(self.fast), ema(self.slow))

    def judge(
        self, consensus: Consensus, row: FeatureRow, higher: tuple[FeatureRow, ...], desk: DeskView
    ) -> Reason | None:
        """Blocks when the nearest higher timeframe leans the other way, or cannot tell yet."""
        if not higher:
            return None
        nearest = higher[0]
        fast, slow = [nearest[key] for key in _keys(self)]
        if math.isnan(fast) or math.isnan(slow):
            return Reason(code="warmup", detail=f"mtf needs {self.slow} bars of {nearest.timeframe}")
        if (fast - slow) * consensus.side < 0.0:
            return Reason(code="mtf", value=fast, limit=slow, detail=f"{nearest.timeframe} leans the other way")
        return None


@cache
def _keys(one: HigherTimeframeFilter) -> tuple[str, ...]:
    """Keys of the features, spelled once."""
    return tuple(indicator.key for indicator in one.features())


FILTER = HigherTimeframeFilter
