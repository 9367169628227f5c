"""What vetoes may know beyond the bar: calendar, articles, signals said lately, hourly closes, what is held."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Final

import msgspec

from tradewind.engine.news_desk import NewsDesk
from tradewind.engine.portfolio import Portfolio
from tradewind.engine.rates import notional
from tradewind.model.bar import Bar
from tradewind.model.calendar import NewsCalendar
from tradewind.model.decision import Bracket, NoTrade, Signal
from tradewind.model.instrument import Instrument
from tradewind.model.notice import Notice
from tradewind.model.timeframe import DAY, HOUR
from tradewind.ports.desk import Exposure
from tradewind.ports.rates import RateSource

REMEMBERED: Final = 721
"""Hourly closes kept of each symbol, thirty days of a market that never closes."""
SIGNALS: Final = 1024


class _State(msgspec.Struct, frozen=True):
    calendar: NewsCalendar | None
    alarmed: bool
    signals: list[tuple[int, str, str]]
    closes: dict[str, list[tuple[int, float]]]
    told: dict[str, str]
    news: bytes = b""


class DeskBook:
    """Kept by the engine; costs a comparison a bar where no veto asks for closes.

    ``correlates`` keeps closes, ``max_age`` (ns, 0: no veto asks) is how old a calendar may be before it is an alarm.
    """

    def __init__(self, instruments: Mapping[str, Instrument], *, correlates: bool, max_age: int) -> None:
        self.calendar: NewsCalendar | None = None
        self.news: Final = NewsDesk(instruments)
        self.tracks = correlates and len(instruments) > 1
        self._instruments = instruments
        self._max_age = max_age
        self._signals: deque[tuple[int, str, str]] = deque(maxlen=SIGNALS)
        self._closes: dict[str, deque[tuple[int, float]]] = {name: deque(maxlen=REMEMBERED) for name in instruments}
        self._alarmed = False
        self._told: dict[str, str] = {}

    def take(self, calendar: NewsCalendar) -> None:
        """From now on this is what is due."""
        self.calendar = calendar

    def on_close(self, bar: Bar) -> None:
        """Keeps the close of every hour."""
        if not bar.ts_close % HOUR:
            self._closes[bar.symbol].append((bar.ts_close, bar.close))

    def age_notice(self, ts: int) -> Notice | None:
        """That there is no calendar to believe, once until there is one again."""
        if not self._max_age:
            return None
        calendar = self.calendar
        fresh = calendar is not None and calendar.covers(ts, self._max_age)
        if fresh or self._alarmed:
            self._alarmed = not fresh
            return None
        self._alarmed = True
        limit = self._max_age / DAY
        if calendar is None:
            return Notice("calendar_missing", ts, "warning", "news", limit=limit, detail="entries follow rules instead")
        age = (ts - calendar.fetched_at) / DAY
        detail = f"{calendar.source}; entries follow rules as well"
        return Notice("calendar_stale", ts, "warning", "news", value=age, limit=limit, detail=detail)

    def heard(self, decision: Signal | NoTrade) -> Notice | None:
        """Remembers a signal; tells of a trade that the news alone prevented, once for each event and symbol."""
        if isinstance(decision, Signal):
            self._signals.append((decision.ts, decision.symbol, decision.id))
            return None
        if len(decision.reasons) != 1 or decision.reasons[0].code != "news":
            return None
        reason = decision.reasons[0]
        if self._told.get(decision.symbol) == reason.detail:
            return None
        self._told[decision.symbol] = reason.detail
        return Notice("news_embargo", decision.ts, "info", decision.symbol, reason.value, reason.limit, reason.detail)

    def signals_since(self, ts: int, symbol: str, without: Collection[str]) -> int:
        """How many signals there were after ``ts``, of ``symbol`` or (empty) of all, those ``without`` left out."""
        count = 0
        for at, name, key in reversed(self._signals):
            if at <= ts:
                break
            count += (not symbol or name == symbol) and key not in without
        return count

    def correlation(self, one: str, other: str, hours: int, least: int) -> float | None:
        """Pearson correlation of log returns between the last common hourly closes."""
        theirs = dict(self._closes.get(other, ()))
        common = [(close, theirs[ts]) for ts, close in self._closes.get(one, ()) if ts in theirs][-hours - 1 :]
        n = len(common) - 1
        if n < least:
            return None
        a = [math.log(now[0] / then[0]) for then, now in pairwise(common)]
        b = [math.log(now[1] / then[1]) for then, now in pairwise(common)]
        mean_a, mean_b = math.fsum(a) / n, math.fsum(b) / n
        joint = math.fsum([(x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True)])
        spread = math.fsum([(x - mean_a) ** 2 for x in a]) * math.fsum([(y - mean_b) ** 2 for y in b])
        return joint / math.sqrt(spread) if spread > 0.0 else None

    def snapshot(self) -> bytes:
        """All that later decisions depend on, as bytes that ``restore`` takes."""
        closes = {name: list(kept) for name, kept in sorted(self._closes.items()) if kept}
        return msgspec.msgpack.encode(
            _State(self.calendar, self._alarmed, list(self._signals), closes, self._told, self.news.snapshot())
        )

    def restore(self, state: bytes) -> None:
        """Continues from a snapshot; empty bytes are a book that knows nothing."""
        if not state:
            return
        found = msgspec.msgpack.decode(state, type=_State)
        self.calendar, self._alarmed, self._told = found.calendar, found.alarmed, dict(found.told)
        self._signals = deque(found.signals, maxlen=SIGNALS)
        self.news.restore(found.news)
        for name, kept in found.closes.items():
            self._closes[name] = deque(kept, maxlen=REMEMBERED)


class Desk:
    """Implements ``ports.desk.DeskView`` for one decision; signals ``without`` had not been decided then."""

    def __init__(
        self,
        book: DeskBook,
        portfolio: Portfolio,
        rates: RateSource,
        instrument: Instrument,
        ts: int,
        bracket: Bracket | None,
        without: Collection[str] = (),
    ) -> None:
        self.instrument = instrument
        self.ts = ts
        self.bracket = bracket
        self._book = book
        self._portfolio = portfolio
        self._rates = rates
        self._without = without

    @property
    def equity(self) -> float:
        """Account currency."""
        return self._portfolio.equity

    @property
    def calendar(self) -> NewsCalendar | None:
        """The newest calendar known by then."""
        return self._book.calendar

    def sentiment(self) -> tuple[float, float]:
        """What the articles of the day said of the instrument."""
        return self._book.news.of(self.instrument.symbol).now(self.ts)

    def exposures(self) -> Sequence[Exposure]:
        """Everything open or ordered."""
        return self._portfolio.exposures(self._without)

    def planned(self) -> Exposure | None:
        """The trade that would follow."""
        if self.bracket is None:
            return None
        steps = self.instrument.to_steps(self.bracket.lots)
        value = notional(self.instrument, steps, self.bracket.entry, self._rates)
        if value is None:
            return None
        one = self.instrument
        return Exposure(one.symbol, one.base, one.quote, self.bracket.side, value, self.bracket.risk_cash)

    def correlation(self, other: str, hours: int, least: int) -> float | None:
        """Correlation with ``other``."""
        return self._book.correlation(self.instrument.symbol, other, hours, least)

    def signals_since(self, ts: int, symbol: str = "") -> int:
        """Signals after ``ts``."""
        return self._book.signals_since(ts, symbol, self._without)
