"""A desk whose every answer is said beforehand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tradewind.model.calendar import NewsCalendar
from tradewind.model.decision import Bracket
from tradewind.model.instrument import Instrument
from tradewind.model.instruments import resolve
from tradewind.ports.desk import Exposure


class SaidDesk(msgspec.Struct, frozen=True):
    """Implements ``ports.desk.DeskView``: ``correlations`` by the other symbol, ``signals`` as ``(ts, symbol)``."""

    instrument: Instrument = resolve("EUR/USD")
    ts: int = 0
    equity: float = 10_000.0
    bracket: Bracket | None = None
    calendar: NewsCalendar | None = None
    held: Sequence[Exposure] = ()
    plan: Exposure | None = None
    correlations: Mapping[str, float] = {}
    signals: Sequence[tuple[int, str]] = ()
    news: tuple[float, float] = (math.nan, math.nan)

    def sentiment(self) -> tuple[float, float]:
        return self.news

    def exposures(self) -> Sequence[Exposure]:
        return self.held

    def planned(self) -> Exposure | None:
        return self.plan

    def correlation(self, other: str, hours: int, least: int) -> float | None:
        return self.correlations.get(other)

    def signals_since(self, ts: int, symbol: str = "") -> int:
        return sum(at > ts and symbol in ("", name) for at, name in self.signals)


EMPTY_DESK: Final = SaidDesk()
