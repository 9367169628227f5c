"""One life of the service: the product's store, session and feed intake, wired as a live process wires them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Final

import msgspec

from tradewind.adapters.store.inbox import Inbox
from tradewind.adapters.store.sqlite import CHECKPOINT_PAGES as NATIVE_PAGES
from tradewind.adapters.store.sqlite import SqliteDatabase
from tradewind.adapters.store.store import Store
from tradewind.app.control.desk import ControlDesk
from tradewind.app.feed_intake import FeedIntake, LiveSource
from tradewind.app.market_feed import FeedRules
from tradewind.app.order_desk import RequestQueue, SteppedDesk
from tradewind.app.session import Session
from tradewind.app.stored_run import find_run
from tradewind.app.wiring import engine_for, sequencer_for, started_event
from tradewind.engine.orders.book import NEVER, Book
from tradewind.engine.pipeline import Engine
from tradewind.engine.plan import EnginePlan
from tradewind.engine.sequencer import SeriesKey
from tradewind.errors import Unavailable
from tradewind.fleetsim import apsw_driver
from tradewind.fleetsim.chat import ChatRoom, Mouth, rows
from tradewind.fleetsim.evidence import Evidence, WatchedJournal, engine_state
from tradewind.fleetsim.exchange import BUDGET, Exchange
from tradewind.fleetsim.mortal import MortalProcess
from tradewind.fleetsim.people import People
from tradewind.fleetsim.venue import SimulatedVenue
from tradewind.model.event import Command
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import HOUR
from tradewind.ports.clock import Clock

DATABASE: Final = "service.db"
CHECKPOINT_PAGES: Final = 200
"""Few, so that power cuts meet a log that is being copied back; native lives keep the product's own number."""


PATIENCE_S: Final = 0.02
"""How long a locked store is waited for, in real time."""


class Habits(msgspec.Struct, frozen=True):
    """How the process was configured: events a transaction, entries between snapshots, when a bar is final.

    ``down`` is the longest time until somebody starts it again.
    """

    commit_every: int = 1
    snapshot_every: int = 60
    down: int = 3 * HOUR
    rules: FeedRules = FeedRules()


class Service:
    """A running service. Making one is starting it: open, recover. ``warm_up`` then asks for what was missed."""

    def __init__(
        self,
        plan: EnginePlan,
        folder: Path,
        venue: SimulatedVenue,
        clock: Clock,
        people: People,
        process: MortalProcess,
        evidence: Evidence,
        habits: Habits,
        room: ChatRoom,
        driver: ModuleType = apsw_driver,
        exchange: Exchange | None = None,
    ) -> None:
        instruments = {one.instrument.symbol: one.instrument for one in plan.symbols}
        pages = CHECKPOINT_PAGES if driver is apsw_driver else NATIVE_PAGES
        database = SqliteDatabase(folder / DATABASE, driver=driver, checkpoint_pages=pages, busy_timeout_s=PATIENCE_S)
        self.store = Store.open(database, clock.now(), instruments=instruments, outbox=rows())
        evidence.reopened(self.store.journal)
        self.engine = engine_for(plan)
        self._control = ControlDesk(self.store.database)
        self._ordered = True
        self.desk = None if exchange is None else _desk(self.engine, exchange, clock)
        self.session = Session(
            self.engine,
            sequencer_for(plan),
            WatchedJournal(self.store.journal, evidence),
            people,
            clock,
            process,
            snapshots=self.store.snapshots,
            told=self.store.told,
            commit_every=habits.commit_every,
            snapshot_every=habits.snapshot_every,
            orders=self._orders,
            desk=self.desk,
        )
        keys = tuple(SeriesKey(one.instrument.symbol, one.base) for one in plan.symbols)
        calendars = {key: calendar_of(instruments[key.symbol].calendar) for key in keys}
        self.intake = FeedIntake(self.session, [LiveSource(venue, keys)], calendars, clock, rules=habits.rules)
        self.mouth = Mouth(room, self.store, clock, process, plan.stamp)
        self.begun = 0
        self.warmed = False
        self._plan = plan
        self._clock = clock

    def start(self) -> bool:
        """Recovers what there is, or begins; True when it recovered."""
        run = find_run(self.store)
        self.begun = self._clock.now() if run is None else run.started.ts
        if run is None:
            self.session.begin(started_event(self._plan, self.begun))
            return False
        self.session.recover(run.seq)
        return True

    def put(self, order: Command) -> None:
        """A person gives an order from another shell."""
        with Inbox(self.store.database) as inbox:
            inbox.put(
                order.verb, argument=order.argument, actor=order.actor, reason=order.reason, now=self._clock.now()
            )
        self._ordered = True

    def held(self, symbol: str) -> tuple[int, float] | None:
        """Side of what is held of a symbol, and how far its stop is away as a share of the price; None where flat."""
        holding = self.engine.desks[symbol].holding
        if holding is None or not holding.filled:
            return None
        price = self.engine.closed[-1].close if self.engine.closed else holding.stop
        return holding.side, abs(price - holding.stop) / price

    def listens_at(self, exchange: Exchange) -> int | None:
        """When there is something to hear of orders, or a request may leave; None where nothing is to come."""
        if self.desk is None or not self.warmed:
            return None
        at = self.desk.manager.due
        for other in (exchange.next_due(), self.desk.queue.ready_at(self._clock.now()) if self.desk.queue else None):
            if other is not None and other < at:
                at = other
        return None if at >= NEVER else at

    def _orders(self) -> Sequence[Command]:
        """What the inbox holds; not looked into while nobody has put anything there."""
        if not self._ordered:
            return ()
        found = self._control.due(self.engine.guard, self._clock.now())
        self._ordered = bool(found)
        return found

    def sizes(self) -> Mapping[str, int]:
        """How much everything that is remembered holds, by the names of ``invariants.BOUNDS``."""
        series = self.session.sequencer.state().series
        _, rows = self.store.database.query(
            "SELECT (SELECT count(*) FROM snapshots), (SELECT count(*) FROM candles), (SELECT count(*) FROM lease)"
        )
        snapshots, candles, leases = rows[0]
        orders = self.engine.orders
        book = orders.book if orders is not None else Book()
        return {
            "orders that are over": len(book.past),
            "orders that may matter": len(book.own),
            "requests without an answer": len(book.outstanding),
            "strangers' executions": len(book.known_strangers) + sum(map(len, book.strangers.values())),
            "requests to leave": 0 if self.desk is None else len(self.desk.queue),
            "released bars remembered": max(len(one.recent) for one in series),
            "snapshots": snapshots,
            "candles a series": -(-candles // len(series)),
            "leases": leases,
            "state bytes": len(engine_state(self.engine)),
        }

    def close(self) -> None:
        """Lets go of the files; after a death nobody looks at what this writes."""
        self.store.close()


def _desk(engine: Engine, exchange: Exchange, clock: Clock) -> SteppedDesk:
    manager = engine.orders
    assert manager is not None
    exchange.connected(clock.now())
    return SteppedDesk(manager, exchange, clock, RequestQueue(BUDGET))


def intrude(folder: Path, now: int, driver: ModuleType) -> str:
    """Starts a second instance on the same store; what is wrong if it was let in, else ``""``."""
    database = SqliteDatabase(folder / DATABASE, driver=driver, busy_timeout_s=0.01)
    try:
        Store.open(database, now).close()
    except Unavailable:
        return ""
    return "a second instance was let in"


@cache
def empty_store() -> dict[str, bytes]:
    """The files of a store nothing has run on, made once: migrations cost more than a simulated week."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Store.open(folder / DATABASE, 0).close()
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.name == DATABASE}
