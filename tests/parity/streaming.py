"""The same bars twice: from memory, and through the sockets of a stand-in venue that misbehaves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
import polars as pl

from tests.fakes.venue import standing_in
from tests.shared_data import shared
from tradewind.adapters.host_process import HostProcess
from tradewind.adapters.http_transport import HttpTransport
from tradewind.adapters.market.failover import Failover
from tradewind.adapters.market.provider_settings import ProviderSettings
from tradewind.adapters.market.providers import create_provider
from tradewind.adapters.market.stand_in.faults import Fault
from tradewind.adapters.market.stand_in.market import Series
from tradewind.adapters.market.stand_in.shape import Keys
from tradewind.adapters.notify.console import SilentNotifier
from tradewind.adapters.replay_feed import Recording, ReplayFeed
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.memory_journal import MemoryJournal
from tradewind.adapters.task_scheduler import TaskScheduler
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import load_config
from tradewind.app.feed_intake import LiveSource
from tradewind.app.live_loop import LiveLoop
from tradewind.app.market_feed import FeedRules
from tradewind.app.replay_loop import drive_replay
from tradewind.app.run_summary import RunCounts, RunSummary
from tradewind.app.session import Session
from tradewind.app.settings.root import AppConfig
from tradewind.app.wiring import engine_for, plan_for, sequencer_for
from tradewind.engine.plan import EnginePlan
from tradewind.engine.sequencer import SeriesKey
from tradewind.model.bar import BarColumns
from tradewind.model.event import BarClosed, BarMissing, BarRevised, FeedState
from tradewind.model.instruments import resolve
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import SECOND, Timeframe
from tradewind.ports.clock import Clock

SECRETS = {
    "OANDA_API_KEY": "stand-in-key",  # pragma: allowlist secret
    "OANDA_ACCOUNT_ID": "101-001-0000001-001",
    "COINBASE_API_KEY": "stand-in-key",  # pragma: allowlist secret
    "COINBASE_API_SECRET": "-",
}


class Outcome(NamedTuple):
    """How the two runs went; ``difference`` is the first event decided otherwise, empty where every byte is equal."""

    clean: RunCounts
    live: RunCounts
    difference: str
    digests: tuple[str, str]
    lost: int
    causes: frozenset[str]
    sources: frozenset[str]

    def text(self) -> str:
        one = self.clean
        return (
            f"{one.bars} bars, {one.missing} missing, {self.live.revised} revised, {self.lost} disconnects, "
            f"{one.decisions} decisions, {one.signals} signals, {one.trades} trades, digest {self.digests[1][:16]}"
        )


def stored(name: str, first: int, bars: int, *, places: int | None = None) -> BarColumns:
    """``bars`` real bars from number ``first`` on; the spread is ask minus bid at the close where the file has both."""
    timeframe = Timeframe.parse(name.rsplit("-", 1)[1])
    frame = pl.read_parquet(shared(f"data/{name}.parquet")).slice(first, bars)
    ts_open = frame["time"].dt.timestamp("ns").to_numpy().astype(np.int64)
    columns = [frame[column].to_numpy().astype(np.float64) for column in ("open", "high", "low", "close", "volume")]
    spread = np.full(len(frame), np.nan)
    if "ask_close" in frame.columns:
        spread = np.round(frame["ask_close"].to_numpy() - frame["close"].to_numpy(), places or 5)
    return BarColumns(ts_open, ts_open + timeframe.ns, *columns, spread)


def begun(plan: EnginePlan, clock: Clock) -> tuple[Session, MemoryJournal, RunSummary]:
    journal, summary = MemoryJournal(keep=True), RunSummary()
    session = Session(
        engine_for(plan), sequencer_for(plan), journal, SilentNotifier(), clock, HostProcess(), watch=summary.watch
    )
    return session, journal, summary


async def compared(
    feeds: Sequence[tuple[str, Sequence[Series]]],
    faults: Sequence[Fault] = (),
    *,
    warm_until: int,
    end: int,
    pace: float | str = "ack",
    rules: FeedRules | None = None,
) -> Outcome:
    """Runs the series of ``feeds`` (provider, series) clean up to ``end`` and through the stand-in; bars that close up
    to ``warm_until`` are history in both.
    """
    every = [one for _, series in feeds for one in series]
    bases = {one.symbol: one.timeframe for one in every}
    plan = plan_for(settings_for(tuple(bases.values())), bases, executes=True)
    clock = ManualClock()
    clean, clean_journal, clean_summary = begun(plan, clock)
    recordings = [
        Recording(one.symbol, one.timeframe, one.columns.slice(0, _until(one, end)), "file", warm_until)
        for one in every
    ]
    drive_replay(clean, ReplayFeed(recordings), clock)
    closes = sum(_close_of(entry.event) > warm_until for entry in clean_journal.read())

    wall, transport = WallClock(), HttpTransport()
    live, live_journal, live_summary = begun(plan, wall)
    keys = Keys()
    now = warm_until + 5 * SECOND  # a bar is sure to be over when the venue's clock, told in whole seconds, says so
    async with standing_in(every, now=now, plan=faults, bars_per_s=pace, keys=keys) as server:
        settings = ProviderSettings(gateway=server.url, secrets=SECRETS)
        sources = [
            LiveSource(
                Failover([create_provider(name, settings, wall, transport)], wall),
                tuple(SeriesKey(one.symbol, one.timeframe) for one in series),
            )
            for name, series in feeds
        ]
        calendars = {SeriesKey(one.symbol, one.timeframe): calendar_of(resolve(one.symbol).calendar) for one in every}
        loop = LiveLoop(live, sources, calendars, wall, TaskScheduler(), rules=rules or FeedRules(), virtual_time=True)
        await loop.warm_up(min(int(one.columns.ts_open[0]) for one in every), warm_until)
        await loop.run(iterations=closes)
    await transport.close()

    events = [entry.event for entry in live_journal.read()]
    return Outcome(
        clean_summary.counts(),
        live_summary.counts(),
        _difference(clean_journal, live_journal, end),
        (clean_journal.head[1].hex(), _digest_at(live_journal, end)),
        sum(isinstance(event, FeedState) and event.state == "disconnected" for event in events),
        frozenset(event.cause for event in events if isinstance(event, BarClosed)),
        frozenset(event.source for event in events if isinstance(event, BarClosed | BarRevised)),
    )


def settings_for(bases: Sequence[Timeframe]) -> AppConfig:
    """The built-in configuration, voting on the base and what is made of it."""
    names = ("1m", "5m", "15m", "1h") if Timeframe.M1 in bases else ("1h", "4h", "1d")
    intervals = [{"interval": name, "weight": 1 / len(names)} for name in names]
    return load_config(environment={}, overrides={"timeframes": {"intervals": intervals}})


def _until(one: Series, end: int) -> int:
    return int(np.searchsorted(one.columns.ts_close, end, side="right"))


def _close_of(event: object) -> int:
    if isinstance(event, BarClosed):
        return event.bar.ts_close
    return event.ts_close if isinstance(event, BarMissing) else 0


def _digest_at(live: MemoryJournal, end: int) -> str:
    """The digest after the last close up to ``end``: what a hurried market sent beyond it is not compared."""
    return [entry.digest.hex() for entry in live.read() if 0 < _close_of(entry.event) <= end][-1]


def _difference(clean: MemoryJournal, live: MemoryJournal, end: int) -> str:
    """Where the bytes of what was decided, close by close up to ``end``, part."""
    decided = [[entry for entry in journal.read() if 0 < _close_of(entry.event) <= end] for journal in (clean, live)]
    for number, (one, other) in enumerate(zip_longest(*decided)):
        if one is None or other is None or one.outputs != other.outputs:
            said = [None if entry is None else (entry.event, entry.outputs) for entry in (one, other)]
            return f"close {number} of {len(decided[0])} and {len(decided[1])}:\nclean {said[0]}\nlive  {said[1]}"
    return ""
