"""No trade against what was said in the last day (C10, M07).

Blocked when the mean score of the day's articles about the symbol, times the side of the trade, is at most ``-limit``
and there are at least ``articles`` of them. Few articles, or nobody who read them, are no objection: unlike a calendar,
silence of the news hides no date. Code: ``sentiment``.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from tradewind.features.indicator import Indicator
from tradewind.model.decision import Consensus, Reason
from tradewind.model.feature_row import FeatureRow
from tradewind.ports.desk import DeskView


class SentimentFilter(msgspec.Struct, frozen=True):
    """News sentiment veto; off unless it is named in ``filters.enabled``."""

    name: ClassVar[str] = "sentiment"
    asset_classes: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ("articles",)

    limit: float = 0.2
    articles: int = 3

    def features(self) -> tuple[Indicator, ...]:
        """None: what the desk heard is enough."""
        return ()

    def judge(
        self, consensus: Consensus, row: FeatureRow, higher: tuple[FeatureRow, ...], desk: DeskView
    ) -> Reason | None:
        """Blocks a trade against the news; ``value`` is the mean score for its side."""
        score, number = desk.sentiment()
        if not number >= self.articles or consensus.side * score > -self.limit:
            return None
        detail = f"{number:.0f} articles of a day"
        return Reason(code="sentiment", value=consensus.side * score, limit=-self.limit, detail=detail)


FILTER = SentimentFilter
