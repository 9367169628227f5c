"""INV-09 and INV-17 held against books of their own: floors from the balance at midnight in Prague, worst cases.

Nothing here is asked of the product's guard but what it put out and what it holds; the numbers are those of the firm's
own text (5 % of the initial capital below the balance at midnight, 10 % in total).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tradewind.fleetsim.evidence import Durable, Evidence
from tradewind.model.bar import Bar
from tradewind.model.decision import NoDecision
from tradewind.model.event import BarClosed
from tradewind.model.guard import AccountMark
from tradewind.model.instrument import Instrument
from tradewind.model.order import Charge, Fill, Leg, OrderIntent, Refusal
from tradewind.model.timeframe import SECOND
from tradewind.model.venue import OrderUpdate

PRAGUE: Final = ZoneInfo("Europe/Prague")
DAILY: Final = 0.05
TOTAL: Final = 0.10
CENT: Final = 0.011
LATE: Final = 5
"""Bars in a row that may be of no use after a midnight."""


def _refused(one: Durable, bar: Bar) -> bool:
    """Whether the product left the bar out as bad data: a price that nobody believes marks no account."""
    told = (output for output in one.outputs if isinstance(output, NoDecision) and output.timeframe is bar.timeframe)
    return any(output.reason.code == "bad_data" for output in told)


class FirmLaws:
    """Keeps an account of its own: ``balance``, lots of each signal, orders that may still be filled."""

    def __init__(self, instruments: Mapping[str, Instrument], opening: float, buffer: float) -> None:
        self.initial = self.balance = opening
        self._buffer = buffer * opening
        self._instruments = instruments
        self._lots: dict[str, list[list[int]]] = {}
        self._orders: dict[str, OrderIntent] = {}
        self._waiting: dict[str, int] = {}
        self._marks: dict[str, int] = {}
        self._day: date | None = None
        self._day_end = 0
        self._floor = 0.0
        self._late = 0

    def check(self, evidence: Evidence) -> Iterator[str]:
        """Between two days nothing moves a floor, a restart least of all."""
        engine = evidence.engine
        firm = engine.account.firm if engine is not None and engine.account is not None else None
        if firm is not None and self._day is not None and evidence.able and not evidence.fresh:
            held = firm.state.daily_floor
            if abs(held - self._floor) > CENT:
                yield f"INV-09 the floor of {self._day} was {self._floor:.2f}, the account now holds {held:.2f}"

    def entry(self, one: Durable) -> Iterator[str]:
        """Books what an entry says, and judges its days and orders."""
        event = one.entry.event
        bar = event.bar if isinstance(event, BarClosed) else None
        usable = bar is not None and not bar.fault() and not _refused(one, bar)
        for output in () if one.quiet else one.outputs:
            if isinstance(output, AccountMark) and output.kind == "day":
                yield from self._new_day(one, output)
            elif isinstance(output, Fill):
                self._fill(output)
            elif isinstance(output, Charge):
                self.balance += float(output.amount)
            elif isinstance(output, Refusal):
                self._waiting.pop(output.signal_id, None)
            elif isinstance(output, OrderUpdate):
                if output.leg is Leg.ENTRY and output.ended:
                    self._waiting.pop(output.signal_id, None)
            elif isinstance(output, OrderIntent):
                if bar is not None and usable:
                    self._marks[bar.symbol] = self._instruments[bar.symbol].to_ticks(bar.close)
                yield from self._order(one, output)
        if bar is not None and usable:
            self._marks[bar.symbol] = self._instruments[bar.symbol].to_ticks(bar.close)
            late = 0 < self._day_end <= bar.ts_open
            self._late = self._late + 1 if late else 0
            if self._late > LATE:
                yield f"INV-17 entry {one.entry.seq}: {LATE} bars after the midnight that ends {self._day}, no new day"

    def _new_day(self, one: Durable, mark: AccountMark) -> Iterator[str]:
        """The day, its end and its floor, from the calendar and from our own balance."""
        day = datetime.fromtimestamp(mark.ts // SECOND, PRAGUE).date()
        where = f"entry {one.entry.seq}:"
        if str(day) != mark.day:
            yield f"INV-17 {where} it is {day} in Prague, the account says {mark.day}"
        if self._day is not None and day <= self._day:
            yield f"INV-17 {where} {day} begins although {self._day} had begun"
        begin = datetime(day.year, day.month, day.day, tzinfo=PRAGUE) + timedelta(days=1)
        end = int(datetime(begin.year, begin.month, begin.day, tzinfo=PRAGUE).timestamp()) * SECOND
        if mark.day_end != end:
            yield f"INV-17 {where} {day} ends {(mark.day_end - end) / SECOND:+.0f} s off midnight in Prague"
        first = self._day is None
        self._day, self._day_end = day, end
        anchor = self.initial if first else self.balance
        self._floor = anchor - DAILY * self.initial
        if mark.daily_floor is None or abs(mark.daily_floor - self._floor) > CENT:
            yield f"INV-09 {where} the floor of {day} is {mark.daily_floor}, the balance gives {self._floor:.2f}"
        if mark.total_floor is None or abs(mark.total_floor - (1.0 - TOTAL) * self.initial) > CENT:
            yield f"INV-09 {where} the total floor is {mark.total_floor}"

    def _order(self, one: Durable, intent: OrderIntent) -> Iterator[str]:
        """INV-09: with this order too, every stop may be hit and both floors hold."""
        self._orders[intent.signal_id] = intent
        self._waiting[intent.signal_id] = intent.steps
        worst, new = self.equity, 0.0
        for signal, steps in self._waiting.items():
            order = self._orders[signal]
            distance = abs(self._marks[order.symbol] - order.stop_ticks)
            loss = distance * steps * self._worth(order.symbol)
            worst -= loss
            new = loss if signal == intent.signal_id else new
        for signal, lots in self._lots.items():
            order = self._orders[signal]
            beyond = order.side * (self._marks[order.symbol] - order.stop_ticks)
            worst -= max(beyond, 0) * sum(steps for steps, _ in lots) * self._worth(order.symbol)
        floor = max(self._floor, (1.0 - TOTAL) * self.initial) + self._buffer
        if worst < floor:
            yield (
                f"INV-09 entry {one.entry.seq}: {intent.client_id} was ordered although {worst:.2f} would be left at"
                f" all stops ({new:.2f} at its own), the floor with its buffer is {floor:.2f}"
            )

    @property
    def equity(self) -> float:
        """Balance and what is open, at the last closes."""
        total = self.balance
        for signal, lots in self._lots.items():
            order = self._orders[signal]
            for steps, entry in lots:
                total += order.side * (self._marks[order.symbol] - entry) * steps * self._worth(order.symbol)
        return total

    def _fill(self, fill: Fill) -> None:
        """Opens a lot, or takes from the oldest ones of the signal."""
        self.balance -= float(fill.commission)
        if fill.leg is Leg.ENTRY:
            self._lots.setdefault(fill.signal_id, []).append([fill.steps, fill.price_ticks])
            left = self._waiting.get(fill.signal_id, 0) - fill.steps
            self._waiting[fill.signal_id] = left
            if left <= 0:
                del self._waiting[fill.signal_id]
            return
        lots, left = self._lots.get(fill.signal_id, []), fill.steps
        while left and lots:
            taken = min(left, lots[0][0])
            self.balance += -fill.side * (fill.price_ticks - lots[0][1]) * taken * self._worth(fill.symbol)
            lots[0][0] -= taken
            left -= taken
            if not lots[0][0]:
                lots.pop(0)
        if not lots:
            self._lots.pop(fill.signal_id, None)

    def _worth(self, symbol: str) -> float:
        """Account currency per tick and lot step; everything here is quoted in dollars."""
        one = self._instruments[symbol]
        return one.tick * one.contract_size * one.lot_step
