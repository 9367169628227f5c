"""What a plug-in offers. One file each; found by the catalog, run through the conformance suite."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from tradewind.model.decision import Consensus, Reason
from tradewind.model.feature_row import FeatureRow
from tradewind.ports.desk import DeskView


class Filter(Protocol):
    """A veto before the trade. Holds no state: everything it needs is in the row, the consensus, the desk and its
    parameters."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]
    """What the desk must keep for it: calendar, articles, closes (hourly ones of every symbol)."""

    def features(self) -> tuple[Any, ...]:
        """Indicators (``features.spec.Indicator``) the filter reads."""
        ...

    def judge(
        self, consensus: Consensus, row: FeatureRow, higher: tuple[FeatureRow, ...], desk: DeskView
    ) -> Reason | None:
        """A reason to block, with the value and the limit it was held to, or None. NaN inputs block with ``warmup``."""
        ...
