"""No new trades around scheduled news that moves a currency of the pair (F04).

Blocked while ``ts - before <= t <= max(ts + after, until)`` of an event, edges inclusive: 30 minutes each side of what
stops markets (tier 1), 10 of other high-impact releases (tier 2); rate decisions until their press conference is over.
An event of a currency concerns every pair with it; those of the dollar gold and futures too. Without a calendar that
may be believed, the windows of ``model.calendar.by_rule`` block beside whatever is still known: a failed request never
means that nothing is due. Code: ``news``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from tradewind.features.indicator import Indicator
from tradewind.model.calendar import NewsCalendar, NewsEvent, by_rule
from tradewind.model.decision import Consensus, Reason
from tradewind.model.feature_row import FeatureRow
from tradewind.model.instrument import AssetClass, Instrument
from tradewind.model.timeframe import DAY, MINUTE
from tradewind.ports.desk import DeskView

_DOLLARS = ("USDT", "USDC")


class NewsFilter(msgspec.Struct, frozen=True):
    """News veto. ``tier_1``, ``tier_2``, ``tier_3`` are minutes each side (a tier of 0 minutes: only while it lasts;
    tier 3 then never); ``max_age_days`` is how old a calendar may be. ``crypto`` also keeps coins that are traded
    against dollars out of the dollar's events.
    """

    name: ClassVar[str] = "news"
    asset_classes: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ("calendar",)

    tier_1: int = 30
    tier_2: int = 10
    tier_3: int = 0
    max_age_days: float = 7.0
    crypto: bool = False

    def features(self) -> tuple[Indicator, ...]:
        """None: the calendar and the time of the decision are enough."""
        return ()

    def judge(
        self, consensus: Consensus, row: FeatureRow, higher: tuple[FeatureRow, ...], desk: DeskView
    ) -> Reason | None:
        """Blocks inside a window; ``value`` is minutes from the event (negative: before it), ``limit`` the edge."""
        currencies = currencies_of(desk.instrument, crypto=self.crypto)
        if not currencies:
            return None
        for event, note in self._near(desk.calendar, desk.ts):
            margin = (self.tier_1, self.tier_2, self.tier_3)[event.tier - 1] if not note else 0
            if event.currency not in ("*", *currencies) or (event.tier == 3 and not self.tier_3):
                continue
            end = max(event.ts + margin * MINUTE, event.until)
            if event.ts - margin * MINUTE <= desk.ts <= end:
                away = (desk.ts - event.ts) / MINUTE
                limit = -float(margin) if away < 0.0 else (end - event.ts) / MINUTE
                what = event.title if event.currency == "*" else f"{event.currency} {event.title}"
                return Reason(code="news", value=away, limit=limit, detail=what + note)
        return None

    def _near(self, calendar: NewsCalendar | None, ts: int) -> Iterator[tuple[NewsEvent, str]]:
        """Events that may matter at ``ts``; those by rule carry a note that says why they are asked."""
        widest = max(self.tier_1, self.tier_2, self.tier_3) * MINUTE
        if calendar is not None:
            for event in calendar.around(ts, widest, widest):
                yield event, ""
            if calendar.covers(ts, round(self.max_age_days * DAY)):
                return
        why = "there is no calendar" if calendar is None else "the calendar is out of date"
        for event in by_rule(ts):
            yield event, f"; fallback, {why}"


def currencies_of(instrument: Instrument, *, crypto: bool) -> tuple[str, ...]:
    """The currencies whose news concern an instrument; none for coins unless ``crypto``."""
    if instrument.asset_class is AssetClass.CRYPTO:
        return ("USD",) if crypto and instrument.quote in ("USD", *_DOLLARS) else ()
    pair = (instrument.base, instrument.quote)
    return pair if instrument.asset_class is AssetClass.FX else ("USD", *pair)


FILTER = NewsFilter
