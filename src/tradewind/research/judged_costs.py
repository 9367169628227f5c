"""Costs of a run held against those that a strategy was judged at, and those against what a proof has to cost."""

from __future__ import annotations

import math
from typing import Final

from tradewind.model.instrument import AssetClass, CostModel
from tradewind.model.instruments import INSTRUMENTS

SLACK: Final = 1e-9
"""Relative difference that is rounding."""

FLOOR: Final = {
    AssetClass.FX: 0.00003,
    AssetClass.METAL: 0.00005,
    AssetClass.CRYPTO: 0.0001,
    AssetClass.FUTURE: 0.00003,
}
"""Least share of the price a side that trading costs: half the spread, slippage and commission of good accounts.

A third of a pip of EUR/USD, 0.10 USD of gold at 2,000 USD, a taker's fee after large rebates.
"""

_CHARGED: Final = {
    "spread_fraction": "spread",
    "slippage_fraction": "slippage",
    "commission_fraction": "commission",
    "commission_per_lot": "commission per lot",
}


def dearer(now: CostModel, judged: CostModel) -> str:
    """The first charge that is higher in ``now`` than in ``judged``, ``""`` if there is none.

    A spread is compared at each hour. Swaps and funding are no part of a judgement and are not compared.
    """
    for field, name in _CHARGED.items():
        one, other = getattr(now, field), getattr(judged, field)
        if one > other * (1.0 + SLACK):
            return f"{name} {one:g} instead of {other:g}"
    hours = zip(now.spread_by_hour, judged.spread_by_hour, strict=True)
    for hour, (one, other) in enumerate(hours):
        here, there = one * now.spread_fraction, other * judged.spread_fraction
        if here > there * (1.0 + SLACK):
            return f"spread {here:g} instead of {there:g} at {hour:02d}:00 UTC"
    return ""


def below_floor(costs: CostModel, symbol: str, asset_class: AssetClass) -> str:
    """Why nothing is proven on ``symbol`` at ``costs``, ``""`` where something can be.

    A built-in symbol costs what is built in, whatever a configuration says of it. Any other one costs ``FLOOR`` of its
    class at each hour of the day, spread, slippage and commission together; a commission by the lot is not counted,
    since it is no share of a price.
    """
    for field, name in _CHARGED.items():
        if not 0.0 <= (charge := getattr(costs, field)) < math.inf:
            return f"{name} of {symbol} is {charge:g}"
    if not all(0.0 <= factor < math.inf for factor in costs.spread_by_hour):
        return f"a factor of spread_by_hour of {symbol} is no number above 0"
    built_in = INSTRUMENTS.get(symbol)
    if built_in is not None:
        cheaper = dearer(built_in.costs, costs)
        return f"the built-in {symbol} has {cheaper}" if cheaper else ""
    least = costs.spread_fraction * min(costs.spread_by_hour) + costs.slippage_fraction + costs.commission_fraction
    floor = FLOOR[asset_class]
    if least < floor * (1.0 - SLACK):
        return f"{symbol} costs {least:g} of the price a side, {asset_class} costs {floor:g} at least"
    return ""
