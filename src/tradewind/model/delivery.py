"""One message on its way to one channel: the states it can be in and what leads from one to the next.

::

    pending --begun--> sending --sent--> sent | missed          the channel accepted it
       ^                  |------refused--> pending             definitely not accepted, asked again later
       |                  |------undone---> failed              definitely never to be accepted
       |                  +------doubted--> ambiguous           nobody knows whether it was accepted
       +------------------------------------'  (begun again, marked as a repeat)

A send cannot be made exactly-once: chats and mail know no idempotency keys. So nothing is lost, and nothing is said
twice unless a send was ambiguous; then once more, and that one is marked. What is past its validity when its bytes
leave is sent as missed and says so.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class DeliveryState(StrEnum):
    """Where a delivery stands. ``sent``, ``missed`` and ``failed`` are ends; everything else is still owed."""

    PENDING = "pending"
    SENDING = "sending"
    AMBIGUOUS = "ambiguous"
    SENT = "sent"
    MISSED = "missed"
    FAILED = "failed"


OWED = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.AMBIGUOUS)


class Delivery(msgspec.Struct, frozen=True):
    """``repeat``: it may have been heard before and says so. ``missed``: told too late to be acted on.

    ``attempts`` counts the sends begun, ``doubts`` those that ended ambiguously; ``not_before`` is the earliest time of
    the next one and ``ts`` that of the last change, UTC nanoseconds. ``message_id`` is the channel's own.
    """

    id: int
    outbox_id: int
    channel: str
    state: DeliveryState
    ts: int
    not_before: int = 0
    attempts: int = 0
    doubts: int = 0
    repeat: bool = False
    missed: bool = False
    message_id: str = ""
    detail: str = ""


def begun(delivery: Delivery, now: int, *, missed: bool) -> Delivery:
    """The first byte leaves now; whatever was doubted before makes this a marked repeat."""
    return _next(
        delivery,
        DeliveryState.SENDING,
        now,
        attempts=delivery.attempts + 1,
        repeat=delivery.doubts > 0,
        missed=missed,
    )


def sent(delivery: Delivery, now: int, message_id: str) -> Delivery:
    """The channel took it."""
    state = DeliveryState.MISSED if delivery.missed else DeliveryState.SENT
    return _next(delivery, state, now, message_id=message_id, detail="")


def refused(delivery: Delivery, now: int, not_before: int, detail: str = "") -> Delivery:
    """The channel did not take it and said so (a rate limit), or no byte reached it: again, and no repeat."""
    return _next(delivery, DeliveryState.PENDING, now, not_before=not_before, detail=detail)


def undone(delivery: Delivery, now: int, detail: str) -> Delivery:
    """The channel will never take it: the chat is gone, the text is impossible."""
    return _next(delivery, DeliveryState.FAILED, now, detail=detail)


def doubted(delivery: Delivery, now: int, not_before: int, detail: str = "") -> Delivery:
    """The answer got lost, or the process died after the first byte: it may have been heard."""
    return _next(
        delivery,
        DeliveryState.AMBIGUOUS,
        now,
        doubts=delivery.doubts + 1,
        not_before=not_before,
        detail=detail,
    )


_FROM: dict[DeliveryState, tuple[DeliveryState, ...]] = {
    DeliveryState.SENDING: (DeliveryState.PENDING, DeliveryState.AMBIGUOUS),
    DeliveryState.SENT: (DeliveryState.SENDING,),
    DeliveryState.MISSED: (DeliveryState.SENDING,),
    DeliveryState.PENDING: (DeliveryState.SENDING,),
    DeliveryState.AMBIGUOUS: (DeliveryState.SENDING,),
    DeliveryState.FAILED: (DeliveryState.SENDING, DeliveryState.PENDING, DeliveryState.AMBIGUOUS),
}


def _next(delivery: Delivery, state: DeliveryState, now: int, **changes: object) -> Delivery:
    assert delivery.state in _FROM[state], f"delivery {delivery.id} cannot go from {delivery.state} to {state}"
    return msgspec.structs.replace(delivery, state=state, ts=now, **changes)
