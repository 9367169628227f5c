"""Numbers with their units: one unit inside, every unit people write outside.

====================  =============================  ====================================================
unit                  inside                         written as
====================  =============================  ====================================================
``FRACTION``          0.15                           ``15%``, ``0.15 fraction``, ``1500 bps``, ``0.15``
``SECONDS``           30.0                           ``30s``, ``500ms``, ``5m``, ``2h``, ``1d``, ``30``
``HOURS`` ``DAYS``    2.0                            the same words; a bare number is in the key's unit
``DISTANCE``          (20, "pips") (0.002, "price")  ``20 pips``, ``0.2%``, ``0.002 fraction``
====================  =============================  ====================================================

A bare number for a fraction is taken as one only where it can be nothing else: above 1 it might be percent and is
refused. Under a name that says percent a bare number below 1 might be a fraction and is refused (0.10 percent or
10 percent). Refusals name both readings.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec


class Unit(StrEnum):
    """What a number is measured in."""

    NONE = ""
    FRACTION = "fraction"
    SECONDS = "seconds"
    HOURS = "hours"
    DAYS = "days"
    DISTANCE = "pips or fraction of price"
    CURRENCY = "account currency"
    COINS = "coins"
    BARS = "bars"
    TRADES = "trades"
    MULTIPLE = "multiple"


class Reading(StrEnum):
    """How a bare number is read under one particular name of a key."""

    NATIVE = "native"  # in the key's own unit, where that is unambiguous
    PERCENT = "percent"  # the name says percent
    EXPLICIT = "explicit"  # the name was used for both percent and fraction: the unit must be written
    HUNDRED = "hundred"  # a probability on the scale 0 to 100


class Distance(msgspec.Struct, frozen=True):
    """A length of price: ``value`` in ``pips`` of the instrument, or as a fraction of ``price``."""

    value: float
    unit: str


_QUANTITY: Final = re.compile(r"\s*([-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([%A-Za-z]*)\s*")
_SHARES: Final = {"%": -2, "percent": -2, "pct": -2, "fraction": 0, "bps": -4, "bp": -4}  # powers of ten
_TIMES: Final = {
    "ms": 0.001, "s": 1.0, "sec": 1.0, "seconds": 1.0, "m": 60.0, "min": 60.0, "minutes": 60.0,
    "h": 3600.0, "hours": 3600.0, "d": 86400.0, "days": 86400.0,
}  # fmt: skip
_NATIVE_TIME: Final = {Unit.SECONDS: 1.0, Unit.HOURS: 3600.0, Unit.DAYS: 86400.0}


def quantity(value: object, unit: Unit, reading: Reading = Reading.NATIVE) -> float | Distance:
    """A written value in the key's own unit.

    Raises:
        ValueError: it is no number, its unit is of another kind, or its unit is ambiguous; the text completes
            the sentence "KEY ...".
    """
    number, word = _split(value)
    if unit is Unit.FRACTION:
        return _share(number, word, reading, value)
    if unit in _NATIVE_TIME:
        return _time(number, word, unit, value)
    if unit is Unit.DISTANCE:
        return _distance(number, word, value)
    if word:
        raise ValueError(f"must be a number ({unit})" if unit else f"must be a number without a unit, got {value!r}")
    return number


def _split(value: object) -> tuple[float, str]:
    if isinstance(value, bool):
        raise ValueError(f"must be a number, got {str(value).lower()}")
    if isinstance(value, int | float):
        number, word = float(value), ""
    else:
        match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise ValueError(f"must be a number, got {value!r}")
        number, word = float(match[1]), match[2].lower()
    if not math.isfinite(number):
        raise ValueError(f"must be a finite number, got {value!r}")
    return number, word


def _share(number: float, word: str, reading: Reading, value: object) -> float:
    if word:
        if word not in _SHARES:
            raise ValueError(f"must be a share such as 15% or 0.15 fraction, got {value!r}")
        return _shifted(number, _SHARES[word])
    if reading is Reading.HUNDRED:
        if not 0.0 <= number <= 100.0:
            raise ValueError(f"must be between 0 and 100, got {value}")
        return _shifted(number, -2)
    if reading is Reading.EXPLICIT or (reading is Reading.PERCENT and 0.0 < abs(number) < 1.0):
        raise ValueError(
            f'needs its unit: {value} can mean {number:g}% or {number:g} of the whole; write "{number:g}%" or '
            f'"{number:g} fraction"'
        )
    if reading is Reading.PERCENT:
        return _shifted(number, -2)
    if abs(number) > 1.0 and abs(number) <= 100.0:
        raise ValueError(f'must be between 0 and 1, got {value}; if percent is meant write "{number:g}%"')
    return number


def _shifted(number: float, power: int) -> float:
    """The decimal point moved in decimal digits: 74.34% is the float 0.7434, not its neighbour."""
    return float(Decimal(repr(number)).scaleb(power))


def _time(number: float, word: str, unit: Unit, value: object) -> float:
    if word and word not in _TIMES:
        raise ValueError(f"must be a length of time such as 30s, 5m, 2h or 1d, got {value!r}")
    return number * _TIMES[word] / _NATIVE_TIME[unit] if word else number


def _distance(number: float, word: str, value: object) -> Distance:
    if word in ("pip", "pips"):
        return Distance(number, "pips")
    if word in _SHARES:
        return Distance(_shifted(number, _SHARES[word]), "price")
    if number == 0.0:
        return Distance(0.0, "pips")
    raise ValueError(f'needs its unit: write "{number:g} pips" or "{number:g}%", got {value!r}')
