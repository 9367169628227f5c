"""A seeded run of the whole service: time is a heap of events, after each of which every law is checked.

The service is the product's own store, session, finality, sequencer and engine; only clock, venue, disk, process and
people are simulated. The same seed gives the same run, event by event; a breach names seed, event and what led to it.
"""

from __future__ import annotations

import heapq
import tempfile
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from tradewind.adapters.steady_clock import SteadyClock
from tradewind.adapters.store.head_mark import HeadMark
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.live_loop import check_clock
from tradewind.engine.plan import EnginePlan
from tradewind.errors import TradewindError, Unavailable
from tradewind.fleetsim.clock import VirtualClock
from tradewind.fleetsim.evidence import Evidence, engine_state
from tradewind.fleetsim.faults import CHECKPOINTS, ROWS, FaultKind, FaultMix, ScheduledFault, draw
from tradewind.fleetsim.invariants import Laws
from tradewind.fleetsim.mortal import MortalDisk, MortalProcess
from tradewind.fleetsim.people import People
from tradewind.fleetsim.recording_disk import lay_out
from tradewind.fleetsim.reference import breaches_at_the_end
from tradewind.fleetsim.report import SimulationReport
from tradewind.fleetsim.seeded import SeededRng, SeededScheduler
from tradewind.fleetsim.service import DATABASE, Habits, Service, empty_store, intrude
from tradewind.fleetsim.venue import Delivery, SimulatedVenue
from tradewind.fleetsim.world import SYMBOLS, Horizon, horizon, markets, plan
from tradewind.model.timeframe import DAY, HOUR, MINUTE, SECOND
from tradewind.ports.market import Update
from tradewind.ports.process import Crashed

TICKS: Final = (2 * SECOND, 8 * SECOND, 40 * SECOND, 66 * SECOND, 130 * SECOND, 31 * MINUTE)
"""When after each full hour the service looks at the clock without having heard anything."""
IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108  # nosec B108  # a folder of our own is made in it
LAST: Final = 20
EVENTS_A_DAY: Final = 280
NOTES: Final = (".head", ".told")
MAX_CLOCK_OFFSET_S: Final = 60.0


class _Event(NamedTuple):
    at: int
    number: int
    label: str
    work: Callable[[], Awaitable[None]]
    counted: bool


class Simulation:
    """One run. ``schedule`` replaces what the seed would draw, to replay a part of it."""

    def __init__(
        self, seed: int, length: int, mix: FaultMix, schedule: Sequence[ScheduledFault] | None, folder: Path
    ) -> None:
        rng = SeededRng(seed)
        self.seed = seed
        self.times: Horizon = horizon(rng, length)
        self.schedule = (
            draw(mix, SYMBOLS, self.times.start, self.times.calm, rng.generator("faults"))
            if schedule is None
            else tuple(schedule)
        )
        self.plan: EnginePlan = plan()
        self.clock = VirtualClock(self.times.start)
        self.venue = SimulatedVenue(markets(self.times, rng, self.schedule), self.clock, rng.generator("venue"))
        self.evidence = Evidence(self.venue, self.clock, self.plan)
        self.people = People(self.evidence.is_durable)
        self.evidence.heard = self.people.heard
        self.process = MortalProcess(self._passed)
        self.laws = Laws()
        self.habits = Habits(commit_every=(1, 512)[int(rng.generator("habits").integers(2))])
        self.service: Service | None = None
        self.restarts = 0
        self.events = 0
        self.injected: Counter[FaultKind] = Counter()
        self.last: deque[str] = deque(maxlen=LAST)
        self._folder = folder
        self._files = empty_store()
        self._scheduler = SeededScheduler(rng.generator("order"))
        self._deaths = rng.generator("deaths")
        self._disk: MortalDisk | None = None
        self._states: dict[int, bytes] = {}
        self._armed = False
        self._stillborn = int(rng.generator("first start").integers(4))
        self._heap: list[_Event] = []
        self._number = 0
        self._hash = sha256()
        self._start = self.times.start

    def run(self) -> tuple[str, ...]:
        """Runs to the end of time; returns the breaches of the first event that has any."""
        self._at(self.times.start, "start", self._start_service)
        for symbol in SYMBOLS:
            first = next(n for n, bar in enumerate(self.venue.truth[symbol]) if bar.ts_open >= self.times.start)
            self._bar_opens(symbol, first)
        self._hour(self.times.start + HOUR)
        for fault in self.schedule:
            self._at(fault.at, f"fault: {fault}", lambda fault=fault: self._strike(fault))  # type: ignore[misc]
        broken: list[str] = []
        try:
            while self._heap and self._heap[0].at <= self.times.end and not broken:
                self._instant()
                broken = self._judge()
            if not broken:
                broken = breaches_at_the_end(self.evidence, self.plan, self.times)
        finally:
            self._bury()
        return tuple(broken)

    @property
    def state_hash(self) -> str:
        """sha256 over every event: what it was, and where the journal stood after it."""
        return self._hash.hexdigest()

    def _instant(self) -> None:
        """Everything that is due at one moment, in seeded order; a death ends what the process was doing."""
        at = self._heap[0].at
        self.clock.advance_to(at)
        while self._heap and self._heap[0].at == at:
            event = heapq.heappop(self._heap)
            if event.counted:
                self.events += 1
                label = f"{self.events} +{(at - self.times.start) / SECOND:.1f} s {event.label}"
                self.last.append(label)
                self._hash.update(label.encode())
            self._scheduler.spawn(f"{event.number} {event.label}", event.work)
        while True:
            try:
                self._scheduler.run()
                return
            except Crashed as death:
                self._die(f"died at {death}")
            except TradewindError as error:
                if self._disk is None or self._disk.left is None:
                    self._refused(error)
                else:
                    self._die("the power went")

    def _judge(self) -> list[str]:
        """Every law, after every event."""
        evidence = self.evidence
        evidence.engine = self.service.engine if self.service is not None else None
        if self.service is not None and self.events % 64 == 0:
            evidence.sizes = dict(self.service.sizes())
        self._hash.update(evidence.hash)
        return self.laws.check(evidence)

    # -- what happens -------------------------------------------------------------------------------------------------

    def _at(self, at: int, label: str, work: Callable[[], Awaitable[None]], *, counted: bool = True) -> None:
        """Something will happen; what only prepares later events is not ``counted``."""
        self._number += 1
        heapq.heappush(self._heap, _Event(at, self._number, label, work, counted))

    def _hour(self, hour: int) -> None:
        """Looks at the clock after a full hour; the last one prepares the next hour."""
        for after in TICKS:
            self._at(hour + after, "tick", self._tick)
        if hour < self.times.end:
            self._at(hour, "hour", lambda: self._next_hour(hour + HOUR), counted=False)

    async def _next_hour(self, hour: int) -> None:
        self._hour(hour)

    async def _tick(self) -> None:
        if self.service is not None:
            await self.service.intake.pass_time()

    def _bar_opens(self, symbol: str, position: int) -> None:
        bars = self.venue.truth[symbol]
        if position >= len(bars) or bars[position].ts_open > self.times.end:
            return
        for delivery in self.venue.deliveries(symbol, position):
            self._at(delivery.at, f"{symbol} {_word(delivery)}", lambda one=delivery: self._speak(one))  # type: ignore[misc]
        following = bars[position].ts_close
        self._at(following, f"{symbol} next bar", lambda: self._next_bar(symbol, position + 1), counted=False)

    async def _next_bar(self, symbol: str, position: int) -> None:
        self._bar_opens(symbol, position)

    async def _speak(self, delivery: Delivery) -> None:
        """The venue says something; a fault may have other plans for it."""
        for one in self.venue.spoken(delivery):
            if one.at > self.clock.true:
                self._at(one.at, f"late {_word(one)}", lambda one=one: self._hear(one))  # type: ignore[misc]
            else:
                await self._hear(one)

    async def _hear(self, delivery: Delivery) -> None:
        if self.service is not None:
            item = delivery.item
            received = self.clock.now()
            await self.service.intake.take(msgspec.structs.replace(item, ts_recv=received))

    async def _strike(self, fault: ScheduledFault) -> None:
        """A scheduled fault happens."""
        kind = fault.kind
        self.injected[kind] += 1
        if kind in CHECKPOINTS or kind is FaultKind.POWER_CUT:
            self._doom(fault)
        elif kind is FaultKind.CRASH_WHILE_STARTING:
            self._stillborn = fault.size
            if self.service is not None:
                self._remember()
                self._die("killed, and once more while starting")
        elif kind is FaultKind.SECOND_INSTANCE:
            if self.service is not None:
                what = intrude(self._folder, self.clock.now())
                self.evidence.intruders += [what] if what else []
        elif kind in (FaultKind.CLOCK_STEP, FaultKind.CLOCK_SKEW):
            self._step_clock(fault)
        elif kind is not FaultKind.FROZEN:
            for delivery in self.venue.due(fault):
                await self._hear(delivery)

    def _step_clock(self, fault: ScheduledFault) -> None:
        big = (HOUR, -HOUR, DAY, -DAY)[int(fault.share * 4)]
        by = big if fault.kind is FaultKind.CLOCK_STEP else int((fault.share - 0.5) * 60 * SECOND)
        self.clock.step(by)

        async def correct() -> None:
            self.clock.step(-by)

        self._at(self.clock.true + fault.size * HOUR, "clock corrected", correct)

    # -- life and death -----------------------------------------------------------------------------------------------

    async def _start_service(self) -> None:
        """The process starts: looks at the clocks, recovers, then asks for what it missed."""
        lay_out({**self._files}, self._folder)
        self._disk = MortalDisk({DATABASE: b"", **{k: v for k, v in self._files.items() if _on_disk(k)}}, self._deaths)
        offset = await check_clock(self.venue, MAX_CLOCK_OFFSET_S, virtual=False)
        clock = SteadyClock(self.clock, round((offset or 0.0) * SECOND))
        self.service = Service(
            self.plan, self._folder, self.venue, clock, self.people, self.process, self.evidence, self.habits
        )
        if self.service.start():
            self.evidence.recovered(self._states, self.service.engine)
        self._armed = True
        self._remember()
        if self._stillborn:
            self.process.arm("before-commit", self._stillborn)
            self._stillborn = 0
        await self.service.intake.warm_up(self.times.first, clock.now(), begun=self.service.begun)
        self.process.disarm()
        self._armed = False

    def _doom(self, fault: ScheduledFault) -> None:
        """Death is near; at the latest when its patience is over."""
        if self.service is None or self._disk is None:
            return
        self._remember()
        self._armed = True
        if fault.kind is FaultKind.POWER_CUT:
            self._disk.arm(int(fault.share * 60))
        else:
            self.process.arm(CHECKPOINTS[fault.kind], fault.size)
        disk = self._disk

        async def at_last() -> None:
            if self._disk is disk and self.service is not None:
                if fault.kind is FaultKind.POWER_CUT:
                    disk.cut()
                self._die("killed")

        self._at(self.clock.true + (1 + fault.size) * HOUR, "last moment", at_last)

    def _passed(self, checkpoint: str) -> None:
        """The process is at a checkpoint; what a death now must leave behind is remembered while one is near."""
        if self._armed and checkpoint == "after-told":
            self._remember()

    def _remember(self) -> None:
        if self.service is not None:
            self._states = {self.evidence.seq: engine_state(self.service.engine)}

    def _die(self, how: str) -> None:
        """The process is gone; the disk keeps what it keeps, and somebody starts it again."""
        self.last.append(f"{self.events} {how}")
        self.restarts += 1
        service, disk = self.service, self._disk
        if service is not None and disk is not None:
            if self._armed:
                appended = service.session.journal
                self._states[appended.tail] = engine_state(service.engine)  # type: ignore[attr-defined]  # watched
            had_power = disk.left is None
            self._files = {**disk.kill(), **self._beside(lag=0 if had_power else int(self._deaths.integers(12)))}
        self._bury()
        self._at(self.clock.true + int(self._deaths.integers(1, 3 * 3600)) * SECOND, "start", self._start_service)

    def _beside(self, lag: int) -> dict[str, bytes]:
        """The small files beside the database, which are never synced: after a power cut ``lag`` entries old."""
        for suffix in NOTES:
            mark = HeadMark(self._folder / DATABASE, suffix)
            noted = mark.read()
            if lag and noted is not None and noted[0] > lag:
                mark.write(noted[0] - lag, self.evidence.all[noted[0] - lag - 1].entry.hash)
            mark.close()
        return {path.name: path.read_bytes() for path in self._folder.iterdir() if path.suffix in NOTES}

    def _refused(self, error: TradewindError) -> None:
        """The service could not start or go on; a start that failed for a passing reason is tried again."""
        if not isinstance(error, Unavailable):
            self.evidence.refusals.append(f"the service gave up: {error}")
        self._die(f"gave up: {error}")

    def _bury(self) -> None:
        """Drops everything the process had."""
        self.process.disarm()
        if self._disk is not None:
            self._disk.forget()
        if self.service is not None:
            self.service.close()
            self.service = None
        if self._disk is not None:
            self._disk.unregister()
            self._disk = None


def _on_disk(name: str) -> bool:
    return name.startswith(DATABASE) and not name.endswith((*NOTES, ".lock"))


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
) -> SimulationReport:
    """Runs one seed for at least ``events`` events, or ``days`` of faults; half a day of healing follows them.

    ``schedule`` replaces the faults the seed would draw from ``mix``.
    """
    mix = mix or FaultMix()
    length = int(days * DAY) if days else max(1, -(-events // EVENTS_A_DAY)) * DAY
    watch = WallClock()
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as name:
        run = Simulation(seed, length, mix, schedule, Path(name))
        begun = watch.monotonic()
        violations = run.run()
        seconds = (watch.monotonic() - begun) / SECOND
    rows: Counter[str] = Counter()
    for kind, count in run.injected.items():
        rows[ROWS[kind]] += count
    words = [key.split(" ", 1)[0] for key in run.evidence.keys]
    return SimulationReport(
        seed=seed,
        events=run.events,
        simulated_days=(run.clock.true - run.times.start) / DAY,
        faults={str(kind): count for kind, count in sorted(run.injected.items())},
        rows=dict(sorted(rows.items())),
        restarts=run.restarts,
        entries=run.evidence.seq,
        signals=words.count("signal"),
        trades=words.count("trade"),
        violations=violations,
        last_events=tuple(run.last),
        schedule=run.schedule,
        digest=run.evidence.digest.hex(),
        state_hash=run.state_hash,
        seconds=seconds,
    )
