"""Where orders go in the simulation: the hostile venue over the true market. It outlives every process.

Faults are spells: each waits for the next request or fill it concerns and changes how the venue treats that one. What
no venue forgives, and what its own truth contradicts, is kept in ``breaches`` with the number of the law.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from tradewind.adapters.execution.hostile import Draws, HostileMix, HostileVenue
from tradewind.engine.identity import client_id
from tradewind.errors import TradewindError
from tradewind.fleetsim.faults import FaultKind, ScheduledFault
from tradewind.model.bar import Bar
from tradewind.model.instrument import Instrument
from tradewind.model.order import Leg
from tradewind.model.timeframe import HOUR, MINUTE, SECOND
from tradewind.model.venue import Action, Execution, OrderKind, OrderStatus, ReportKind, VenueReport, VenueRequest

BASE: Final = HostileMix(slippage_ticks=3)
BUDGET: Final = 5
"""Requests in any second; published, and counted here."""
EXCUSE: Final = 3 * MINUTE
"""How long after a spell a venue may still disturb: an order may be invisible for a minute, an answer late as long."""
UNTOLD: Final = 35 * MINUTE
"""The same after something was never told: it is seen with the next reconciliation."""
KEPT: Final = 64
"""Executions that may be told again long after they were made."""
CHANGES: Final = (Action.PLACE, Action.CANCEL, Action.AMEND)


class Spell(NamedTuple):
    """What a fault does to the next request of ``actions`` (and of ``legs``, unless empty), or to the next fill."""

    mix: HostileMix
    actions: tuple[Action, ...] = CHANGES
    legs: tuple[Leg, ...] = ()
    fills: bool = False
    excuse: int = EXCUSE


def _mixed(**changes: float) -> HostileMix:
    return msgspec.structs.replace(BASE, **changes)


SPELLS: Final[dict[FaultKind, Spell]] = {
    FaultKind.ACK_LOST: Spell(_mixed(lost_answer=1.0)),
    FaultKind.REJECTED_UNHEARD: Spell(_mixed(late_reject=1.0), (Action.PLACE,)),
    FaultKind.ORDER_SHOWN_LATE: Spell(_mixed(lost_answer=1.0, invisible=1.0), (Action.PLACE,)),
    FaultKind.FILL_TOLD_AGAIN: Spell(_mixed(doubled_message=1.0, late_message=0.7), fills=True),
    FaultKind.FILL_NOT_TOLD: Spell(_mixed(lost_message=1.0, unlisted=1.0), fills=True, excuse=UNTOLD),
    FaultKind.FILLED_IN_PARTS: Spell(_mixed(partial=1.0), fills=True),
    FaultKind.CANCEL_RACE: Spell(_mixed(partial=1.0), fills=True),
    FaultKind.STOP_REFUSED: Spell(_mixed(stop_refused=1.0), (Action.PLACE,), (Leg.STOP,)),
    FaultKind.AMEND_REFUSED: Spell(_mixed(amend_refused=1.0), (Action.AMEND,)),
    FaultKind.CANCEL_REFUSED: Spell(_mixed(cancel_refused=1.0), (Action.CANCEL,)),
    FaultKind.ENTRY_REFUSED: Spell(_mixed(refused=1.0), (Action.PLACE,), (Leg.ENTRY,)),
    FaultKind.VENUE_LIMITED: Spell(_mixed(limited=1.0), tuple(Action)),
    FaultKind.VENUE_PAGE: Spell(_mixed(page=1.0), tuple(Action)),
}


class Exchange:
    """Implements ``ports.venue.SteppedVenue``. ``happened`` hears of every fault at the moment in which it acts."""

    def __init__(
        self, instruments: Mapping[str, Instrument], draws: Draws, happened: Callable[[FaultKind], None]
    ) -> None:
        self.venue = HostileVenue(draws, BASE, instruments=instruments)
        self.truth = self.venue.truth
        self.capabilities = self.venue.capabilities
        self.breaches: list[str] = []
        self.trouble_until = 0
        self.silent_until = 0
        self.reconciled = False
        self.strangers = 0
        self._instruments = instruments
        self._happened = happened
        self._spells: deque[ScheduledFault] = deque()
        self._asked: deque[int] = deque()
        self._entries: dict[str, str] = {}
        self._short_until = 0
        self._others: dict[str, str] = {}

    # -- the service's side -------------------------------------------------------------------------------------------

    def connected(self, now: int) -> None:
        """A life of the service has connected; what was made lately may be told once more."""
        self.reconciled = False
        self._asked.clear()
        if now < self._short_until:
            self._tell_again(now)

    def execute(self, request: VenueRequest, now: int) -> Sequence[VenueReport]:
        """Obeys or does not, and looks at what is asked."""
        self._look(request, now)
        self.venue.mix = self._mix_for(request, now)
        try:
            answer = self.venue.execute(request, now)
        except TradewindError:
            self._sins()
            raise
        finally:
            self.venue.mix = BASE
        self._sins()
        if request.action is Action.SNAPSHOT:
            self.reconciled = True
            return tuple(self._shortened(one, now) for one in answer)
        return answer

    def due(self, now: int) -> Sequence[VenueReport]:
        """What it tells unasked by ``now``."""
        return self.venue.due(now)

    def on_bar(self, bar: Bar) -> Sequence[VenueReport]:
        """Nothing: the market moves the orders here, not what the service believes of it."""
        return ()

    # -- the world's side ---------------------------------------------------------------------------------------------

    def show(self, bar: Bar) -> None:
        """The market goes through a bar: open, the nearer extreme, the other one, close."""
        instrument, truth = self._instruments[bar.symbol], self.truth
        if not truth.resting():
            truth.prices[bar.symbol] = instrument.to_ticks(bar.close)
            self.venue.expire(bar.ts_close)
            return
        down_first = bar.open - bar.low <= bar.high - bar.open
        extremes = (bar.low, bar.high) if down_first else (bar.high, bar.low)
        for price in (bar.open, *extremes, bar.close):
            ticks = instrument.to_ticks(price)
            met = truth.triggered(bar.symbol, ticks)
            self.venue.mix = self._mix_of_fills(bar.ts_close) if met else BASE
            self.venue.tick(bar.symbol, ticks, bar.ts_close)
            self.venue.mix = BASE

    def cut(self, until: int) -> None:
        """The connection is lost until then; what was on its way is gone."""
        self.reconciled = False
        self.venue.forget()
        self.disturb(until)

    def next_due(self) -> int | None:
        """When it says something next."""
        return self.venue.next_due()

    def strike(self, fault: ScheduledFault, now: int) -> None:
        """A fault begins: at once, or with the next request it concerns."""
        kind = fault.kind
        if kind in SPELLS:
            self._spells.extend([fault] * (fault.size if kind is not FaultKind.VENUE_LIMITED else 1))
            return
        self._happened(kind)
        if kind is FaultKind.VENUE_DOWN:
            self.venue.maintenance_until = now + int(MINUTE * 720**fault.share)
            self.disturb(self.venue.maintenance_until)
        elif kind is FaultKind.FILLS_TOO_OLD:
            self._short_until = now + fault.size * HOUR
        elif kind is FaultKind.HAND_TRADE:
            self.by_hand(fault.symbol, 1 if fault.share < 0.5 else -1, fault.size, now)
        elif kind is FaultKind.LIQUIDATION:
            self.strangers += 1
            self.venue.liquidate(fault.symbol, now)
        self.disturb(now)

    def by_hand(self, symbol: str, side: int, steps: int, now: int) -> Execution:
        """Somebody trades beside the service."""
        self.strangers += 1
        return self.venue.by_hand(symbol, side, steps, now)

    def other_bot(self, signal: str, symbol: str, side: int, now: int) -> str:
        """Another instance on the account orders in the same second, far from the price, with an id made as ours are.

        Returns the id, which must be nobody else's.
        """
        name = client_id(signal, "entry")
        if name in self.truth.orders:
            self.breaches.append(f"INV-07 {name} is the id of two instances' orders")
            return name
        far = max(self.truth.prices.get(symbol, 2) // 2, 1) if side > 0 else 2 * self.truth.prices.get(symbol, 2)
        order = VenueRequest(
            id=0, action=Action.PLACE, ts=now, symbol=symbol, client_id=name, kind=OrderKind.LIMIT, side=side, steps=1,
            price_ticks=far, position="another bot",
        )  # fmt: skip
        self.venue.execute(order, now)
        self._others[name] = symbol
        self._happened(FaultKind.OTHER_BOT)
        return name

    def other_bot_leaves(self, now: int) -> None:
        """The other instance takes its orders back: they must still be there."""
        for name, symbol in self._others.items():
            order = self.truth.orders[name]
            if order.status is OrderStatus.WORKING:
                self.venue.execute(VenueRequest(0, Action.CANCEL, now, symbol, name), now)
            elif order.code not in ("liquidation", "dead_man"):
                self.breaches.append(f"INV-13 the order {name} of another instance was withdrawn by somebody")
        self._others.clear()

    def is_anothers(self, name: str) -> bool:
        """Whether an order is another instance's."""
        return name in self._others

    # -- faults -------------------------------------------------------------------------------------------------------

    def _mix_for(self, request: VenueRequest, now: int) -> HostileMix:
        """How this request is treated."""
        for fault in self._spells:
            spell = SPELLS[fault.kind]
            opens = spell.fills and request.action is Action.PLACE and request.kind is OrderKind.MARKET
            concerned = not spell.fills and request.action in spell.actions
            if opens or (concerned and (not spell.legs or request.leg in spell.legs)):
                return self._cast(fault, now)
        return BASE

    def _mix_of_fills(self, now: int) -> HostileMix:
        fault = next((one for one in self._spells if SPELLS[one.kind].fills), None)
        return BASE if fault is None else self._cast(fault, now)

    def _cast(self, fault: ScheduledFault, now: int) -> HostileMix:
        self._spells.remove(fault)
        self._happened(fault.kind)
        spell = SPELLS[fault.kind]
        self.disturb(now, spell.excuse)
        return spell.mix

    def disturb(self, until: int, excuse: int = EXCUSE) -> None:
        """Until then, and ``excuse`` longer, orders may be late."""
        self.trouble_until = max(self.trouble_until, until + excuse)

    def _shortened(self, report: VenueReport, now: int) -> VenueReport:
        """A snapshot whose history does not go back far enough."""
        if now >= self._short_until:
            return report
        return msgspec.structs.replace(report, executions=report.executions[-1:])

    def _tell_again(self, now: int) -> None:
        """A stream that begins with what it has said before."""
        for made in self.truth.executions[-KEPT:]:
            self.venue.send(VenueReport(ReportKind.ORDER, now, executions=(made,)), now)

    # -- what is asked ------------------------------------------------------------------------------------------------

    def _look(self, request: VenueRequest, now: int) -> None:
        """The laws that a venue sees: its budget, one entry an intent, nothing new before the service knows it all."""
        asked = self._asked
        while asked and asked[0] <= now - SECOND:
            asked.popleft()
        asked.append(now)
        if len(asked) > BUDGET:
            self.breaches.append(f"INV-20 {len(asked)} requests within a second, {BUDGET} are allowed")
        if request.action is Action.PLACE and not request.reduce_only:
            if not self.reconciled:
                self.breaches.append(f"INV-13 {request.client_id} came before anybody had asked what there is")
            known = self._entries.setdefault(request.position, request.client_id)
            if known != request.client_id:
                self.breaches.append(f"INV-07 {request.position} is ordered as {known} and as {request.client_id}")
            if request.client_id in self._others:
                self.breaches.append(f"INV-07 {request.client_id} is another instance's order")

    def _sins(self) -> None:
        self.breaches += [f"INV-20 {one}" for one in self.venue.sins]
        self.venue.sins.clear()
