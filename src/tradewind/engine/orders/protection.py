"""What must hold of every signal, compared with what is known of it; whatever is missing is asked for.

Looked at after every event and at every time-out. Nothing here depends on which report came last: a report that was
lost, doubled or late changes when something is asked for, not whether.
"""

from __future__ import annotations

from typing import Final

from tradewind.engine.orders.approval import NOT_APPROVED, ended
from tradewind.engine.orders.book import Exposure, Order
from tradewind.engine.orders.bookkeeping import finish, refuse, settle_early
from tradewind.engine.orders.correspondence import Correspondence
from tradewind.model.order import Leg
from tradewind.model.timeframe import SECOND
from tradewind.model.venue import OrderStatus

STOPS_TRIED: Final = 2
"""Refused stops after which a position is left instead of waiting for the rest of the time it may be unprotected."""
RETRY: Final = SECOND


def settle(post: Correspondence) -> None:
    """Brings every signal nearer to what must hold of it."""
    again = True
    while again:
        leaving = sum(bool(exposure.leaving) for exposure in post.book.exposures.values())
        for exposure in list(post.book.exposures.values()):
            _settle_one(post, exposure)
        again = sum(bool(exposure.leaving) for exposure in post.book.exposures.values()) > leaving


def _settle_one(post: Correspondence, exposure: Exposure) -> None:
    book = post.book
    for order in book.orders_of(exposure):
        _chase(post, order)
    entry = book.own.get(exposure.entry)
    if entry is not None and not entry.over:
        _entry(post, exposure, entry)
    if exposure.held > 0:
        _protect(post, exposure)
    else:
        exposure.naked_since = 0
        for order in book.orders_of(exposure):
            if order.client_id != exposure.entry:
                order.unwanted = True
    for order in book.orders_of(exposure):
        _withdraw(post, order)
    _close_out(post, exposure)


def _chase(post: Correspondence, order: Order) -> None:
    """Asks about an order whose state is not known, until it is."""
    book, params = post.book, post.params
    if order.over or order.phase == "waiting":
        return
    if order.pending:
        late = order.pending_ts + params.answer_within
        if book.now >= late:
            book.outstanding.pop(order.pending, None)
            order.pending = 0
            post.doubt(order)
        else:
            post.wake(late)
    if order.asking:
        late = order.asked_ts + params.answer_within
        if book.now < late:
            post.wake(late)
            return
        book.outstanding.pop(order.asking, None)
        order.asking = 0
    if order.closing_word and order.filled >= order.reported:
        finish(post, order)
        return
    if not (order.doubt or order.check) or order.pending or not book.linked:
        return
    if book.now >= order.ask_at:
        post.inquire(order)
        post.wake(order.asked_ts + params.answer_within)
    else:
        post.wake(order.ask_at)


def _entry(post: Correspondence, exposure: Exposure, entry: Order) -> None:
    """An entry leaves once it may, and is withdrawn when its time is over or the trade is."""
    book, params = post.book, post.params
    if entry.phase == "waiting":
        needs = params.approval and not entry.approved
        until = (entry.until or entry.ts + params.approval_ttl) if needs else entry.ts + params.entry_ttl
        limited = needs or params.entry_ttl > 0
        if entry.unwanted:
            post.end(entry, OrderStatus.CANCELLED.value, entry.detail)
        elif limited and book.now >= until:
            if needs:
                ended(post, entry, "expired")
            post.end(entry, OrderStatus.EXPIRED.value, NOT_APPROVED if needs else "not_sent_in_time")
        elif not needs and book.adds_risk and _side_is_free(post, exposure, entry):
            post.place(entry, exposure)
        elif limited:
            post.wake(until)
        return
    if exposure.closed > 0 or exposure.leaving:
        entry.unwanted = True
    elif params.entry_ttl:
        until = entry.sent_ts + params.entry_ttl
        if book.now >= until:
            entry.unwanted = True
        else:
            post.wake(until)


def _side_is_free(post: Correspondence, exposure: Exposure, entry: Order) -> bool:
    """Whether an entry may open its side. Where one side per symbol is kept, what is held on the other one is closed
    first, to the last order of it, and the entry is as much smaller. Nothing is added to what is just being left: its
    exits reduce whatever the account holds.
    """
    if not post.params.netting:
        return True
    free = True
    for other in post.book.exposures.values():
        if other is exposure:
            return free and _shrunk(post, entry)
        if other.symbol == exposure.symbol and other.leaving:
            free = False
        if other.symbol == exposure.symbol and other.side != exposure.side:
            free = False
            if other.held and not other.leaving:
                other.leaving, other.for_entry, other.retry_at = Leg.CLOSE.value, exposure.signal_id, 0
            opposing = post.book.own.get(other.entry)
            if opposing is not None:
                opposing.unwanted = True
    return free


def _shrunk(post: Correspondence, entry: Order) -> bool:
    """Takes what closing the other side has used up off the entry; False where that is all of it."""
    used = post.book.netted.pop(entry.signal_id, 0)
    entry.steps = entry.most = max(entry.steps - used, 0)
    if entry.steps:
        return True
    post.end(entry, OrderStatus.CANCELLED.value, "netted")
    return False


def _protect(post: Correspondence, exposure: Exposure) -> None:
    """A stop of the size that is held, proven in time; a target; or the way out."""
    book, params = post.book, post.params
    stops = [one for one in book.orders_of(exposure) if one.leg is Leg.STOP and not one.over and not one.unwanted]
    covered = any(one.proven and one.left == exposure.held for one in stops)
    if covered:
        exposure.naked_since, exposure.stops_refused, exposure.told_unprotected = 0, 0, False
    elif not exposure.naked_since:
        exposure.naked_since = book.now
    if not covered and not exposure.leaving:
        until = exposure.naked_since + params.protect_within
        if book.now >= until or exposure.stops_refused >= STOPS_TRIED:
            _unprotected(post, exposure)
        else:
            post.wake(until)
    if not exposure.leaving:
        _keep_stop(post, exposure, stops)
        _keep_target(post, exposure)
    if exposure.leaving:
        _leave(post, exposure)


def _unprotected(post: Correspondence, exposure: Exposure) -> None:
    seconds = (post.book.now - exposure.naked_since) / SECOND
    limit = post.params.protect_within / SECOND
    if not exposure.told_unprotected:
        exposure.told_unprotected = True
        detail = f"{exposure.signal_id}: no proven stop for {exposure.held} steps; leaving at market"
        post.say("unprotected", "warning", exposure.symbol, detail, seconds, limit)
    exposure.leaving, exposure.retry_at = Leg.CLOSE.value, 0


def _keep_stop(post: Correspondence, exposure: Exposure, stops: list[Order]) -> None:
    if not stops:
        if post.book.linked and _may_retry(post, exposure.retry_at):
            stop = post.new(exposure, Leg.STOP, -exposure.side, exposure.held, exposure.stop_ticks)
            post.place(stop, exposure)
        return
    for surplus in stops[:-1]:
        surplus.unwanted = stops[-1].proven
    _fit(post, stops[-1], exposure.held, exposure.stop_ticks)


def _keep_target(post: Correspondence, exposure: Exposure) -> None:
    if not exposure.target_ticks or exposure.target_refused:
        return
    found = [o for o in post.book.orders_of(exposure) if o.leg is Leg.TARGET and not o.over and not o.unwanted]
    if found:
        _fit(post, found[-1], exposure.held, exposure.target_ticks)
    elif post.book.linked and not exposure.naked_since:
        target = post.new(exposure, Leg.TARGET, -exposure.side, exposure.held, exposure.target_ticks)
        post.place(target, exposure)


def _fit(post: Correspondence, order: Order, held: int, price_ticks: int) -> None:
    """Amends a resting order to what is held and where it belongs; one that is in doubt is asked for first."""
    if not order.proven or order.pending or not post.book.linked:
        return
    if order.left == held and order.price_ticks == price_ticks:
        return
    if _may_retry(post, order.retry_at, order):
        post.amend(order, order.filled + held, price_ticks)


def _leave(post: Correspondence, exposure: Exposure) -> None:
    """Out at market; the stop stays until nothing is held, and reduces only. A target that the venue attached itself
    goes with the position: to withdraw it would be asked for every second until the market opens.
    """
    ways = (Leg.CLOSE, Leg.TIME)
    exits = [o for o in post.book.orders_of(exposure) if o.leg in ways and not o.over]
    for target in post.book.orders_of(exposure):
        target.unwanted |= target.leg is Leg.TARGET and not post.params.attached
    due = exposure.held - sum(order.left for order in exits)
    if due > 0 and not any(o.doubt for o in exits) and post.book.linked and _may_retry(post, exposure.retry_at):
        order = post.new(exposure, Leg(exposure.leaving), -exposure.side, due, 0)
        post.place(order, exposure)


def _may_retry(post: Correspondence, at: int, order: Order | None = None) -> bool:
    """Whether the pause after a refusal is over; asks to be woken where it is not."""
    if post.book.now >= at:
        return True
    post.wake(at)
    return False


def _withdraw(post: Correspondence, order: Order) -> None:
    """Cancels what is not wanted any more, once the venue is known to have it."""
    if not order.unwanted or order.over or order.phase == "waiting" or order.closing_word:
        return
    if order.doubt or order.pending or not post.book.linked:
        return
    if order.phase == "working" and _may_retry(post, order.retry_at):
        post.cancel(order)


def _close_out(post: Correspondence, exposure: Exposure) -> None:
    """Forgets orders that are over, and the signal once nothing can come of it."""
    book = post.book
    entry = book.own.get(exposure.entry)
    if entry is not None and entry.over:
        if not exposure.opened:
            refuse(post, entry, entry.detail or entry.ended, entry.ended)
        book.retire(entry)
        settle_early(post, exposure)
    for name in exposure.orders:
        order = book.own.get(name)
        if order is not None and order.over and name != exposure.entry:
            book.retire(order)
    exposure.orders = [name for name in exposure.orders if name in book.own]
    if exposure.held == 0 and not exposure.orders:
        if exposure.netted:
            book.netted[exposure.for_entry] = book.netted.get(exposure.for_entry, 0) + exposure.netted
        del book.exposures[exposure.signal_id]
        post.ended.append(exposure.signal_id)
