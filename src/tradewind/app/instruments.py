"""Instruments as the configuration means them."""

from __future__ import annotations

import msgspec

from tradewind.app.settings.root import AppConfig
from tradewind.model.instrument import CostModel, Instrument
from tradewind.model.instruments import resolve


def instrument_for(config: AppConfig, text: str) -> Instrument:
    """The instrument a name means, built-in or configured, with the configured default costs multiplied in."""
    found = resolve(text, config.instruments)
    own = found.costs
    defaults = CostModel()
    times = config.costs.multiplier
    costs = msgspec.structs.replace(
        own,
        spread_fraction=times
        * (config.costs.spread if own.spread_fraction == defaults.spread_fraction else own.spread_fraction),
        slippage_fraction=times
        * (config.costs.slippage if own.slippage_fraction == defaults.slippage_fraction else own.slippage_fraction),
        commission_fraction=times * own.commission_fraction,
        commission_per_lot=times * own.commission_per_lot,
    )
    return msgspec.structs.replace(found, costs=costs)
