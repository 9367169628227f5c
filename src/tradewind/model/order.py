"""Orders and fills. Identity is a pure function of the signal, so that a resend is recognised as one.

Quantities are integer lot steps and prices integer ticks of the instrument, so that equality is exact.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Leg(StrEnum):
    """Which part of a bracket an order or a fill belongs to."""

    ENTRY = "entry"
    STOP = "stop"
    TARGET = "target"
    TIME = "time"
    CLOSE = "close"


class OrderIntent(msgspec.Struct, frozen=True, tag="intent"):
    """What the engine wants done, before any broker heard of it. ``client_id`` = hash(signal id, leg).

    ``valid_until`` is when the signal's time is over and ``zone`` the ticks between which its entry makes sense, lowest
    first; they are written only where somebody must approve the order.
    """

    client_id: str
    signal_id: str
    symbol: str
    side: int
    steps: int
    stop_ticks: int
    target_ticks: int
    time_stop_ts: int
    ts: int
    valid_until: int | msgspec.UnsetType = msgspec.UNSET
    zone: tuple[int, int] | msgspec.UnsetType = msgspec.UNSET


class ApprovalAsked(msgspec.Struct, frozen=True, tag="approval_asked"):
    """An entry waits for a person until ``until``; the numbers are those of its ``OrderIntent``."""

    client_id: str
    signal_id: str
    symbol: str
    side: int
    steps: int
    stop_ticks: int
    target_ticks: int
    ts: int
    until: int
    zone: tuple[int, int] = (0, 0)


class ApprovalEnded(msgspec.Struct, frozen=True, tag="approval_ended"):
    """An entry waits for a person no more. ``how`` is approved, rejected, expired or withdrawn.

    ``actor`` is who decided, empty where nobody did.
    """

    client_id: str
    signal_id: str
    symbol: str
    ts: int
    how: str
    actor: str = ""


class Fill(msgspec.Struct, frozen=True, tag="fill"):
    """An execution. Costs are in account currency, as decimal text so that the ledger adds them exactly.

    ``price_ticks`` is the traded price including spread and slippage. ``ambiguous`` marks an exit whose bar touched
    both stop and target and could not be drilled into. ``trade_id`` is the venue's name of the execution, where one
    order can have several; it is not written where there is none.
    """

    client_id: str
    signal_id: str
    symbol: str
    leg: Leg
    side: int
    steps: int
    price_ticks: int
    ts: int
    spread_cost: str
    slippage_cost: str
    commission: str
    ambiguous: bool = False
    trade_id: str | msgspec.UnsetType = msgspec.UNSET


class Charge(msgspec.Struct, frozen=True, tag="charge"):
    """Swap or funding booked on an open position, account currency, decimal text, negative when paid."""

    signal_id: str
    symbol: str
    ts: int
    kind: str
    amount: str


class Refusal(msgspec.Struct, frozen=True, tag="refusal"):
    """An intent the broker did not fill and will not: what the broker met and what it would have needed."""

    client_id: str
    signal_id: str
    symbol: str
    ts: int
    code: str
    detail: str = ""
