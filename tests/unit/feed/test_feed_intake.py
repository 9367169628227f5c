"""What a live run is given to decide on, whatever its streams, its history and its host's clock say."""

from __future__ import annotations

import math
from collections.abc import Coroutine
from typing import Any

import msgspec

from tests.fakes.clock import VirtualClock
from tests.fakes.provider import ScriptedProvider
from tests.fakes.venue import START, made_up
from tradewind.adapters.host_process import HostProcess
from tradewind.adapters.market.failover import Failover
from tradewind.adapters.notify.console import SilentNotifier
from tradewind.adapters.replay_feed import Recording, ReplayFeed
from tradewind.adapters.steady_clock import SteadyClock
from tradewind.adapters.store.memory_journal import MemoryJournal
from tradewind.app.config import built_in
from tradewind.app.feed_intake import FeedIntake, LiveSource
from tradewind.app.market_feed import FeedRules
from tradewind.app.session import Session
from tradewind.app.wiring import engine_for, plan_for, sequencer_for
from tradewind.engine.sequencer import SeriesKey
from tradewind.errors import Retryable
from tradewind.model.bar import Bar
from tradewind.model.event import BarClosed, BarMissing, FeedState
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import DAY, HOUR, MINUTE, SECOND, Timeframe
from tradewind.ports.clock import Clock
from tradewind.ports.market import Lost, Update

KEY = SeriesKey("BTC/USDT", Timeframe.H1)
BARS = tuple(
    event.bar for step in ReplayFeed([Recording(*KEY, made_up(40, Timeframe.H1))]).steps() for event in step.bars
)
WARM = 10


class Desk:
    """A warmed-up intake at the close of bar ``WARM - 1``; ``at`` moves time, ``said`` is what the engine got since."""

    def __init__(self, *, steady: bool = False) -> None:
        self.host = VirtualClock(BARS[WARM - 1].ts_close)
        clock: Clock = SteadyClock(self.host) if steady else self.host
        self.venue = ScriptedProvider("venue", BARS[:WARM])
        self.journal = MemoryJournal()
        plan = plan_for(built_in().config, {KEY.symbol: KEY.timeframe}, executes=False, simulated=True)
        self.session = Session(
            engine_for(plan), sequencer_for(plan), self.journal, SilentNotifier(), clock, HostProcess()
        )
        self.intake = self.begin(clock)

    def begin(self, clock: Clock) -> FeedIntake:
        intake = FeedIntake(
            self.session, [LiveSource(self.venue, (KEY,))], {KEY: calendar_of("crypto")}, clock, rules=FeedRules()
        )
        do(intake.warm_up(START, clock.now(), begun=BARS[WARM - 1].ts_close))
        self.seen = self.journal.head[0]
        return intake

    def at(self, ts: int) -> None:
        self.host.advance(ts - self.host.now())

    def hear(self, bar: Bar, *, closed: bool = True) -> None:
        do(self.intake.take(Update(bar, closed, self.host.now(), "venue")))

    def tick(self) -> None:
        do(self.intake.pass_time())

    @property
    def said(self) -> list[Any]:
        return [entry.event for entry in self.journal.read(self.seen + 1)]

    @property
    def bars(self) -> list[Bar]:
        return [event.bar for event in self.said if isinstance(event, BarClosed)]


def do(work: Coroutine[Any, Any, Any]) -> None:
    """Runs what never waits: the intake asks nothing but a history that answers at once."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise AssertionError("the intake waited for something")


def test_a_bar_called_closed_before_its_end_is_not_taken() -> None:
    """INV-01, FLT-05: the flag of a venue cannot make a bar known before its close."""
    desk = Desk()
    half = msgspec.structs.replace(BARS[WARM], close=BARS[WARM].open, high=BARS[WARM].high, low=BARS[WARM].low)
    desk.at(half.ts_open + 20 * MINUTE)
    desk.hear(half)
    assert desk.said == []
    desk.at(half.ts_close + SECOND)
    desk.hear(BARS[WARM])
    assert desk.bars == [BARS[WARM]]


def test_a_bar_that_has_not_begun_finishes_nothing() -> None:
    """A message from the future is no successor of the bar that is forming."""
    desk = Desk()
    desk.at(BARS[WARM].ts_open + 20 * MINUTE)
    desk.hear(BARS[WARM], closed=False)
    desk.hear(BARS[WARM + 5], closed=False)
    desk.hear(BARS[WARM + 5])
    assert desk.said == []


def test_a_forming_last_row_of_history_is_left_out() -> None:
    """FLT-05: a venue that appends the bar in progress to its history is not believed."""
    desk = Desk()
    desk.venue.bars |= {bar.ts_open: bar for bar in BARS[WARM : WARM + 2]}
    desk.at(BARS[WARM].ts_close + 2 * MINUTE)
    do(desk.intake.take(Lost(desk.host.now(), "1006")))
    assert desk.bars == [BARS[WARM]]


def test_an_unusable_bar_is_asked_for_once_more() -> None:
    """FLT-06: history has the last word about a bar that came without a price."""
    desk = Desk()
    desk.venue.bars[BARS[WARM].ts_open] = BARS[WARM]
    desk.at(BARS[WARM].ts_close + SECOND)
    desk.hear(msgspec.structs.replace(BARS[WARM], close=math.nan))
    assert desk.bars == [BARS[WARM]]


def test_a_step_of_the_host_clock_neither_skips_nor_repeats_a_bar() -> None:
    """INV-17, FLT-08: an hour or a day either way, and back."""
    for step in (HOUR, -HOUR, DAY, -DAY):
        desk = Desk(steady=True)
        for bar in BARS[WARM : WARM + 6]:
            desk.venue.bars[bar.ts_open] = bar
            desk.host.advance(HOUR + SECOND - desk.host.monotonic() % HOUR)
            desk.hear(bar)
            desk.host.step(step if bar is BARS[WARM + 1] else -step if bar is BARS[WARM + 4] else 0)
            desk.tick()
        assert desk.bars == list(BARS[WARM : WARM + 6]), step
        assert not any(isinstance(event, BarMissing) for event in desk.said), step


def test_a_silent_feed_is_stale_and_a_restart_does_not_make_it_so_for_ever() -> None:
    """FLT-01: neither stream nor history speaks; the next life says when the feed is alive again."""
    desk = Desk()
    desk.venue.down = Retryable("503")
    desk.at(BARS[WARM].ts_close + 45 * MINUTE)
    desk.tick()
    assert next(event.state for event in desk.said if isinstance(event, FeedState)) == "stale"
    assert desk.session.engine.desks[KEY.symbol].stale
    desk.venue.down = None
    desk.intake = desk.begin(desk.host)
    desk.at(BARS[WARM + 1].ts_close + SECOND)
    desk.hear(BARS[WARM + 1])
    assert not desk.session.engine.desks[KEY.symbol].stale


def test_a_feed_that_history_speaks_for_is_not_stale() -> None:
    """FLT-01: the stream is silent for hours, history gives every bar within its patience."""
    desk = Desk()
    for bar in BARS[WARM : WARM + 5]:
        desk.venue.bars[bar.ts_open] = bar
        desk.at(bar.ts_close + 61 * SECOND)
        desk.tick()
    assert desk.bars == list(BARS[WARM : WARM + 5])
    assert not any(isinstance(event, FeedState) for event in desk.said)


def test_a_lost_connection_does_not_make_a_stale_feed_fresh() -> None:
    """INV-11: only a bar that moves does."""
    desk = Desk()
    desk.session.inject(FeedState(KEY.symbol, "stale", 1))
    desk.session.inject(FeedState(KEY.symbol, "disconnected", 2))
    assert desk.session.engine.desks[KEY.symbol].stale


def test_a_warm_up_that_died_half_way_goes_on_as_a_warm_up() -> None:
    """Bars from before the run began are history in every life of the process; those missed since are decided on."""
    desk = Desk()
    desk.venue.bars |= {bar.ts_open: bar for bar in BARS[WARM:]}
    plan = desk.session.engine.plan
    fresh = Session(engine_for(plan), sequencer_for(plan), MemoryJournal(), SilentNotifier(), desk.host, HostProcess())
    for bar in BARS[:4]:
        fresh.push(BarClosed(bar, "history"))
    fresh.advance(BARS[3].ts_close)
    intake = FeedIntake(
        fresh, [LiveSource(desk.venue, (KEY,))], {KEY: calendar_of("crypto")}, desk.host, rules=FeedRules()
    )
    desk.at(BARS[WARM + 2].ts_close)
    do(intake.warm_up(START, desk.host.now(), begun=BARS[WARM - 1].ts_close))
    causes = [entry.event.cause for entry in fresh.journal.read() if isinstance(entry.event, BarClosed)]
    assert causes == ["history"] * WARM + ["backfill"] * 3


def test_an_outage_of_stream_and_history_loses_no_bar() -> None:
    """FLT-03, A20: for 90 s nothing can be asked; the bars of that time are filled before the next decision."""
    desk = Desk()
    desk.venue.down = Retryable("no network")
    desk.at(BARS[WARM].ts_close - 20 * SECOND)
    do(desk.intake.take(Lost(desk.host.now(), "1006")))
    for second in range(0, 90, 5):
        desk.at(BARS[WARM].ts_close + second * SECOND - 20 * SECOND)
        desk.tick()
    assert desk.bars == []
    assert not any(isinstance(event, BarMissing) for event in desk.said)
    desk.venue.down = None
    desk.venue.bars |= {bar.ts_open: bar for bar in BARS[WARM : WARM + 1]}
    desk.at(BARS[WARM].ts_close + 101 * SECOND)
    desk.tick()
    assert desk.bars == [BARS[WARM]]
    told = [event.state for event in desk.said if isinstance(event, FeedState)]
    assert told == ["disconnected", "unfilled"]


def test_an_outage_of_history_holds_decisions_for_five_minutes_and_no_longer() -> None:
    """INV-15: then the bar is missing, and time goes on; the next overdue bar of the outage waits a minute."""
    desk = Desk()
    desk.venue.down = Retryable("503")
    for second in (61, 200, 300, 359):
        desk.at(BARS[WARM].ts_close + second * SECOND)
        desk.tick()
    assert not any(isinstance(event, BarMissing) for event in desk.said)
    desk.at(BARS[WARM].ts_close + 361 * SECOND)
    desk.tick()
    assert [event.ts_close for event in desk.said if isinstance(event, BarMissing)] == [BARS[WARM].ts_close]
    for second in (61, 62):
        desk.at(BARS[WARM + 1].ts_close + second * SECOND)
        desk.tick()
    assert len([event for event in desk.said if isinstance(event, BarMissing)]) == 2


def test_a_bar_only_partly_seen_is_not_decided_on_before_history_has_it() -> None:
    """FLT-03, INV-11: the connection broke within the bar and came back in it; the rest of it was never heard."""
    desk = Desk()
    whole = BARS[WARM]
    part = msgspec.structs.replace(whole, high=max(whole.open, whole.close), low=min(whole.open, whole.close))
    desk.at(whole.ts_open + 10 * MINUTE)
    desk.hear(part, closed=False)
    desk.at(whole.ts_open + 20 * MINUTE)
    do(desk.intake.take(Lost(desk.host.now(), "1006")))
    desk.at(whole.ts_open + 50 * MINUTE)
    desk.hear(part, closed=False)
    desk.venue.down = Retryable("503")
    desk.at(whole.ts_close + 6 * SECOND)
    desk.tick()
    assert desk.bars == []
    desk.venue.down = None
    desk.venue.bars[whole.ts_open] = whole
    desk.at(whole.ts_close + 8 * SECOND)
    desk.tick()
    assert desk.bars == [whole]


def test_a_bar_only_partly_seen_that_history_has_a_second_later_is_not_missing() -> None:
    """A venue whose clock tells whole seconds calls a bar that just ended still forming: it is asked once more."""
    desk = Desk()
    whole, following = BARS[WARM : WARM + 2]
    desk.at(whole.ts_open + 10 * MINUTE)
    desk.hear(msgspec.structs.replace(whole, close=whole.open), closed=False)
    do(desk.intake.take(Lost(desk.host.now(), "1006")))
    desk.at(following.ts_open)
    desk.hear(following, closed=False)
    assert desk.bars == []
    desk.venue.bars[whole.ts_open] = whole
    desk.at(following.ts_open + 2 * SECOND)
    desk.tick()
    assert desk.bars == [whole]
    assert not [event for event in desk.said if isinstance(event, BarMissing)]


def test_every_bar_of_several_providers_says_where_it_came_from() -> None:
    """A04: what the first lacks comes from the second, and the journal names it."""
    desk = Desk()
    second = ScriptedProvider("second", BARS[:20])
    both = Failover([desk.venue, second], desk.host)
    source = LiveSource(both, (KEY,))
    intake = FeedIntake(desk.session, [source], {KEY: calendar_of("crypto")}, desk.host, rules=FeedRules())
    do(intake.warm_up(START, desk.host.now()))
    desk.at(BARS[WARM + 1].ts_close + SECOND)
    do(intake.take(Update(BARS[WARM + 1], True, desk.host.now(), "venue"), source))
    sources = [event.source for event in desk.said if isinstance(event, BarClosed)]
    assert sources == ["second", "venue"]


def test_a_broken_link_is_made_good_from_the_bar_in_progress_on() -> None:
    """FLT-03: however far time alone has moved a symbol on, the bar that closed meanwhile is asked for."""
    desk = Desk()
    desk.venue.bars[BARS[WARM].ts_open] = BARS[WARM]
    desk.at(BARS[WARM].ts_open + 20 * MINUTE)
    desk.tick()
    desk.at(BARS[WARM].ts_close + 2 * SECOND)
    do(desk.intake.take(Lost(desk.host.now(), "1006")))
    assert desk.bars == [BARS[WARM]]


def test_a_long_outage_is_journaled_once() -> None:
    """INV-21: history is asked again and again, the journal is told when that began and when patience ended."""
    desk = Desk()
    desk.venue.down = Retryable("503")
    desk.at(BARS[WARM].ts_close + SECOND)
    do(desk.intake.take(Lost(desk.host.now(), "1006")))
    for _ in range(600):
        desk.host.advance(10 * SECOND)
        desk.tick()
    assert sum(isinstance(event, FeedState) and event.state == "unfilled" for event in desk.said) == 2
