"""Named sets of costs: ``source``, ``realistic``, ``none``.

``source`` charges 0.01 % spread and 0.02 % slippage per side at every hour and no commission. It is the default: for
liquid symbols dearer, so safer, than what was measured.

``realistic`` takes spreads per side (half the quoted one) from bid and ask bars where they were measured: EUR/USD 1.3
pips and XAU/USD 0.31 USD (median of OANDA hourly quotes, 2012-2019), and assumes 1.0 to 2.5 pips for the other
currencies. The factors by hour are means over the same quotes: the hours around 17:00 New York, 20-23 UTC over the
year, which are also those of the Sunday open, are two to four times wider. Slippage is a fifth of the spread. Swaps
assume that both sides pay 1.5 % a year of a typical notional, as retail mark-ups leave it: an assumption to replace by
the broker's own sheet. Crypto pays the taker fee of an entry-level account, 0.1 % against USDT and 0.4 % against USD,
and no funding, since spot has none.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tradewind.errors import Misconfigured
from tradewind.model.instrument import AssetClass, CostModel, Instrument

PRESETS: Final = ("source", "realistic", "none")

_SOURCE: Final = CostModel()
_NONE: Final = CostModel(spread_fraction=0.0, slippage_fraction=0.0)


def _by_hour(factors: dict[int, float]) -> tuple[float, ...]:
    return tuple(factors.get(hour, 1.0) for hour in range(24))


_FX_HOURS: Final = _by_hour({8: 1.2, 13: 1.3, 14: 1.15, 17: 1.15, 20: 2.4, 21: 2.5, 22: 2.5, 23: 1.2})
_GOLD_HOURS: Final = _by_hour({13: 1.2, 19: 1.2, 20: 2.5, 21: 3.9, 22: 2.2, 23: 1.2})
_HALF_SPREAD: Final = {
    "EUR/USD": 0.000055,
    "USD/JPY": 0.00005,
    "GBP/USD": 0.00006,
    "AUD/USD": 0.0001,
    "USD/CHF": 0.00009,
    "USD/CAD": 0.00008,
    "EUR/GBP": 0.00009,
    "EUR/JPY": 0.00008,
    "XAU/USD": 0.00012,
}
_SWAP_PER_LOT: Final = {AssetClass.FX: -4.2, AssetClass.METAL: -8.0}


def preset_costs(preset: str, instrument: Instrument) -> CostModel:
    """The costs of an instrument under a preset.

    Raises:
        Misconfigured: there is no such preset.
    """
    if preset == "source":
        return _SOURCE
    if preset == "none":
        return _NONE
    if preset != "realistic":
        raise Misconfigured(f"unknown cost preset {preset!r}", where="costs.preset", allowed=", ".join(PRESETS))
    if instrument.asset_class is AssetClass.CRYPTO:
        taker = 0.004 if instrument.quote == "USD" else 0.001
        return CostModel(spread_fraction=0.00005, slippage_fraction=0.00005, commission_fraction=taker)
    half = _HALF_SPREAD.get(instrument.symbol, 0.00015)
    gold = instrument.asset_class is not AssetClass.FX
    swap = _SWAP_PER_LOT.get(instrument.asset_class, 0.0)
    return CostModel(
        spread_fraction=half,
        slippage_fraction=half / 2.5,
        spread_by_hour=_GOLD_HOURS if gold else _FX_HOURS,
        swap_long=swap,
        swap_short=swap,
    )


def with_costs(preset: str, instrument: Instrument) -> Instrument:
    """The instrument with its costs replaced by those of a preset."""
    return msgspec.structs.replace(instrument, costs=preset_costs(preset, instrument))
