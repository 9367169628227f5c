"""A journaled run over stored bars: signals only, or paper. Starting is recovering; stopping loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import msgspec

from tradewind.adapters.host_process import HostProcess
from tradewind.adapters.notify.console import LineNotifier
from tradewind.adapters.replay_feed import ReplayFeed, Step
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.history_check import HistoryCheck
from tradewind.adapters.store.restored import RESTORED, restored_note
from tradewind.adapters.store.store import Store
from tradewind.app.control.desk import ControlDesk, answered_line
from tradewind.app.learning.baselines import Found, references_of
from tradewind.app.learning.drift_book import DriftBook
from tradewind.app.learning.mode_rules import rules_of
from tradewind.app.learning.retraining import Retraining
from tradewind.app.models.run_models import OwnModels
from tradewind.app.models.serving import Refused, Serving
from tradewind.app.news_calendar import differs
from tradewind.app.recordings import Material
from tradewind.app.replay_loop import LoopResult, drive_replay
from tradewind.app.run_plan import RunPlan
from tradewind.app.run_summary import RunCounts, RunSummary
from tradewind.app.session import Recovery, Session
from tradewind.app.settings.root import AppConfig
from tradewind.app.signal_rate import SignalRate
from tradewind.app.signal_text import closed_log_line, signal_lines, signal_log_line, stamped, utc
from tradewind.app.stored_run import find_run, require_same
from tradewind.app.strategy_switches import StrategySwitches, order_line
from tradewind.app.task_report import ServiceReport
from tradewind.app.venues import NOTE, desk_for
from tradewind.app.wiring import calendars_of, engine_for, sequencer_for, started_event
from tradewind.engine.guard import ROLLBACK
from tradewind.engine.modes import Modes
from tradewind.engine.pipeline import Engine
from tradewind.engine.plan import EnginePlan
from tradewind.errors import Corrupt, TradewindError
from tradewind.model.article import NewsRead
from tradewind.model.bar import Bar
from tradewind.model.calendar import NewsCalendar
from tradewind.model.decision import Signal
from tradewind.model.event import Command, FeedState, InputEvent, ModeRulesSet, References
from tradewind.model.guard import Answered
from tradewind.model.instrument import Instrument
from tradewind.model.mode import ModeRules
from tradewind.model.output import Output
from tradewind.model.proven import ProvenStrategy
from tradewind.ports.clock import Clock
from tradewind.ports.process import Process
from tradewind.ports.transport import Traffic

COMMIT_EVERY = 512
SNAPSHOT_EVERY = 2_500


class RunResult(msgspec.Struct, frozen=True):
    """How a run went. ``counts`` covers this life of the process only; ``digest`` covers the whole run.

    ``checked`` entries of earlier lives were found whole beside the run; None for a new run, and for one that was
    stopped before the look at them had ended. ``heard`` and ``in_shadow`` count members, once for each symbol.
    ``models`` are those it made for itself alone.
    """

    config_hash: str
    recovery: Recovery | None
    loop: LoopResult
    counts: RunCounts
    balance: str
    equity: float
    open_positions: int
    head_seq: int
    digest: str
    simulated: bool
    unproven: bool
    heard: int
    in_shadow: int
    rate: SignalRate
    checked: int | None = None
    report: str | None = None
    network: Traffic | None = None
    service: ServiceReport | None = None
    models: OwnModels | None = None


class JournaledRun:
    """One run on a store: a new one when the store has none, else the continuation of the one it has.

    ``on_closed`` is shown the bars of every event once they are durable; only with ``commit_every`` 1 are they current.
    ``on_feed`` is shown what became of a feed. ``switches`` tells what people switched off in the strategy book.
    ``tell`` hears signals and trades, ``say`` everything else (and those too without ``tell``). ``drift`` carries who
    was taken off for drift into the strategy book, ``retraining`` what seats of models ask for to a trainer,
    ``serving`` the models of its seats.

    Raises:
        Misconfigured: the store's run was made with another configuration.
    """

    def __init__(
        self,
        plan: EnginePlan,
        store: Store,
        clock: Clock,
        say: Callable[[str], None],
        *,
        origin: str,
        process: Process | None = None,
        commit_every: int = COMMIT_EVERY,
        snapshot_every: int = SNAPSHOT_EVERY,
        on_closed: Callable[[Sequence[Bar]], None] | None = None,
        on_feed: Callable[[FeedState], None] | None = None,
        switches: StrategySwitches | None = None,
        tell: Callable[[str], None] | None = None,
        drift: DriftBook | None = None,
        retraining: Callable[[Modes], Retraining] | None = None,
        serving: Serving | None = None,
    ) -> None:
        self.plan = plan
        self.serving = serving
        self._drift = drift
        self._say = say
        self._switches = switches
        self._desk = ControlDesk(store.database, say)
        self._on_closed = on_closed
        self._on_feed = on_feed
        self.store = store
        self.begun = 0
        self._rolled_back = False
        self.summary = RunSummary()
        self.engine: Engine = engine_for(plan, models=None if serving is None else serving.library)
        modes = self.engine.modes
        self.retraining = None if modes is None or retraining is None else retraining(modes)
        instruments = {one.instrument.symbol: one.instrument for one in plan.symbols}
        self.session = Session(
            self.engine,
            sequencer_for(plan),
            store.journal,
            LineNotifier(tell or say, _worded(instruments, origin), closed_log_line, plan.stamp),
            clock,
            process or HostProcess(),
            snapshots=store.snapshots,
            told=store.told,
            commit_every=commit_every,
            snapshot_every=snapshot_every,
            watch=self._watch,
            orders=self._orders,
            desk=desk_for(self.engine, clock, kept=store.noted(NOTE), keep=partial(store.note, NOTE)),
        )

    def _orders(self) -> Sequence[InputEvent]:
        """What people and the strategy book want and the engine does not do yet, and trainings that have ended."""
        now = self.session.clock.now()
        orders: list[InputEvent] = [*self._desk.due(self.engine.guard, now)]
        if self._switches is not None:
            orders += self._switches.due(self._switched_off(), now)
        if self.retraining is not None:
            orders += self.retraining.due(now)
            if self.serving is not None and self.retraining.moved:
                served, refused = self.serving.due(self.engine, now)
                self._say_refused(refused)
                orders += served
        return orders

    def _switched_off(self) -> frozenset[str]:
        """Whom a person can switch on again in the book: whoever is off there, by a person or for drift."""
        learning = self.engine.learning
        if learning is None or self._drift is None:
            return self.engine.silenced
        return self.engine.silenced | (self._drift.kept & learning.off.keys())

    def _watch(self, event: InputEvent, outputs: Sequence[Output]) -> None:
        self.summary.watch(event, outputs)
        if self._drift is not None:
            self._drift.watch(outputs, self.session.clock.now())
        if self.retraining is not None:
            self.retraining.watch(outputs, self.session.clock.now())
        if self._on_closed is not None:
            self._on_closed(self.engine.closed)
        if self._on_feed is not None and isinstance(event, FeedState):
            self._on_feed(event)
        if isinstance(event, Command) and event.verb in ("disable", "enable"):
            self._say(order_line(event))
        elif isinstance(event, Command):
            self._rolled_back |= event.verb == "rollback"
            for output in outputs:
                if isinstance(output, Answered):
                    self._say(answered_line(output))

    @property
    def over(self) -> bool:
        """Whether somebody rolled this life back, nobody cleared that, and nothing is held any more."""
        return self._rolled_back and ROLLBACK in self.engine.guard.latches and not self.engine.portfolio.positions()

    def start(self, ts: int, asked: Sequence[str] = (), proven: Sequence[ProvenStrategy] = ()) -> Recovery | None:
        """Continues the store's run, or begins one stamped ``ts``; ``asked`` and ``proven`` as in ``Started``.

        Afterwards ``begun`` is when the run began, in this life or an earlier one.
        """
        begun = find_run(self.store)
        self.begun = ts if begun is None else begun.started.ts
        if begun is None:
            self.session.begin(started_event(self.plan, ts, asked, proven))
            self._say_refused(self.serve(ts))
            return None
        advice = "continue with that configuration, or start in another folder or with --store FILE"
        require_same(begun, self.plan, self.store.database.path, advice)
        recovery = self.session.recover(begun.seq)
        for note in self.store.snapshots.notes:
            self._say(f"WARNING: {note}")
        if (restored := restored_note(self.store.database)) is not None:
            self._say(f"WARNING: this store was {restored.words()}")
            self.store.note(RESTORED, "")  # said once, by the run that went on from it
        if self._drift is not None and self.engine.learning is not None:
            self._drift.resumed(self.engine.learning, ts)
        if self.retraining is not None:
            self.retraining.resumed(ts)
        if self.engine.fallback is not None and self.engine.fallback.account is not None:
            since = utc(self.engine.fallback.since)
            self._say(
                f"WARNING: stopped since {since}: no order leaves, signals are followed on paper;"
                " `tradewind resume --stopped --reason TEXT` starts it again"
            )
        self._say_refused(self.serve(ts))
        return recovery

    def serve(self, ts: int) -> list[Refused]:
        """Tells the engine who sits in its seats now, where that is another model; those that may not sit there."""
        if self.serving is None:
            return []
        served, refused = self.serving.due(self.engine, ts)
        for event in served:
            self.session.inject(event)
            what = f"{event.version} ({event.sha256[:16]}) serves" if event.version else "nobody serves"
            self._say(f"[{event.symbol} @ {event.timeframe}] {what} as {event.seat}")
        return refused

    def _say_refused(self, refused: Sequence[Refused]) -> None:
        for one in refused:
            self._say(f"WARNING: {one.text}")

    def refer(self, references: References) -> None:
        """Tells the engine what members are held to, where that is something else than it knows."""
        learning = self.engine.learning
        known = {f"{one.symbol} {one.member}": one for one in references.references}
        if learning is not None and known != learning.references:
            self.session.inject(references)

    def stop_training(self) -> None:
        """Nobody is left to hear of a training; the next life asks for it again."""
        if self.retraining is not None:
            self.retraining.stop()

    def learn_by(self, config: AppConfig, source: str) -> None:
        """Holds modes and trainings to ``config`` from now on."""
        self.regulate(rules_of(config), source)
        if self.retraining is not None:
            self.retraining.follow(config)

    def regulate(self, rules: ModeRules, source: str) -> None:
        """Tells the engine what modes are held to, where that is something else than it knows."""
        if self.engine.modes is not None and self.engine.modes.rules != rules:
            # A recorded market's clock stands still until its first close.
            ts = max(self.session.clock.now(), self.begun, *self.session.frontiers().values())
            self.session.inject(ModeRulesSet(ts, rules, source))

    def inform(self, calendar: NewsCalendar | None) -> None:
        """Tells the engine what is due, where a veto asks for it and it is not known yet."""
        if calendar is not None and self.plan.asks_for("calendar") and differs(self.engine.book.calendar, calendar):
            self.session.inject(calendar)

    def hear(self, news: Sequence[NewsRead]) -> int:
        """Tells the engine what was read, where it does not know it yet; how many readings that were."""
        due = [one for one in news if not self.engine.book.news.knows(one)]
        for one in due:
            self.session.inject(one)
        return len(due)

    def result(self, recovery: Recovery | None, loop: LoopResult, checked: int | None = None) -> RunResult:
        """Where the run stands."""
        seq, digest, _ = self.store.journal.head
        if not loop.last_ts:  # nothing new came: the run stands where an earlier life left it
            loop = msgspec.structs.replace(loop, last_ts=max(self.session.frontiers().values(), default=0))
        portfolio = self.engine.portfolio
        return RunResult(
            config_hash=self.plan.config_hash,
            recovery=recovery,
            loop=loop,
            counts=self.summary.counts(),
            balance=str(portfolio.balance),
            equity=portfolio.equity,
            open_positions=len(portfolio.positions()),
            head_seq=seq,
            digest=digest.hex(),
            simulated=self.plan.simulated,
            unproven=self.plan.unproven,
            heard=sum(
                member.id not in one.unheard and f"{one.instrument.symbol} {member.id}" not in self.engine.quiet
                for one in self.plan.symbols
                for member in one.members
            ),
            in_shadow=sum(len(one.unheard) for one in self.plan.symbols),
            rate=self.summary.rate(calendars_of(self.plan)),
            checked=checked,
            models=None if self.serving is None or self.serving.models is None else self.serving.models.made,
        )


def history_check(store: Store, say: Callable[[str], None]) -> HistoryCheck:
    """The look at everything an earlier life of the store wrote, begun unless there is nothing."""
    check = HistoryCheck(store.database.path, say)
    if store.journal.head[0]:
        check.begin()
    return check


def history_verdict(check: HistoryCheck, store: Store, loop: LoopResult, now: int) -> int | None:
    """Entries found whole; waits for the look unless a person asked the run to stop.

    Raises:
        Corrupt: the history is damaged; ``error_log`` has it too.
    """
    try:
        return check.finish(wait=check.damaged or loop.stopped != "asked")
    except Corrupt as damage:
        with suppress(TradewindError):  # the damage is told in any case
            store.log_error(now, "Corrupt", str(damage), "history check")
        raise


def run_replay(
    chosen: RunPlan,
    material: Material,
    database: Path,
    say: Callable[[str], None],
    *,
    now: int,
    iterations: int = 0,
    pace: Callable[[int], None] | None = None,
    on_step: Callable[[Step], None] | None = None,
    stop_asked: Callable[[], bool] = lambda: False,
    process: Process | None = None,
    commit_every: int = COMMIT_EVERY,
    asked: Sequence[str] = (),
    book: Path | None = None,
    baseline: Found | None = None,
    tell: Callable[[str], None] | None = None,
    rules: ModeRules | None = None,
    retraining: Callable[[Modes], Retraining] | None = None,
    serving: Serving | None = None,
) -> RunResult:
    """Runs ``material`` to its end on the store at ``database``, continuing where an earlier life stopped.

    ``now`` stamps the opening of the store and nothing in the journal: the same bars give the same journal. Strategies
    switched off in the book of the store at ``book`` (None: ``database``) are not heard, from the next transaction on.
    A plan that learns holds its members to ``baseline``; whom it takes off is off in this run, not in the book. Seats
    of models are held to ``rules``, and what they ask for is trained by ``retraining`` before the next close.
    ``serving`` gives the models.

    Raises:
        Corrupt: the store is damaged. Damage behind the newest snapshot is found beside the run and ends it in order.
    """
    plan, clock = chosen.plan, ManualClock()
    instruments = {one.instrument.symbol: one.instrument for one in plan.symbols}
    opened = Store.open(database, now, instruments=instruments)
    heard = switches_of(chosen, book or database, say)
    with opened as store, history_check(store, say) as history, heard as switches:
        # Somebody who watches a paced replay hears of each close when it happens, not a batch later.
        batch = commit_every if pace is None and retraining is None else 1
        run = JournaledRun(
            plan, store, clock, say, origin="replay", process=process, commit_every=batch, switches=switches, tell=tell,
            drift=DriftBook(book or database, (), say), retraining=retraining,
            serving=serving,
        )  # fmt: skip
        feed = ReplayFeed(material.recordings)
        recovery = run.start(feed.first_ts, asked, chosen.pool.proven)
        run.inform(material.calendar)
        if rules is not None:
            run.regulate(rules, "start")
        run.hear(material.news)
        for note in () if baseline is None else baseline.notes:
            say(f"WARNING: {note}")
        if baseline is not None:
            run.refer(references_of(baseline, plan, max(run.session.frontiers().values(), default=feed.first_ts)))
        loop = drive_replay(
            run.session,
            feed,
            clock,
            iterations=iterations,
            pace=pace,
            on_step=on_step,
            stop_asked=lambda: history.damaged or run.over or stop_asked(),
        )
        run.stop_training()
        return run.result(recovery, loop, history_verdict(history, store, loop, now))


def switches_of(chosen: RunPlan, book: Path, say: Callable[[str], None]) -> StrategySwitches:
    """Who of a run is not to be heard, by the strategy book in the store at ``book`` and by what was withdrawn."""
    return StrategySwitches(chosen.plan, book, say, withdrawn=chosen.withdrawn, proven=chosen.pool.proven)


def _worded(instruments: dict[str, Instrument], origin: str) -> Callable[[Signal], list[str]]:
    """A signal as its log line followed by what a person acts on."""

    def lines(signal: Signal) -> list[str]:
        return [
            stamped(signal_log_line(signal, origin), signal.stamp),
            *signal_lines(signal, instruments[signal.symbol]),
        ]

    return lines
