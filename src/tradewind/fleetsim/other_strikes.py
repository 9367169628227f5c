"""Faults beside market, orders and death: news, people, tasks, files, models, and what a process does to itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from tradewind.app.config import load_config
from tradewind.app.wiring import engine_for, plan_for, sequencer_for
from tradewind.engine.snapshot import restore_engine, snapshot_engine
from tradewind.fleetsim.burst import burst
from tradewind.fleetsim.clock import VirtualClock
from tradewind.fleetsim.evidence import Evidence, Twin
from tradewind.fleetsim.exchange import Exchange
from tradewind.fleetsim.faults import FaultKind, ScheduledFault
from tradewind.fleetsim.lives import Lives
from tradewind.fleetsim.models import ModelSeat
from tradewind.fleetsim.newsroom import Newsroom
from tradewind.fleetsim.service import Service
from tradewind.fleetsim.slips import broken_slips
from tradewind.fleetsim.strangers import Visitors
from tradewind.fleetsim.swings import broken_swings
from tradewind.fleetsim.tending import broken_tending
from tradewind.fleetsim.venue import Delivery, SimulatedVenue
from tradewind.fleetsim.world import Tier, settings_of
from tradewind.model.timeframe import HOUR, MINUTE, SECOND
from tradewind.ports.market import Update

TRIES: Final = 60
WATCHDOG: Final = MINUTE
"""A process that gives no sign of life for so long is ended from outside."""
TOGETHER: Final = 3
FLOOD: Final = 400
FOLLOWED: Final = 300


class Run(Protocol):
    """The part of a simulation that these faults act on."""

    clock: VirtualClock
    venue: SimulatedVenue
    exchange: Exchange | None
    newsroom: Newsroom | None
    evidence: Evidence
    lives: Lives
    tier: Tier
    folder: Path

    def at(self, at: int, label: str, work: Callable[[], Awaitable[None]], *, counted: bool = True) -> None:
        """Something will happen."""
        ...

    async def hear(self, delivery: Delivery) -> None:
        """The service hears what the venue says."""
        ...

    def die(self, how: str) -> None:
        """The process is gone, and somebody starts it again."""
        ...

    def start_after(self, wait: int) -> None:
        """The process is started in ``wait`` ns."""
        ...

    def happened(self, kind: FaultKind) -> None:
        """A fault has acted."""
        ...

    def stalled(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Whether the process does nothing; then ``work`` waits until it does."""
        ...

    def stall(self, until: int) -> None:
        """The process does nothing until then."""
        ...


class OtherStrikes:
    """Carries them out. Those that need a life wait for one."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._visitors = Visitors(run.clock)
        self._seat: ModelSeat | None = None
        self._beside: dict[FaultKind, Callable[[ScheduledFault], list[str]]] = {
            FaultKind.TASK_DIES: lambda fault: broken_tending(fault.share, fault.size),
            FaultKind.CONFIG_SLIP: lambda fault: broken_slips(run.folder, fault.share),
            FaultKind.BURST: _burst,
            FaultKind.CONFIDENCE_SWINGS: lambda fault: broken_swings(fault.share, fault.size),
            FaultKind.MODEL_SPOILT: lambda fault: self._models.spoil(fault.share),
            FaultKind.TRAINING_FAILS: lambda fault: self._models.train(fault.share),
            FaultKind.NEWS_WRONG: self._news,
        }
        self._within: dict[FaultKind, Callable[[ScheduledFault, Service], Awaitable[bool]]] = {
            FaultKind.STRANGERS: self._strangers,
            FaultKind.FLOOD: self._flood,
            FaultKind.SHUFFLED: self._shuffled,
            FaultKind.STALL: self._stall,
            FaultKind.STORE_LOCKED: self._lock,
            FaultKind.OLDER_COPY: self._older_copy,
        }

    def knows(self, kind: FaultKind) -> bool:
        """Whether a kind is carried out here."""
        return kind in self._beside or kind in self._within

    async def strike(self, fault: ScheduledFault, tries: int = TRIES) -> None:
        """The fault happens, as soon as what it needs is there."""
        run, kind = self._run, fault.kind
        if kind in self._beside:
            run.happened(kind)
            run.evidence.broken += self._beside[kind](fault)
            return
        service = run.lives.service
        if service is not None and service.warmed and await self._within[kind](fault, service):
            if kind is not FaultKind.OLDER_COPY:
                run.happened(kind)
        elif tries > 0:
            again = partial(self.strike, fault, tries - 1)
            run.at(run.clock.true + HOUR // 2, f"waits: {kind}", again, counted=False)

    @property
    def _models(self) -> ModelSeat:
        self._seat = self._seat or ModelSeat(self._run.folder)
        return self._seat

    def _news(self, fault: ScheduledFault) -> list[str]:
        if self._run.newsroom is not None:
            self._run.newsroom.strike(fault.share, fault.size)
        return []

    async def _strangers(self, fault: ScheduledFault, service: Service) -> bool:
        self._run.evidence.broken += await self._visitors.visit(service, fault.share, fault.size)
        return True

    async def _flood(self, fault: ScheduledFault, service: Service) -> bool:
        """The same again and again, and then a look at what it left behind."""
        run = self._run
        bar = run.venue.last_closed(fault.symbol, run.clock.true)
        if bar is None:
            return False
        again = Delivery(run.clock.true, Update(bar, True, run.clock.true, run.venue.name))
        for _ in range(FLOOD):
            await run.hear(again)
        run.evidence.sizes = dict(service.sizes())
        return True

    async def _shuffled(self, fault: ScheduledFault, service: Service) -> bool:
        """An engine whose plan was read in another order goes on from the same state, and must decide the same."""
        run = self._run
        if run.evidence.seq != service.session.journal.head[0]:
            return False
        config = load_config(environment={}, overrides=_backwards(settings_of(run.tier)))
        bases = dict.fromkeys(reversed(run.tier.symbols), run.tier.base)
        plan = plan_for(config, bases, executes=True, simulated=True, orders=run.tier.orders)
        if plan.config_hash != service.engine.plan.config_hash:
            run.evidence.broken.append("INV-03 the order in which settings are written changes the plan")
            return True
        engine, sequencer = engine_for(plan), sequencer_for(plan)
        restore_engine(engine, sequencer, snapshot_engine(service.engine, service.session.sequencer))
        run.evidence.twin = Twin(engine, FOLLOWED)
        return True

    async def _stall(self, fault: ScheduledFault, service: Service) -> bool:
        """Something blocks the loop, from ten seconds to ten minutes; the watchdog ends what is silent for a minute."""
        run = self._run
        until = run.clock.true + int(10 * SECOND * 60**fault.share)
        run.stall(until)
        if run.exchange is not None:
            run.exchange.disturb(until)

        async def bark() -> None:
            if run.lives.service is service and run.clock.true < until:
                run.die("ended by the watchdog")

        run.at(run.clock.true + WATCHDOG, "watchdog", bark, counted=False)
        return True

    async def _lock(self, fault: ScheduledFault, service: Service) -> bool:
        """Somebody else holds a transaction on the store: a writer, or a reader that does not end."""
        run = self._run
        release = run.lives.lock(writes=fault.share < 0.7)
        if release is None:
            return False

        async def released() -> None:
            release()

        run.at(run.clock.true + int(SECOND // 10 + fault.share * fault.size * MINUTE), "the store is free", released)
        return True

    async def _older_copy(self, fault: ScheduledFault, service: Service) -> bool:
        """The store is copied while nothing runs; hours later somebody puts the copy back in place of it."""
        run = self._run
        if run.lives.disk is not None:
            return False
        wait = run.lives.stop()
        older = run.lives.copy_aside()
        run.start_after(wait)
        run.at(run.clock.true + fault.size * HOUR, "an older copy is put back", partial(self._put_back, older, TRIES))
        return True

    async def _put_back(self, older: Path, tries: int) -> None:
        run = self._run
        service = run.lives.service
        if service is not None and service.warmed and run.lives.disk is None:
            run.die("killed, and started on an older copy")
            run.lives.swap(older)
            run.happened(FaultKind.OLDER_COPY)
        elif tries > 0:
            run.at(
                run.clock.true + HOUR // 2,
                "waits: older copy",
                partial(self._put_back, older, tries - 1),
                counted=False,
            )


def _burst(fault: ScheduledFault) -> list[str]:
    found = burst(fault.share, fault.size)
    few = [f"INV-09 only {found.together} signals came together"] if found.together < TOGETHER else []
    return [*found.broken, *few]


def _backwards(settings: object) -> dict[str, object]:
    """The same settings, written from the end."""
    assert isinstance(settings, dict)
    return {
        key: _backwards(value) if isinstance(value, dict) else value for key, value in reversed(list(settings.items()))
    }
