"""What a fill costs: the side of the spread it crosses, slippage, commission.

A bar that carries its own spread is quoted: ``bid`` bars are bought at bid + spread and sold at the bid; ``mid`` and
``last`` bars pay half the spread on each side. A bar without a spread pays ``spread_fraction * price`` times the hour's
factor on each side, whatever its price kind. Slippage is ``slippage_fraction * price`` on every fill. Traded prices are
rounded to whole ticks against the trader.

Resting stops and targets of quoted ``bid`` and ``mid`` bars are met by the price that closes the position: the bid for
a long, the ask for a short, so that a short is stopped by a widening spread as it would be at a desk. All other bars
meet levels with their own price and pay the spread on top.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import NamedTuple

from tradewind.model.bar import Bar
from tradewind.model.instrument import CostModel, Instrument, PriceKind
from tradewind.model.money import exact, rounded, worth
from tradewind.model.timeframe import DAY, HOUR

_NEAR = 1e-6
"""Ticks by which a float price may miss its tick without being moved to the next one."""


class Execution(NamedTuple):
    """A traded price in ticks and its costs in account currency."""

    price_ticks: int
    spread: Decimal
    slippage: Decimal
    commission: Decimal


def crossing(instrument: Instrument, costs: CostModel, bar: Bar, side: int, price: float, scale: float = 1.0) -> float:
    """How far from the bar's ``price`` a market order of ``side`` trades because of the spread, in price units, >= 0.

    ``scale`` multiplies the spread, for sensitivity runs.
    """
    spread = bar.spread
    if spread is None:
        hour = bar.ts_open % DAY // HOUR
        return price * costs.spread_fraction * costs.spread_by_hour[hour] * scale
    if instrument.price_kind is PriceKind.BID:
        return spread * scale if side > 0 else 0.0
    return spread * scale / 2.0


def closing_shift(instrument: Instrument, bar: Bar, side: int, scale: float = 1.0) -> float:
    """What is added to the bar's prices to get the quote that closes a position of ``side``; 0 for unquoted bars."""
    spread = bar.spread
    if spread is None or instrument.price_kind is PriceKind.LAST:
        return 0.0
    if instrument.price_kind is PriceKind.BID:
        return 0.0 if side > 0 else spread * scale
    return -side * spread * scale / 2.0


def execute(
    instrument: Instrument,
    costs: CostModel,
    side: int,
    steps: int,
    reference: float,
    crossed: float,
    rate: float,
) -> Execution:
    """Trades ``steps`` at ``reference`` plus spread and slippage against the trader.

    ``reference`` is the frictionless price and ``crossed`` the distance the spread takes, both in price units;
    ``rate`` is account currency per quote currency. What rounding to a tick takes is booked as slippage, so that
    spread + slippage is exactly the distance between ``reference`` and the traded price.
    """
    tick = instrument.tick
    at = round(reference / tick, 6)
    against = (crossed + costs.slippage_fraction * reference) / tick
    traded = math.ceil(at + against - _NEAR) if side > 0 else math.floor(at - against + _NEAR)
    spread = worth(instrument, exact(round(crossed / tick, 6)), steps, rate)
    both = worth(instrument, side * (traded - exact(at)), steps, rate)
    commission = exact(costs.commission_per_lot) * exact(instrument.to_lots(steps))
    if costs.commission_fraction:
        commission += exact(costs.commission_fraction) * worth(instrument, traded, steps, rate)
    return Execution(traded, spread, both - spread, rounded(commission))
