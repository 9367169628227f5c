"""When a firm's account must be flat: around listed news and over a market's week-end, where its stage says so.

A position that is held through a window of news can be stopped out inside it, which counts as a trade of the window, so
everything is left before it. An order to leave is filled at the next price that can be traded, so it is given at the
last close before, at least five minutes ahead; from then until the window is over nothing is entered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tradewind.model.calendar import NewsCalendar, NewsEvent, by_rule
from tradewind.model.decision import Reason
from tradewind.model.instrument import AssetClass, Instrument
from tradewind.model.session import SessionCalendar
from tradewind.model.timeframe import DAY, MINUTE, SECOND
from tradewind.risk.guard_params import FirmPlan

NEWS: Final = "firm_news"
WEEKEND: Final = "firm_weekend"
EARLY: Final = 5 * MINUTE
MAX_AGE: Final = 7 * DAY
_STEP: Final = 5 * MINUTE
_CLOSED: Final = ("weekend", "holiday")


class ClosingHours:
    """The rules of one stage and account type; ``news`` and ``weekends`` are False where they do not hold."""

    def __init__(self, plan: FirmPlan) -> None:
        self.news, self.weekends = plan.keeps_out_of_news, plan.flat_weekends
        self._before = plan.rules.news.before_s * SECOND
        self._after = plan.rules.news.after_s * SECOND
        self._tiers = plan.rules.news.tiers

    def objection(
        self, instrument: Instrument, session: SessionCalendar, calendar: NewsCalendar | None, ts: int, length: int
    ) -> Reason | None:
        """Why nothing may be entered at the close ``ts`` of a bar of ``length`` ns; None where it may.

        ``value`` is minutes to (negative: after) the event or the market's close.
        """
        ahead = ts + max(length, EARLY)
        if self.weekends and not session.closed_kind(ts) and session.closed_kind(ahead) in _CLOSED:
            return Reason(code="firm_weekend", value=(ahead - ts) / MINUTE, detail="the market closes")
        event = self._listed(instrument, calendar, ts, ahead) if self.news else None
        if event is None:
            return None
        return Reason(code="firm_news", value=(event.ts - ts) / MINUTE, detail=f"{event.currency} {event.title}")

    def may_leave(self, objection: Reason, ts: int) -> bool:
        """Whether leaving at ``ts`` is still outside of what ``objection`` is about; inside, a fill breaks the rule."""
        return objection.code == WEEKEND or (objection.value or 0.0) * MINUTE > self._before

    def _listed(self, instrument: Instrument, calendar: NewsCalendar | None, ts: int, ahead: int) -> NewsEvent | None:
        """The first event whose window overlaps ``ts`` to ``ahead``; windows by rule where no calendar is valid."""
        currencies = _currencies(instrument)
        if not currencies:
            return None
        for event in self._known(calendar, ts, ahead):
            if event.tier <= self._tiers and event.currency in ("*", *currencies):
                end = max(event.ts, event.until if event.title.endswith("by rule") else 0) + self._after
                if event.ts - self._before <= ahead and ts <= end:
                    return event
        return None

    def _known(self, calendar: NewsCalendar | None, ts: int, ahead: int) -> Iterator[NewsEvent]:
        if calendar is not None:
            yield from calendar.around(ts, ahead - ts + self._before, self._after)
            if calendar.covers(ts, MAX_AGE):
                return
        for at in range(ts, ahead + self._before + 1, _STEP):
            yield from by_rule(at)


def _currencies(instrument: Instrument) -> tuple[str, ...]:
    """Whose news concern an instrument: both of a pair, the dollar's also gold and futures, no coin."""
    if instrument.asset_class is AssetClass.CRYPTO:
        return ()
    pair = (instrument.base, instrument.quote)
    return pair if instrument.asset_class is AssetClass.FX else ("USD", *pair)
