"""Everything an engine holds of one symbol."""

from __future__ import annotations

from collections.abc import Mapping

from tradewind.engine.aggregate import Aggregator
from tradewind.engine.forecasts import Banks, ModelSource, given
from tradewind.engine.holding import Holding
from tradewind.engine.plan import EnginePlan, SymbolPlan
from tradewind.engine.plausibility import PriceWatch
from tradewind.engine.series import Series
from tradewind.errors import Misconfigured
from tradewind.features.news_inputs import News
from tradewind.model.decision import Reason
from tradewind.model.event import ModelServed
from tradewind.model.session import calendar_of


class SymbolDesk:
    """Aggregator, series, what is held and what is known of the feed. ``banks`` are behind the inputs of models."""

    __slots__ = (
        "aggregator",
        "banks",
        "higher",
        "holding",
        "hours",
        "plan",
        "series",
        "session",
        "speaks",
        "stale",
        "watch",
    )

    def __init__(self, plan: SymbolPlan, engine_plan: EnginePlan, news: News, *, keep_shadow: bool) -> None:
        self.plan = plan
        calendar = calendar_of(plan.instrument.calendar)
        self.aggregator = Aggregator(plan.instrument.symbol, calendar, plan.base, plan.built)
        needed = tuple(indicator for one in plan.filters for indicator in one.features())
        self.banks = Banks(plan.seats, engine_plan.seeding, news) if plan.seats else None
        self.series = {
            timeframe: Series(
                plan.instrument.symbol,
                timeframe,
                plan.members_of(timeframe),
                needed,
                plan.instrument.costs,
                engine_plan.seeding,
                keep_shadow=keep_shadow,
                unheard=plan.unheard,
                seat=plan.seat_on(timeframe),
                banks=self.banks,
            )
            for timeframe in plan.timeframes
        }
        self.higher = {
            timeframe: tuple(one.row for other, one in self.series.items() if other.rank > timeframe.rank)
            for timeframe in self.series
        }
        self.speaks = plan.speaks
        self.watch = PriceWatch()
        self.stale = False
        self.holding: Holding | None = None
        self.session = calendar
        self.hours: tuple[Reason, ...] = ()


def serve(desks: Mapping[str, SymbolDesk], event: ModelServed, models: ModelSource | None) -> None:
    """Lets another model speak from a seat.

    Raises:
        Misconfigured: there is no such seat, or nobody gives models.
        Corrupt: the model does not fit the seat.
    """
    desk = desks.get(event.symbol)
    if desk is None or desk.plan.seat_on(event.timeframe) is None:
        raise Misconfigured(
            f"a model for {event.symbol} {event.timeframe}",
            where="engine",
            allowed="symbols and timeframes of predictors",
        )
    desk.series[event.timeframe].serve(event, given(models, event.version, event.sha256))
