"""The lives of one simulated service: it starts, dies, and what its disk kept is what the next one finds."""

from __future__ import annotations

import gc
import shutil
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Final

from tradewind.adapters.steady_clock import SteadyClock
from tradewind.adapters.store.head_mark import HeadMark
from tradewind.app.live_loop import check_clock
from tradewind.engine.plan import EnginePlan
from tradewind.fleetsim import apsw_driver
from tradewind.fleetsim.chat import ChatRoom
from tradewind.fleetsim.clock import VirtualClock
from tradewind.fleetsim.evidence import Evidence, WatchedJournal, engine_state
from tradewind.fleetsim.exchange import Exchange
from tradewind.fleetsim.faults import CHECKPOINTS, DEADLY, RECORDED, FaultKind, ScheduledFault
from tradewind.fleetsim.mortal import MortalDisk, MortalProcess
from tradewind.fleetsim.people import People
from tradewind.fleetsim.seeded import SeededRng
from tradewind.fleetsim.service import DATABASE, Habits, Service, empty_store, intrude
from tradewind.fleetsim.venue import SimulatedVenue
from tradewind.fleetsim.world import Horizon
from tradewind.model.timeframe import SECOND

NOTES: Final = (".head", ".told")
NEWER: Final = "newer.db"
MAX_CLOCK_OFFSET_S: Final = 60.0


class Lives:
    """One life after the other in ``folder``. ``service`` is the one that is alive, None between two lives.

    A life that a power cut ends runs on a disk whose power can go; the others, unless ``always_recorded``, on SQLite as
    it comes, because the former costs twice the time.
    """

    def __init__(
        self,
        plan: EnginePlan,
        folder: Path,
        venue: SimulatedVenue,
        clock: VirtualClock,
        people: People,
        room: ChatRoom,
        evidence: Evidence,
        habits: Habits,
        times: Horizon,
        schedule: Sequence[ScheduledFault],
        rng: SeededRng,
        *,
        always_recorded: bool,
        exchange: Exchange | None = None,
    ) -> None:
        self.service: Service | None = None
        self.disk: MortalDisk | None = None
        self.restarts = 0
        self.stays_dead = 0
        self.misplaced = False
        self._copies = 0
        self._starting = False
        self._held: list[sqlite3.Connection] = []
        self.process = MortalProcess(self._passed)
        self._plan = plan
        self.folder = folder
        self._venue = venue
        self._clock = clock
        self._people = people
        self._room = room
        self._evidence = evidence
        self._habits = habits
        self._times = times
        self._deaths = deque((fault.at, fault.kind) for fault in schedule if fault.kind in DEADLY)
        self._rng = rng.generator("deaths")
        self._always_recorded = always_recorded
        self._exchange = exchange
        self._states: dict[int, bytes] = {}
        self._armed = self._locked = False
        self._stillborn = int(rng.generator("first start").integers(4))
        for name, content in empty_store().items():
            (folder / name).write_bytes(content)

    @property
    def driver(self) -> ModuleType:
        """The SQLite driver of this life."""
        return sqlite3 if self.disk is None else apsw_driver

    async def start(self) -> None:
        """The process starts: looks at the clocks, recovers, then asks for what it missed."""
        if self._starting:  # the last start came to nothing: what it had opened must not be shared with this one
            gc.collect()
        self._starting = True
        self.disk = MortalDisk(self._rng) if self._recorded() else None
        offset = await check_clock(self._venue, MAX_CLOCK_OFFSET_S, virtual=False)
        clock = SteadyClock(self._clock, round((offset or 0.0) * SECOND))
        self.service = Service(
            self._plan, self.folder, self._venue, clock, self._people, self.process, self._evidence, self._habits,
            self._room, self.driver, self._exchange,
        )  # fmt: skip
        self._starting = False
        if self.service.start():
            self._evidence.recovered(self._states, self.service.engine)
        self._armed = True
        self._remember()
        if self._stillborn:
            self.process.arm("before-commit", self._stillborn)
            self._stillborn = 0
        await self.service.intake.warm_up(self._times.first, clock.now(), begun=self.service.begun)
        self.service.warmed = True
        self.process.disarm()
        self._armed = False

    def doom(self, fault: ScheduledFault) -> bool:
        """Death is near; False where nobody is there to die, or not of this."""
        if self.service is None or (fault.kind in RECORDED and self.disk is None):
            return False
        self._remember()
        self._armed = True
        if fault.kind is FaultKind.POWER_CUT and self.disk is not None:
            self.disk.arm(int(fault.share * 60))
        elif fault.kind is FaultKind.DISK_FULL and self.disk is not None:
            self.disk.fill(fault.size)
        elif fault.kind in CHECKPOINTS:
            self.process.arm(CHECKPOINTS[fault.kind], fault.size)
        return True

    def lock(self, *, writes: bool) -> Callable[[], None] | None:
        """Somebody holds a transaction on the store of this life; what ends it, None where nobody can."""
        if self.service is None or self.disk is not None:
            return None
        connection = sqlite3.connect(self.folder / DATABASE, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
        connection.execute("SELECT count(*) FROM meta").fetchone()
        self._remember()
        self._held.append(connection)
        self._locked = True  # a commit that cannot get through ends the life

        def release() -> None:
            connection.close()
            self._locked = False

        return release

    def copy_aside(self) -> Path:
        """Copies the store of a life that has ended in order; where the copy lies."""
        self._copies += 1
        return shutil.copyfile(self.folder / DATABASE, self.folder / f"older-{self._copies}.db")

    def swap(self, older: Path) -> None:
        """Somebody puts an older copy in place of the store."""
        (self.folder / DATABASE).rename(self.folder / NEWER)
        older.rename(self.folder / DATABASE)
        self.misplaced = True

    def bring_back(self) -> None:
        """The store that was there before is put back, as the refusal asks for."""
        for suffix in ("-wal", "-shm"):
            (self.folder / f"{DATABASE}{suffix}").unlink(missing_ok=True)
        (self.folder / NEWER).rename(self.folder / DATABASE)
        self.misplaced = False

    def stillborn(self, starts: int) -> None:
        """The next start ends at its ``starts``-th commit."""
        self._stillborn = starts

    def intrude(self) -> None:
        """Somebody starts a second instance beside this life."""
        if self.service is not None:
            what = intrude(self.folder, self._clock.now(), self.driver)
            self._evidence.intruders += [what] if what else []

    def die(self) -> int:
        """The process is gone; the disk keeps what it keeps. When somebody starts it again, in nanoseconds from now."""
        service, disk = self.service, self.disk
        self.restarts += service is not None
        had_power = disk is None or not disk.cut_off
        if service is not None:
            if not (self._armed or self._locked):
                self._states = {}
            journal = service.session.journal
            assert isinstance(journal, WatchedJournal)
            self._states[journal.tail] = engine_state(service.engine)
        self.bury()
        if not had_power:
            self._age_notes(int(self._rng.integers(12)))
        wait, self.stays_dead = self.stays_dead, 0
        return wait or int(self._rng.integers(1, self._habits.down // SECOND)) * SECOND

    def stop(self) -> int:
        """The process is asked to end, and does so in order. When it is started again, in nanoseconds from now."""
        self._remember()
        service, self.service = self.service, None
        if service is not None:
            self.restarts += 1
            service.session.flush()
            service.close()
        self.bury()
        return int(self._rng.integers(1, 60)) * SECOND

    def bury(self) -> None:
        """Drops everything the process had; others let go of the store too, as two SQLites must not share one file."""
        self.process.disarm()
        for connection in self._held:
            connection.close()
        self._held.clear()
        if self.disk is not None:
            self.disk.bury()
        if self.service is not None:
            self.service.close()
            self.service = None
        if self.disk is not None:
            self.disk.unregister()
            self.disk.settle()
            if self.disk.cut_off:
                (self.folder / f"{DATABASE}-shm").unlink(missing_ok=True)
            self.disk = None

    def _recorded(self) -> bool:
        while self._deaths and self._deaths[0][0] <= self._clock.true:
            self._deaths.popleft()
        return self._always_recorded or bool(self._deaths and self._deaths[0][1] in RECORDED)

    def _passed(self, checkpoint: str) -> None:
        """The process is at a checkpoint; what a death now must leave behind is remembered while one is near."""
        if (self._armed or self._locked) and checkpoint == "after-told":
            self._remember()

    def _remember(self) -> None:
        if self.service is not None:
            self._states = {self._evidence.seq: engine_state(self.service.engine)}

    def _age_notes(self, lag: int) -> None:
        """The small files beside the database are never synced: after a power cut they are ``lag`` entries old."""
        for suffix in NOTES:
            mark = HeadMark(self.folder / DATABASE, suffix)
            noted = mark.read()
            if lag and noted is not None:
                older = self._evidence.hash_of(noted[0] - lag)
                if older is not None:
                    mark.write(noted[0] - lag, older)
            mark.close()
