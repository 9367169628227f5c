"""The paper venue: an account of its own over the bars of the market, filled by the simulated broker's matching.

It holds brackets itself: stop and target come with the entry, under the ids the entry names, and work from the fill on,
inside the very bar of it. Requests are answered at once; fills come with bars. Without faults its fills are those of
the simulated broker inside the engine, price for price.

Its state outlives the process: ``keep`` is given the whole of it before any answer or report leaves, as a broker's
books are ahead of what its customers have heard. A bar that was seen before is not traded again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from tradewind.model.bar import Bar
from tradewind.model.instrument import Instrument
from tradewind.model.order import Charge, Fill, Leg, OrderIntent, Refusal
from tradewind.model.venue import (
    Action,
    Execution,
    OrderState,
    OrderStatus,
    ReportKind,
    VenuePosition,
    VenueReport,
    VenueRequest,
)
from tradewind.ports.rates import RateSource
from tradewind.ports.venue import DUPLICATE, Capabilities, VenueRefused
from tradewind.simulation.broker import SimBroker

KEPT = 256
"""How many orders that are over, and executions, can still be asked for."""


class _Bracket(msgspec.Struct):
    """One signal's entry with the ids of everything that can end it."""

    entry: str
    symbol: str
    side: int
    steps: int
    stop: str
    target: str
    exits: list[str] = []
    held: int = 0


class _Books(msgspec.Struct):
    broker: bytes = b""
    brackets: dict[str, _Bracket] = {}
    orders: dict[str, OrderState] = {}
    executions: list[Execution] = []
    seen: dict[str, int] = {}
    executed: int = 0
    charged: int = 0


class PaperVenue:
    """Implements ``ports.venue.SteppedVenue``. ``rates`` are those of the market before the bar that is shown.

    ``trusts`` says whether a bar may be traded on; the engine does not see others either.
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        rates: RateSource,
        *,
        netting: bool = True,
        trusts: Callable[[Bar], bool] = lambda _: True,
        keep: Callable[[bytes], None] = lambda _: None,
        state: bytes = b"",
    ) -> None:
        self.capabilities = Capabilities(attached_brackets=True, hedging=not netting, visible_within_s=0.0)
        self._broker = SimBroker(instruments, rates, netting=netting)
        self._netting = netting
        self._trusts = trusts
        self._keep = keep
        self._books = msgspec.msgpack.decode(state, type=_Books) if state else _Books()
        if state:
            self._broker.restore(self._books.broker)

    def execute(self, request: VenueRequest, now: int) -> Sequence[VenueReport]:
        """Obeys at once; fills come with the next bar.

        Raises:
            VenueRefused: it cannot be done; why is said.
        """
        if request.action is Action.SNAPSHOT:
            return (self._snapshot(request, now),)
        if request.action is Action.INQUIRE:
            known = self._books.orders.get(request.client_id)
            state = known or OrderState(request.client_id, OrderStatus.ABSENT, request.symbol)
            done = tuple(one for one in self._books.executions if one.client_id == request.client_id)
            return (VenueReport(ReportKind.ORDER, now, request.id, (state,), done),)
        if request.action is Action.PLACE:
            states = self._place(request)
        elif request.action is Action.CANCEL:
            states = self._cancel(request)
        elif request.action is Action.AMEND:
            states = self._amend(request)
        else:
            raise VenueRefused("not_offered", f"{request.action.value} is not needed where orders never outlive us")
        self._save()
        return (VenueReport(ReportKind.ORDER, now, request.id, states),)

    def due(self, now: int) -> Sequence[VenueReport]:
        """Nothing is told between bars."""
        return ()

    def on_bar(self, bar: Bar) -> Sequence[VenueReport]:
        """What the bar did to the account."""
        if bar.ts_close <= self._books.seen.get(bar.symbol, 0) or not self._trusts(bar):
            return ()
        happened = self._broker.on_bar(bar)
        if not happened:
            return ()
        self._books.seen[bar.symbol] = bar.ts_close
        reports = [self._report(one, bar.ts_close) for one in happened]
        self._save()
        return reports

    def _place(self, request: VenueRequest) -> tuple[OrderState, ...]:
        books = self._books
        if request.client_id in books.orders:
            raise VenueRefused(DUPLICATE, request.client_id)
        if request.reduce_only:
            bracket = books.brackets.get(request.position)
            if request.leg in (Leg.STOP, Leg.TARGET):
                raise VenueRefused("attached_only", "stop and target come with the entry")
            if bracket is None or not bracket.held:
                raise VenueRefused("nothing_to_reduce", request.position)
            self._broker.close(request.position, request.leg, request.ts)
            bracket.exits.append(request.client_id)
        else:
            self._enter(request)
        return (self._set(_working(request)),)

    def _enter(self, request: VenueRequest) -> None:
        self._broker.submit(
            OrderIntent(
                client_id=request.client_id,
                signal_id=request.position,
                symbol=request.symbol,
                side=request.side,
                steps=request.steps,
                stop_ticks=request.stop_ticks,
                target_ticks=request.target_ticks,
                time_stop_ts=0,
                ts=request.ts,
            )
        )
        self._books.brackets[request.position] = _Bracket(
            request.client_id, request.symbol, request.side, request.steps, request.stop_id, request.target_id
        )
        for name, ticks in ((request.stop_id, request.stop_ticks), (request.target_id, request.target_ticks)):
            if name:
                waiting = OrderState(name, OrderStatus.ABSENT, request.symbol, -request.side, request.steps, 0, ticks)
                self._books.orders[name] = waiting

    def _cancel(self, request: VenueRequest) -> tuple[OrderState, ...]:
        known = self._books.orders.get(request.client_id)
        if known is None or known.status is not OrderStatus.WORKING:
            raise VenueRefused("unknown_order")
        if not self._broker.cancel(request.client_id):
            raise VenueRefused("not_cancellable", "a bracket ends with its position")
        gone = [name for name, one in self._books.brackets.items() if one.entry == request.client_id]
        for name in gone:
            self._drop(self._books.brackets.pop(name))
        return (self._set(msgspec.structs.replace(known, status=OrderStatus.CANCELLED)),)

    def _amend(self, request: VenueRequest) -> tuple[OrderState, ...]:
        known = self._books.orders.get(request.client_id)
        bracket = self._books.brackets.get(request.position)
        if known is None or bracket is None or known.status is not OrderStatus.WORKING:
            raise VenueRefused("unknown_order")
        if request.client_id != bracket.stop or request.steps != known.steps:
            raise VenueRefused("not_amendable", "only the price of a stop can be moved")
        self._broker.amend(request.position, request.price_ticks)
        return (self._set(msgspec.structs.replace(known, price_ticks=request.price_ticks)),)

    def _snapshot(self, request: VenueRequest, now: int) -> VenueReport:
        books = self._books
        orders = tuple(one for one in books.orders.values() if one.status is OrderStatus.WORKING)
        positions = tuple(
            VenuePosition(one.symbol, one.side, one.held, "" if self._netting else name)
            for name, one in books.brackets.items()
            if one.held
        )
        executions = tuple(one for one in books.executions if one.ts >= request.since)
        return VenueReport(ReportKind.SNAPSHOT, now, request.id, orders, executions, positions)

    def _report(self, happened: Fill | Charge | Refusal, ts: int) -> VenueReport:
        books = self._books
        if isinstance(happened, Charge):
            books.charged += 1
            return VenueReport(
                ReportKind.CHARGE,
                ts,
                symbol=happened.symbol,
                client_id=f"c{books.charged}",
                amount=happened.amount,
                until=happened.ts,
                code=happened.signal_id,
                detail=happened.kind,
            )
        if isinstance(happened, Refusal):
            bracket = books.brackets.pop(happened.signal_id)
            self._drop(bracket)
            refused = books.orders[happened.client_id]
            return VenueReport(
                ReportKind.ORDER,
                ts,
                orders=(
                    self._set(
                        msgspec.structs.replace(
                            refused, status=OrderStatus.REJECTED, code=happened.code, detail=happened.detail
                        )
                    ),
                ),
            )
        return self._filled(happened, ts)

    def _filled(self, fill: Fill, ts: int) -> VenueReport:
        books = self._books
        bracket = books.brackets[fill.signal_id]
        books.executed += 1
        name = self._order_of(fill, bracket)
        made = Execution(
            trade_id=f"p{books.executed}",
            client_id=name,
            symbol=fill.symbol,
            side=fill.side,
            steps=fill.steps,
            price_ticks=fill.price_ticks,
            ts=fill.ts,
            spread_cost=fill.spread_cost,
            slippage_cost=fill.slippage_cost,
            commission=fill.commission,
            ambiguous=fill.ambiguous,
        )
        books.executions.append(made)
        del books.executions[:-KEPT]
        states = [self._done(name, fill)]
        if fill.leg is Leg.ENTRY:
            bracket.held = fill.steps
            states += [self._turn(one, OrderStatus.WORKING) for one in (bracket.stop, bracket.target) if one]
        else:
            bracket.held -= fill.steps
            if not bracket.held:
                del books.brackets[fill.signal_id]
                others = [one for one in (bracket.stop, bracket.target, *bracket.exits) if one and one != name]
                states += [self._turn(one, OrderStatus.CANCELLED) for one in others]
        return VenueReport(ReportKind.ORDER, ts, orders=tuple(states), executions=(made,))

    @staticmethod
    def _order_of(fill: Fill, bracket: _Bracket) -> str:
        """The order that a fill of the broker belongs to."""
        if fill.leg is Leg.ENTRY:
            return bracket.entry
        if fill.leg is Leg.STOP:
            return bracket.stop
        if fill.leg is Leg.TARGET:
            return bracket.target
        return bracket.exits[-1]

    def _done(self, name: str, fill: Fill) -> OrderState:
        known = self._books.orders[name]
        return self._set(
            msgspec.structs.replace(
                known, status=OrderStatus.FILLED, filled=fill.steps, average_ticks=float(fill.price_ticks)
            )
        )

    def _turn(self, name: str, status: OrderStatus) -> OrderState:
        return self._set(msgspec.structs.replace(self._books.orders[name], status=status))

    def _set(self, state: OrderState) -> OrderState:
        self._books.orders[state.client_id] = state
        return state

    def _drop(self, bracket: _Bracket) -> None:
        for name in (bracket.stop, bracket.target):
            self._books.orders.pop(name, None)

    def _save(self) -> None:
        over = [name for name, one in self._books.orders.items() if one.status not in _OPEN]
        for name in over[:-KEPT]:
            del self._books.orders[name]
        self._books.broker = self._broker.snapshot()
        self._keep(msgspec.msgpack.encode(self._books))


_OPEN = (OrderStatus.WORKING, OrderStatus.ABSENT)


def _working(request: VenueRequest) -> OrderState:
    return OrderState(
        request.client_id, OrderStatus.WORKING, request.symbol, request.side, request.steps, 0, request.price_ticks
    )
