"""Blocks a trade that is the same bet as one that is open (F07): side * other side * correlation > ``limit``.

Pearson correlation of log returns over the last ``hours`` common hourly closes. With fewer than ``least`` of them it is
unknown; a pair that shares a currency then counts as fully correlated by the sides the trades take of that currency,
and others as not. A hedge (negative product) is never blocked. Code: ``correlation``.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from tradewind.features.indicator import Indicator
from tradewind.model.decision import Consensus, Reason
from tradewind.model.feature_row import FeatureRow
from tradewind.ports.desk import DeskView, Exposure


class CorrelationFilter(msgspec.Struct, frozen=True):
    """Correlation veto; ``limit`` in (0, 1], ``hours`` and ``least`` count common hourly returns."""

    name: ClassVar[str] = "correlation"
    asset_classes: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ("closes",)

    limit: float = 0.7
    hours: int = 240
    least: int = 100

    def features(self) -> tuple[Indicator, ...]:
        """None: closes of other symbols are no features of this one."""
        return ()

    def judge(
        self, consensus: Consensus, row: FeatureRow, higher: tuple[FeatureRow, ...], desk: DeskView
    ) -> Reason | None:
        """Blocks on the open trade that is most like this one; ``value`` is the signed correlation of the bets."""
        worst: Reason | None = None
        for held in desk.exposures():
            if held.symbol == desk.instrument.symbol:
                continue
            found = desk.correlation(held.symbol, self.hours, self.least)
            if found is None:
                alike, note = _by_currency(desk, consensus.side, held), "; too few common hours, taken by currency"
            else:
                alike, note = consensus.side * held.side * found, ""
            if alike > self.limit and (worst is None or alike > (worst.value or 0.0)):
                word = "long" if held.side > 0 else "short"
                worst = Reason(code="correlation", value=alike, limit=self.limit, detail=f"{word} {held.symbol}{note}")
        return worst


def _by_currency(desk: DeskView, side: int, held: Exposure) -> float:
    """1 when both trades are on the same side of a common currency, -1 when on opposite ones, 0 without one."""
    mine = {desk.instrument.base: side, desk.instrument.quote: -side}
    theirs = {held.base: held.side, held.quote: -held.side}
    return float(max((mine[one] * theirs[one] for one in mine.keys() & theirs.keys()), default=0))


FILTER = CorrelationFilter
