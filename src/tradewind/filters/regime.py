"""Names the market regime of the bar and blocks the ones that are not wanted (F03).

- ``volatile``: realised volatility RV(n) >= ``volatile_ratio`` times the median of its own last ``window`` values;
- ``trend``: otherwise, efficiency ratio ER(2n) >= ``min_efficiency`` and ADX(n) >= ``min_adx``;
- ``range``: otherwise.

A ratio to the median, not a percentile of its own past: a percentile can never find more than its own share of the
bars, however long the storm lasts. At 2.0, 4 to 9 percent of hourly EUR/USD, XAU/USD and BTC/USDT bars are volatile.

Efficiency ratio: Kaufman 1995; ADX: Wilder 1978.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Annotated, ClassVar, Literal

import msgspec

from tradewind.features.indicator import Indicator
from tradewind.features.spec import adx, er, quantile, rvol
from tradewind.model.decision import Consensus, Reason
from tradewind.model.feature_row import FeatureRow
from tradewind.ports.desk import DeskView

Regime = Literal["trend", "range", "volatile"]


class RegimeFilter(msgspec.Struct, frozen=True):
    """Regime veto. ``n`` and ``window`` are bars; ADX is in 0..100, the efficiency ratio in 0..1."""

    name: ClassVar[str] = "regime"
    asset_classes: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()

    n: int = 20
    window: int = 500
    volatile_ratio: Annotated[float, msgspec.Meta(ge=1.0)] = 2.0
    min_efficiency: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.25
    min_adx: Annotated[float, msgspec.Meta(ge=0.0, le=100.0)] = 20.0
    blocked: tuple[Regime, ...] = ("volatile",)

    def features(self) -> tuple[Indicator, ...]:
        """Volatility and its median, efficiency, directional strength."""
        now = rvol(self.n)
        return (now, quantile(now, self.window, 0.5), er(2 * self.n), adx(self.n))

    def classify(self, row: FeatureRow) -> Regime | None:
        """The regime of the bar, None while its features warm up."""
        now, usual, efficiency, strength = [row[key] for key in _keys(self)]
        if math.isnan(usual) or math.isnan(efficiency) or math.isnan(strength):
            return None
        if now >= self.volatile_ratio * usual > 0.0:
            return "volatile"
        return "trend" if efficiency >= self.min_efficiency and strength >= self.min_adx else "range"

    def judge(
        self, consensus: Consensus, row: FeatureRow, higher: tuple[FeatureRow, ...], desk: DeskView
    ) -> Reason | None:
        """Blocks the regimes of ``blocked``; an unknown regime blocks too."""
        regime = self.classify(row)
        if regime is None:
            return Reason(code="warmup", detail=f"regime needs {self.window + self.n + 1} bars")
        if regime in self.blocked:
            now, usual = (row[key] for key in _keys(self)[:2])
            return Reason(code="regime", value=now, limit=self.volatile_ratio * usual, detail=regime)
        return None


@cache
def _keys(one: RegimeFilter) -> tuple[str, ...]:
    """Keys of the features, spelled once."""
    return tuple(indicator.key for indicator in one.features())


FILTER = RegimeFilter
