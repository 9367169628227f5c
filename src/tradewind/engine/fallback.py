"""Paper instead of orders: what a stopped account would have done, on an account of its own.

A run whose orders go to a venue and that was stopped (drawdown, a firm's floor, a rollback) goes on deciding. What only
the stop refuses is filled by the simulated broker, sized by the paper account, which begins with the equity that was
left. Nothing of it reaches the order manager, the real account or its guard. Starting the account again ends it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final

import msgspec

from tradewind.engine.guard import Guard
from tradewind.engine.holding import Holding
from tradewind.engine.portfolio import Portfolio
from tradewind.model.bar import Bar
from tradewind.model.decision import NoTrade, Signal
from tradewind.model.guard import GuardState
from tradewind.model.instrument import Instrument
from tradewind.model.notice import Notice
from tradewind.model.order import Charge, Fill, Leg, OrderIntent, Refusal
from tradewind.model.outcome import Trade
from tradewind.model.paper import PaperClosed, PaperOpened
from tradewind.ports.broker import Broker

PaperAccount = Callable[[Decimal], tuple[Broker, Portfolio]]
"""A broker and an account of the same instruments and rates that begins with a balance."""
PaperOutput = Notice | PaperOpened | PaperClosed
STOP: Final = "guard_stopped"


class _State(msgspec.Struct, frozen=True):
    since: int
    opening: str
    broker: bytes
    account: bytes
    holdings: dict[str, Holding]


class Fallback:
    """``account`` is the paper account, None while orders leave."""

    def __init__(self, opens: PaperAccount) -> None:
        self._opens = opens
        self._broker: Broker | None = None
        self._opening = Decimal(0)
        self.account: Portfolio | None = None
        self.since = 0
        self.holdings: dict[str, Holding] = {}

    def follow(self, guard: Guard, ts: int, equity: float) -> list[PaperOutput]:
        """Begins with ``equity`` where the guard has come to STOPPED, ends where it has left it."""
        stopped = guard.state is GuardState.STOPPED
        if stopped is (self.account is not None):
            return []
        if not stopped:
            return [self._end(ts)]
        self._open(ts, Decimal(repr(round(max(equity, 0.0), 2))))
        detail = (
            f"no order leaves any more; signals are followed on a paper account of {self._opening} until"
            " `tradewind resume --stopped --reason TEXT`, also after a restart"
        )
        return [Notice("paper_fallback", ts, "critical", "", equity, None, detail)]

    def takes(self, decision: NoTrade) -> bool:
        """Whether nothing but the stop stands against a trade, and none of the symbol is held on paper."""
        if self.account is None or decision.consensus is None or decision.symbol in self.holdings:
            return False
        return bool(decision.reasons) and all(one.code == STOP for one in decision.reasons)

    def submit(self, signal: Signal, intent: OrderIntent) -> None:
        """Orders on paper."""
        if self._broker is not None and self.account is not None:
            self.account.on_signal(signal)
            self.holdings[signal.symbol] = Holding.of(signal)
            self._broker.submit(intent)

    def on_bar(self, bar: Bar) -> list[PaperOutput]:
        """What the bar did to what is ordered and held on paper."""
        if self._broker is None or self.account is None:
            return []
        told: list[PaperOutput] = []
        for happened in self._broker.on_bar(bar):
            told += self._booked(self.account, happened)
        self.account.mark(bar)
        return told

    def over(self, bars: Iterable[Bar], instrument: Instrument, side_of: Callable[[Bar, str], int]) -> None:
        """Time stops, stops that follow, members that turned: ``side_of(bar, member)`` is the vote that stands."""
        holding = self.holdings.get(instrument.symbol)
        if holding is None or self._broker is None:
            return
        for bar in bars:
            holding.over(bar, instrument, self._broker)
            if holding.leaves_with:
                holding.turned(side_of(bar, holding.leaves_with), self._broker)

    def snapshot(self) -> bytes:
        """What it remembers, as bytes that ``restore`` takes; empty while orders leave."""
        if self._broker is None or self.account is None:
            return b""
        broker, account = self._broker.snapshot(), self.account.snapshot()
        return msgspec.msgpack.encode(_State(self.since, str(self._opening), broker, account, self.holdings))

    def restore(self, state: bytes) -> None:
        """Continues from ``snapshot``."""
        if not state:
            return
        found = msgspec.msgpack.decode(state, type=_State)
        broker, account = self._open(found.since, Decimal(found.opening))
        broker.restore(found.broker)
        account.restore(found.account)
        self.holdings = dict(found.holdings)

    def _open(self, ts: int, opening: Decimal) -> tuple[Broker, Portfolio]:
        self.since, self._opening, self.holdings = ts, opening, {}
        self._broker, self.account = self._opens(opening)
        return self._broker, self.account

    def _end(self, ts: int) -> Notice:
        made = 0.0 if self.account is None else self.account.equity - float(self._opening)
        self._broker, self.account, self.holdings = None, None, {}
        return Notice("paper_over", ts, "info", "", made, None, "orders leave again; what was held on paper is dropped")

    def _booked(self, account: Portfolio, happened: Fill | Charge | Refusal) -> list[PaperOutput]:
        if isinstance(happened, Charge):
            account.on_charge(happened)
            return []
        holding = self.holdings.get(happened.symbol)
        if holding is not None and holding.signal_id == happened.signal_id:
            if isinstance(happened, Fill) and happened.leg is Leg.ENTRY:
                holding.filled = True
            else:
                del self.holdings[happened.symbol]
        news = account.on_fill(happened) if isinstance(happened, Fill) else account.on_refusal(happened)
        told: list[PaperOutput] = []
        if isinstance(happened, Fill) and happened.leg is Leg.ENTRY:
            told.append(PaperOpened(happened))
        told += [PaperClosed(one, str(account.balance)) for one in news if isinstance(one, Trade)]
        return told
