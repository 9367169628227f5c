"""Limits on what one trade and all trades together may risk, every unit in the name or beside it."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import msgspec

from tradewind.model.instrument import AssetClass, Instrument

Fraction = Annotated[float, msgspec.Meta(gt=0.0, le=1.0)]
Multiple = Annotated[float, msgspec.Meta(ge=1.0, le=500.0)]


class RiskParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Fractions are of equity unless said otherwise; 0.01 is one percent.

    ``risk_per_trade`` is lost at the stop, before costs. ``max_position_size`` caps the margin of one position:
    notional / leverage <= max_position_size * equity. ``leverage`` holds for currencies and metals,
    ``crypto_leverage`` for crypto, where 1 means spot. ``max_open_risk`` caps the planned losses of all open and
    ordered positions together, this one included. ``max_cost_to_risk`` is the dearest round trip worth taking, as a
    fraction of the cash at risk. The stop is never nearer than ``min_stop_pips``, ``min_stop_fraction`` of price and
    the venue's own minimum.

    ``entry_zone`` is the half width of the entry zone as a fraction of price, cut to ``entry_zone_of_stop`` of the
    stop distance: 0.1 % of EUR/USD is 11 pips, half of a 20 pip stop, and an entry that far off is another trade.

    ``dynamic``: conviction and volatility make sizes smaller; ``target_volatility`` is the most a position may bring,
    per year.
    """

    risk_per_trade: Annotated[float, msgspec.Meta(gt=0.0, le=0.1)] = 0.01
    max_position_size: Fraction = 0.10
    leverage: Multiple = 100.0
    crypto_leverage: Multiple = 1.0
    max_open_risk: Fraction = 0.05
    max_open_positions: Annotated[int, msgspec.Meta(ge=1)] = 5
    one_per_symbol: bool = True
    max_cost_to_risk: Fraction = 0.35
    min_stop_pips: Annotated[float, msgspec.Meta(ge=0.0)] = 0.0
    min_stop_fraction: Annotated[float, msgspec.Meta(ge=0.0, le=0.5)] = 0.0
    entry_zone: Annotated[float, msgspec.Meta(ge=0.0, le=0.05)] = 0.001
    entry_zone_of_stop: Fraction = 0.25
    dynamic: bool = False
    target_volatility: Annotated[float, msgspec.Meta(gt=0.0, le=5.0)] = 0.10

    def leverage_of(self, instrument: Instrument) -> float:
        """The leverage that applies to an instrument."""
        return self.crypto_leverage if instrument.asset_class is AssetClass.CRYPTO else self.leverage

    def min_stop(self, instrument: Instrument, price: float) -> float:
        """The nearest stop distance allowed, in price units."""
        return max(
            instrument.min_stop_ticks * instrument.tick,
            self.min_stop_pips * instrument.pip,
            self.min_stop_fraction * price,
        )


class AccountView(NamedTuple):
    """What risk must know of the account; orders not filled yet count as open. ``held`` is about the asked symbol.

    ``room`` is the cash that the worst case of a new trade may take, None where no floor limits it; ``slippage``
    multiplies the exit costs in that worst case. ``conviction`` is the share of the risk per trade that the trade
    deserves, ``daily_volatility`` that of the symbol, None where the size does not depend on it.
    """

    equity: float
    open_risk: float = 0.0
    open_positions: int = 0
    held: bool = False
    room: float | None = None
    slippage: float = 1.0
    conviction: float = 1.0
    daily_volatility: float | None = None
