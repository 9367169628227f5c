"""Where a signal may be entered, and until when."""

from __future__ import annotations

from tradewind.model.decision import Reason, Signal
from tradewind.model.instrument import Instrument
from tradewind.risk.params import RiskParams


def entry_zone(instrument: Instrument, params: RiskParams, entry: float, distance: float) -> tuple[float, float]:
    """``(low, high)`` = entry -+ min(entry_zone * entry, entry_zone_of_stop * distance), cut to whole ticks inside.

    ``distance`` is that of the stop, in price units.
    """
    half = min(params.entry_zone * entry, params.entry_zone_of_stop * distance)
    ticks = int(half / instrument.tick + 1e-6)
    middle = instrument.to_ticks(entry)
    return instrument.to_price(middle - ticks), instrument.to_price(middle + ticks)


def still_valid(signal: Signal, price: float, now: int) -> Reason | None:
    """Why a signal must not be acted on any more, or None: its time is over, or the price has left its zone.

    ``now`` is UTC nanoseconds; the signal is valid before ``valid_until``, the zone includes its bounds.
    """
    if now >= signal.valid_until:
        late = (now - signal.valid_until) / 1e9
        return Reason(code="expired", value=late, limit=0.0, detail="seconds after valid_until")
    bracket = signal.bracket
    if price > bracket.entry_high:
        return Reason(code="price_left_zone", value=price, limit=bracket.entry_high, detail="above the entry zone")
    if not price >= bracket.entry_low:
        return Reason(code="price_left_zone", value=price, limit=bracket.entry_low, detail="below the entry zone")
    return None
