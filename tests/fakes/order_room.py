"""An order manager, its account and a hostile venue in one room: every input is kept, so that any life can be repeated.

The laws are checked against the venue's own truth after every event, not against what the manager believes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import msgspec
import numpy as np

from tests.fakes.desk import utc
from tradewind.adapters.execution.hostile import HostileMix, HostileVenue
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.codec import encode_outputs
from tradewind.app.order_desk import RequestQueue, SteppedDesk
from tradewind.engine.orders.approval import Obeyed
from tradewind.engine.orders.manager import OrderManager
from tradewind.engine.orders.params import OrderParams
from tradewind.engine.portfolio import Portfolio
from tradewind.engine.rates import Rates
from tradewind.model.decision import Bracket, Consensus, Signal
from tradewind.model.event import Asked, Command
from tradewind.model.instrument import Instrument
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.notice import Notice
from tradewind.model.order import Charge, Fill, Leg, OrderIntent, Refusal
from tradewind.model.outcome import Outcome, Trade
from tradewind.model.output import Output
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import HOUR, SECOND, Timeframe
from tradewind.model.venue import Action, OrderStatus, OrderUpdate, ReportKind, VenueReport, VenueRequest

START = utc("2026-05-11 08:00")
PRICE = 110_000
CALM = HostileMix()
NASTY = HostileMix(
    lost_request=0.06,
    lost_answer=0.08,
    page=0.04,
    late_reject=0.02,
    refused=0.05,
    stop_refused=0.10,
    amend_refused=0.10,
    cancel_refused=0.05,
    limited=0.02,
    partial=0.5,
    invisible=0.15,
    late_message=0.2,
    lost_message=0.1,
    doubled_message=0.2,
    unlisted=0.1,
    slippage_ticks=3,
)

Step = tuple[str, object]


class Life:
    """What dies with the process: the manager and the account."""

    def __init__(self, params: OrderParams) -> None:
        table: dict[str, Instrument] = dict(INSTRUMENTS)
        self.rates = Rates("USD", table.values())
        self.portfolio = Portfolio(table, Decimal(100_000), self.rates, calendar_of("fx"))
        self.manager = OrderManager(table, params)
        self.obeyed = Obeyed()

    def process(self, step: Step) -> list[Output]:
        """One input, as the engine hands it on."""
        what, about = step
        if what == "signal":
            assert isinstance(about, tuple)
            signal, intent = about
            self.portfolio.on_signal(signal)
            self.manager.submit(intent)
        elif what == "close":
            self.manager.close(str(about), Leg.CLOSE)
        elif what == "cancel":
            self.manager.cancel(str(about))
        elif what == "amend":
            assert isinstance(about, tuple)
            self.manager.amend(*about)
        elif isinstance(about, VenueReport):
            self.manager.on_report(about)
        elif isinstance(about, Asked):
            self.manager.on_time(about.ts)
        elif isinstance(about, Command):
            self.obeyed = self.manager.obey(about)
        outputs: list[Output] = []
        for told in self.manager.drain():
            outputs.append(told)
            if isinstance(told, Fill):
                outputs.extend(self.portfolio.on_fill(told))
            elif isinstance(told, Charge):
                self.portfolio.on_charge(told)
            elif isinstance(told, Refusal):
                outputs.extend(self.portfolio.on_refusal(told))
            elif isinstance(told, OrderUpdate) and told.leg is Leg.ENTRY and told.ended:
                outputs.extend(self.portfolio.on_entry_over(told.signal_id, told.ts))
        return outputs


class OrderRoom:
    """``seed`` draws every fault. ``laws`` are broken by raising AssertionError with the seed's story in ``inputs``."""

    def __init__(
        self, seed: int, mix: HostileMix = CALM, params: OrderParams | None = None, *, budget: int = 0
    ) -> None:
        self.params = params or OrderParams()
        self.clock = ManualClock(START)
        self.rng = np.random.default_rng(seed)
        self.venue = HostileVenue(self.rng, mix, hedging=not self.params.netting)
        self.life = Life(self.params)
        self.inputs: list[Step] = []
        self.outputs: list[Output] = []
        self.recorded: list[bytes] = []
        self.budget = budget
        self.kills = 0
        self.intended: dict[str, int] = {}
        self.entry_ids: dict[str, str] = {}
        self.fresh = False
        self.laws: list[Callable[[], None]] = [self.identity, self.asked_to_protect]
        self.price = PRICE
        self.venue.tick("EUR/USD", PRICE, START)
        self.desk = self._desk()

    def _desk(self) -> SteppedDesk:
        self.fresh = False
        desk = SteppedDesk(self.life.manager, self.venue, self.clock, RequestQueue(self.budget))
        desk.begin()
        return desk

    @property
    def manager(self) -> OrderManager:
        return self.life.manager

    @property
    def now(self) -> int:
        return self.clock.now()

    def signal(self, name: str, side: int, steps: int, *, stop: int = 300, target: int = 600, **about: object) -> str:
        """A signal at the price, with stop and target that many ticks away; ``about`` sets fields of the intent."""
        instrument = INSTRUMENTS["EUR/USD"]
        at = self.price
        bracket = Bracket(side, 0.0, 0.0, 0.0, 0.0, 0.0, instrument.to_lots(steps), 100.0, 0, 0.0, 0.0)
        consensus = Consensus(side, 1.0, (), 1, 1.0, None, None, None, None, "")
        now = self.now
        told = Signal(name, "EUR/USD", Timeframe.H1, now, now + HOUR, bracket, consensus, "", ())
        intent = OrderIntent(
            f"{name}-entry", name, "EUR/USD", side, steps, at - side * stop, at + side * target if target else 0, 0, now
        )
        intent = msgspec.structs.replace(intent, **about)
        self.intended[name] = steps
        self.entry_ids[name] = intent.client_id
        self.take(("signal", (told, intent)))
        return name

    def take(self, step: Step) -> None:
        """Journals and processes one input, then hands requests on, then lets the laws speak."""
        self.inputs.append(step)
        before = self.manager.book.adds_risk
        outputs = self.life.process(step)
        self.recorded.append(encode_outputs(outputs))
        self.outputs += outputs
        self.reconcile_first(step, outputs, before)
        self.desk.take(outputs)
        for law in self.laws:
            law()

    def settle(self) -> None:
        """Until nobody has anything to say at this moment."""
        while events := self.desk.heard():
            for event in events:
                self.take(("event", event))

    def run(self, seconds: float, *, pace_s: float = 0.5, tick: Callable[[], None] | None = None) -> None:
        """Lets time go by in small steps."""
        until = self.now + round(seconds * SECOND)
        while self.now < until:
            self.clock.advance_to(min(self.now + round(pace_s * SECOND), until))
            if tick is not None:
                tick()
            self.settle()

    def to_price(self, price: int) -> None:
        """The market moves."""
        self.price = price
        self.venue.tick("EUR/USD", price, self.now)
        self.settle()

    def walk(self) -> None:
        """A step of a random walk of the price, seen by the venue alone."""
        self.price = max(self.price + round((self.rng.random() - 0.5) * 120), 1000)
        self.venue.tick("EUR/USD", self.price, self.now)

    def kill(self) -> None:
        """The process dies with everything unsent and unheard; the next one replays the journal."""
        old = self.manager.snapshot()
        self.kills += 1
        life = Life(self.params)
        for step, recorded in zip(self.inputs, self.recorded, strict=True):
            assert encode_outputs(life.process(step)) == recorded, f"another answer to {step}"
        assert life.manager.snapshot() == old
        assert life.portfolio.balance == self.life.portfolio.balance
        self.life = life
        self.desk = self._desk()

    def heal(self, seconds: float = 300.0) -> None:
        """Faults stop, and time goes by."""
        self.venue.mix = CALM
        self.venue.maintenance_until = 0
        self.run(seconds, pace_s=1.0, tick=lambda: self.venue.tick("EUR/USD", self.price, self.now))

    def notices(self) -> Counter[str]:
        return Counter(one.code for one in self.outputs if isinstance(one, Notice))

    def fills(self) -> list[Fill]:
        return [one for one in self.outputs if isinstance(one, Fill)]

    def trades(self) -> list[Trade]:
        return [one for one in self.outputs if isinstance(one, Trade)]

    def outcomes(self) -> list[Outcome]:
        return [one for one in self.outputs if isinstance(one, Outcome)]

    def requests(self, action: Action) -> list[VenueRequest]:
        return [one for one in self.outputs if isinstance(one, VenueRequest) and one.action is action]

    def identity(self) -> None:
        """INV-07: one intent is at most one entry at the venue, never filled beyond what was intended."""
        found: Counter[str] = Counter()
        for order in self.venue.truth.orders.values():
            if order.request.leg is Leg.ENTRY:
                found[order.request.client_id] += 1
                assert order.filled <= self.intended.get(order.request.position, order.filled)
        entries = Counter(one.position for one in self.requests(Action.PLACE) if one.leg is Leg.ENTRY)
        assert all(count == 1 for count in entries.values()), entries
        assert all(count == 1 for count in found.values()), found

    def reconcile_first(self, step: Step, outputs: list[Output], before: bool) -> None:
        """INV-13: nothing that adds risk between a connection and a whole snapshot."""
        about = step[1]
        if isinstance(about, VenueReport):
            if about.kind is ReportKind.LINK:
                self.fresh = False
            elif about.kind is ReportKind.SNAPSHOT:
                self.fresh = True
        adding = [
            one
            for one in outputs
            if isinstance(one, VenueRequest) and one.action is Action.PLACE and not one.reduce_only
        ]
        assert self.fresh or not adding

    def asked_to_protect(self) -> None:
        """INV-08 as far as it is ours: nothing known to be held stays unproven beyond its time without a way out."""
        book = self.manager.book
        for exposure in book.exposures.values():
            if not exposure.held or not exposure.naked_since:
                continue
            waited = book.now - exposure.naked_since
            assert waited < self.params.protect_within or exposure.leaving, exposure

    def at_rest(self) -> None:
        """After faults stopped: the venue holds what we hold, each unit behind one stop; nothing else rests."""
        truth, book = self.venue.truth, self.manager.book
        working = [one for one in truth.orders.values() if one.status is OrderStatus.WORKING]
        ours = Counter[tuple[str, str]]()
        for exposure in book.exposures.values():
            name = exposure.signal_id if truth.hedging else ""
            ours[exposure.symbol, name] += exposure.side * exposure.held
        beside = sum(book.external.values())
        assert sum(truth.positions.values()) == sum(ours.values()) + beside, (truth.positions, ours, book.external)
        for exposure in book.exposures.values():
            stops = [o for o in working if o.request.position == exposure.signal_id and o.request.leg is Leg.STOP]
            assert sum(one.left for one in stops) == exposure.held, (exposure, stops)
        for order in working:
            assert order.request.position in book.exposures, order
        assert not book.in_doubt
        assert not book.suspicions

    def conserved(self) -> None:
        """INV-14: every execution of ours is booked exactly once, and the ledger is their sum."""
        booked: Counter[str] = Counter()
        for fill in self.fills():
            booked[fill.client_id] += fill.steps
        for name, order in self.venue.truth.orders.items():
            assert booked[name] == order.filled, (name, booked[name], order)
        if not self.venue.truth.positions and not self.manager.book.exposures:
            cash = sum((self._cash(fill) for fill in self.fills()), Decimal(0))
            assert self.life.portfolio.balance == Decimal(100_000) + cash
            assert sum((Decimal(one.net) for one in self.trades()), Decimal(0)) == cash

    @staticmethod
    def _cash(fill: Fill) -> Decimal:
        """Ticks of EUR/USD to dollars: 0.00001 x 100,000 x 0.01 lots a step = 0.01."""
        return Decimal(-fill.side * fill.price_ticks * fill.steps) * Decimal("0.01")
