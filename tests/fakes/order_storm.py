"""A seed's worth of trouble: signals, moves, kills, cuts, hands of strangers, and every fault of the hostile venue."""

from __future__ import annotations

import msgspec

from tests.fakes.order_room import NASTY, OrderRoom
from tradewind.adapters.execution.hostile import HostileMix
from tradewind.engine.orders.params import OrderParams
from tradewind.model.event import Command
from tradewind.model.timeframe import SECOND
from tradewind.model.venue import Action


class Storm:
    """One room under a storm of ``steps`` things that happen; ``strangers``: somebody trades beside us as well."""

    def __init__(
        self,
        seed: int,
        *,
        mix: HostileMix = NASTY,
        params: OrderParams | None = None,
        strangers: float = 0.0,
        kills: float = 0.02,
        replace: bool = True,
    ) -> None:
        self.room = OrderRoom(seed, mix, params)
        self.mix = mix
        self.strangers = strangers
        self.kills = kills
        self.signals = 0
        self.faults = 0

    def run(self, steps: int) -> OrderRoom:
        """Steps of the storm, then calm weather and the laws of rest."""
        for _ in range(steps):
            self.step()
        self.calm()
        return self.room

    def step(self) -> None:
        """One thing happens, then a moment passes."""
        room, rng = self.room, self.room.rng
        drawn = rng.random()
        held = [one for one in room.manager.book.exposures.values() if one.held]
        if drawn < 0.10:
            self.signal()
        elif drawn < 0.14 and held:
            room.take(("close", held[int(rng.random() * len(held))].signal_id))
        elif drawn < 0.20 and held:
            one = held[int(rng.random() * len(held))]
            room.take(("amend", (one.signal_id, room.price - one.side * (200 + int(rng.random() * 200)))))
        elif drawn < 0.20 + self.kills:
            room.kill()
        elif drawn < 0.24:
            self.cut()
        elif drawn < 0.25:
            room.venue.maintenance_until = room.now + round(rng.random() * 90 * SECOND)
        elif drawn < 0.26:
            room.take(("event", Command("cancel_all", "storm", room.now)))
        elif drawn < 0.26 + self.strangers:
            self.stranger()
        room.settle()
        room.run(0.1 + 4.0 * rng.random(), tick=room.walk if rng.random() < 0.6 else None)

    def signal(self) -> None:
        """A new trade, where the symbol is free or signals are kept apart."""
        book = self.room.manager.book
        if not book.exposures or (self.room.rng.random() < 0.5 and len(book.exposures) < 3):
            self.signals += 1
            side = 1 if self.room.rng.random() < 0.5 else -1
            self.room.signal(f"S{self.signals}", side, 1 + int(self.room.rng.random() * 9))

    def cut(self) -> None:
        """The connection is lost and made again; what was on its way is gone."""
        self.room.desk.disconnected("cut")
        self.room.settle()
        self.room.run(self.room.rng.random() * 20, tick=self.room.walk)
        self.room.venue.forget()
        self.room.desk.connected()

    def stranger(self) -> None:
        """A trade by hand, or a liquidation."""
        rng = self.room.rng
        if rng.random() < 0.3:
            self.room.venue.liquidate("EUR/USD", self.room.now)
        else:
            side = 1 if rng.random() < 0.5 else -1
            self.room.venue.by_hand("EUR/USD", side, 1 + int(rng.random() * 5), self.room.now)

    def calm(self) -> None:
        """The storm is over; what must be true of every account at rest."""
        room = self.room
        self.faults = sum(len(room.requests(action)) for action in Action)
        room.heal()
        room.take(("event", Command("reconcile", "storm", room.now)))
        room.settle()
        room.run(30.0, pace_s=1.0)
        room.at_rest()
        if not self.strangers:
            room.conserved()
        assert not room.venue.sins, room.venue.sins[:3]


def mildly(mix: HostileMix = NASTY, **changes: float) -> HostileMix:
    """The mix with other probabilities."""
    return msgspec.structs.replace(mix, **changes)
