"""Converts currencies to the account currency from the last closes of the traded symbols."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from tradewind.model.instrument import Instrument
from tradewind.ports.rates import RateSource

PEGS: Final = {"USDT": "USD", "USDC": "USD"}
"""Stable coins taken at par where no price of theirs is known; an assumption, wrong for a coin that lost its peg."""


class Rates:
    """Account currency per unit of another currency.

    Looked for in this order: the account currency itself, a symbol ``CURRENCY/ACCOUNT``, the inverse of
    ``ACCOUNT/CURRENCY``, both legs through USD, a peg. None where none of these has a price: a size must then be
    refused, never guessed.
    """

    def __init__(self, account: str, instruments: Iterable[Instrument], pegs: Mapping[str, str] | None = None) -> None:
        self.account = account
        self._pegs = PEGS if pegs is None else pegs
        self._symbols = {instrument.symbol for instrument in instruments}
        self._closes: dict[str, float] = {}

    def on_close(self, symbol: str, close: float) -> None:
        """Takes the close of a bar, quote currency per unit of base."""
        self._closes[symbol] = close

    def rate(self, currency: str) -> float | None:
        """Account currency per unit of ``currency``, or None while it cannot be known."""
        if currency == self.account:
            return 1.0
        found = self._cross(currency, self.account)
        if found is None and currency in self._pegs:
            pegged = self._pegs[currency]
            return 1.0 if pegged == self.account else self._cross(pegged, self.account)
        return found

    def missing(self, currency: str) -> str:
        """Which symbol's price would make ``rate(currency)`` known, for a message to a person."""
        direct, inverse = f"{currency}/{self.account}", f"{self.account}/{currency}"
        return inverse if inverse in self._symbols else direct

    def snapshot(self) -> bytes:
        """The last closes, as bytes that ``restore`` takes."""
        return msgspec.msgpack.encode(sorted(self._closes.items()))

    def restore(self, state: bytes) -> None:
        """Continues from a snapshot."""
        self._closes = dict(msgspec.msgpack.decode(state, type=list[tuple[str, float]]))

    def _cross(self, currency: str, account: str) -> float | None:
        direct = self._leg(currency, account)
        if direct is not None or "USD" in (currency, account):
            return direct
        first, second = self._leg(currency, "USD"), self._leg("USD", account)
        if first is None and currency in self._pegs and self._pegs[currency] == "USD":
            first = 1.0
        return None if first is None or second is None else first * second

    def _leg(self, currency: str, account: str) -> float | None:
        close = self._closes.get(f"{currency}/{account}")
        if close:
            return close
        close = self._closes.get(f"{account}/{currency}")
        return 1.0 / close if close else None


def notional(instrument: Instrument, steps: int, price: float, rates: RateSource) -> float | None:
    """Account currency that ``steps`` are worth: by the base's own rate where known, else price by the quote's."""
    units = instrument.to_lots(steps) * instrument.contract_size
    base = rates.rate(instrument.base)
    if base is not None:
        return units * base
    quote = rates.rate(instrument.quote)
    return None if quote is None else units * price * quote
