"""What everything that is open or ordered would lose if every stop were hit, costs of leaving included.

Prices may gap beyond a stop: no promise holds there. ``slippage`` multiplies the modelled costs of an exit for what is
worse than usual.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tradewind.model.instrument import Instrument

NIGHTS = 3
"""Roll-overs a worst case pays for: those over a week-end."""


class OpenTrade(NamedTuple):
    """A held lot: prices in quote currency, ``value`` account currency per price unit for the whole lot.

    ``stop`` is None where none is known; then ``risk``, the planned loss in cash, stands for it.
    """

    instrument: Instrument
    side: int
    lots: float
    entry: float
    mark: float
    stop: float | None
    value: float
    risk: float


class WorstCase(NamedTuple):
    """Cash, account currency, >= 0: lost from the present equity, and from the balance (entries), until all stops."""

    from_equity: float
    from_balance: float


def exit_cost(instrument: Instrument, price: float, value: float, side: int, lots: float, slippage: float) -> float:
    """slippage * (spread + slippage + commission) of one exit, and swaps of a week-end; account currency, >= 0.

    ``value`` is account currency per price unit.
    """
    costs = instrument.costs
    spread = costs.spread_fraction * max(costs.spread_by_hour)
    share = spread + costs.slippage_fraction + costs.commission_fraction
    nightly = costs.swap_long if side > 0 else costs.swap_short
    return slippage * (share * price * value + costs.commission_per_lot * lots) + NIGHTS * max(0.0, -nightly) * lots


def worst_of(trades: Iterable[OpenTrade], slippage: float) -> WorstCase:
    """The worst case of everything held."""
    from_equity = from_balance = 0.0
    for one in trades:
        leaving = exit_cost(one.instrument, one.mark, one.value, one.side, one.lots, slippage)
        if one.stop is None:
            from_equity += one.risk + leaving
            from_balance += one.risk + leaving
            continue
        from_equity += max(0.0, one.side * (one.mark - one.stop) * one.value) + leaving
        from_balance += max(0.0, one.side * (one.entry - one.stop) * one.value + leaving)
    return WorstCase(from_equity, from_balance)


def worst_per_lot(
    instrument: Instrument, price: float, distance: float, side: int, rate: float, slippage: float
) -> float:
    """What one lot of a new trade loses at its stop, entry and exit costs included; account currency, > 0.

    ``distance`` is the stop's in price units, ``rate`` account currency per quote currency.
    """
    value = instrument.contract_size * rate
    leaving = exit_cost(instrument, price, value, side, 1.0, slippage)
    entering = exit_cost(instrument, price, value, 0, 1.0, slippage)
    return distance * value + leaving + entering
