"""What is traded: ticks, lots, contract size, costs, session. The only place where ticks, lots and prices convert."""

from __future__ import annotations

import math
from enum import StrEnum
from functools import cache
from typing import Final

import msgspec

CALENDAR_NAMES: Final = ("crypto", "fx", "metals")  # the keys of session.CALENDARS, without loading arrays for them


class AssetClass(StrEnum):
    """Decides session calendar, annualisation and which costs apply."""

    FX = "fx"
    METAL = "metal"
    CRYPTO = "crypto"
    FUTURE = "future"


class PriceKind(StrEnum):
    """Which price the bars of this instrument carry; decides where the spread is paid."""

    BID = "bid"
    MID = "mid"
    LAST = "last"


class CostModel(msgspec.Struct, frozen=True):
    """Costs of trading one instrument; fractions are of price, per side.

    ``spread_fraction`` is used where a bar carries no spread of its own, multiplied by ``spread_by_hour[UTC hour]``.
    ``swap_long``/``swap_short`` are account currency per lot and night held over the 17:00 New York roll-over,
    booked three times on ``triple_swap_weekday`` (Monday = 0). ``funding_rate`` is the fraction of notional paid by
    longs every ``funding_hours``; 0 switches it off.
    """

    spread_fraction: float = 0.0001
    slippage_fraction: float = 0.0002
    spread_by_hour: tuple[float, ...] = (1.0,) * 24
    commission_fraction: float = 0.0
    commission_per_lot: float = 0.0
    swap_long: float = 0.0
    swap_short: float = 0.0
    triple_swap_weekday: int = 2
    funding_rate: float = 0.0
    funding_hours: int = 8


class Instrument(msgspec.Struct, frozen=True):
    """One tradable symbol in canonical ``BASE/QUOTE`` form.

    ``tick`` is the smallest price step, ``pip`` the unit people speak in (never used to size), ``contract_size`` the
    units of base currency in one lot. ``calendar`` names a session calendar of ``model/session.py``. ``notes`` carries
    what a user must know (for example that a provider maps the symbol to a future with roll and basis).
    """

    symbol: str
    asset_class: AssetClass
    base: str
    quote: str
    pip: float
    tick: float
    contract_size: float
    lot_step: float
    min_lot: float
    max_lot: float
    calendar: str
    price_kind: PriceKind = PriceKind.BID
    min_stop_ticks: int = 0
    costs: CostModel = CostModel()
    notes: str = ""

    def to_ticks(self, price: float) -> int:
        """Nearest tick count of a price in quote currency."""
        return round(price / self.tick)

    def to_price(self, ticks: int) -> float:
        """Price of a tick count, rounded to the tick's own digits so that text and float agree."""
        units, parts = _decimal(self.tick, _digits(self.tick))
        return ticks * units / parts if abs(ticks) * units < _EXACT else round(ticks * self.tick, self.digits)

    @property
    def digits(self) -> int:
        """Decimal places of a price."""
        return _digits(self.tick)

    def to_steps(self, lots: float) -> int:
        """Whole lot steps in ``lots``, rounded down; a size is never rounded up."""
        return math.floor(lots / self.lot_step + 1e-9)

    def to_lots(self, steps: int) -> float:
        """Lots of a step count."""
        units, parts = _decimal(self.lot_step, _LOT_DIGITS)
        return steps * units / parts if abs(steps) * units < _EXACT else round(steps * self.lot_step, _LOT_DIGITS)

    def pips(self, distance: float) -> float:
        """A price distance in pips."""
        return distance / self.pip


_LOT_DIGITS: Final = 10
_EXACT: Final = 1 << 51
"""Below this many decimal units a quotient of two whole numbers is the decimal that rounding would find, but faster."""


@cache
def _digits(tick: float) -> int:
    return max(0, -math.floor(math.log10(tick) + 1e-9))


@cache
def _decimal(step: float, digits: int) -> tuple[int, int]:
    """``(units, parts)`` with ``step = units / parts`` and ``parts = 10 ** digits``; far too many where it is not."""
    parts = 10**digits
    units = round(step * parts)
    return (units if math.isclose(step * parts, units, rel_tol=1e-15) else _EXACT), parts
