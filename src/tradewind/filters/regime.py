"""Names the market regime of the bar and blocks the ones that are not wanted (F03).

- ``volatile``: realised volatility RV(n) at or above ``volatile_rank`` percent of its own last ``window`` values;
- ``trend``: otherwise, efficiency ratio ER(2n) >= ``min_efficiency`` and ADX(n) >= ``min_adx``;
- ``range``: otherwise.

Efficiency ratio: Kaufman 1995; ADX: Wilder 1978.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Annotated, ClassVar, Literal

import msgspec

from tradewind.features.indicator import Indicator
from tradewind.features.spec import adx, er, pct_rank, rvol
from tradewind.model.decision import Consensus, Reason
from tradewind.model.feature_row import FeatureRow

Regime = Literal["trend", "range", "volatile"]


class RegimeFilter(msgspec.Struct, frozen=True):
    """Regime veto. ``n`` and ``window`` are bars; ranks and ADX are in 0..100, the efficiency ratio in 0..1."""

    name: ClassVar[str] = "regime"
    asset_classes: ClassVar[tuple[str, ...]] = ()

    n: int = 20
    window: int = 500
    volatile_rank: Annotated[float, msgspec.Meta(ge=0.0, le=100.0)] = 95.0
    min_efficiency: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.25
    min_adx: Annotated[float, msgspec.Meta(ge=0.0, le=100.0)] = 20.0
    blocked: tuple[Regime, ...] = ("volatile",)

    def features(self) -> tuple[Indicator, ...]:
        """Volatility rank, efficiency and directional strength."""
        return (pct_rank(rvol(self.n), self.window), er(2 * self.n), adx(self.n))

    def classify(self, row: FeatureRow) -> Regime | None:
        """The regime of the bar, None while its features warm up."""
        rank, efficiency, strength = (row[key] for key in _keys(self))
        if math.isnan(rank) or math.isnan(efficiency) or math.isnan(strength):
            return None
        if rank >= self.volatile_rank:
            return "volatile"
        return "trend" if efficiency >= self.min_efficiency and strength >= self.min_adx else "range"

    def judge(self, consensus: Consensus, row: FeatureRow, higher: tuple[FeatureRow, ...]) -> Reason | None:
        """Blocks the regimes of ``blocked``; an unknown regime blocks too."""
        regime = self.classify(row)
        if regime is None:
            return Reason(code="warmup", detail=f"regime needs {self.window + self.n + 1} bars")
        if regime in self.blocked:
            rank = row[_keys(self)[0]]
            return Reason(code="regime", value=rank, limit=self.volatile_rank, detail=regime)
        return None


@cache
def _keys(one: RegimeFilter) -> tuple[str, ...]:
    """Keys of the features, spelled once."""
    return tuple(indicator.key for indicator in one.features())


FILTER = RegimeFilter
