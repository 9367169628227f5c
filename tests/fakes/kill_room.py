"""A whole engine with its guard and order manager before a hostile venue, under orders of people at random moments."""

from __future__ import annotations

from collections import Counter

import msgspec
import numpy as np

from tests.fakes.guarded import Wish, _told, plan_of
from tests.fakes.order_room import CALM, NASTY
from tradewind.adapters.execution.hostile import HostileVenue
from tradewind.adapters.sim_clock import ManualClock
from tradewind.app.order_desk import RequestQueue, SteppedDesk
from tradewind.app.wiring import sequencer_for
from tradewind.engine.orders.params import OrderParams
from tradewind.engine.snapshot import restore_engine, snapshot_engine
from tradewind.model.bar import Bar
from tradewind.model.event import BarClosed, Command, InputEvent
from tradewind.model.guard import GuardState
from tradewind.model.order import Leg
from tradewind.model.output import Output
from tradewind.model.timeframe import HOUR, SECOND, Timeframe
from tradewind.model.venue import Action, OrderStatus, VenueRequest

SYMBOL = "EUR/USD"
ORDERS = (("kill_on", ""), ("kill_off", ""), ("reduce", ""), ("resume", ""), ("resume", "stopped"), ("liquidate", ""),
          ("rollback", ""), ("pause", ""), *[("kill_off", ""), ("resume", ""), ("resume", "stopped")] * 3)  # fmt: skip


class KillRoom:
    """``seed`` draws everything. The law speaks at every output: nothing that adds risk while the guard is not NORMAL.

    ``protected`` counts by state what left all the same: stops, targets, exits, withdrawals.
    """

    def __init__(self, seed: int, *, netting: bool = True) -> None:
        self.params = OrderParams(venue="hostile", netting=netting, falls_back=True)
        self.plan = msgspec.structs.replace(
            plan_of((SYMBOL,), risk_per_trade=0.01, daily_loss_limit=1.0, max_drawdown=0.9, drawdown_alert=0.0),
            orders=self.params,
        )
        self.rng = np.random.default_rng(seed)
        self.now = 1_778_479_200 * SECOND  # 2026-05-11 06:00 UTC, a Monday
        self.clock = ManualClock(self.now)
        self.price = 110_000
        self.instrument = self.plan.symbols[0].instrument
        self.venue = HostileVenue(
            self.rng, NASTY, hedging=not netting, instruments={SYMBOL: self.instrument}
        )  # fmt: skip
        self.venue.tick(SYMBOL, self.price, self.now)
        self.engine = _told(self.plan, on_paper=True)
        self.protected: Counter[tuple[GuardState, str]] = Counter()
        self.entries = 0
        self.requests = 0
        self.restarts = 0
        self.desk = self._desk()

    def _desk(self) -> SteppedDesk:
        manager = self.engine.orders
        assert manager is not None
        desk = SteppedDesk(manager, self.venue, self.clock, RequestQueue())
        desk.begin()
        return desk

    def feed(self, event: InputEvent) -> list[Output]:
        """One event; what leaves because of it must be allowed."""
        outputs = self.engine.process(event)
        state = self.engine.guard.state
        for one in outputs:
            if isinstance(one, VenueRequest):
                adds = one.action is Action.PLACE and not one.reduce_only
                assert not adds or state is GuardState.NORMAL, (state, event, one)
                self.entries += adds
                if not adds and one.action in (Action.PLACE, Action.AMEND, Action.CANCEL):
                    self.protected[state, one.leg.value if one.leg else one.action.value] += 1
        self.desk.take(outputs)
        return outputs

    def settle(self) -> None:
        while events := self.desk.heard():
            for event in events:
                self.feed(event)

    def wait(self, seconds: float, pace_s: float = 1.0) -> None:
        until = self.now + round(seconds * SECOND)
        while self.now < until:
            self.now = min(self.now + round(pace_s * SECOND), until)
            self.clock.advance_to(self.now)
            self.venue.tick(SYMBOL, self.price, self.now)
            self.settle()

    def hour(self) -> None:
        """The rest of the hour, then its bar; sometimes somebody wishes a trade at its close."""
        before = self.price
        self.now = (self.now // HOUR + 1) * HOUR
        self.price = max(before + round((self.rng.random() - 0.5) * 400), 1000)
        self.clock.advance_to(self.now)
        self.venue.tick(SYMBOL, self.price, self.now)
        self.settle()
        if self.rng.random() < 0.7:
            self.engine.wishes[SYMBOL] = Wish(1 if self.rng.random() < 0.5 else -1, 0.004, 2.0)
        a, b = before * 1e-5, self.price * 1e-5
        self.feed(BarClosed(Bar(SYMBOL, Timeframe.H1, self.now - HOUR, self.now, a, max(a, b), min(a, b), b, 1.0)))
        self.settle()

    def order(self, verb: str, argument: str = "") -> None:
        self.requests += 1
        self.feed(Command(verb, "storm", self.now, argument, f"r{self.requests}", "drill"))
        self.settle()

    def restart(self) -> None:
        """The process dies with everything unsent and unheard; the guard is as it was."""
        state = self.engine.guard.state
        kept = snapshot_engine(self.engine, sequencer_for(self.plan))
        self.engine = _told(self.plan, on_paper=True)
        restore_engine(self.engine, sequencer_for(self.plan), kept)
        assert self.engine.guard.state is state
        self.venue.forget()
        self.restarts += 1
        self.desk = self._desk()
        self.settle()

    def storm(self, steps: int) -> None:
        """Orders, restarts and time in any order."""
        for _ in range(steps):
            drawn = self.rng.random()
            if drawn < 0.30:
                self.order(*ORDERS[int(self.rng.random() * len(ORDERS))])
            elif drawn < 0.36:
                self.restart()
            elif drawn < 0.70:
                self.hour()
            self.wait(self.rng.random() * 6.0, 0.7)

    def calm(self) -> None:
        """Faults stop, and time goes by."""
        self.venue.mix = CALM
        self.venue.maintenance_until = 0
        self.order("reconcile")
        self.wait(120.0)

    def held(self) -> int:
        """Steps at the venue, signed, by its own truth."""
        return sum(self.venue.truth.positions.values())

    def at_rest(self) -> None:
        """Every step that is held lies behind a stop of its size; nothing else rests at the venue."""
        manager = self.engine.orders
        assert manager is not None
        book = manager.book
        working = [one for one in self.venue.truth.orders.values() if one.status is OrderStatus.WORKING]
        for exposure in book.exposures.values():
            stops = [o for o in working if o.request.position == exposure.signal_id and o.request.leg is Leg.STOP]
            assert sum(one.left for one in stops) == exposure.held, (exposure, stops)
        assert all(one.request.position in book.exposures for one in working)
        assert not [one for one in working if one.request.leg is Leg.ENTRY]
        assert sum(one.side * one.held for one in book.exposures.values()) == self.held()
