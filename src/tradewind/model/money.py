"""Money in account currency: exact decimals, rounded to eight places once, where a price becomes an amount."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Final

from tradewind.model.instrument import Instrument

PLACES: Final = Decimal("0.00000001")
ZERO: Final = Decimal(0)


def exact(number: float) -> Decimal:
    """The decimal a person reads when the float is printed: 0.1 becomes exactly 0.1."""
    return Decimal(repr(number))


def rounded(amount: Decimal) -> Decimal:
    """An amount to eight decimal places, halves to even, never negative zero."""
    return amount.quantize(PLACES, ROUND_HALF_EVEN) + ZERO


@lru_cache(maxsize=1024)
def _step_value(tick: float, contract_size: float, lot_step: float) -> Decimal:
    return exact(tick) * exact(contract_size) * exact(lot_step)


def worth(instrument: Instrument, ticks: Decimal | int, steps: int, rate: float) -> Decimal:
    """``ticks * tick * contract_size * steps * lot_step * rate``: a price distance of a quantity, account currency.

    ``rate`` is account currency per unit of quote currency.
    """
    value = _step_value(instrument.tick, instrument.contract_size, instrument.lot_step)
    return rounded(value * ticks * steps * exact(rate))
