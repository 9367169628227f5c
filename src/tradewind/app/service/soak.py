"""Hours and weeks of the service in simulated time: SIMULATED bars, the real store, the real jobs, no waiting.

Time is the market's: every bar moves it, and then the jobs that came due, the heartbeat and the errors have their turn,
as the tasks of a live service give it to them. Nothing here runs beside anything else, so the same seed gives the same
journal.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from tradewind.adapters.host_resources import Resources
from tradewind.adapters.http_transport import HttpTransport
from tradewind.adapters.market.simulated import START, simulate, spec_for
from tradewind.adapters.market.simulated_provider import market_generator
from tradewind.adapters.replay_feed import Recording, ReplayFeed
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.heartbeats import HeartbeatBook
from tradewind.adapters.store.life_spans import spans
from tradewind.adapters.store.store import Store
from tradewind.adapters.store.whole_schema import metadata
from tradewind.app.instruments import instrument_for
from tradewind.app.people.channels import outbox_rows
from tradewind.app.people.people import People
from tradewind.app.pool import Policy
from tradewind.app.replay_loop import drive_replay
from tradewind.app.run_plan import Wanted, new_run
from tradewind.app.run_replay import JournaledRun
from tradewind.app.service.beating import figures, finish
from tradewind.app.service.duties import DUTIES
from tradewind.app.service.life import Life
from tradewind.app.service.scheduling import pass_through
from tradewind.app.service.service import Service
from tradewind.app.settings.people import EmailSettings, SnsSettings, TelegramSettings, WebhookSettings
from tradewind.app.settings.root import AppConfig
from tradewind.app.uptime import Uptime, uptime
from tradewind.model.timeframe import DAY, HOUR, MINUTE, SECOND, Timeframe
from tradewind.ports.clock import Clock


class Mark(msgspec.Struct, frozen=True):
    """What there is after ``days`` of the market's time: rows by table, and what the process uses."""

    days: float
    rows: dict[str, int]
    used: Resources


class SoakReport(msgspec.Struct, frozen=True):
    """What hours of service cost; ``passes`` and ``failed`` by job, resources at a quarter of the way and at the end.

    ``marks`` are taken at a third of the way, at two thirds and at the end: what keeps growing shows there.

    ``rss_growth_per_day`` is the slope between these two, bytes a simulated day; ``database_per_day`` and
    ``logs_per_day`` likewise. ``cpu`` = processor seconds / seconds of the clock of the soak.
    """

    clock: str
    hours: float
    bars: int
    decisions: int
    signals: int
    passes: dict[str, int]
    failed: dict[str, int]
    pair_passes: dict[str, int]
    restarts: int
    errors: int
    checks_passed: int
    marks: tuple[Mark, ...]
    early: Resources
    late: Resources
    rss_growth_per_day: float
    database_per_day: float
    logs_per_day: float
    cpu: float
    wall_s: float
    uptime: Uptime | None
    journal: int
    digest: str


def quiet(config: AppConfig) -> AppConfig:
    """The configuration without anybody to tell: a soak is nobody's news."""
    return msgspec.structs.replace(
        config, telegram=TelegramSettings(), webhook=WebhookSettings(), email=EmailSettings(), sns=SnsSettings()
    )


class Soak:
    """A service in simulated time on the store at ``database``; ``host`` measures what it costs.

    ``beside(life, ts)`` has its turn every minute, for what else happens to a service: orders, senders.
    """

    def __init__(
        self,
        config: AppConfig,
        database: Path,
        host: Clock,
        say: Callable[[str], None],
        seed: int,
        beside: Callable[[Life, int], None] = lambda life, ts: None,
    ) -> None:
        self._config = config
        self._beside = beside
        self._marks: list[Mark] = []
        self._database = database
        self._host = host
        self._say = say
        self._seed = seed
        self._beat_at = 0
        self._early: tuple[int, Resources] | None = None

    def run(
        self, bases: dict[str, Timeframe], hours: float, advance: Callable[[float], None], stop: Callable[[], bool]
    ) -> SoakReport:
        """Goes through ``hours`` of the market's time, or to where somebody asked to stop."""
        clock, began = ManualClock(START), self._host.monotonic()
        service = Service(self._config, self._database, clock, self._say, self._say, {}, HttpTransport().traffic)
        service.begins()
        chosen = new_run(self._config, Wanted(bases, True, simulated=True, policy=Policy.UNPROVEN, learns=True))
        instruments = {one.instrument.symbol: one.instrument for one in chosen.plan.symbols}
        rows = outbox_rows(self._config)
        with Store.open(self._database, clock.now(), instruments=instruments, outbox=rows) as store:
            service.holds_store()
            run = JournaledRun(chosen.plan, store, clock, self._say, origin="soak", tell=lambda _: None)
            run.start(START)
            people = People(self._config, store, chosen.plan, clock, clock, HttpTransport(), self._say)
            assert store.writer is not None, "the store was opened to write"
            book = HeartbeatBook(store.writer, service.pid)
            life = Life(service, self._config, run, (), HttpTransport(), clock, people, None, book)
            service.ready()
            end = START + round(hours * HOUR)

            reached = [START]

            def step(ts: int) -> None:
                for minute in range(reached[0] + MINUTE, ts, MINUTE):  # a closed market has hours too
                    self._tick(life, minute)
                self._tick(life, ts)
                reached[0] = ts
                if len(self._marks) < 2 and ts - START >= (end - START) * (len(self._marks) + 1) // 3:
                    self._marks.append(_mark(life, ts))
                if self._early is None and ts - START >= (end - START) // 4:
                    self._early = (ts, service.used())
                advance(ts)

            drive_replay(
                run.session,
                self._feed(bases, hours),
                clock,
                on_step=lambda one: step(one.ts),
                stop_asked=lambda: reached[0] >= end or stop(),
            )
            if not stop():
                step(max(end, reached[0]))
            finish(life, "stopped")
            self._marks.append(_mark(life, reached[0]))
            late = service.used()
            wall = (self._host.monotonic() - began) / SECOND
            found = self._report(life, reached[0], late, wall)
        service.ends("stopped")
        return found

    def _feed(self, bases: dict[str, Timeframe], hours: float) -> ReplayFeed:
        recordings = []
        for symbol, base in bases.items():
            bars = round(hours * HOUR) // base.ns
            spec = spec_for(instrument_for(self._config, symbol), bars=bars, timeframe=base)
            recordings.append(
                Recording(symbol, base, simulate(spec, market_generator(self._seed, symbol)), "SIMULATED")
            )
        return ReplayFeed(recordings)

    def _tick(self, life: Life, ts: int) -> None:
        """What the tasks of a live service do beside the market's."""
        service = life.service
        for name in service.timetable.jobs:
            pass_through(life, service.timetable, ts, (name,), DUTIES)
        self._beside(life, ts)
        if ts >= self._beat_at and life.book is not None:
            self._beat_at = ts + MINUTE
            life.book.beat(ts, figures(service), healthy=True)
            service.errors.drain(life.run.store.log_error)

    def _report(self, life: Life, last: int, late: Resources, wall: float) -> SoakReport:
        service, counts = life.service, life.run.summary.counts()
        begin, early = self._early or (START, late)
        days = max((last - begin) / HOUR / 24.0, 1e-9)
        seq, digest, _ = life.run.store.journal.head
        states = service.timetable.states
        return SoakReport(
            clock="sim",
            hours=(last - START) / HOUR,
            bars=counts.bars,
            decisions=counts.decisions,
            signals=counts.signals,
            passes={name: state.passes for name, state in states.items()},
            failed={name: state.failed for name, state in states.items() if state.failed},
            pair_passes=dict(service.passes),
            restarts=service.supervision.restarts,
            errors=service.errors.total,
            checks_passed=service.checks_passed,
            marks=tuple(self._marks),
            early=early,
            late=late,
            rss_growth_per_day=(late.rss - early.rss) / days,
            database_per_day=(late.database - early.database) / days,
            logs_per_day=(late.logs - early.logs) / days,
            cpu=late.cpu_s / max((last - START) / SECOND, 1.0),
            wall_s=wall,
            uptime=uptime(spans(life.run.store.database, 0), last),
            journal=seq,
            digest=digest.hex(),
        )


def _mark(life: Life, ts: int) -> Mark:
    counted = {
        name: int(life.run.store.database.query(f"SELECT count(*) FROM {name}")[1][0][0])  # noqa: S608  names of the schema
        for name in sorted(metadata.tables)
    }
    return Mark((ts - START) / DAY, counted, life.service.used())
