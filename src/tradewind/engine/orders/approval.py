"""Entries that a person must let go: what they are asked, what they may answer, and when it is too late."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, NamedTuple

from tradewind.engine.orders.book import Order
from tradewind.engine.orders.correspondence import Correspondence
from tradewind.model.event import Command
from tradewind.model.order import ApprovalAsked, ApprovalEnded, Leg, OrderIntent
from tradewind.model.timeframe import SECOND

NOT_APPROVED: Final = "not_approved"
REJECTED: Final = "rejected_by_person"
_ENDS: Final = {
    NOT_APPROVED: "nobody approved it in time",
    REJECTED: "it was rejected",
    "withdrawn": "it was withdrawn",
    "cancel_all": "it was withdrawn",
}


class Obeyed(NamedTuple):
    """What an order about orders did, or why nothing: ``refused`` is for the person who gave it."""

    detail: str = ""
    refused: str = ""


NOT_CONCERNED: Final = Obeyed()


def asked_of(entry: Order, intent: OrderIntent, ttl: int) -> ApprovalAsked:
    """Asks for an entry: at most ``ttl`` nanoseconds, and never longer than the signal itself is good for."""
    until = intent.ts + ttl
    entry.until = min(until, intent.valid_until) if isinstance(intent.valid_until, int) else until
    entry.zone = intent.zone if isinstance(intent.zone, tuple) else (0, 0)
    return ApprovalAsked(
        intent.client_id, intent.signal_id, intent.symbol, intent.side, intent.steps, intent.stop_ticks,
        intent.target_ticks, intent.ts, entry.until, entry.zone,
    )  # fmt: skip


def ended(post: Correspondence, entry: Order, how: str, actor: str = "") -> None:
    """Tells that nobody is asked for an entry any more."""
    post.out.append(ApprovalEnded(entry.client_id, entry.signal_id, entry.symbol, post.book.now, how, actor))


def decided(post: Correspondence, order: Command) -> Obeyed:
    """Lets an entry go or ends it, once; everything that is too late, unknown or settled is refused in words."""
    book, name = post.book, order.argument
    book.now = max(book.now, order.ts)
    entry = next((one for one in _entries(post) if name in (one.signal_id, one.client_id)), None)
    if entry is None:
        return Obeyed(refused=f"there is no order of {name or 'no name'} that waits")
    if entry.phase != "waiting":
        return Obeyed(refused=f"{entry.signal_id} does not wait: {_state(entry)}")
    if not entry.until:
        return Obeyed(refused=f"{entry.signal_id} waits for the venue, nobody is asked for it")
    if entry.approved:
        return Obeyed(refused=f"{entry.signal_id} was approved already")
    if book.now > entry.until:
        return Obeyed(refused=f"{entry.signal_id} expired at {_utc(entry.until)}: {_ENDS[NOT_APPROVED]}")
    if order.verb == "reject":
        entry.unwanted, entry.detail = True, REJECTED
        ended(post, entry, "rejected", order.actor)
        return Obeyed(f"{entry.signal_id} is rejected and never leaves")
    price, (low, high) = book.last_ticks.get(entry.symbol, 0), entry.zone
    if price and high and not low <= price <= high:
        return Obeyed(refused=f"{entry.signal_id} waits on: the price has left its entry zone")
    entry.approved, entry.ts = True, book.now
    ended(post, entry, "approved", order.actor)
    return Obeyed(f"{entry.signal_id} is approved and leaves as soon as it may")


def _entries(post: Correspondence) -> list[Order]:
    known = [*post.book.own.values(), *reversed(post.book.past.values())]
    return [one for one in known if one.leg is Leg.ENTRY]


def _state(entry: Order) -> str:
    """``expired, nobody approved it in time``; ``sent and working``."""
    if not entry.over:
        return "it was sent already"
    why = _ENDS.get(entry.detail, entry.detail)
    at = f" at {_utc(entry.until)}" if entry.detail == NOT_APPROVED and entry.until else ""
    return f"{entry.ended}{at}" + (f", {why}" if why else "")


def _utc(ts: int) -> str:
    return datetime.fromtimestamp(ts // SECOND, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
