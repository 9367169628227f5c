"""A seeded run of the whole service: time is a heap of events, after each of which every law is checked.

The service is the product's own store, session, finality, sequencer and engine; only clock, venue, disk, process and
people are simulated. The same seed gives the same run, event by event; a breach names seed, event and what led to it.
"""

from __future__ import annotations

import heapq
import tempfile
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from tradewind.adapters.wall_clock import WallClock
from tradewind.engine.plan import EnginePlan
from tradewind.errors import Corrupt, Retryable, TradewindError, Unavailable
from tradewind.fleetsim.chat import ChatRoom, unheard
from tradewind.fleetsim.clock import VirtualClock
from tradewind.fleetsim.evidence import Evidence
from tradewind.fleetsim.exchange import Exchange
from tradewind.fleetsim.faults import OF_BOT_YEAR, ROWS, FaultKind, FaultMix, ScheduledFault, draw
from tradewind.fleetsim.firm_laws import FirmLaws
from tradewind.fleetsim.invariants import Laws
from tradewind.fleetsim.lives import Lives
from tradewind.fleetsim.newsroom import NewsDesk, Newsroom
from tradewind.fleetsim.operator import look
from tradewind.fleetsim.order_laws import OrderLaws
from tradewind.fleetsim.people import People
from tradewind.fleetsim.reference import breaches_at_the_end
from tradewind.fleetsim.report import SimulationReport
from tradewind.fleetsim.seeded import SeededRng, SeededScheduler
from tradewind.fleetsim.service import Habits
from tradewind.fleetsim.strikes import Strikes
from tradewind.fleetsim.venue import Delivery, SimulatedVenue
from tradewind.fleetsim.world import TWO_MARKETS, Horizon, Tier, changes, horizon, markets, plan, settings_of
from tradewind.model.event import Command
from tradewind.model.timeframe import DAY, HOUR, SECOND
from tradewind.ports.market import Update
from tradewind.ports.process import Crashed

IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108  # nosec B108  # a folder of our own is made in it
LAST: Final = 20
EVENTS_A_DAY: Final = 280


class _Event(NamedTuple):
    at: int
    number: int
    label: str
    work: Callable[[], Awaitable[None]]
    counted: bool


class Simulation:
    """One run. ``schedule`` replaces what the seed would draw, to replay a part of it."""

    def __init__(
        self, seed: int, length: int, mix: FaultMix, schedule: Sequence[ScheduledFault] | None, folder: Path, tier: Tier
    ) -> None:
        rng = SeededRng(seed)
        self.seed = seed
        self.tier = tier
        self.times: Horizon = horizon(tier, rng, length)
        mix = mix if tier.orders is not None else mix.without(OF_BOT_YEAR)
        self.schedule = (
            draw(mix, tier.symbols, self.times.start, self.times.calm, rng.generator("faults"))
            if schedule is None
            else tuple(schedule)
        )
        if schedule is None and FaultKind.CLOCK_CHANGE in mix.kinds:
            self.schedule = tuple(sorted((*self.schedule, *changes(tier, self.times))))
        if schedule is None and FaultKind.CONFIDENCE_SWINGS in mix.kinds:
            share = float(rng.generator("swings").random())
            middle = (self.times.start + self.times.calm) // 2
            swings = ScheduledFault(middle, FaultKind.CONFIDENCE_SWINGS, tier.symbols[0], 1 + seed % 5, share)
            self.schedule = tuple(sorted((*self.schedule, swings)))
        self.plan: EnginePlan = plan(tier.name)
        self.clock = VirtualClock(self.times.start)
        truth = markets(tier, self.times, rng, self.schedule)
        self.venue = SimulatedVenue(truth, self.clock, rng.generator("venue"), tier.chatter)
        self.evidence = Evidence(self.venue, self.clock, self.plan, tier.kept)
        self.people = People(self.evidence.is_durable)
        self.evidence.heard = self.people.heard
        self.room = ChatRoom(self.clock)
        self.injected: Counter[FaultKind] = Counter()
        instruments = {one.instrument.symbol: one.instrument for one in self.plan.symbols}
        self.exchange = None if tier.orders is None else Exchange(instruments, rng.generator("exchange"), self.happened)
        self.folder = folder
        self.newsroom = self.desk_of_news = None
        if self.plan.asks_for("calendar"):
            self.newsroom = Newsroom(self.clock, self.times.first, self.times.end, rng.generator("news"))
            self.desk_of_news = NewsDesk(self.newsroom, folder, settings_of(tier))
        firm = None if self.plan.guard is None else self.plan.guard.firm
        self.laws = Laws(
            None if self.exchange is None else OrderLaws(self.exchange),
            None if firm is None else FirmLaws(instruments, self.plan.opening_balance, firm.buffer),
            None if self.desk_of_news is None else self.desk_of_news.laws,
        )
        batch = tier.batches[int(rng.generator("habits").integers(len(tier.batches)))]
        habits = Habits(commit_every=batch, snapshot_every=tier.snapshot_every, down=tier.down)
        self.lives = Lives(
            self.plan, folder, self.venue, self.clock, self.people, self.room, self.evidence, habits, self.times,
            self.schedule, rng, always_recorded=tier.always_recorded, exchange=self.exchange,
        )  # fmt: skip
        self.events = 0
        self.last: deque[str] = deque(maxlen=LAST)
        self._scheduler = SeededScheduler(rng.generator("order"))
        self._heap: list[_Event] = []
        self._number = 0
        self._talks_at = 0
        self._wakes_at = 0
        self._stalled_until = 0
        self._waiting: deque[Callable[[], Awaitable[None]]] = deque()
        self._strikes = Strikes(self)
        self._hash = sha256()

    def run(self, progress: Callable[[float], None]) -> tuple[str, ...]:
        """Runs to the end of time; returns the breaches of the first event that has any."""
        self.at(self.times.start, "start", self.lives.start)
        for symbol in self.tier.symbols:
            bars = self.venue.truth[symbol]  # none where the market is closed all the while
            first = next((n for n, bar in enumerate(bars) if bar.ts_open >= self.times.start), len(bars))
            self._bar_opens(symbol, first)
        self._hour(self.times.start + HOUR)
        for fault in self.schedule:
            self.at(fault.at, f"fault: {fault}", lambda fault=fault: self._strikes.strike(fault))  # type: ignore[misc]
        broken: list[str] = []
        try:
            while self._heap and self._heap[0].at <= self.times.end and not broken:
                self._instant()
                self._talk()
                if self.exchange is not None:
                    self._wake(self.exchange)
                broken = self._judge()
                if self.events % 4096 == 0:
                    progress((self.clock.true - self.times.start) / DAY)
            if not broken:
                broken = breaches_at_the_end(self.evidence, self.plan, self.times)
                mouth = self.lives.service.mouth if self.lives.service is not None else None
                broken += unheard(self.room, mouth, self.evidence.posts)
        finally:
            self.lives.bury()
        return tuple(broken)

    @property
    def state_hash(self) -> str:
        """sha256 over every event: what it was, and where the journal stood after it."""
        return self._hash.hexdigest()

    def _instant(self) -> None:
        """Everything that is due at one moment, in seeded order; a death ends what the process was doing."""
        heap = self._heap
        at = heap[0].at
        self.clock.advance_to(at)
        alone = None
        while heap and heap[0].at == at:
            event = heapq.heappop(heap)
            if event.counted:
                self.events += 1
                label = f"{self.events} +{(at - self.times.start) / SECOND:.1f} s {event.label}"
                self.last.append(label)
                self._hash.update(label.encode())
            if self._scheduler.idle and not (heap and heap[0].at == at):
                alone = event.work  # nearly always: there is no order to draw
            else:
                self._scheduler.spawn(f"{event.number} {event.label}", event.work)
        while True:
            try:
                if alone is not None:
                    work, alone = alone, None
                    self._scheduler.alone(work)
                self._scheduler.run()
                return
            except Crashed as death:
                self.die(f"died at {death}")
            except TradewindError as error:
                disk = self.lives.disk
                if disk is None or not disk.cut_off:
                    self._refused(error)
                else:
                    self.die("the power went")
            except Exception as error:
                error.add_note("\n".join((f"seed {self.seed}, last events:", *self.last)))
                raise

    def _talk(self) -> None:
        """What is owed to the chat leaves as soon as it may."""
        service = self.lives.service
        if service is None or not service.warmed or self.clock.true < self._stalled_until:
            return
        wait = service.mouth.next_in()
        if wait is None:
            return
        at = self.clock.true + wait
        if not self.clock.true < self._talks_at <= at:
            self._talks_at = max(at, self.clock.true + SECOND // 1000)
            self.at(self._talks_at, "carry", self._carry)

    async def _carry(self) -> None:
        service = self.lives.service
        if service is not None and service.warmed and not self.stalled(self._carry):
            await service.mouth.carry()

    def _wake(self, exchange: Exchange) -> None:
        """The service hears of its orders as soon as there is something to hear, and looks when it wanted to look."""
        service = self.lives.service
        if service is None or self.clock.true < self._stalled_until:
            return
        at = service.listens_at(exchange)
        if at is not None and not self.clock.true < self._wakes_at <= at:
            self._wakes_at = max(at, self.clock.true + SECOND // 10)
            self.at(self._wakes_at, "orders", self._listen)

    async def _listen(self) -> None:
        service = self.lives.service
        if service is not None and service.warmed and not self.stalled(self._listen):
            service.session.obey()

    def happened(self, kind: FaultKind) -> None:
        """A fault has acted."""
        self.injected[kind] += 1
        if kind is FaultKind.CANCEL_RACE:
            order = Command("cancel_all", "a person", 0, reason="a race with a fill")
            self.at(self.clock.true + SECOND // 10, "order: cancel_all", lambda: self._strikes.obey(order))

    def _judge(self) -> list[str]:
        """Every law, after every event."""
        evidence, service = self.evidence, self.lives.service
        evidence.engine = service.engine if service is not None else None
        evidence.able = service is not None and service.warmed
        if service is not None and self.events % self.tier.sizes_every == 0:
            evidence.sizes = dict(service.sizes())
        self._hash.update(evidence.hash)
        broken = self.laws.check(evidence)
        if self.room.breaches or evidence.broken:
            broken = [*self.room.breaches, *evidence.broken, *broken]
            self.room.breaches.clear()
            evidence.broken.clear()
        return broken

    # -- what happens -------------------------------------------------------------------------------------------------

    def at(self, at: int, label: str, work: Callable[[], Awaitable[None]], *, counted: bool = True) -> None:
        """Something will happen; what only prepares later events is not ``counted``."""
        self._number += 1
        heapq.heappush(self._heap, _Event(at, self._number, label, work, counted))

    def _hour(self, hour: int) -> None:
        """Looks at the clock after a full hour; the last one prepares the next hour."""
        for after in self.tier.ticks:
            self.at(hour + after, "tick", self._tick)
        if hour < self.times.end:
            self.at(hour, "hour", lambda: self._next_hour(hour + HOUR), counted=False)

    async def _next_hour(self, hour: int) -> None:
        self._hour(hour)
        if self.clock.true < self._stalled_until:
            return
        service = self.lives.service
        if self.exchange is not None and look(service, self.exchange, self.clock.true):
            self.last.append(f"{self.events} the operator acts")
        if self.desk_of_news is not None and service is not None and service.warmed:
            await self.desk_of_news.task(service, self.clock.true)

    async def _tick(self) -> None:
        if self.lives.service is not None and not self.stalled(self._tick):
            await self.lives.service.intake.pass_time()

    def stall(self, until: int) -> None:
        """The process does nothing until then; what comes meanwhile waits for it in order."""
        self._stalled_until = until
        self.at(until, "the process goes on", self._go_on)

    def stalled(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Whether the process does nothing; then ``work`` waits until it does."""
        if self.clock.true >= self._stalled_until:
            return False
        self._waiting.append(work)
        return True

    async def _go_on(self) -> None:
        while self._waiting:
            await self._waiting.popleft()()

    def _bar_opens(self, symbol: str, position: int) -> None:
        bars = self.venue.truth[symbol]
        if position >= len(bars) or bars[position].ts_open > self.times.end:
            return
        for delivery in self.venue.deliveries(symbol, position):
            self.at(delivery.at, f"{symbol} {_word(delivery)}", lambda one=delivery: self._speak(one))  # type: ignore[misc]
        following = bars[position].ts_close
        self.at(following, f"{symbol} next bar", lambda: self._next_bar(symbol, position + 1), counted=False)

    async def _next_bar(self, symbol: str, position: int) -> None:
        if self.exchange is not None:
            self.exchange.show(self.venue.truth[symbol][position - 1])
        self._bar_opens(symbol, position)

    async def _speak(self, delivery: Delivery) -> None:
        """The venue says something; a fault may have other plans for it."""
        for one in self.venue.spoken(delivery):
            if one.at > self.clock.true:
                self.at(one.at, f"late {_word(one)}", lambda one=one: self.hear(one))  # type: ignore[misc]
            else:
                await self.hear(one)

    async def hear(self, delivery: Delivery) -> None:
        """The service hears what the venue says, where one is alive."""
        if self.lives.service is not None and not self.stalled(partial(self.hear, delivery)):
            item = delivery.item
            received = self.clock.now()
            await self.lives.service.intake.take(msgspec.structs.replace(item, ts_recv=received))

    def die(self, how: str) -> None:
        """The process is gone, and somebody starts it again."""
        self.last.append(f"{self.events} {how}")
        self._waiting.clear()
        self._stalled_until = 0
        self.start_after(self.lives.die())

    def start_after(self, wait: int) -> None:
        """Somebody starts the process in ``wait`` ns."""
        self.at(self.clock.true + wait, "start", self.lives.start)

    def _refused(self, error: TradewindError) -> None:
        """The service could not start or go on; a start that failed for a passing reason is tried again."""
        words = str(error).replace(str(self.lives.folder), "")  # its name is the one thing no seed decides
        if self.lives.misplaced and isinstance(error, Corrupt):
            self.lives.bring_back()
        elif not isinstance(error, Unavailable | Retryable):
            self.evidence.refusals.append(f"the service gave up: {words}")
        self.die(f"gave up: {words}")


def _word(delivery: Delivery) -> str:
    item = delivery.item
    if isinstance(item, Update):
        return f"{'closed' if item.closed else 'forming'} {item.bar.ts_close // SECOND}"
    return type(item).__name__.lower()


def run_simulation(
    seed: int,
    *,
    events: int = 0,
    days: float = 0.0,
    mix: FaultMix | None = None,
    schedule: Sequence[ScheduledFault] | None = None,
    tier: Tier = TWO_MARKETS,
    progress: Callable[[float], None] = lambda _: None,
) -> SimulationReport:
    """Runs one seed for at least ``events`` events, or ``days`` of faults; healing follows them.

    ``schedule`` replaces the faults the seed would draw from ``mix``. ``progress`` hears of simulated days.
    """
    mix = mix or FaultMix()
    length = int(days * DAY) if days else max(1, -(-events // EVENTS_A_DAY)) * DAY
    watch = WallClock()
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as name:
        run = Simulation(seed, length, mix, schedule, Path(name), tier)
        begun = watch.monotonic()
        violations = run.run(progress)
        seconds = (watch.monotonic() - begun) / SECOND
    rows: Counter[str] = Counter()
    for kind, count in run.injected.items():
        rows[ROWS[kind]] += count
    return SimulationReport(
        seed=seed,
        events=run.events,
        simulated_days=(run.clock.true - run.times.start) / DAY,
        faults={str(kind): count for kind, count in sorted(run.injected.items())},
        rows=dict(sorted(rows.items())),
        restarts=run.lives.restarts,
        entries=run.evidence.seq,
        signals=run.evidence.signals,
        trades=run.evidence.trades,
        violations=violations,
        last_events=tuple(run.last),
        schedule=run.schedule,
        digest=run.evidence.digest.hex(),
        state_hash=run.state_hash,
        invariants_checked=run.laws.checked,
        tier=tier.name,
        seconds=seconds,
    )
