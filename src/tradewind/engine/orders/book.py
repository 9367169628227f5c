"""Everything the order manager knows, as one struct: its snapshot, and what its parts work on."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import msgspec

from tradewind.model.notice import Notice
from tradewind.model.order import ApprovalAsked, ApprovalEnded, Charge, Fill, Leg, Refusal
from tradewind.model.venue import Action, Execution, OrderKind, OrderUpdate, VenueRequest

Told = VenueRequest | OrderUpdate | Fill | Charge | Refusal | Notice | ApprovalAsked | ApprovalEnded
REMEMBERED: Final = 1024
"""How many orders that are over are known again when a venue repeats itself: half a megabyte of state at most."""
NEVER: Final = 2**62


def order_id(signal_id: str, leg: Leg, generation: int) -> str:
    """32 hex digits of signal, leg and generation: the same after every restart, accepted by every venue."""
    return sha256(f"{signal_id}|{leg.value}|{generation}".encode()).hexdigest()[:32]


class Order(msgspec.Struct, omit_defaults=True):
    """One order of ours. ``phase``: waiting (not sent), in_flight (sent, unproven), working (proven), over.

    ``filled`` is what was booked, ``reported`` the most the venue has counted. ``value`` adds up price times steps of
    what is booked, ``derived`` steps of it are from the venue's count alone: executions told later are those.
    ``doubt``: what is known may be wrong; ``check``: it is believed and looked up all the same; either way the venue is
    asked from ``ask_at`` on. ``asking`` and ``pending`` are requests without an answer yet: an inquiry, and a change.
    ``steps`` is the quantity the venue has confirmed last, ``most`` the largest one it was ever asked for.
    ``closing_word`` is how the venue says it ended, while executions are still missing. ``until`` is when an entry that
    waits for a person expires (0: nobody is asked), ``zone`` the ticks in which it may still be let go.
    """

    client_id: str
    signal_id: str
    symbol: str
    leg: Leg
    kind: OrderKind
    side: int
    steps: int
    price_ticks: int
    ts: int
    phase: str = "waiting"
    ended: str = ""
    detail: str = ""
    filled: int = 0
    reported: int = 0
    average_ticks: float = 0.0
    sent_ts: int = 0
    doubt: bool = False
    check: bool = False
    ask_at: int = 0
    asks: int = 0
    asking: int = 0
    asked_ts: int = 0
    pending: int = 0
    pending_action: str = ""
    pending_ts: int = 0
    unwanted: bool = False
    approved: bool = False
    attached: bool = False
    amends_refused: int = 0
    retry_at: int = 0
    closing_word: str = ""
    most: int = 0
    resent: int = 0
    derived: int = 0
    value: int = 0
    trades: list[str] = []
    until: int = 0
    zone: tuple[int, int] = (0, 0)

    @property
    def over(self) -> bool:
        """Nothing can come of it any more."""
        return self.phase == "over"

    @property
    def left(self) -> int:
        """Steps that may still be filled."""
        return self.steps - self.filled

    @property
    def proven(self) -> bool:
        """The venue's last word is that it rests there, and nothing since puts that in doubt."""
        return self.phase == "working" and not self.doubt and not self.closing_word


class Early(msgspec.Struct):
    """An execution of an exit that was told before the opening it closes."""

    leg: str
    execution: Execution


class Exposure(msgspec.Struct, omit_defaults=True):
    """What one signal set out to hold and holds. ``leaving`` is the leg it is to be left by, empty while it stays.

    ``naked_since`` is when what is held was last seen without a proven stop of its size, 0 while it has one.
    ``for_entry`` is the opposing entry that waits for it to be closed, ``netted`` what was closed for that.
    """

    signal_id: str
    symbol: str
    side: int
    steps: int
    stop_ticks: int
    target_ticks: int
    ts: int
    entry: str
    opened: int = 0
    closed: int = 0
    leaving: str = ""
    naked_since: int = 0
    netted: int = 0
    for_entry: str = ""
    early: list[Early] = []
    stops_refused: int = 0
    exits_refused: int = 0
    target_refused: bool = False
    retry_at: int = 0
    told_unprotected: bool = False
    generations: dict[str, int] = {}
    orders: list[str] = []

    @property
    def held(self) -> int:
        """Steps held now."""
        return self.opened - self.closed


class Suspicion(msgspec.Struct):
    """A difference of positions that a snapshot showed: ``steps`` more than ours at the venue, first seen ``since``."""

    steps: int
    since: int


class Book(msgspec.Struct):
    """The whole state. ``own`` are orders by client id that may still matter, ``past`` those that are over.

    ``outstanding`` are unanswered requests by id: ``(action, client id)``. ``external`` is what the venue holds beside
    us, signed, by position key; ``netted`` what was closed for an entry that waits; ``changed`` when our own position
    last changed, by symbol. ``strangers`` are executions of unknown orders that no difference has used yet. Until
    ``silent_until`` the venue wants to hear nothing. ``due`` is when something must be looked at again.
    """

    own: dict[str, Order] = {}
    past: dict[str, Order] = {}
    exposures: dict[str, Exposure] = {}
    outstanding: dict[int, tuple[str, str]] = {}
    requests: int = 0
    now: int = 0
    linked: bool = False
    reconciled: bool = False
    snapshot: int = 0
    snapshot_ts: int = 0
    snapshots_failed: int = 0
    reconcile_at: int = 0
    suspicions: dict[str, Suspicion] = {}
    netted: dict[str, int] = {}
    external: dict[str, int] = {}
    external_orders: list[str] = []
    strangers: dict[str, list[Execution]] = {}
    known_strangers: list[str] = []
    changed: dict[str, int] = {}
    last_ticks: dict[str, int] = {}
    charges: list[str] = []
    silent_until: int = 0
    dead_man_at: int = 0
    armed: bool = False
    due: int = NEVER

    def orders_of(self, exposure: Exposure) -> list[Order]:
        """Orders of a signal that are not over, oldest first."""
        return [self.own[name] for name in exposure.orders if name in self.own]

    def retire(self, order: Order) -> None:
        """Moves an order that is over to where it is only remembered."""
        if self.own.pop(order.client_id, None) is not None:
            self.past[order.client_id] = order
            if len(self.past) > REMEMBERED:
                del self.past[next(iter(self.past))]

    def ask(self, action: Action, client_id: str = "") -> int:
        """The id of the next request, which is outstanding from now on."""
        self.requests += 1
        self.outstanding[self.requests] = (action.value, client_id)
        return self.requests

    @property
    def in_doubt(self) -> bool:
        """Whether any order is in doubt."""
        return any(order.doubt for order in self.own.values())

    @property
    def adds_risk(self) -> bool:
        """Whether an order that adds risk may leave: connected, reconciled, nothing differs, nothing is in doubt."""
        return self.linked and self.reconciled and not self.suspicions and not self.in_doubt
