"""What a veto may know beyond the bar: what is held, what was said lately, what is due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from tradewind.model.calendar import NewsCalendar
from tradewind.model.decision import Bracket
from tradewind.model.instrument import Instrument


class Exposure(NamedTuple):
    """One trade that is open or ordered: ``side`` +1 or -1, ``notional`` and ``risk`` in account currency, positive.

    ``risk`` is what it loses at its stop as planned, before costs.
    """

    symbol: str
    base: str
    quote: str
    side: int
    notional: float
    risk: float


class DeskView(Protocol):
    """The moment of one decision, as the account and the calendar are then."""

    @property
    def instrument(self) -> Instrument:
        """What the decision is about."""
        ...

    @property
    def ts(self) -> int:
        """The moment of the decision, UTC ns."""
        ...

    @property
    def equity(self) -> float:
        """Account currency."""
        ...

    @property
    def bracket(self) -> Bracket | None:
        """The trade that would follow, None where risk objects to it."""
        ...

    @property
    def calendar(self) -> NewsCalendar | None:
        """The newest calendar known by then."""
        ...

    def sentiment(self) -> tuple[float, float]:
        """Mean score (-1 to 1) and number of the articles about the instrument in the day up to now.

        NaN where nobody has read the news for a whole day.
        """
        ...

    def exposures(self) -> Sequence[Exposure]:
        """Everything open or ordered, all symbols, in the order of the symbols."""
        ...

    def planned(self) -> Exposure | None:
        """The trade that would follow, as an exposure; None where there is none or a price is missing."""
        ...

    def correlation(self, other: str, hours: int, least: int) -> float | None:
        """Correlation of the returns with ``other`` over common hours; None with fewer than ``least`` of them."""
        ...

    def signals_since(self, ts: int, symbol: str = "") -> int:
        """Signals after ``ts``, of one symbol or of all."""
        ...
