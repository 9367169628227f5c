"""The same bars through a hostile web socket and from the store: the same decisions, byte for byte."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fakes.venue import standing_in
from tradewind.adapters.host_process import HostProcess
from tradewind.adapters.http_transport import HttpTransport
from tradewind.adapters.market.provider_settings import ProviderSettings
from tradewind.adapters.market.providers import create_provider
from tradewind.adapters.market.simulated import simulate, spec_for
from tradewind.adapters.market.simulated_edge import EdgeKind, PlantedEdge
from tradewind.adapters.market.stand_in.faults import Fault
from tradewind.adapters.market.stand_in.market import Series
from tradewind.adapters.notify.console import SilentNotifier
from tradewind.adapters.replay_feed import Recording, ReplayFeed
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.memory_journal import MemoryJournal
from tradewind.adapters.task_scheduler import TaskScheduler
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import built_in
from tradewind.app.feed_intake import LiveSource
from tradewind.app.live_loop import LiveLoop
from tradewind.app.market_feed import FeedRules
from tradewind.app.replay_loop import drive_replay
from tradewind.app.run_summary import RunSummary
from tradewind.app.session import Session
from tradewind.app.wiring import engine_for, plan_for, sequencer_for
from tradewind.engine.plan import EnginePlan
from tradewind.engine.sequencer import SeriesKey
from tradewind.model.bar import BarColumns
from tradewind.model.event import BarClosed, BarRevised, FeedState
from tradewind.model.instruments import resolve
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import SECOND, Timeframe
from tradewind.ports.clock import Clock

WARM = 600
BARS = 2600
KEY = SeriesKey("BTC/USDT", Timeframe.H1)
FAULTS = (
    Fault("duplicate", at_bar=60, bars=4, count=2),
    Fault("reorder", at_bar=140),
    Fault("late_correction", at_bar=220),
    Fault("gap", at_bar=300, bars=3),
    Fault("unclosed", at_bar=380, bars=2),
    Fault("reorder", at_bar=440),
    Fault("disconnect", at_bar=500, seconds=0.2),
    Fault("disconnect", at_bar=1500, seconds=0.2),
)


def market() -> BarColumns:
    edge = PlantedEdge(kind=EdgeKind.BREAKOUT, strength=0.45)
    spec = spec_for(resolve(KEY.symbol), bars=BARS + 1, timeframe=KEY.timeframe, edge=edge)
    columns = simulate(spec, np.random.default_rng(5))
    return columns._replace(spread=np.full(BARS + 1, np.nan))  # the venue's candles carry none


def session_of(plan: EnginePlan, clock: Clock) -> tuple[Session, MemoryJournal, RunSummary]:
    journal, summary = MemoryJournal(keep=True), RunSummary()
    session = Session(
        engine_for(plan),
        sequencer_for(plan),
        journal,
        SilentNotifier(),
        clock,
        HostProcess(),
        watch=summary.watch,
    )
    return session, journal, summary


@pytest.mark.req("C15", "A20")
async def test_a_hostile_stream_gives_the_decisions_of_the_stored_bars() -> None:
    """Duplicates, reordering, a late correction, a gap and two disconnects change no decision."""
    columns = market()
    plan = plan_for(built_in().config, {KEY.symbol: KEY.timeframe}, executes=True, simulated=True)
    warm_until = int(columns.ts_close[WARM - 1])

    clock = ManualClock()
    clean, clean_journal, clean_summary = session_of(plan, clock)
    drive_replay(clean, ReplayFeed([Recording(*KEY, columns.slice(0, BARS), "SIMULATED", warm_until)]), clock)

    async with standing_in([Series(*KEY, columns)], now=warm_until, plan=FAULTS, bars_per_s="ack") as server:
        wall = WallClock()
        provider = create_provider("binance", ProviderSettings(gateway=server.url), wall, HttpTransport())
        live, live_journal, live_summary = session_of(plan, wall)
        loop = LiveLoop(
            live,
            [LiveSource(provider, (KEY,))],
            {KEY: calendar_of("crypto")},
            wall,
            TaskScheduler(),
            rules=FeedRules(patience=3 * 3600 * SECOND),
            virtual_time=True,
        )
        await loop.warm_up(int(columns.ts_open[0]), warm_until)
        await loop.run(iterations=BARS - WARM)

    counts, expected = live_summary.counts(), clean_summary.counts()
    print(f"signals {expected.signals}, closed trades {expected.trades}")
    assert expected.signals >= 60
    assert expected.trades >= 50
    assert live_journal.head[1] == clean_journal.head[1]
    assert counts.signals == expected.signals
    events = [entry.event for entry in live_journal.read()]
    assert any(isinstance(event, BarRevised) for event in events)
    assert any(isinstance(event, FeedState) and event.state == "disconnected" for event in events)
    assert {event.cause for event in events if isinstance(event, BarClosed)} >= {"history", "venue", "backfill"}
