"""At most so many signals in a window, per symbol and over all (F08): nobody acts on a flood. Code: ``rate_limit``."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from tradewind.features.indicator import Indicator
from tradewind.model.decision import Consensus, Reason
from tradewind.model.feature_row import FeatureRow
from tradewind.model.timeframe import HOUR
from tradewind.ports.desk import DeskView


class RateLimitFilter(msgspec.Struct, frozen=True):
    """Flood veto: ``per_symbol`` and ``in_all`` signals within ``hours``."""

    name: ClassVar[str] = "rate_limit"
    asset_classes: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()

    per_symbol: int = 8
    in_all: int = 20
    hours: float = 24.0

    def features(self) -> tuple[Indicator, ...]:
        """None: what was said lately is no feature."""
        return ()

    def judge(
        self, consensus: Consensus, row: FeatureRow, higher: tuple[FeatureRow, ...], desk: DeskView
    ) -> Reason | None:
        """Blocks the signal after the last one allowed; ``value`` counts those within the window."""
        since = desk.ts - round(self.hours * HOUR)
        window = f"in {self.hours:g} h"
        own = desk.signals_since(since, desk.instrument.symbol)
        if own >= self.per_symbol:
            detail = f"{desk.instrument.symbol} {window}"
            return Reason(code="rate_limit", value=float(own), limit=float(self.per_symbol), detail=detail)
        every = desk.signals_since(since)
        if every >= self.in_all:
            return Reason(code="rate_limit", value=float(every), limit=float(self.in_all), detail=f"all {window}")
        return None


FILTER = RateLimitFilter
