"""From a side to a sized trade with stop, target and entry zone, or all the reasons why not."""

from __future__ import annotations

import math
from functools import cache

from tradewind.features.rule_exits import Exits
from tradewind.features.spec import atr
from tradewind.model.bar import Bar
from tradewind.model.decision import Bracket, Reason
from tradewind.model.feature_row import FeatureRow
from tradewind.model.instrument import Instrument
from tradewind.ports.rates import RateSource
from tradewind.risk.params import AccountView, RiskParams
from tradewind.risk.sizing import Size, size
from tradewind.risk.stops import round_trip_cost, stop_distances
from tradewind.risk.zone import entry_zone


def bracket_for(
    *,
    side: int,
    bar: Bar,
    row: FeatureRow,
    exits: Exits,
    instrument: Instrument,
    params: RiskParams,
    account: AccountView,
    rates: RateSource,
    leads: str = "",
) -> Bracket | tuple[Reason, ...]:
    """A bracket around the bar's close, or every reason against it.

    ``row`` holds the features of ``bar``, among them ``atr(exits.atr_period)`` where the stop needs it. ``leads`` is
    the member whose exits these are.
    """
    reasons: tuple[Reason, ...] = ()
    if account.open_positions >= params.max_open_positions:
        limit = float(params.max_open_positions)
        reasons += (Reason(code="max_open_positions", value=float(account.open_positions), limit=limit),)
    if params.one_per_symbol and account.held:
        reasons += (Reason(code="one_per_symbol", value=1.0, limit=1.0),)
    rate = rates.rate(instrument.quote)
    if rate is None:
        return (*reasons, Reason(code="no_rate", detail=f"needs a price of {rates.missing(instrument.quote)}"))
    entry = bar.close
    cost = round_trip_cost(instrument, bar, rate)
    distances = stop_distances(exits, params, instrument, entry, _range(row, exits), cost)
    if isinstance(distances, Reason):
        return (*reasons, distances)
    stop_ticks, target_ticks = distances
    distance = stop_ticks * instrument.tick
    cost_to_risk = cost * entry / distance
    if cost_to_risk > params.max_cost_to_risk:
        reasons += (Reason(code="cost_to_risk", value=cost_to_risk, limit=params.max_cost_to_risk),)
    middle = instrument.to_ticks(entry)
    if min(middle - side * stop_ticks, middle + side * target_ticks) <= 0:
        reasons += (Reason(code="target_impossible", value=target_ticks * instrument.tick, limit=entry),)
    sized = size(instrument, params, account, entry, distance, rate, side)
    if not isinstance(sized, Size):
        return reasons + sized
    if reasons:
        return reasons
    low, high = entry_zone(instrument, params, entry, distance)
    return Bracket(
        side=side,
        entry=instrument.to_price(middle),
        entry_low=low,
        entry_high=high,
        stop=instrument.to_price(middle - side * stop_ticks),
        target=instrument.to_price(middle + side * target_ticks),
        lots=sized.lots,
        risk_cash=sized.risk_cash,
        time_stop_bars=exits.time_stop_bars,
        stop_pips=instrument.pips(distance),
        cost_to_risk=cost_to_risk,
        clips=sized.clips,
        trail=exits.trail_r * distance,
        leaves_with=leads if exits.exit_on_opposite else "",
    )


@cache
def _atr_key(period: int) -> str:
    """Spelled once per period."""
    return atr(period).key


def _range(row: FeatureRow, exits: Exits) -> float:
    """The average true range of the exits, NaN where the series does not compute it or is not warm."""
    column = row.index.get(_atr_key(exits.atr_period)) if exits.needs_atr else None
    return math.nan if column is None else float(row.values[column])
