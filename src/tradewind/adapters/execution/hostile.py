"""A venue that does everything venues do to people, from a seed, and knows afterwards what really happened.

Answers get lost before or after the request was obeyed; orders show up late; executions come twice, late or never;
fills come in parts; stops are refused; pages come instead of documents; requests are limited and then banned; somebody
trades by hand. ``truth`` is what happened, ``sins`` what was done to it that no venue forgives.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from tradewind.adapters.execution.venue_truth import RestingOrder, VenueTruth
from tradewind.errors import Retryable, TimedOut
from tradewind.model.bar import Bar
from tradewind.model.instrument import Instrument
from tradewind.model.order import Leg
from tradewind.model.timeframe import SECOND
from tradewind.model.venue import Action, Execution, OrderKind, OrderState, OrderStatus, ReportKind, VenueReport
from tradewind.model.venue import VenueRequest as Request
from tradewind.ports.venue import DUPLICATE, Capabilities, VenueLimited, VenueRefused


class Draws(Protocol):
    """The part of numpy's ``Generator`` that is used here."""

    def random(self) -> float:
        """Uniform in [0, 1)."""
        ...


class HostileMix(msgspec.Struct, frozen=True):
    """Probability of each fault per request or fill; times in seconds."""

    lost_request: float = 0.0
    lost_answer: float = 0.0
    page: float = 0.0
    late_reject: float = 0.0
    refused: float = 0.0
    stop_refused: float = 0.0
    amend_refused: float = 0.0
    cancel_refused: float = 0.0
    limited: float = 0.0
    limit_s: float = 2.0
    ban_s: float = 30.0
    partial: float = 0.0
    invisible: float = 0.0
    invisible_s: float = 60.0
    late_message: float = 0.0
    late_s: float = 60.0
    lost_message: float = 0.0
    doubled_message: float = 0.0
    unlisted: float = 0.0
    slippage_ticks: int = 0
    skew_s: float = 0.0


KIND = HostileMix()


class HostileVenue:
    """Implements ``ports.venue.SteppedVenue`` over a ``VenueTruth``. Prices are given with ``tick``.

    ``mix`` may be changed at any time; ``maintenance_until`` answers everything with a page until then.
    """

    def __init__(
        self,
        draws: Draws,
        mix: HostileMix = KIND,
        *,
        hedging: bool = False,
        instruments: Mapping[str, Instrument] | None = None,
    ) -> None:
        self.capabilities = Capabilities(hedging=hedging, dead_man=True, visible_within_s=mix.invisible_s)
        self.truth = VenueTruth(hedging=hedging)
        self.mix = mix
        self.maintenance_until = 0
        self.sins: list[str] = []
        self.dead_man_at = 0
        self._draws = draws
        self._instruments = instruments or {}
        self._silent_until = 0
        self._messages: list[tuple[int, int, VenueReport]] = []
        self._told = 0

    def execute(self, request: Request, now: int) -> Sequence[VenueReport]:
        """Obeys a request, or does not, and answers, or does not."""
        self.expire(now)
        self._limit(now)
        if now < self.maintenance_until or self._hits(self.mix.page):
            raise Retryable("503 with a page of HTML", where="venue")
        if self._hits(self.mix.lost_request):
            raise TimedOut("no answer in time", where="venue")
        answer = self._obey(request, now)
        if self._hits(self.mix.lost_answer):
            raise TimedOut("no answer in time", where="venue")
        return (answer,)

    def due(self, now: int) -> Sequence[VenueReport]:
        """Messages whose time has come, in the order they arrive."""
        self.expire(now)
        found = []
        while self._messages and self._messages[0][0] <= now:
            _, _, report = heapq.heappop(self._messages)
            found.append(msgspec.structs.replace(report, ts=now))
        return found

    def next_due(self) -> int | None:
        """When the next message arrives."""
        return self._messages[0][0] if self._messages else None

    def on_bar(self, bar: Bar) -> Sequence[VenueReport]:
        """Walks through a bar of an instrument it knows: open, the nearer extreme, the other one, close."""
        instrument = self._instruments.get(bar.symbol)
        if instrument is None or bar.synthetic:
            return ()
        down_first = bar.open - bar.low <= bar.high - bar.open
        extremes = (bar.low, bar.high) if down_first else (bar.high, bar.low)
        for price in (bar.open, *extremes, bar.close):
            self.tick(bar.symbol, instrument.to_ticks(price), bar.ts_close)
        return self.due(bar.ts_close)

    def forget(self) -> None:
        """What is on its way reaches nobody: the connection is gone."""
        self._messages.clear()

    def tick(self, symbol: str, price_ticks: int, now: int) -> None:
        """The market is at a price now: resting orders meet it."""
        self.expire(now)
        self.truth.prices[symbol] = price_ticks
        for order in self.truth.triggered(symbol, price_ticks):
            if now > order.accepted:
                self._trade(order, now)

    def by_hand(self, symbol: str, side: int, steps: int, now: int) -> Execution:
        """Somebody trades beside us; the execution is told like any other."""
        made = self.truth.outside(symbol, side, steps, now)
        self._tell_execution(made, None, now)
        return made

    def liquidate(self, symbol: str, now: int) -> None:
        """The venue closes everything of a symbol and cancels its orders."""
        for (name, position), held in list(self.truth.positions.items()):
            if name == symbol:
                made = self.truth.outside(symbol, -1 if held > 0 else 1, abs(held), now, position)
                self._tell_execution(made, None, now)
        for order in self.truth.resting():
            if order.request.symbol == symbol:
                self._close(order, OrderStatus.CANCELLED, "liquidation", now)

    def expire(self, now: int) -> None:
        """Cancels everything when the dead-man switch was not heard of in time."""
        if self.dead_man_at and now >= self.dead_man_at:
            self.dead_man_at = 0
            for order in self.truth.resting():
                self._close(order, OrderStatus.CANCELLED, "dead_man", now)

    def _obey(self, request: Request, now: int) -> VenueReport:
        if request.action is Action.PLACE:
            return self._place(request, now)
        if request.action is Action.CANCEL:
            return self._cancel(request, now)
        if request.action is Action.AMEND:
            return self._amend(request, now)
        if request.action is Action.INQUIRE:
            order = self.truth.orders.get(request.client_id)
            if order is None or order.visible_at > now:
                absent = OrderState(request.client_id, OrderStatus.ABSENT, request.symbol)
                return VenueReport(ReportKind.ORDER, now, request.id, orders=(absent,))
            return self._answer(request, order, now)
        if request.action is Action.SNAPSHOT:
            listed = self.truth.since(request.since)
            orders, positions = self.truth.open_orders(now), self.truth.told_positions()
            return VenueReport(ReportKind.SNAPSHOT, now, request.id, orders, listed, positions)
        if request.action is Action.DEAD_MAN:
            self.dead_man_at = now + request.within if request.within else 0
        elif request.action is Action.CANCEL_ALL:
            for order in self.truth.resting():
                self._close(order, OrderStatus.CANCELLED, "cancel_all", now)
        return VenueReport(ReportKind.DONE, now, request.id)

    def _place(self, request: Request, now: int) -> VenueReport:
        if request.client_id in self.truth.orders:
            raise VenueRefused(DUPLICATE, request.client_id)
        refused = self.mix.stop_refused if request.leg is Leg.STOP else self.mix.refused
        if self._hits(refused):
            raise VenueRefused("margin" if request.leg is Leg.ENTRY else "price_too_near")
        order = RestingOrder(request, request.steps, request.price_ticks, now)
        if self._hits(self.mix.invisible):
            order.visible_at = now + self._seconds(self.mix.invisible_s)
        self.truth.take(order)
        if self._hits(self.mix.late_reject):
            self._close(order, OrderStatus.REJECTED, "risk_check", now)
            raise TimedOut("no answer in time", where="venue")
        if request.reduce_only and not self.truth.room(order):
            self._close(order, OrderStatus.REJECTED, "nothing_to_reduce", now)
        elif request.kind is OrderKind.MARKET and request.symbol in self.truth.prices:
            self._trade(order, now)
        return self._answer(request, order, now)

    def _cancel(self, request: Request, now: int) -> VenueReport:
        order = self.truth.orders.get(request.client_id)
        if order is None or order.visible_at > now:
            raise VenueRefused("unknown_order")
        if self._hits(self.mix.cancel_refused):
            raise VenueRefused("busy")
        if order.status is OrderStatus.WORKING:
            self._close(order, OrderStatus.CANCELLED, "", now)
        return self._answer(request, order, now)

    def _amend(self, request: Request, now: int) -> VenueReport:
        order = self.truth.orders.get(request.client_id)
        if order is None or order.status is not OrderStatus.WORKING or order.visible_at > now:
            raise VenueRefused("unknown_order")
        if self._hits(self.mix.amend_refused) or request.steps <= order.filled:
            raise VenueRefused("not_amendable")
        order.steps, order.price_ticks = request.steps, request.price_ticks
        return self._answer(request, order, now)

    def _answer(self, request: Request, order: RestingOrder, now: int) -> VenueReport:
        done = self.truth.executions_of(order.request.client_id)
        if self._hits(self.mix.unlisted):
            done = ()
        return VenueReport(ReportKind.ORDER, now, request.id, (order.state(),), done)

    def _trade(self, order: RestingOrder, now: int) -> None:
        """Fills what there is, whole or in part; the rest waits for the next price."""
        room = self.truth.room(order)
        if not room:
            self._close(order, OrderStatus.CANCELLED, "nothing_to_reduce", now)
            return
        if room > 1 and self._hits(self.mix.partial):
            room = 1 + int(self._draws.random() * (room - 1))
        slip = order.request.side * int(self._draws.random() * (self.mix.slippage_ticks + 1))
        price = max(self.truth.prices[order.request.symbol] + slip, 1)
        skewed = max(now + round((2.0 * self._draws.random() - 1.0) * self.mix.skew_s * SECOND), 0)
        made = self.truth.fill(order, room, price, skewed if self.mix.skew_s else now)
        self._tell_execution(made, order, now)

    def _close(self, order: RestingOrder, status: OrderStatus, code: str, now: int) -> None:
        order.status, order.code = status, code
        self.send(VenueReport(ReportKind.ORDER, now, orders=(order.state(),)), now)

    def _tell_execution(self, made: Execution, order: RestingOrder | None, now: int) -> None:
        states = (order.state(),) if order is not None else ()
        self.send(VenueReport(ReportKind.ORDER, now, orders=states, executions=(made,)), now)

    def send(self, report: VenueReport, now: int) -> None:
        """Puts a message under way, unless it gets lost."""
        if self._hits(self.mix.lost_message):
            return
        for _ in range(2 if self._hits(self.mix.doubled_message) else 1):
            late = self._seconds(self.mix.late_s) if self._hits(self.mix.late_message) else 0
            self._told += 1
            heapq.heappush(self._messages, (now + late, self._told, report))

    def _limit(self, now: int) -> None:
        if now < self._silent_until:
            self.sins.append(f"asked at {now} while silence was wanted until {self._silent_until}")
            self._silent_until = now + round(self.mix.ban_s * SECOND)
            raise VenueLimited(self.mix.ban_s, banned=True)
        if self._hits(self.mix.limited):
            banned = self._hits(0.2)
            wait = self.mix.ban_s if banned else self.mix.limit_s
            self._silent_until = now + round(wait * SECOND)
            raise VenueLimited(wait, banned=banned)

    def _hits(self, probability: float) -> bool:
        return probability > 0.0 and self._draws.random() < probability

    def _seconds(self, most: float) -> int:
        return round(self._draws.random() * most * SECOND)
