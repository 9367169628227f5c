"""Currency conversion, asked for by sizing and by the broker, answered by the engine from its last closes."""

from __future__ import annotations

from typing import Protocol


class RateSource(Protocol):
    """Converts quote currencies to the account currency."""

    def rate(self, currency: str) -> float | None:
        """Account currency per unit of ``currency``, or None while no price for it is known."""
        ...

    def missing(self, currency: str) -> str:
        """The symbol whose price would make ``rate(currency)`` known, for a message to a person."""
        ...
