"""What one process keeps over all lives of its run: who died, what failed, how it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from tradewind.adapters.beat_file import BeatFile
from tradewind.adapters.host_resources import resources
from tradewind.adapters.sd_notify import SystemdNotifier
from tradewind.adapters.store.lease import WriterLock
from tradewind.app.service.error_book import ErrorBook
from tradewind.app.service.note import ServiceNote, ServiceState
from tradewind.app.service.supervision import Supervision, unwell
from tradewind.app.service.supervisor import Death
from tradewind.app.settings.root import AppConfig
from tradewind.app.task_report import ServiceReport, TaskReport
from tradewind.model.timeframe import SECOND
from tradewind.ports.clock import Clock
from tradewind.ports.transport import Traffic


class Service:
    """``clock`` is the host's. ``say`` hears what a person at the console should know."""

    def __init__(
        self,
        config: AppConfig,
        database: Path,
        clock: Clock,
        say: Callable[[str], None],
        environment: Mapping[str, str],
        traffic: Traffic,
    ) -> None:
        self.config = config
        self.database = database
        self.clock = clock
        self.supervision = Supervision()
        self.errors = ErrorBook()
        self.systemd = SystemdNotifier(environment, os.getpid())
        self.state: ServiceState = "starting"
        self.lives = 0
        self.operations = 0
        self.failed = 0
        self.checks_passed = 0
        self.faults: tuple[str, ...] = ()
        self.traffic = traffic
        self._say = say
        self._since = clock.now()
        self._file = BeatFile(database)
        self._holds = False

    def task_died(self, death: Death) -> None:
        """Logs, counts and tells that a task ended unasked."""
        kind = "TaskDied" if death.error is None else type(death.error).__name__
        self.errors.note(self.clock.now(), kind, death.text, death.task)
        if death.again_in_s is None:
            self._say(f"ALARM: task {death.task} is down for good: {death.text}")
        else:
            self._say(f"WARNING: task {death.task} died and starts again in {death.again_in_s:g} s: {death.text}")

    def attempted(self, error: Exception | None, origin: str) -> None:
        """Counts an operation, and logs what it failed with."""
        self.operations += 1
        if error is not None:
            self.failed += 1
            self.errors.note(self.clock.now(), type(error).__name__, str(error), origin)
            self._say(f"WARNING: {origin}: {type(error).__name__}: {error}")

    def begins(self) -> None:
        """A life of the run begins."""
        self.lives += 1
        self.state = "starting"

    def holds_store(self) -> None:
        """The store is open: from now on this process speaks for it."""
        self._holds = True

    def ready(self) -> None:
        """The run has recovered and warmed up: decisions are being made."""
        self.state = "running"
        self.systemd.ready()
        self.beat()

    def ends(self, state: ServiceState, detail: str = "") -> None:
        """The last word of this process."""
        self.systemd.stopping()
        self.state = state
        if not self._holds or WriterLock(self.database).holder() is not None:
            return  # the store is another process's business
        with suppress(OSError):  # what ends the service is told by its exit; a full disk must not hide that
            self.beat(detail)

    def tasks(self) -> tuple[TaskReport, ...]:
        """All tasks as they are now."""
        return self.supervision.report(self.clock.monotonic())

    def beat(self, detail: str = "") -> None:
        """A sign of life for systemd, while nothing vital is silent, and for everybody else."""
        tasks = self.tasks()
        if not any(one.vital for one in unwell(tasks)):
            self.systemd.alive(self.clock.monotonic())
        self._file.write(msgspec.json.encode(self.note(tasks, detail)))

    def note(self, tasks: tuple[TaskReport, ...], detail: str = "") -> ServiceNote:
        """What the service says of itself."""
        return ServiceNote(
            ts=self.clock.now(),
            pid=os.getpid(),
            state=self.state,
            since=self._since,
            lives=self.lives,
            restarts=self.supervision.restarts,
            tasks=tasks,
            faults=self.faults,
            checks_passed=self.checks_passed,
            operations=self.operations + self.traffic.requests,
            failed=self.failed,
            errors=self.errors.total,
            resources=resources(self.database, Path(self.config.paths.logs)),
            traffic=self.traffic,
            detail=detail,
        )

    def report(self) -> ServiceReport:
        """How it was kept up."""
        restarts, lives, errors = self.supervision.restarts, self.lives, self.errors.total
        return ServiceReport(restarts, lives, errors, self.operations, self.failed, self.tasks())

    async def pause(self, seconds: float, stop_asked: Callable[[], bool]) -> None:
        """Waits for the next life, or until somebody asks to stop."""
        until = self.clock.monotonic() + round(seconds * SECOND)
        while (now := self.clock.monotonic()) < until and not stop_asked():
            await self.clock.sleep_until(min(until, now + SECOND // 4))
