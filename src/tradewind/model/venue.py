"""What is asked of a venue, and what it says. Requests are outputs of the engine, reports are events that enter it.

Quantities are lot steps and prices ticks, as in ``model/order.py``; costs are account currency as decimal text.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from tradewind.model.order import Leg


class Action(StrEnum):
    """What a venue can be asked to do.

    ``inquire`` is for the state of one order with its executions; ``snapshot`` for all open orders, all positions and
    the executions since ``since``; ``dead_man`` that the venue cancels all orders unless it hears again within
    ``within`` nanoseconds (0: stand down).
    """

    PLACE = "place"
    CANCEL = "cancel"
    AMEND = "amend"
    INQUIRE = "inquire"
    SNAPSHOT = "snapshot"
    CANCEL_ALL = "cancel_all"
    DEAD_MAN = "dead_man"


class OrderKind(StrEnum):
    """At the next price, once a price is met against the position, or at a price or better."""

    MARKET = "market"
    STOP = "stop"
    LIMIT = "limit"


class OrderStatus(StrEnum):
    """What a venue says an order is. ``absent``: it knows no such order, which is no proof that none will appear."""

    WORKING = "working"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    ABSENT = "absent"


class VenueRequest(msgspec.Struct, frozen=True, omit_defaults=True, tag="venue_request"):
    """One thing to ask the venue, durable before it is asked. ``id`` counts the requests of a run.

    ``price_ticks`` is the stop or limit price. Where the venue holds brackets itself, an entry carries the prices and
    client ids of its stop and target. ``position`` is the signal whose position a reduce-only order reduces, for venues
    that keep positions apart. After ``valid_until`` (0: no limit) a request that has not left must not leave any more.
    """

    id: int
    action: Action
    ts: int
    symbol: str = ""
    client_id: str = ""
    kind: OrderKind = OrderKind.MARKET
    leg: Leg = Leg.ENTRY
    side: int = 0
    steps: int = 0
    price_ticks: int = 0
    reduce_only: bool = False
    position: str = ""
    stop_ticks: int = 0
    target_ticks: int = 0
    stop_id: str = ""
    target_id: str = ""
    since: int = 0
    within: int = 0
    valid_until: int = 0


class Execution(msgspec.Struct, frozen=True, omit_defaults=True):
    """One trade of an order as the venue tells it; ``trade_id`` is the venue's own and the same on every channel."""

    trade_id: str
    client_id: str
    symbol: str
    side: int
    steps: int
    price_ticks: int
    ts: int
    spread_cost: str = "0"
    slippage_cost: str = "0"
    commission: str = "0"
    ambiguous: bool = False


class OrderState(msgspec.Struct, frozen=True, omit_defaults=True):
    """One order as the venue sees it now; ``filled`` counts all its executions, ``average_ticks`` their mean price."""

    client_id: str
    status: OrderStatus
    symbol: str = ""
    side: int = 0
    steps: int = 0
    filled: int = 0
    price_ticks: int = 0
    average_ticks: float = 0.0
    code: str = ""
    detail: str = ""


class VenuePosition(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the account holds; ``position`` names it where the venue keeps positions apart."""

    symbol: str
    side: int
    steps: int
    position: str = ""


class ReportKind(StrEnum):
    """What a report is about.

    ``order``: the state of orders, their executions, or both. ``unknown``: whether the request did anything cannot be
    told. ``refused``: it certainly did nothing, ``code`` says why. ``unsent``: it never left. ``limited``: nothing is
    asked before ``until``; the request waits. ``snapshot``: the answer to one. ``link``: ``code`` is ``up`` or
    ``down``. ``charge``: swap or funding (``detail``) of ``amount`` at ``until``; ``client_id`` names it, ``code`` is
    its signal where the venue knows it. ``done``: it was obeyed and there is nothing to add.
    """

    ORDER = "order"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    UNSENT = "unsent"
    LIMITED = "limited"
    SNAPSHOT = "snapshot"
    LINK = "link"
    CHARGE = "charge"
    DONE = "done"


class VenueReport(msgspec.Struct, frozen=True, omit_defaults=True, tag="venue"):
    """What a venue said, or what is known of a request that got no answer. ``ts`` is when it arrived.

    ``request`` is the request it answers, 0 for what was not asked for.
    """

    kind: ReportKind
    ts: int
    request: int = 0
    orders: tuple[OrderState, ...] = ()
    executions: tuple[Execution, ...] = ()
    positions: tuple[VenuePosition, ...] = ()
    symbol: str = ""
    client_id: str = ""
    amount: str = "0"
    until: int = 0
    code: str = ""
    detail: str = ""


class OrderUpdate(msgspec.Struct, frozen=True, omit_defaults=True, tag="order_update"):
    """What is now known of one of our orders: the row of it that people read.

    ``state`` is waiting, in_flight, working, or how it ended: filled, cancelled, rejected, expired, absent.
    """

    client_id: str
    signal_id: str
    symbol: str
    leg: Leg
    side: int
    steps: int
    price_ticks: int
    state: str
    filled: int
    ts: int
    detail: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing can come of the order any more."""
        return self.state not in ("waiting", "in_flight", "working")
