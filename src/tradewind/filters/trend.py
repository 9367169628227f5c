"""Blocks trades against the trend of their own timeframe (F01).

Down-trend: close < EMA(slow) and EMA(fast) < EMA(slow); up-trend the mirror image. A long in a down-trend and a short
in an up-trend are blocked; without a clear trend nothing is.
"""

from __future__ import annotations

import math
from functools import cache
from typing import ClassVar

import msgspec

from tradewind.features.indicator import Indicator
from tradewind.features.spec import ema, price
from tradewind.model.decision import Consensus, Reason
from tradewind.model.feature_row import FeatureRow
from tradewind.ports.desk import DeskView


class TrendFilter(msgspec.Struct, frozen=True):
    """Counter-trend veto. ``fast`` and ``slow`` are EMA lengths in bars."""

    name: ClassVar[str] = "trend"
    asset_classes: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()

    fast: int = 50
    slow: int = 200

    def features(self) -> tuple[Indicator, ...]:
        """Close and both averages."""
        return (price("close"), ema(self.fast), ema(self.slow))

    def judge(
        self, consensus: Consensus, row: FeatureRow, higher: tuple[FeatureRow, ...], desk: DeskView
    ) -> Reason | None:
        """Blocks when the close and the fast average are both on the wrong side of the slow one."""
        close, fast, slow = [row[key] for key in _keys(self)]
        if math.isnan(slow) or math.isnan(fast):
            return Reason(code="warmup", detail=f"trend needs {self.slow} bars")
        against = (close - slow) * consensus.side < 0.0 and (fast - slow) * consensus.side < 0.0
        return Reason(code="trend", value=close, limit=slow, detail="counter-trend") if against else None


@cache
def _keys(one: TrendFilter) -> tuple[str, ...]:
    """Keys of the features, spelled once."""
    return tuple(indicator.key for indicator in one.features())


FILTER = TrendFilter
