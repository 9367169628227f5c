"""Blocks FX and metal trades outside the liquid hours (F05): allowed while ``start <= UTC hour < end``.

The interval is half-open: with 8 and 20, 07:59 is blocked, 08:00 allowed, 19:59 allowed, 20:00 blocked. The time is
that of the decision, the close of the bar, because the order goes out then. Crypto trades around the clock.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from tradewind.features.indicator import Indicator
from tradewind.model.decision import Consensus, Reason
from tradewind.model.feature_row import FeatureRow
from tradewind.model.timeframe import DAY, HOUR
from tradewind.ports.desk import DeskView


class LiquidityHoursFilter(msgspec.Struct, frozen=True):
    """Hours veto. ``start_hour`` and ``end_hour`` are UTC; ``start_hour > end_hour`` spans midnight."""

    name: ClassVar[str] = "liquidity_hours"
    asset_classes: ClassVar[tuple[str, ...]] = ("fx", "metal", "future")
    needs: ClassVar[tuple[str, ...]] = ()

    start_hour: int = 8
    end_hour: int = 20

    def features(self) -> tuple[Indicator, ...]:
        """None: the time of the decision is enough."""
        return ()

    def judge(
        self, consensus: Consensus, row: FeatureRow, higher: tuple[FeatureRow, ...], desk: DeskView
    ) -> Reason | None:
        """Blocks outside the window; ``value`` is the decision's hour of day as a fraction."""
        hour = (row.ts % DAY) / HOUR
        if self.start_hour <= self.end_hour:
            allowed = self.start_hour <= hour < self.end_hour
        else:
            allowed = hour >= self.start_hour or hour < self.end_hour
        if allowed:
            return None
        detail = f"allowed {self.start_hour:02d}:00-{self.end_hour:02d}:00 UTC"
        return Reason(code="liquidity_hours", value=hour, limit=float(self.start_hour), detail=detail)


FILTER = LiquidityHoursFilter
