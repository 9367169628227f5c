"""The order manager: a broker to the engine, a correspondent to the venue.

It takes intents, commands, what the venue reports and the time, all as arguments, and says what to ask next. It never
waits: whatever has to happen later is in ``due``. Given the same calls it does the same, so a restart that replays the
journal stands where the process died, and asks the venue about everything that was under way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tradewind.engine.orders.approval import NOT_CONCERNED, Obeyed, asked_of, decided, ended
from tradewind.engine.orders.book import NEVER, Book, Exposure, Order, Told
from tradewind.engine.orders.bookkeeping import on_execution, on_state, refused_place
from tradewind.engine.orders.correspondence import Correspondence
from tradewind.engine.orders.params import OrderParams
from tradewind.engine.orders.protection import RETRY, settle
from tradewind.engine.orders.reconciliation import (
    keep_reconciled,
    offset_external,
    on_link,
    on_snapshot,
    on_snapshot_failed,
)
from tradewind.errors import Misconfigured
from tradewind.model.bar import Bar
from tradewind.model.event import Command
from tradewind.model.instrument import Instrument
from tradewind.model.order import Charge, Fill, Leg, OrderIntent, Refusal
from tradewind.model.venue import Action, OrderStatus, ReportKind, VenueReport

CHARGES_KEPT: Final = 1024
PRICE_TRIES: Final = 3
"""Refused moves of a stop after which it stays where it is."""


class OrderManager:
    """Implements ``ports.broker.Broker``. What follows from a call is taken with ``drain`` and put out by the engine.

    ``alarmed`` is set when something was found that a person must look at before new risk is taken.
    """

    def __init__(self, instruments: Mapping[str, Instrument], params: OrderParams) -> None:
        self._instruments = instruments
        self._post = Correspondence(params)

    @property
    def book(self) -> Book:
        """Everything that is known."""
        return self._post.book

    @property
    def params(self) -> OrderParams:
        """How orders are handled."""
        return self._post.params

    @property
    def due(self) -> int:
        """When it wants to be woken with ``on_time``, UTC nanoseconds; ``NEVER`` when nothing is to come."""
        return self.book.due

    def drain(self) -> list[Told]:
        """What came of the calls since the last time, in order."""
        told, self._post.out = self._post.out, []
        return told

    def take_alarm(self) -> bool:
        """Whether trading must pause since the last time this was asked."""
        alarmed, self._post.alarmed = self._post.alarmed, False
        return alarmed

    def take_ended(self) -> list[str]:
        """Signals of which nothing is open any more and nothing can become so, since the last time this was asked."""
        ended, self._post.ended = self._post.ended, []
        return ended

    def submit(self, intent: OrderIntent) -> None:
        """Takes an intent; it leaves as soon as it may. The same ``client_id`` twice is one order.

        Raises:
            Misconfigured: the symbol is unknown, or the intent has no side or size.
        """
        book = self.book
        if intent.client_id in book.own or intent.client_id in book.past or intent.signal_id in book.exposures:
            return
        if intent.symbol not in self._instruments or intent.steps <= 0 or intent.side not in (1, -1):
            raise Misconfigured(
                f"cannot trade {intent.symbol} side {intent.side} steps {intent.steps}",
                where=f"order {intent.client_id}",
                allowed="side +1 or -1, at least one lot step, one of " + ", ".join(self._instruments),
            )
        book.now = max(book.now, intent.ts)
        if intent.stop_ticks <= 0:
            detail = "an order without a stop never leaves"
            refusal = Refusal(intent.client_id, intent.signal_id, intent.symbol, intent.ts, "no_stop", detail)
            self._post.out.append(refusal)
            return
        book.exposures[intent.signal_id] = Exposure(
            intent.signal_id,
            intent.symbol,
            intent.side,
            intent.steps,
            intent.stop_ticks,
            intent.target_ticks,
            intent.ts,
            intent.client_id,
        )
        exposure = book.exposures[intent.signal_id]
        entry = self._post.new(exposure, Leg.ENTRY, intent.side, intent.steps, 0, intent.client_id)
        entry.ts = intent.ts
        self._post.update(entry)
        if self.params.approval:
            self._post.out.append(asked_of(entry, intent, self.params.approval_ttl))
        self._look()

    def on_bar(self, bar: Bar) -> Sequence[Fill | Charge | Refusal]:
        """Remembers price and time; nothing is filled by bars here."""
        self.book.now = max(self.book.now, bar.ts_close)
        if not bar.synthetic:
            self.book.last_ticks[bar.symbol] = self._instruments[bar.symbol].to_ticks(bar.close)
        return ()

    def cancel(self, client_id: str) -> bool:
        """Withdraws an entry; True where it never left. One that did is asked back, and what the venue says counts."""
        order = self.book.own.get(client_id)
        if order is None or order.over or order.leg is not Leg.ENTRY:
            return False
        if order.phase == "waiting":
            if order.until and not order.approved:
                ended(self._post, order, "withdrawn")
            self._post.end(order, OrderStatus.CANCELLED.value, "withdrawn")
            self.book.retire(order)
            del self.book.exposures[order.signal_id]
            return True
        order.unwanted = True
        self._look()
        return False

    def close(self, signal_id: str, leg: Leg, since: int = 0) -> bool:
        """Leaves what a signal holds at the next price."""
        self.book.now = max(self.book.now, since)
        exposure = self.book.exposures.get(signal_id)
        if exposure is None or not exposure.held:
            return False
        if not exposure.leaving:
            exposure.leaving, exposure.retry_at = leg.value, 0
        self._look()
        return True

    def amend(self, signal_id: str, stop_ticks: int) -> bool:
        """Moves the stop of what a signal holds."""
        exposure = self.book.exposures.get(signal_id)
        if exposure is None or not exposure.held:
            return False
        exposure.stop_ticks = stop_ticks
        self._look()
        return True

    def obey(self, order: Command) -> Obeyed:
        """Approve, reject (argument: signal or client id), cancel_all (entries), reconcile."""
        book = self.book
        done = NOT_CONCERNED
        if order.verb in ("approve", "reject"):
            done = decided(self._post, order)
        elif order.verb == "cancel_all":
            entries = [one for one in book.own.values() if one.leg is Leg.ENTRY and not one.over]
            for entry in entries:
                entry.unwanted, entry.detail = True, "cancel_all"
            done = Obeyed(f"{len(entries)} entries are withdrawn; protective stops stay" if entries else "")
        elif order.verb == "reconcile":
            book.reconcile_at = book.now
            done = Obeyed("the venue is asked for its orders and positions")
        if done.detail:
            self._look()
        return done

    def on_time(self, ts: int) -> None:
        """Time has come to ``ts``."""
        self.book.now = max(self.book.now, ts)
        self._look()

    def on_report(self, report: VenueReport) -> None:
        """Takes what the venue said, or that it said nothing."""
        post, book = self._post, self.book
        book.now = max(book.now, report.ts)
        action, client_id = book.outstanding.pop(report.request, ("", ""))
        order = book.own.get(client_id) or book.past.get(client_id)
        if order is not None:
            _answered(order, report.request)
        if report.kind is ReportKind.LINK:
            on_link(post, up=report.code == "up")
        elif report.kind is ReportKind.SNAPSHOT and report.request == book.snapshot:
            on_snapshot(post, report)
        elif report.kind is ReportKind.CHARGE:
            self._charge(report)
        elif report.kind is ReportKind.LIMITED:
            book.outstanding[report.request] = (action, client_id)
            self._wait(order, action, report)
        elif report.kind in (ReportKind.UNKNOWN, ReportKind.REFUSED, ReportKind.UNSENT):
            self._unsuccessful(report, action, order)
        for execution in report.executions if report.kind is ReportKind.ORDER else ():
            on_execution(post, execution)
        for state in report.orders if report.kind is ReportKind.ORDER else ():
            on_state(post, state)
        self._look()

    def snapshot(self) -> bytes:
        """The whole state."""
        return msgspec.msgpack.encode(self.book)

    def restore(self, state: bytes) -> None:
        """Continues from ``snapshot``."""
        self._post.book = msgspec.msgpack.decode(state, type=Book)
        self._post.out = []

    def _look(self) -> None:
        """Everything that must hold, once."""
        self.book.due = NEVER
        keep_reconciled(self._post)
        if self.book.external:
            offset_external(self._post)
        settle(self._post)
        self._dead_man()

    def _unsuccessful(self, report: VenueReport, action: str, order: Order | None) -> None:
        """A request that was not obeyed, or of which nobody knows."""
        if action == Action.SNAPSHOT.value:
            on_snapshot_failed(self._post)
        if order is None or order.over:
            return
        known = report.kind is not ReportKind.UNKNOWN
        if action == Action.INQUIRE.value or not known:
            self._post.doubt(order, after=0 if action != Action.INQUIRE.value else max(order.ask_at - self.book.now, 0))
        elif action == Action.PLACE.value:
            refused_place(self._post, order, report.code, report.detail)
        elif action == Action.CANCEL.value:
            order.retry_at = self.book.now + RETRY
            self._post.doubt(order)
        elif action == Action.AMEND.value:
            self._amend_refused(order, report)

    def _amend_refused(self, order: Order, report: VenueReport) -> None:
        """The old stop still rests. A price that is refused again and again is given up, a quantity never is."""
        order.amends_refused += 1
        order.retry_at = self.book.now + RETRY
        exposure = self.book.exposures[order.signal_id]
        if order.amends_refused >= PRICE_TRIES and order.left == exposure.held and order.leg is Leg.STOP:
            exposure.stop_ticks, order.amends_refused = order.price_ticks, 0
            self._post.say("stop_not_moved", "warning", order.symbol, f"{order.signal_id}: {report.code}")
        elif order.leg is Leg.TARGET and order.amends_refused >= PRICE_TRIES:
            order.unwanted, exposure.target_refused = True, True
        self._post.doubt(order)

    def _wait(self, order: Order | None, action: str, report: VenueReport) -> None:
        """The request waits at the desk: its time to answer begins when the limit ends."""
        self.book.silent_until = max(self.book.silent_until, report.until)
        if order is not None and action == Action.INQUIRE.value:
            order.asking, order.asked_ts = report.request, report.until
        elif order is not None:
            order.pending, order.pending_ts = report.request, report.until
        if action == Action.SNAPSHOT.value:
            self.book.snapshot_ts = report.until
        if report.code == "banned":
            self._post.say("venue_ban", "warning", "", report.detail, float(report.until))

    def _charge(self, report: VenueReport) -> None:
        book = self.book
        if report.client_id in book.charges:
            return
        book.charges.append(report.client_id)
        del book.charges[:-CHARGES_KEPT]
        signal = report.code
        held = [one for one in book.exposures.values() if one.symbol == report.symbol and one.held]
        if not signal and held:
            signal = held[0].signal_id
        self._post.out.append(Charge(signal, report.symbol, report.until or report.ts, report.detail, report.amount))

    def _dead_man(self) -> None:
        """Armed while an entry rests and nothing is held: the venue's switch would take protective stops with it."""
        book, within = self.book, self.params.dead_man
        if not within or not book.linked:
            return
        resting = any(one.leg is Leg.ENTRY and one.phase in ("in_flight", "working") for one in book.own.values())
        wanted = resting and not any(one.held for one in book.exposures.values())
        if wanted and book.now >= book.dead_man_at:
            self._post.switch(within)
            book.armed, book.dead_man_at = True, book.now + within // 3
        elif not wanted and book.armed:
            self._post.switch(0)
            book.armed, book.dead_man_at = False, 0
        if wanted:
            self._post.wake(book.dead_man_at)


def _answered(order: Order, request: int) -> None:
    if order.pending == request:
        order.pending = 0
    if order.asking == request:
        order.asking = 0
