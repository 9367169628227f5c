"""How far away stop and target stand, and what the round trip costs against that distance."""

from __future__ import annotations

import math

from tradewind.features.rule_exits import Exits
from tradewind.model.bar import Bar
from tradewind.model.decision import Reason
from tradewind.model.instrument import Instrument
from tradewind.model.timeframe import DAY, HOUR
from tradewind.risk.params import RiskParams

_NEAR = 1e-6
"""Ticks by which a float distance may miss a whole tick without being moved to the next one."""


def round_trip_cost(instrument: Instrument, bar: Bar, rate: float) -> float:
    """2 * (half spread + slippage + commission) / price: entry and exit, as a fraction of the bar's close.

    The spread is the bar's own, or the model's at the hour in which the bar closes, where the entry will be. ``rate``
    is account currency per quote currency, needed for commissions per lot.
    """
    costs = instrument.costs
    if bar.spread is None:
        half = costs.spread_fraction * costs.spread_by_hour[bar.ts_close % DAY // HOUR]
    else:
        half = bar.spread / 2.0 / bar.close
    per_lot = costs.commission_per_lot / (instrument.contract_size * bar.close * rate)
    return 2.0 * (half + costs.slippage_fraction + costs.commission_fraction + per_lot)


def stop_distances(
    exits: Exits, params: RiskParams, instrument: Instrument, price: float, atr: float, cost: float
) -> tuple[int, int] | Reason:
    """``(stop, target)`` distances from ``price`` in whole ticks, or why there is none.

    stop = max(the distance of the exits, the nearest one allowed), rounded up; target = target_r * stop, to the
    nearest tick. ``cost`` is the round trip as a fraction of price, ``atr`` in price units, NaN where unknown.
    """
    stop, _ = exits.distances(price, atr, cost)
    if not math.isfinite(stop):
        return Reason(code="atr_unknown", detail=f"the stop needs an average true range over {exits.atr_period} bars")
    stop = max(stop, params.min_stop(instrument, price))
    ticks = math.ceil(stop / instrument.tick - _NEAR)
    if ticks <= 0 or ticks * instrument.tick >= price:
        return Reason(code="stop_impossible", value=stop, limit=price, detail="stop distance against price")
    return ticks, max(1, round(exits.target_r * ticks))
