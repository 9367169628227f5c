"""Words with the venue: makes requests, remembers which are unanswered, and says what became of orders."""

from __future__ import annotations

from typing import Final

from tradewind.engine.orders.book import Book, Exposure, Order, Told, order_id
from tradewind.engine.orders.params import OrderParams
from tradewind.model.notice import Notice, Severity
from tradewind.model.order import Leg
from tradewind.model.timeframe import SECOND
from tradewind.model.venue import Action, OrderKind, OrderUpdate, VenueRequest

LONGEST_WAIT: Final = 30 * SECOND
_KINDS: Final = {Leg.STOP: OrderKind.STOP, Leg.TARGET: OrderKind.LIMIT}


class Correspondence:
    """``out`` is what the engine puts out next; ``alarmed``: something was found that pauses trading;
    ``ended`` are the signals of which nothing is left.
    """

    def __init__(self, params: OrderParams) -> None:
        self.params = params
        self.book = Book()
        self.out: list[Told] = []
        self.alarmed = False
        self.ended: list[str] = []

    def wake(self, ts: int) -> None:
        """Asks to be woken at ``ts`` or before."""
        if ts < self.book.due:
            self.book.due = ts

    def new(self, exposure: Exposure, leg: Leg, side: int, steps: int, price_ticks: int, client_id: str = "") -> Order:
        """Another order of a signal, not sent yet; its id follows from signal, leg and generation unless given."""
        generation = exposure.generations.get(leg.value, 0)
        exposure.generations[leg.value] = generation + 1
        order = Order(
            client_id=client_id or order_id(exposure.signal_id, leg, generation),
            signal_id=exposure.signal_id,
            symbol=exposure.symbol,
            leg=leg,
            kind=_KINDS.get(leg, OrderKind.MARKET),
            side=side,
            steps=steps,
            price_ticks=price_ticks,
            ts=self.book.now,
            most=steps,
        )
        self.book.own[order.client_id] = order
        exposure.orders.append(order.client_id)
        return order

    def place(self, order: Order, exposure: Exposure) -> None:
        """Sends an order, or the same one again under the same id."""
        book, entry = self.book, order.leg is Leg.ENTRY
        with_bracket = entry and self.params.attached
        order.phase, order.retry_at, order.sent_ts = "in_flight", 0, book.now
        self._change(order, Action.PLACE)
        self.out.append(
            VenueRequest(
                id=order.pending,
                action=Action.PLACE,
                ts=book.now,
                symbol=order.symbol,
                client_id=order.client_id,
                kind=order.kind,
                leg=order.leg,
                side=order.side,
                steps=order.steps,
                price_ticks=order.price_ticks,
                reduce_only=not entry,
                position=order.signal_id,
                stop_ticks=exposure.stop_ticks if with_bracket else 0,
                target_ticks=exposure.target_ticks if with_bracket else 0,
                stop_id=order_id(order.signal_id, Leg.STOP, 0) if with_bracket else "",
                target_id=order_id(order.signal_id, Leg.TARGET, 0) if with_bracket and exposure.target_ticks else "",
                valid_until=order.ts + self.params.entry_ttl if entry and self.params.entry_ttl else 0,
            )
        )
        self.update(order)

    def cancel(self, order: Order) -> None:
        """Withdraws an order; until the venue confirms it is not over."""
        self._change(order, Action.CANCEL)
        self.out.append(
            VenueRequest(
                order.pending, Action.CANCEL, self.book.now, order.symbol, order.client_id, order.kind, order.leg
            )
        )

    def amend(self, order: Order, steps: int, price_ticks: int) -> None:
        """Gives a resting order another quantity or price, without a moment in which it does not rest."""
        order.most = max(order.most, steps)
        self._change(order, Action.AMEND)
        self.out.append(
            VenueRequest(
                id=order.pending,
                action=Action.AMEND,
                ts=self.book.now,
                symbol=order.symbol,
                client_id=order.client_id,
                kind=order.kind,
                leg=order.leg,
                side=order.side,
                steps=steps,
                price_ticks=price_ticks,
                reduce_only=True,
                position=order.signal_id,
            )
        )

    def inquire(self, order: Order) -> None:
        """Asks what became of an order; asked again after 1, 2, 4, ... seconds while the answer says nothing."""
        order.asks += 1
        order.ask_at = self.book.now + min(SECOND << min(order.asks - 1, 5), LONGEST_WAIT)
        order.asking, order.asked_ts = self.book.ask(Action.INQUIRE, order.client_id), self.book.now
        self.out.append(VenueRequest(order.asking, Action.INQUIRE, self.book.now, order.symbol, order.client_id))

    def snapshot(self) -> None:
        """Asks for everything that is open, unless that was asked already."""
        book = self.book
        if book.snapshot or not book.linked:
            return
        book.snapshot, book.snapshot_ts = book.ask(Action.SNAPSHOT), book.now
        since = max(book.now - self.params.look_back, 0)
        self.out.append(VenueRequest(book.snapshot, Action.SNAPSHOT, book.now, since=since))

    def switch(self, within: int) -> None:
        """Arms the venue's dead-man switch for another ``within``; 0 disarms it."""
        self.out.append(VenueRequest(self.book.ask(Action.DEAD_MAN), Action.DEAD_MAN, self.book.now, within=within))

    def doubt(self, order: Order, *, after: int = 0) -> None:
        """What is known of an order may be wrong: it is asked for, at once or ``after`` that many nanoseconds."""
        if not order.doubt:
            order.doubt, order.asks = True, 0
        order.ask_at = self.book.now + after

    def check(self, order: Order) -> None:
        """Looks an order up without putting it in doubt."""
        if not order.check and not order.doubt:
            order.check, order.asks, order.ask_at = True, 0, self.book.now

    def end(self, order: Order, how: str, detail: str = "") -> None:
        """Nothing can come of the order any more."""
        order.phase, order.ended, order.doubt, order.pending, order.asking = "over", how, False, 0, 0
        order.check = False
        order.detail = detail or order.detail
        self.update(order)

    def update(self, order: Order) -> None:
        """Puts out what is known of an order now."""
        self.out.append(
            OrderUpdate(
                order.client_id,
                order.signal_id,
                order.symbol,
                order.leg,
                order.side,
                order.steps,
                order.price_ticks,
                order.ended or order.phase,
                order.filled,
                self.book.now,
                order.detail,
            )
        )

    def say(
        self,
        code: str,
        severity: Severity,
        subject: str,
        detail: str,
        value: float | None = None,
        limit: float | None = None,
    ) -> None:
        """Tells people; a critical one pauses trading as well."""
        self.out.append(Notice(code, self.book.now, severity, subject, value, limit, detail))
        if severity == "critical":
            self.alarmed = True

    def _change(self, order: Order, action: Action) -> None:
        order.pending, order.pending_ts = self.book.ask(action, order.client_id), self.book.now
        order.pending_action = action.value
