"""What one process keeps over all lives of its run: who died, what failed, how it is."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from tradewind import __version__
from tradewind.adapters.beat_file import BeatFile
from tradewind.adapters.error_tracker import ErrorTracker
from tradewind.adapters.health_server import Answer
from tradewind.adapters.host_resources import Resources, resources
from tradewind.adapters.log_files import LogFiles
from tradewind.adapters.sd_notify import SystemdNotifier
from tradewind.adapters.store.lease import WriterLock
from tradewind.adapters.task_scheduler import TaskScheduler
from tradewind.app.service.error_book import ErrorBook
from tradewind.app.service.jobs import jobs_of
from tradewind.app.service.supervision import Supervision, unwell
from tradewind.app.service.supervisor import Death, attempt
from tradewind.app.service.timetable import Timetable
from tradewind.app.service_note import ServiceNote, ServiceState
from tradewind.app.settings.redaction import redacted
from tradewind.app.settings.root import AppConfig
from tradewind.app.task_report import ServiceReport, TaskReport
from tradewind.errors import TradewindError
from tradewind.model.event import FeedState
from tradewind.model.notice import Notice
from tradewind.model.timeframe import SECOND
from tradewind.ports.clock import Clock
from tradewind.ports.transport import Traffic

MEGABYTE = 1_000_000


class Service:
    """``clock`` is the host's. The console's ``tell`` hears signals and trades, its ``say`` everything else.

    ``lasting`` are tasks that go on between lives, ``pages`` what the health server answers. ``relief`` is the notice
    that a wait is over and how many seconds it took, for the next life to tell. ``followed`` is the newest
    configuration that was read: what takes effect at once holds for the next life too.
    """

    def __init__(
        self,
        config: AppConfig,
        database: Path,
        clock: Clock,
        say: Callable[[str], None],
        tell: Callable[[str], None],
        environment: Mapping[str, str],
        traffic: Traffic,
    ) -> None:
        redacted.learn_environment(environment)
        self.config = config
        self.followed = config
        self.database = database
        self.clock = clock
        self.supervision = Supervision()
        self.errors = ErrorBook(redacted)
        own = config.monitoring
        self.logs = LogFiles(
            Path(config.paths.logs),
            clock,
            redacted,
            level=own.log_level,
            size=own.log_file_size * MEGABYTE,
            kept=own.log_files,
            cap=own.log_folder_size * MEGABYTE,
            on_error=lambda kind, message, origin: self.errors.note(clock.now(), kind, message, origin),
        )
        dsn = own.sentry_dsn
        self._tracker = ErrorTracker(dsn.reveal(), f"tradewind@{__version__}", redacted) if dsn else None
        self.systemd = SystemdNotifier(environment, os.getpid())
        self.state: ServiceState = "starting"
        self.lives = 0
        self.operations = 0
        self.failed = 0
        self.checks_passed = 0
        self.faults: tuple[str, ...] = ()
        self.traffic = traffic
        self.timetable = Timetable(jobs_of(config), clock.now())
        self.port = 0
        self.pid = os.getpid()
        self.passes: dict[str, int] = {}
        self.feeds: dict[str, str] = {}
        self.silent: set[str] = set()
        self.on_alarm: Callable[[Notice], None] = lambda _: None
        self.shout: Callable[[Notice], Awaitable[None]] = _to_nobody
        self.relief: tuple[str, float] | None = None
        self.waits_for = ""
        self.lasting = TaskScheduler()
        self.pages: Mapping[str, Answer] = {}
        self._say = say
        self._tell = tell
        self._since = clock.now()
        self._file = BeatFile(database)
        self._holds = False

    def task_died(self, death: Death) -> None:
        """Logs, counts and tells that a task ended unasked."""
        self._failed(death.error or TradewindError(death.text), death.task)
        if death.again_in_s is None:
            self.alarm("task_down", death.task, None, None, f"task {death.task} is down for good: {death.text}")
        else:
            self.say(f"WARNING: task {death.task} died and starts again in {death.again_in_s:g} s: {death.text}")

    def attempted(self, error: Exception | None, origin: str) -> None:
        """Counts an operation, and logs what it failed with."""
        self.operations += 1
        if error is not None:
            self.failed += 1
            self._failed(error, origin)
            self.say(f"WARNING: {origin}: {type(error).__name__}: {error}")

    def _failed(self, error: BaseException, origin: str) -> None:
        self.errors.note(self.clock.now(), type(error).__name__, str(error), origin)
        self.logs.log("error", f"{origin} failed", error, origin=origin)
        if self._tracker is not None:
            self._tracker.tell(error, origin)

    def alarm(self, code: str, subject: str, value: float | None, limit: float | None, detail: str) -> None:
        """What somebody should act on: the console, the log, and whoever ``on_alarm`` tells."""
        self.say(f"ALARM: {detail}")
        self.notice(Notice(code, self.clock.now(), "critical", subject, value, limit, detail))

    def notice(self, notice: Notice) -> None:
        """For whoever ``on_alarm`` tells, and for nobody else."""
        if (error := attempt(lambda: self.on_alarm(notice))) is not None:
            self._failed(error, "alarm")

    def say(self, line: str) -> None:
        """For the console and the log: feeds, orders, warnings; what happens, which is not the result."""
        self._heard(line, self._say)

    def tell(self, line: str) -> None:
        """For the console and the log: signals and trades."""
        self._heard(line, self._tell)

    def _heard(self, line: str, console: Callable[[str], None]) -> None:
        clean = redacted(line)
        console(clean)
        head = line.partition(":")[0]
        self.logs.log({"ALARM": "critical", "WARNING": "warning"}.get(head, "info"), clean)
        self.logs.said(clean)

    def begins(self) -> None:
        """A life of the run begins."""
        self.lives += 1
        self.goes_on()

    def waits(self, why: str) -> None:
        """A life is over and the next one has to wait; ``why`` is what health says meanwhile."""
        self.state = "waiting"
        self.waits_for = why

    def goes_on(self) -> None:
        """What was waited for is there."""
        self.state = "starting"
        self.waits_for = ""

    def holds_store(self) -> None:
        """The store is open: from now on this process speaks for it, and its log files are this one's.

        Raises:
            OSError: the folder of logs cannot be written to.
        """
        if not self._holds:
            self.logs.open()
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
        if self._tracker is not None:
            self._tracker.close()
        self.logs.log("info" if state == "stopped" else "critical", f"service {state}", detail=detail)
        self.logs.close()
        if not self._holds or WriterLock(self.database).holder() is not None:
            return  # the store is another process's business
        with suppress(OSError):  # what ends the service is told by its exit; a full disk must not hide that
            self.beat(detail)

    def tasks(self) -> tuple[TaskReport, ...]:
        """All tasks as they are now."""
        return tuple(
            msgspec.structs.replace(one, last_error=redacted(one.last_error)) if one.last_error else one
            for one in self.supervision.report(self.clock.monotonic())
        )

    def used(self) -> Resources:
        """What this process uses."""
        return resources(self.database, Path(self.config.paths.logs))

    def heard_of(self, feed: FeedState) -> None:
        """What became of a feed; a stale one stays so until it is fresh: that its socket is back says nothing."""
        if feed.state == "fresh" or self.feeds.get(feed.symbol) != "stale":
            self.feeds[feed.symbol] = feed.state

    def listens(self, port: int) -> None:
        """The health server listens."""
        self.port = port
        self.logs.log("info", "health server listens", port=port)

    def remembers(self, passes: dict[str, int]) -> None:
        """When jobs were begun before this process, from the store; asked once."""
        if self.lives == 1:
            self.timetable = Timetable(jobs_of(self.config), self.clock.now(), passes)

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
            resources=self.used(),
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


async def _to_nobody(notice: Notice) -> None:
    """Before there is anybody to tell."""
    del notice
