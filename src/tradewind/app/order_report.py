"""Orders of a run as its store has them: what was intended, what was filled, and what does not match."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from tradewind.adapters.store.database import Database

_ORDERS: Final = (
    "SELECT client_id, updated, signal_id, symbol, leg, side, intended, steps, price_ticks, state, filled, detail"
    " FROM orders ORDER BY ts, client_id"
)
_POSITIONS: Final = "SELECT signal_id, symbol, direction, steps FROM positions WHERE status = 'open'"
_REQUESTS: Final = "SELECT action, client_id, answer FROM venue_requests WHERE answer IN ('', 'unknown') ORDER BY id"
_ALERTS: Final = "SELECT payload, ts FROM outbox WHERE condition <> '' ORDER BY id"
_OPEN: Final = ("waiting", "in_flight", "working")
FOUND: Final = (
    "position_differs",
    "external_position",
    "external_order",
    "closed_elsewhere",
    "closed_too_much",
    "offset_by_external",
    "overfilled",
    "late_order",
    "late_fill",
)
"""Codes of notices that say that the venue and the books were not alike."""


class OrderLine(msgspec.Struct, frozen=True):
    """One order of ours: ``intended`` steps, the ``steps`` the venue has it at now, and how many are ``filled``."""

    client_id: str
    updated: str
    signal_id: str
    symbol: str
    leg: str
    side: int
    intended: int
    steps: int
    price_ticks: int
    state: str
    filled: int
    detail: str


class Difference(msgspec.Struct, frozen=True):
    """Something that is not as it should be: a code, what it is about, and what was found."""

    code: str
    subject: str
    detail: str


class OrderReport(msgspec.Struct, frozen=True):
    """Intended against filled. ``unmatched`` is empty where all is in order.

    ``entries`` counts entries that are over; ``whole``, ``partly`` and ``unfilled`` of them. ``differences`` are those
    that were ever noticed between the venue and the books; they are history, ``unmatched`` is now.
    """

    orders: int
    entries: int
    whole: int
    partly: int
    unfilled: int
    intended_steps: int
    filled_steps: int
    open_positions: int
    unmatched: tuple[Difference, ...]
    differences: tuple[Difference, ...]


def order_lines(database: Database, *, only_open: bool = False) -> tuple[OrderLine, ...]:
    """Every order of the run in the order they were made; ``only_open``: those of which something may still come."""
    _, rows = database.query(_ORDERS)
    lines = (OrderLine(*row) for row in rows)
    return tuple(one for one in lines if not only_open or one.state in _OPEN)


def order_report(database: Database) -> OrderReport:
    """Compares what was intended with what was filled, and what is held with what protects it."""
    lines = order_lines(database)
    done = [one for one in lines if one.leg == "entry" and one.state not in _OPEN]
    held = _held(lines)
    _, positions = database.query(_POSITIONS)
    unmatched = [*_unprotected(lines, held), *_unanswered(database, lines)]
    booked = {str(signal) for signal, *_ in positions}
    for signal in sorted(booked ^ {name for name, steps in held.items() if steps}):
        unmatched.append(Difference("position_without_orders", signal, "orders and positions do not add up"))
    return OrderReport(
        orders=len(lines),
        entries=len(done),
        whole=sum(one.filled >= one.intended for one in done),
        partly=sum(0 < one.filled < one.intended for one in done),
        unfilled=sum(one.filled == 0 for one in done),
        intended_steps=sum(one.intended for one in done),
        filled_steps=sum(one.filled for one in done),
        open_positions=len(positions),
        unmatched=tuple(unmatched),
        differences=_noticed(database),
    )


def _held(lines: tuple[OrderLine, ...]) -> Mapping[str, int]:
    held: dict[str, int] = {}
    for one in lines:
        sign = 1 if one.leg == "entry" else -1
        held[one.signal_id] = held.get(one.signal_id, 0) + sign * one.filled
    return held


def _unprotected(lines: tuple[OrderLine, ...], held: Mapping[str, int]) -> list[Difference]:
    """Positions whose working stops are not of their size."""
    stops: dict[str, int] = {}
    for one in lines:
        if one.leg == "stop" and one.state == "working":
            stops[one.signal_id] = stops.get(one.signal_id, 0) + one.steps - one.filled
    return [
        Difference("stop_size", signal, f"{steps} steps are held, {stops.get(signal, 0)} are behind a stop")
        for signal, steps in held.items()
        if steps > 0 and stops.get(signal, 0) != steps
    ]


def _unanswered(database: Database, lines: tuple[OrderLine, ...]) -> list[Difference]:
    """Orders that may be over or not: asked, and nobody knows the answer."""
    _, rows = database.query(_REQUESTS)
    open_ = {one.client_id for one in lines if one.state == "in_flight"}
    doubtful = {str(client): str(action) for action, client, _ in rows if client in open_}
    return [Difference("in_doubt", client, f"{action}: no answer yet") for client, action in doubtful.items()]


def _noticed(database: Database) -> tuple[Difference, ...]:
    _, rows = database.query(_ALERTS)
    found = []
    for payload, _ in rows:
        notice = msgspec.json.decode(payload)
        if notice.get("code") in FOUND:
            found.append(Difference(notice["code"], notice.get("subject", ""), notice.get("detail", "")))
    return tuple(found)
