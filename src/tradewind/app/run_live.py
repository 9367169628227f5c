"""One life of a run over live providers, streamed or polled: it recovers, fills holes, then decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tradewind.adapters.http_transport import HttpTransport
from tradewind.adapters.market.simulated import START
from tradewind.adapters.paced_clock import PacedClock
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.steady_clock import SteadyClock
from tradewind.adapters.store.heartbeats import HeartbeatBook
from tradewind.adapters.store.opening import database_at
from tradewind.adapters.store.store import Store
from tradewind.adapters.task_scheduler import TaskScheduler
from tradewind.app.control.asking import this_user
from tradewind.app.database import database_path
from tradewind.app.learning.baselines import newest_baseline, references_of
from tradewind.app.learning.drift_book import DriftBook
from tradewind.app.learning.retraining import Retraining
from tradewind.app.live_loop import LiveLoop, check_clock
from tradewind.app.live_sources import LiveRequest, is_made_up, live_sources, notes_of
from tradewind.app.market_feed import FeedRules
from tradewind.app.market_sources import Gateway
from tradewind.app.models.run_models import run_models
from tradewind.app.models.serving import serving_of
from tradewind.app.news_articles import unread
from tradewind.app.news_calendar import newest, notes_on
from tradewind.app.people.channels import outbox_rows
from tradewind.app.people.people import People, Reread
from tradewind.app.replay_loop import LoopResult
from tradewind.app.run_options import require_proof_for_orders
from tradewind.app.run_plan import Wanted, run_plan
from tradewind.app.run_replay import JournaledRun, RunResult, history_check, history_verdict, switches_of
from tradewind.app.service.beating import finish
from tradewind.app.service.config_watch import ConfigWatch
from tradewind.app.service.life import Life
from tradewind.app.service.passes import known_passes
from tradewind.app.service.registry import MARKET, MARKET_POLICY, enlist
from tradewind.app.service.service import Service
from tradewind.app.service.supervisor import Beat, LifeOver, Supervisor
from tradewind.app.service.telling import begun, ended, parting
from tradewind.app.service.waiting import STORE_PATIENCE_S
from tradewind.app.settings.root import AppConfig
from tradewind.app.signal_text import utc
from tradewind.app.source_notes import SourceNotes
from tradewind.app.stopping import until_asked
from tradewind.app.strategy_switches import StrategySwitches
from tradewind.app.workspace import Workspace
from tradewind.engine.modes import Modes
from tradewind.engine.sequencer import SeriesKey
from tradewind.errors import TradewindError
from tradewind.model.bar import Bar
from tradewind.model.event import FeedState, References
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import DAY, SECOND
from tradewind.ports.clock import Clock


class LiveStart(NamedTuple):
    """What every life of a run begins with; ``clock`` is the host's."""

    config: AppConfig
    request: LiveRequest
    database: Path
    clock: Clock
    say: Callable[[str], None]
    tell: Callable[[str], None]
    transport: HttpTransport
    reread: Reread | None


class LiveRun:
    """One life of a run. Its market has a time of its own where it is SIMULATED; for real venues it is the host's."""

    def __init__(self, start: LiveStart, gateway: Gateway) -> None:
        config, request, say = start.config, start.request, start.say
        self._config = config
        self._request = request
        self._database = start.database
        self._transport = start.transport
        self._virtual = gateway.virtual_clock
        self._host = start.clock
        self._time = time = _time_of(config, request, start.clock)
        self._say = say
        self._tell = start.tell
        self._reread = start.reread
        made_up = bool(gateway.label) or is_made_up(config, request)
        require_proof_for_orders(request.policy, request.execution, made_up=made_up)
        wanted = Wanted(
            request.bases, request.executes, made_up, request.policy, learns=True, execution=request.execution
        )
        self._chosen = run_plan(config, wanted, start.database, start.clock.now())
        self.plan = self._chosen.plan
        notes = list(self._chosen.notes)
        if self.plan.asks_for("calendar"):
            notes += notes_on(config, newest(config, start.clock.now()))
        if self.plan.asks_for("articles"):
            notes += unread(config)
        for note in notes:
            say(f"WARNING: {note}")
        self.sources = live_sources(config, request, gateway, time, start.transport, say)
        timeless = gateway.virtual_clock or is_made_up(config, request)
        self._models = run_models(
            Workspace(config), start.database, own=timeless, begins=not self._chosen.goes_on, say=say
        )
        self._serving = serving_of(config, self.plan, self._models)
        self._heard = False
        self.stood: RunResult | None = None
        """Where the run stood when this life ended of something that a later one may not meet."""

    async def run(
        self, service: Service, offset: int, on_close: Callable[[int], None] | None, stop_asked: Callable[[], bool]
    ) -> RunResult:
        """Opens the store and runs; once there is a run, asking it to stop ends it in order.

        Raises:
            LifeOver: the market's task died of something that a new life may not meet again.
        """
        clock = SteadyClock(self._time, offset)
        with self._opened() as store, history_check(store, self._say) as history, self._switches() as switches:
            service.holds_store()

            def fed(state: FeedState) -> None:
                service.heard_of(state)
                self._fed(state)

            service.remembers(known_passes(store.database))
            run = JournaledRun(
                self.plan, store, clock, self._say, origin="live", commit_every=1, on_closed=self._closed,
                on_feed=fed, switches=switches, tell=self._tell, retraining=self._retraining, serving=self._serving,
                drift=DriftBook(database_path(self._config), self._chosen.pool.proven, self._say),
            )  # fmt: skip
            recovery = run.start(clock.now(), self._request.asked, self._chosen.pool.proven)
            self._holds_to(run, clock.now(), service.followed)
            self._go_on_from(run)
            loop = self._loop(run, clock, on_close)
            stopped: list[LoopResult] = []
            why = "failed"

            def ending() -> bool:
                return history.damaged or run.over or stop_asked()

            async def market(beat: Beat) -> None:
                def warming() -> bool:
                    beat()
                    return ending()

                async with until_asked(ending, self._host):
                    await self._warm_up(loop, run, clock.now(), warming)
                    self._announce(loop, resumed=recovery is not None)
                    service.ready()
                    stopped.append(await self._streamed(loop, run, ending, beat))

            supervisor = Supervisor(service.supervision, self._host, TaskScheduler(), service.task_died)
            supervisor.add(MARKET, market, MARKET_POLICY)
            life = self._life(service, run, clock)
            begun(life, recovery)
            enlist(supervisor, life)
            try:
                await supervisor.run(ending)
                why = "stopped"
                await parting(life)
            except LifeOver:
                self.stood = run.result(recovery, loop.result("asked"))
                raise
            except TradewindError as error:
                await ended(life, error)
                raise
            finally:
                run.stop_training()
                with suppress(TradewindError):  # what ended the life is told in any case
                    finish(life, why)
            run.session.flush()
            result = stopped[0] if stopped and stopped[0].stopped != "asked" else loop.result("asked")
            return run.result(recovery, result, history_verdict(history, store, result, self._host.now()))

    def _switches(self) -> StrategySwitches:
        return switches_of(self._chosen, database_path(self._config), self._say)

    def _opened(self) -> Store:
        """The store, for whose lock the thread that decides stands still for a moment and no longer."""
        instruments = {one.instrument.symbol: one.instrument for one in self.plan.symbols}
        place = database_at(self._database, busy_timeout_s=STORE_PATIENCE_S)
        return Store.open(place, self._host.now(), instruments=instruments, outbox=outbox_rows(self._config))

    def _holds_to(self, run: JournaledRun, now: int, followed: AppConfig) -> None:
        run.refer(self._references(now))
        run.learn_by(followed, "start")

    def _references(self, ts: int) -> References:
        """What the newest baseline of the project says of the members; nobody is held to one that cannot be read."""
        found = newest_baseline(Workspace(self._config))
        for note in found.notes:
            self._say(f"WARNING: {note}")
        return references_of(found, self.plan, ts)

    def _retraining(self, modes: Modes) -> Retraining:
        # Models and what verifies them: only a run that has seats for them pays for the import.
        from tradewind.app.learning.retraining_setup import retraining_for

        file = None if self._request.origin is None else self._request.origin.file
        return retraining_for(self._config, modes, self._say, self._models, file=file)

    def _life(self, service: Service, run: JournaledRun, clock: Clock) -> Life:
        config, writer = self._config, run.store.writer
        assert writer is not None, "the store was opened to write"

        def follow(read: AppConfig, who: str) -> None:
            service.followed = read
            run.learn_by(read, who)

        origin, level = self._request.origin, service.logs.set_level
        watch = ConfigWatch(
            writer, origin, this_user(), service.say, level, follow if run.engine.modes is not None else None
        )
        watch.started(config, self._host.now())
        book = HeartbeatBook(writer, service.pid)
        people = People(config, run.store, self.plan, self._host, clock, self._transport, self._say, self._reread)
        service.on_alarm = people.notice
        service.shout = people.shout
        return Life(service, config, run, self.sources, self._transport, self._host, people, watch, book)

    async def _streamed(self, loop: LiveLoop, run: JournaledRun, ending: Callable[[], bool], beat: Beat) -> LoopResult:
        notes = SourceNotes(run.store.note, partial(notes_of, self.sources), self._host)

        def tick() -> None:
            beat()
            run.session.obey()
            notes.write()

        try:
            return await loop.run(iterations=self._request.iterations, stop_asked=ending, on_tick=tick)
        finally:
            notes.write(last=True)

    async def close(self) -> None:
        """Lets the venues go."""
        for source in self.sources:
            await source.provider.close()

    async def offset(self) -> int:
        """Venue time minus host time in nanoseconds, as the first venue tells it; a real one must nearly agree."""
        limit = self._config.market.max_clock_offset
        offsets = [
            await check_clock(source.provider, limit, virtual=self._virtual, say=self._say) for source in self.sources
        ]
        return round((offsets[0] or 0.0) * SECOND) if offsets else 0

    def _go_on_from(self, run: JournaledRun) -> None:
        """A market with a time of its own goes on where the run stopped; nothing happened in between."""
        if isinstance(self._time, ManualClock | PacedClock):
            self._time.advance_to(max(run.session.frontiers().values(), default=0))

    async def _warm_up(self, loop: LiveLoop, run: JournaledRun, now: int, stop_asked: Callable[[], bool]) -> None:
        since = now - round(self._config.market.history_days * DAY)
        await loop.warm_up(since, now, stop_asked, begun=run.begun)

    def _announce(self, loop: LiveLoop, *, resumed: bool) -> None:
        """What there is to decide on: history, or what was missed since, and every timeframe that is watched."""
        polls = {key.symbol: source.poll_every_s for source in self.sources for key in source.keys}
        for one in self.plan.symbols:
            symbol = one.instrument.symbol
            bars, first = loop.intake.warmed[symbol]
            what = "missed since the last run" if resumed else "of history"
            self._say(f"[{symbol}] {bars} {one.base} bars {what}" + (f", from {utc(first)}" if bars else ""))
            for timeframe in one.timeframes:
                how = f"polled every {polls[symbol]:g} s" if polls[symbol] else "subscribed"
                made = how if timeframe is one.base else f"made from {one.base}"
                self._say(f"[{symbol} @ {timeframe}] {made}")
        self._heard = True

    def _loop(self, run: JournaledRun, clock: Clock, on_close: Callable[[int], None] | None) -> LiveLoop:
        market = self._config.market
        rules = FeedRules(grace=round(market.close_grace * SECOND), frozen_bars=market.stale_bars)
        calendars = {
            SeriesKey(one.instrument.symbol, one.base): calendar_of(one.instrument.calendar)
            for one in self.plan.symbols
        }
        return LiveLoop(
            run.session,
            self.sources,
            calendars,
            clock,
            TaskScheduler(),
            rules=rules,
            virtual_time=self._virtual,
            on_close=on_close,
            say=self._say,
        )

    def _closed(self, bars: Sequence[Bar]) -> None:
        """One line for every bar that closed; history is not news."""
        for bar in bars if self._heard else ():
            self._say(closed_line(bar))

    def _fed(self, state: FeedState) -> None:
        """One line for what became of a feed."""
        self._say(f"[{state.symbol}] feed {state.state}" + (f": {state.detail}" if state.detail else ""))


def _time_of(config: AppConfig, request: LiveRequest, clock: Clock) -> Clock:
    """The market's time: the host's, or one that begins with the SIMULATED market and a history to warm up on."""
    if not is_made_up(config, request):
        return clock
    start = START + round(config.market.history_days * DAY)
    return PacedClock(clock, request.speed, start) if request.speed > 0.0 else ManualClock(start)


def closed_line(bar: Bar) -> str:
    """``[BTC/USDT @ 1h] Candle closed: O=43250.1 H=43310 L=43190 C=43300``."""
    return (
        f"[{bar.symbol} @ {bar.timeframe}] Candle closed: "
        f"O={bar.open:.10g} H={bar.high:.10g} L={bar.low:.10g} C={bar.close:.10g}"
    )
