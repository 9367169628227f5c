"""From what the venue reports to what is known: states of orders, and executions, each booked once.

A venue tells one execution over several channels, in any order, and again after a restart. The trade id recognises it;
the order's own size caps the sum, whatever ids it comes under.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from tradewind.engine.orders.book import Early, Exposure, Order
from tradewind.engine.orders.correspondence import Correspondence
from tradewind.model.money import ZERO, rounded
from tradewind.model.order import Fill, Leg, Refusal
from tradewind.model.timeframe import SECOND
from tradewind.model.venue import Execution, OrderState, OrderStatus

ASKED_ENOUGH: Final = 1
"""Inquiries after which executions that the venue counts and does not list are derived from its count."""
RESENDS: Final = 2
LONGEST_SHIFT: Final = 5
"""Pauses between refused exits double up to 32 seconds."""
DERIVED: Final = "derived:"
STRANGERS_KEPT: Final = 256
_COSTS: Final = ("spread_cost", "slippage_cost", "commission")


def on_execution(post: Correspondence, execution: Execution) -> None:
    """Books one execution, unless it is known already or exceeds its order."""
    book = post.book
    order = book.own.get(execution.client_id)
    if order is None or order.over:
        _on_stranger(post, execution)
        return
    if execution.trade_id in order.trades:
        return
    order.trades.append(execution.trade_id)
    if order.derived and not execution.trade_id.startswith(DERIVED):
        known = min(order.derived, execution.steps)
        order.derived -= known
        if known == execution.steps:
            return
        execution = _share(execution, execution.steps - known, execution.steps)
    room = order.most - order.filled
    steps = min(execution.steps, room)
    if steps < execution.steps:
        post.doubt(order)
        detail = f"{execution.client_id}: execution {execution.trade_id} of {execution.steps} steps"
        post.say("overfilled", "critical", order.symbol, detail, float(execution.steps), float(room))
    if steps <= 0:
        return
    execution = _share(execution, steps, execution.steps)
    order.filled += steps
    order.value += steps * execution.price_ticks
    order.steps = max(order.steps, order.filled)
    order.reported = max(order.reported, order.filled)
    book.changed[order.symbol] = book.now
    exposure = book.exposures[order.signal_id]
    if order.leg is Leg.ENTRY:
        _entered(post, exposure, order, execution)
    else:
        _reduce(post, exposure, order.leg, execution)
    if order.closing_word:
        finish(post, order)
    elif order.filled >= order.most:
        post.end(order, OrderStatus.FILLED.value)
    else:
        if order.filled >= order.steps:  # it was asked to become larger, and did or did not
            post.doubt(order)
        post.update(order)


def on_state(post: Correspondence, state: OrderState) -> None:
    """Takes the venue's word on one order."""
    book = post.book
    order = book.own.get(state.client_id)
    if order is None:
        _on_past_state(post, state)
        return
    if order.over:
        return
    order.reported = min(max(order.reported, state.filled), order.most)
    if state.average_ticks:
        order.average_ticks = state.average_ticks
    if state.status is OrderStatus.WORKING:
        _working(post, order, state)
    elif state.status is OrderStatus.ABSENT:
        _absent(post, order)
    else:
        order.closing_word, order.detail = state.status.value, state.code or state.detail
        finish(post, order)


def finish(post: Correspondence, order: Order) -> None:
    """Ends an order that the venue calls over, once everything that it counted is booked."""
    if order.filled < order.reported:
        if order.asks >= ASKED_ENOUGH:
            _derive(post, order)
        elif not order.doubt:
            post.doubt(order)
    if not order.over and order.filled >= order.reported:
        post.end(order, order.closing_word, order.detail)
        if order.ended == OrderStatus.REJECTED.value and order.leg is not Leg.ENTRY:
            _rejected(post, order)


def refused_place(post: Correspondence, order: Order, code: str, detail: str) -> None:
    """The venue certainly did not take an order."""
    order.closing_word, order.detail = OrderStatus.REJECTED.value, code or detail
    finish(post, order)


def refuse(post: Correspondence, order: Order, code: str, detail: str = "") -> None:
    """The end of an entry of which nothing was filled."""
    book = post.book
    post.out.append(Refusal(order.client_id, order.signal_id, order.symbol, book.now, code or "refused", detail))


def book_close(post: Correspondence, exposure: Exposure, execution: Execution) -> None:
    """Books a close that no order of ours made: the venue no longer holds it."""
    exposure.closed += execution.steps
    post.book.changed[exposure.symbol] = post.book.now
    post.out.append(_fill(execution, exposure.signal_id, Leg.CLOSE))


def _rejected(post: Correspondence, order: Order) -> None:
    """A refused protective order: people hear of it, and it is tried again after a pause or not at all."""
    exposure = post.book.exposures[order.signal_id]
    post.say(f"{order.leg.value}_refused", "warning", order.symbol, f"{order.signal_id}: {order.detail}")
    if order.leg is Leg.TARGET:
        exposure.target_refused = True
        return
    if order.leg is Leg.STOP:
        exposure.stops_refused += 1
        exposure.retry_at = post.book.now + SECOND
        return
    post.book.reconcile_at = post.book.now
    exposure.retry_at = post.book.now + (SECOND << min(exposure.exits_refused, LONGEST_SHIFT))
    exposure.exits_refused += 1


def _attached(post: Correspondence, exposure: Exposure, sent_ts: int) -> None:
    """Stop and target that the venue made itself at the first fill: theirs to show, ours to ask for."""
    prices = {Leg.STOP: exposure.stop_ticks, Leg.TARGET: exposure.target_ticks}
    for leg, price in prices.items():
        if price and leg.value not in exposure.generations:
            order = post.new(exposure, leg, -exposure.side, exposure.steps, price)
            order.phase, order.attached, order.sent_ts = "in_flight", True, sent_ts
            post.doubt(order)


def _entered(post: Correspondence, exposure: Exposure, order: Order, execution: Execution) -> None:
    """A part of an entry; where one side per symbol is kept, its bracket becomes that of the whole side."""
    exposure.opened += execution.steps
    post.out.append(_fill(execution, exposure.signal_id, Leg.ENTRY))
    if post.params.attached:
        _attached(post, exposure, order.sent_ts)
    if post.params.netting:
        for other in post.book.exposures.values():
            if other.symbol == order.symbol and other.side == order.side and other.held:
                other.stop_ticks, other.target_ticks = exposure.stop_ticks, exposure.target_ticks
    early, exposure.early = exposure.early, []
    for one in early:
        _reduce(post, exposure, Leg(one.leg), one.execution)


def _reduce(post: Correspondence, exposure: Exposure, leg: Leg, execution: Execution) -> None:
    """A part of an exit. What it closes beyond what is known to be held waits for the entry's own executions."""
    execution = _take(post, exposure, leg, execution)
    if not execution.steps:
        return
    entry = post.book.own.get(exposure.entry)
    if entry is None or entry.over:
        _spill(post, exposure, execution)
    else:
        exposure.early.append(Early(leg.value, execution))
        post.doubt(entry)


def _take(post: Correspondence, exposure: Exposure, leg: Leg, execution: Execution) -> Execution:
    """Closes what a signal holds, as far as it goes; what is left of the execution."""
    steps = min(execution.steps, exposure.held)
    if not steps:
        return execution
    part = _share(execution, steps, execution.steps)
    exposure.closed += steps
    exposure.netted += steps if exposure.for_entry and leg is Leg.CLOSE else 0
    post.out.append(_fill(part, exposure.signal_id, leg))
    return _less(execution, part)


def _spill(post: Correspondence, exposure: Exposure, execution: Execution) -> None:
    """What an exit closed beyond its signal: others on the same side of a netted position, else it is not ours."""
    for other in post.book.exposures.values() if post.params.netting else ():
        if other.symbol == exposure.symbol and other.side == exposure.side and execution.steps:
            execution = _take(post, other, Leg.CLOSE, execution)
    opening = _still_opening(post, exposure) if execution.steps else None
    if opening is not None:
        opening.early.append(Early(Leg.CLOSE.value, execution))
    elif execution.steps:
        key = position_key(post, exposure.symbol, -exposure.side)
        post.book.external[key] = post.book.external.get(key, 0) - exposure.side * execution.steps
        post.say("closed_too_much", "critical", exposure.symbol, execution.client_id, float(execution.steps))


def _still_opening(post: Correspondence, exposure: Exposure) -> Exposure | None:
    """A signal of the same netted side whose entry may have more executions than are known."""
    for other in post.book.exposures.values() if post.params.netting else ():
        entry = post.book.own.get(other.entry)
        same = other.symbol == exposure.symbol and other.side == exposure.side
        if same and entry is not None and not entry.over and entry.phase != "waiting":
            post.doubt(entry)
            return other
    return None


def settle_early(post: Correspondence, exposure: Exposure) -> None:
    """Exits that waited for an entry that is over now."""
    early, exposure.early = exposure.early, []
    for one in early:
        _spill(post, exposure, one.execution)


def _working(post: Correspondence, order: Order, state: OrderState) -> None:
    if order.closing_word:
        return
    known = (order.phase, order.steps, order.price_ticks)
    order.phase = "working"
    order.steps = max(state.steps, order.filled) or order.steps
    order.price_ticks = state.price_ticks or order.price_ticks
    if order.filled >= order.reported:
        order.doubt, order.check, order.asks = False, False, 0
    elif order.asks >= ASKED_ENOUGH:
        _derive(post, order)
    else:
        post.doubt(order)
    if known != (order.phase, order.steps, order.price_ticks) and not order.over:
        post.update(order)


def _absent(post: Correspondence, order: Order) -> None:
    """An order that is not shown may only not be shown yet."""
    book, params = post.book, post.params
    if book.now - order.sent_ts >= params.visible_within:
        order.closing_word = OrderStatus.ABSENT.value
        order.reported = order.filled
        post.end(order, OrderStatus.ABSENT.value, "never_arrived")
        book.reconcile_at = book.now
    elif _may_resend(order) and params.resends:
        order.resent += 1
        post.place(order, book.exposures[order.signal_id])


def _may_resend(order: Order) -> bool:
    """What only reduces may be sent again under its id, where the venue knows a repeated id."""
    wanted = order.leg is not Leg.ENTRY and not order.unwanted and not order.attached
    return wanted and order.phase == "in_flight" and not order.pending and order.resent < RESENDS


def _on_stranger(post: Correspondence, execution: Execution) -> None:
    """An execution of an order that is over or was never ours: kept to explain a difference, and looked into."""
    book = post.book
    past = book.past.get(execution.client_id) or book.own.get(execution.client_id)
    if past is not None and (execution.trade_id in past.trades or _complete(past)):
        return
    if execution.trade_id in book.known_strangers:
        return
    book.known_strangers.append(execution.trade_id)
    del book.known_strangers[:-STRANGERS_KEPT]
    book.strangers.setdefault(execution.symbol, []).append(execution)
    del book.strangers[execution.symbol][:-STRANGERS_KEPT]
    book.reconcile_at = book.now
    if past is not None:
        past.trades.append(execution.trade_id)
    word = "external_fill" if past is None else "late_fill"
    post.say(word, "warning", execution.symbol, execution.client_id or execution.trade_id, float(execution.steps))


def _on_past_state(post: Correspondence, state: OrderState) -> None:
    """An order that was given up as absent has appeared after all: it is withdrawn."""
    past = post.book.past.get(state.client_id)
    if past is None or state.status is not OrderStatus.WORKING:
        return
    if past.ended == OrderStatus.ABSENT.value and not past.pending:
        post.say("late_order", "critical", past.symbol, past.client_id)
        post.cancel(past)


def position_key(post: Correspondence, symbol: str, side: int) -> str:
    """How positions are told apart: by symbol, or by symbol and side where signals are kept apart."""
    return symbol if post.params.netting else f"{symbol} {'long' if side > 0 else 'short'}"


def _complete(past: Order) -> bool:
    """Whether everything the venue counted of an order was booked; what comes then is told under another name."""
    return past.filled >= past.reported and past.ended != OrderStatus.ABSENT.value


def _fill(execution: Execution, signal_id: str, leg: Leg) -> Fill:
    return Fill(
        client_id=execution.client_id,
        signal_id=signal_id,
        symbol=execution.symbol,
        leg=leg,
        side=execution.side,
        steps=execution.steps,
        price_ticks=execution.price_ticks,
        ts=execution.ts,
        spread_cost=execution.spread_cost,
        slippage_cost=execution.slippage_cost,
        commission=execution.commission,
        ambiguous=execution.ambiguous,
        trade_id=execution.trade_id,
    )


def _derive(post: Correspondence, order: Order) -> None:
    """Books what the venue counted and does not list, at the price that makes its own mean true."""
    book = post.book
    steps = order.reported - order.filled
    price = round((order.average_ticks * order.reported - order.value) / steps) if order.average_ticks else 0
    name = f"{DERIVED}{order.client_id}:{order.reported}"
    price = price or order.price_ticks or book.last_ticks.get(order.symbol, 0)
    made = Execution(name, order.client_id, order.symbol, order.side, steps, price, book.now)
    post.say("fill_derived", "info", order.symbol, f"{order.client_id}: counted, not listed", float(steps))
    order.derived += steps
    on_execution(post, made)
    if not order.over and not order.closing_word and order.filled >= order.reported:
        order.doubt, order.check, order.asks = False, False, 0


def _share(execution: Execution, steps: int, of: int) -> Execution:
    """The part of an execution with its part of the costs."""
    if steps == of:
        return execution
    costs = {name: str(rounded(Decimal(getattr(execution, name)) * steps / of)) for name in _COSTS}
    return msgspec.structs.replace(execution, steps=steps, **costs)


def _less(execution: Execution, part: Execution) -> Execution:
    """What is left of an execution after a part, to the last digit of its costs."""
    costs = {name: str(Decimal(getattr(execution, name)) - Decimal(getattr(part, name)) + ZERO) for name in _COSTS}
    name = f"{execution.trade_id}~"  # a part of its own to whoever books by trade id
    return msgspec.structs.replace(execution, steps=execution.steps - part.steps, trade_id=name, **costs)
