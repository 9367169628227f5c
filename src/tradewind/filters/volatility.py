"""Blocks trades while volatility is above its own usual range (F06).

Normalised average true range ``ATR(n) / close`` above its rolling ``percentile`` over the last ``window`` bars blocks.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Annotated, ClassVar

import msgspec

from tradewind.features.indicator import Indicator
from tradewind.features.spec import natr, quantile
from tradewind.model.decision import Consensus, Reason
from tradewind.model.feature_row import FeatureRow
from tradewind.ports.desk import DeskView


class VolatilityFilter(msgspec.Struct, frozen=True):
    """Volatility veto. ``n`` and ``window`` are bars, ``percentile`` is in 0..100."""

    name: ClassVar[str] = "volatility"
    asset_classes: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()

    n: int = 14
    window: int = 500
    percentile: Annotated[float, msgspec.Meta(ge=0.0, le=100.0)] = 95.0

    def features(self) -> tuple[Indicator, ...]:
        """The range and its rolling percentile."""
        now = natr(self.n)
        return (now, quantile(now, self.window, self.percentile / 100.0))

    def judge(
        self, consensus: Consensus, row: FeatureRow, higher: tuple[FeatureRow, ...], desk: DeskView
    ) -> Reason | None:
        """Blocks strictly above the percentile; at it, passes."""
        now, limit = [row[key] for key in _keys(self)]
        if math.isnan(now) or math.isnan(limit):
            return Reason(code="warmup", detail=f"volatility needs {self.window + self.n} bars")
        return Reason(code="volatility", value=now, limit=limit, detail="percent of price") if now > limit else None


@cache
def _keys(one: VolatilityFilter) -> tuple[str, ...]:
    """Keys of the features, spelled once."""
    return tuple(indicator.key for indicator in one.features())


FILTER = VolatilityFilter
