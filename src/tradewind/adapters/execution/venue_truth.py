"""What a stand-in venue knows: orders, positions, executions. Nothing of it is taken from the engine."""

from __future__ import annotations

import msgspec

from tradewind.model.timeframe import MINUTE
from tradewind.model.venue import Execution, OrderKind, OrderState, OrderStatus, VenuePosition, VenueRequest

SKEW = 2 * MINUTE
"""By how much the times of executions may be out of order."""


class RestingOrder(msgspec.Struct):
    """One order at the venue. Until ``visible_at`` it is in no answer; ``accepted`` is when it was taken."""

    request: VenueRequest
    steps: int
    price_ticks: int
    accepted: int
    visible_at: int = 0
    filled: int = 0
    value: int = 0
    status: OrderStatus = OrderStatus.WORKING
    code: str = ""

    @property
    def left(self) -> int:
        """Steps that can still be filled."""
        return self.steps - self.filled if self.status is OrderStatus.WORKING else 0

    def state(self) -> OrderState:
        """The order as an answer tells it."""
        one = self.request
        return OrderState(
            client_id=one.client_id,
            status=self.status,
            symbol=one.symbol,
            side=one.side,
            steps=self.steps,
            filled=self.filled,
            price_ticks=self.price_ticks,
            average_ticks=self.value / self.filled if self.filled else 0.0,
            code=self.code,
        )


class VenueTruth:
    """Orders by client id and positions by ``(symbol, position name)``; the name is empty where one side is kept.

    Looking at what works costs what works, however many orders there were.
    """

    def __init__(self, *, hedging: bool = False) -> None:
        self.hedging = hedging
        self.orders: dict[str, RestingOrder] = {}
        self._resting: dict[str, RestingOrder] = {}
        self._of_order: dict[str, list[Execution]] = {}
        self.positions: dict[tuple[str, str], int] = {}
        self.executions: list[Execution] = []
        self.prices: dict[str, int] = {}

    def take(self, order: RestingOrder) -> None:
        """An order was accepted."""
        self.orders[order.request.client_id] = self._resting[order.request.client_id] = order

    def resting(self) -> list[RestingOrder]:
        """Everything that works, oldest first."""
        if not self._resting:
            return []
        over = [name for name, one in self._resting.items() if one.status is not OrderStatus.WORKING]
        for name in over:
            del self._resting[name]
        return list(self._resting.values())

    def executions_of(self, client_id: str) -> tuple[Execution, ...]:
        """What an order has traded."""
        return tuple(self._of_order.get(client_id, ()))

    def since(self, ts: int) -> tuple[Execution, ...]:
        """Executions from ``ts`` on; times are those the venue tells, up to a minute off."""
        found = []
        for one in reversed(self.executions):
            if one.ts < ts - SKEW:
                break
            if one.ts >= ts:
                found.append(one)
        return tuple(reversed(found))

    def key_of(self, request: VenueRequest) -> tuple[str, str]:
        """Which position an order is about."""
        return request.symbol, request.position if self.hedging else ""

    def room(self, order: RestingOrder) -> int:
        """Steps of the order that may be filled now: all that is left, or what there is to reduce."""
        if not order.request.reduce_only:
            return order.left
        held = self.positions.get(self.key_of(order.request), 0)
        return min(order.left, max(-order.request.side * held, 0))

    def fill(self, order: RestingOrder, steps: int, price_ticks: int, now: int) -> Execution:
        """Trades a part of an order."""
        one = order.request
        order.filled += steps
        order.value += steps * price_ticks
        if order.filled >= order.steps:
            order.status = OrderStatus.FILLED
        self.move(self.key_of(one), one.side * steps)
        made = Execution(f"t{len(self.executions) + 1}", one.client_id, one.symbol, one.side, steps, price_ticks, now)
        self.executions.append(made)
        self._of_order.setdefault(one.client_id, []).append(made)
        return made

    def outside(self, symbol: str, side: int, steps: int, now: int, position: str = "") -> Execution:
        """A trade that is nobody's order: by hand, or a liquidation."""
        number = len(self.executions) + 1
        self.move((symbol, position), side * steps)
        made = Execution(f"t{number}", f"manual-{number}", symbol, side, steps, self.prices.get(symbol, 1), now)
        self.executions.append(made)
        return made

    def move(self, key: tuple[str, str], signed: int) -> None:
        """Adds to a position."""
        held = self.positions.get(key, 0) + signed
        if held:
            self.positions[key] = held
        else:
            self.positions.pop(key, None)

    def held(self, symbol: str) -> int:
        """The net position of a symbol, signed."""
        return sum(held for (name, _), held in self.positions.items() if name == symbol)

    def told_positions(self) -> tuple[VenuePosition, ...]:
        """All positions as an answer tells them."""
        return tuple(
            VenuePosition(symbol, 1 if held > 0 else -1, abs(held), name)
            for (symbol, name), held in sorted(self.positions.items())
        )

    def open_orders(self, now: int) -> tuple[OrderState, ...]:
        """Working orders that can be seen by ``now``."""
        return tuple(one.state() for one in self.resting() if one.visible_at <= now)

    def triggered(self, symbol: str, price_ticks: int) -> list[RestingOrder]:
        """Working orders of a symbol that a price fills: market orders, stops it is beyond, limits it has reached."""
        found = []
        for order in self.resting():
            one = order.request
            if one.symbol != symbol:
                continue
            beyond = one.side * (price_ticks - order.price_ticks)
            if (
                one.kind is OrderKind.MARKET
                or (one.kind is OrderKind.STOP and beyond >= 0)
                or (one.kind is OrderKind.LIMIT and beyond <= 0)
            ):
                found.append(order)
        return found
