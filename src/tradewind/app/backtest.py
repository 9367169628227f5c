"""One engine over stored bars, in memory: the same walk as paper and live, at full speed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tradewind.adapters.host_process import HostProcess
from tradewind.adapters.notify.console import SilentNotifier
from tradewind.adapters.replay_feed import Recording, ReplayFeed
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.memory_journal import MemoryJournal
from tradewind.app.measured_run import FinishedRun
from tradewind.app.models.serving import Serving
from tradewind.app.replay_loop import LoopResult, drive_replay
from tradewind.app.run_summary import RunSummary
from tradewind.app.session import Session
from tradewind.app.venues import desk_for
from tradewind.app.wiring import engine_for, sequencer_for, started_event
from tradewind.engine.pipeline import Engine
from tradewind.engine.plan import EnginePlan
from tradewind.model.article import NewsRead
from tradewind.model.calendar import NewsCalendar


class Backtest:
    """A wired engine with everything it needs to run over recordings once.

    ``keep_journal`` keeps entries for a comparison; otherwise only the digest survives. ``calendar`` is what was due,
    ``news`` what articles said, ``serving`` gives the models of its seats.
    """

    def __init__(
        self,
        plan: EnginePlan,
        recordings: Sequence[Recording],
        *,
        keep_journal: bool = False,
        calendar: NewsCalendar | None = None,
        news: Sequence[NewsRead] = (),
        serving: Serving | None = None,
    ) -> None:
        self._calendar = calendar if plan.asks_for("calendar") else None
        self._news = tuple(news) if plan.asks_for("articles") else ()
        self.plan = plan
        self._serving = serving
        self.recordings = tuple(recordings)
        self.summary = RunSummary()
        self.journal = MemoryJournal(keep=keep_journal)
        self.clock = ManualClock()
        self.engine: Engine = engine_for(plan, keep_shadow=True, models=None if serving is None else serving.library)
        self.session = Session(
            self.engine,
            sequencer_for(plan),
            self.journal,
            SilentNotifier(),
            self.clock,
            HostProcess(),
            commit_every=4096,
            watch=self.summary.watch,
            desk=desk_for(self.engine, self.clock),
        )

    def run(self, on_bars: Callable[[int], None] | None = None) -> LoopResult:
        """Runs to the end; ``on_bars`` is told how many bars each step held."""
        feed = ReplayFeed(self.recordings)
        self.session.begin(started_event(self.plan, feed.first_ts))
        if self._calendar is not None:
            self.session.inject(self._calendar)
        for read in self._news:
            self.session.inject(read)
        if self._serving is not None:
            served, refused = self._serving.due(self.engine, feed.first_ts)
            for one in refused:
                raise one.error
            for event in served:
                self.session.inject(event)
        return drive_replay(
            self.session,
            feed,
            self.clock,
            on_step=None if on_bars is None else lambda step: on_bars(len(step.bars)),
        )

    @property
    def finished(self) -> FinishedRun:
        """What the run leaves behind to be measured."""
        return FinishedRun(self.engine, self.summary, self.recordings, self.journal.head[1].hex())
