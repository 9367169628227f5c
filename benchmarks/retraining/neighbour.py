"""How long a service takes from the close of an hour to its last decision, alone and beside a process that retrains.

One paper service of four symbols on SIMULATED hours, its journal committed with fsync, goes through rounds of hours;
in every second round a process beside it trains the default net without a pause, at the priority that the service
gives the processes it starts. Between its rounds that process stands still (SIGSTOP), so that both kinds of round meet
the same memory, caches and neighbours.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.desk import EAGER, crossing_members, desk_config, plan_of, recordings_of
from benchmarks.machine import percentile
from tradewind.adapters.process_urgency import less_urgent
from tradewind.adapters.replay_feed import Recording
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.store import Store
from tradewind.adapters.task_scheduler import TaskScheduler
from tradewind.app.feed_intake import LiveSource
from tradewind.app.live_loop import LiveLoop
from tradewind.app.market_feed import FeedRules
from tradewind.app.run_replay import JournaledRun
from tradewind.engine.sequencer import SeriesKey
from tradewind.model.bar import Bar
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import SECOND, Timeframe
from tradewind.ports.market import Capabilities, FeedItem, Health, Update

SYMBOLS: Final = ("BTC/USDT", "ETH/USDT", "BTC/USD", "ETH/USD")
MEMBERS: Final = 20
WARM_UP: Final = 1_000


class Neighbours(msgspec.Struct, frozen=True):
    """Milliseconds: p50 and p99 alone and beside, and each pair of rounds' ratio of its two p99."""

    alone_p50_ms: float
    beside_p50_ms: float
    alone_p99_ms: float
    beside_p99_ms: float
    ratios: tuple[float, ...]
    hours: int
    fits: int


class HandedBars:
    """A provider whose venue is the caller."""

    name = "handed"
    capabilities = Capabilities(timeframes=(Timeframe.H1,), stream=True)

    def __init__(self, clock: ManualClock, history: dict[str, Sequence[Bar]]) -> None:
        self._clock, self._history = clock, history
        self._queue: asyncio.Queue[FeedItem] = asyncio.Queue()

    def symbols(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self._history)

    def venue_symbol(self, symbol: str) -> str:
        """The same."""
        return symbol

    async def self_test(self) -> Health:
        """Always well."""
        return Health(self.name, "ok", "in process")

    async def history(self, symbol: str, timeframe: Timeframe, start: int, end: int) -> Sequence[Bar]:
        """The bars to warm up on."""
        return [bar for bar in self._history[symbol] if start <= bar.ts_open < end]

    async def stream(self, symbols: Sequence[str], timeframe: Timeframe) -> AsyncIterator[FeedItem]:
        """What was handed over."""
        while True:
            yield await self._queue.get()

    def hand(self, bar: Bar) -> None:
        """A bar closed."""
        self._queue.put_nowait(Update(bar, True, self._clock.now(), self.name))

    async def close(self) -> None:
        """Nothing is held."""


class Retrainer:
    """A process that trains without a pause, standing still unless it is let go."""

    def __init__(self, folder: Path) -> None:
        self._count = folder / "fits"
        self._count.write_text("0", "utf-8")
        script = "from benchmarks.retraining.endless import main; main()"
        self._process = subprocess.Popen(
            [sys.executable, "-c", script, str(self._count)], start_new_session=True, preexec_fn=less_urgent
        )
        while not self.fits:
            if self._process.poll() is not None:
                raise SystemExit("the process that trains ended; its own message is above")
            time.sleep(0.05)
        self.hold()

    @property
    def fits(self) -> int:
        """Whole fits so far."""
        return int(self._count.read_text("utf-8") or 0)

    def hold(self) -> None:
        """Stands still."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def let_go(self) -> None:
        """Trains."""
        os.kill(self._process.pid, signal.SIGCONT)

    def end(self) -> None:
        """Is no more."""
        self._process.kill()
        self._process.wait()


def measured(rounds: int, hours: int) -> Neighbours:
    """``rounds`` pairs of ``hours`` each."""
    config = desk_config(SYMBOLS, **EAGER)
    recordings = recordings_of(config, WARM_UP + 2 * rounds * hours + 1)
    with tempfile.TemporaryDirectory() as name:
        retrainer = Retrainer(Path(name))
        try:
            taken = asyncio.run(_walk(config, recordings, Path(name), retrainer, rounds, hours))
            fits = retrainer.fits
        finally:
            retrainer.end()
    alone = [one for times in taken[0::2] for one in times]
    beside = [one for times in taken[1::2] for one in times]
    pairs = zip(taken[0::2], taken[1::2], strict=True)
    return Neighbours(
        percentile(alone, 0.5), percentile(beside, 0.5), percentile(alone, 0.99), percentile(beside, 0.99),
        tuple(round(percentile(two, 0.99) / percentile(one, 0.99), 3) for one, two in pairs), hours, fits,
    )  # fmt: skip


async def _walk(
    config: object, recordings: tuple[Recording, ...], folder: Path, retrainer: Retrainer, rounds: int, hours: int
) -> list[list[float]]:
    """Milliseconds of each hour, round by round."""
    bars = {one.symbol: _bars(one) for one in recordings}
    first = bars[SYMBOLS[0]]
    clock = ManualClock(first[WARM_UP].ts_open)
    provider = HandedBars(clock, {symbol: series[:WARM_UP] for symbol, series in bars.items()})
    keys = tuple(SeriesKey(symbol, Timeframe.H1) for symbol in SYMBOLS)
    plan = plan_of(config, recordings, crossing_members(MEMBERS))  # type: ignore[arg-type]  # as desk_config gives it
    closes, decided = 0, asyncio.Event()

    def count(made: int) -> None:
        nonlocal closes
        closes += made
        if closes % len(SYMBOLS) == 0:
            decided.set()

    taken: list[list[float]] = []
    with Store.open(folder / "journal.db", 0) as store:
        run = JournaledRun(plan, store, clock, lambda _: None, origin="live", commit_every=1)
        run.start(0)
        loop = LiveLoop(
            run.session, (LiveSource(provider, keys),), {key: calendar_of("crypto") for key in keys}, clock,
            TaskScheduler(), rules=FeedRules(), on_close=count,
        )  # fmt: skip
        await loop.warm_up(0, clock.now())
        closes = 0
        running = asyncio.ensure_future(loop.run(iterations=2 * rounds * hours * len(SYMBOLS)))
        await asyncio.sleep(0.05)
        for number in range(2 * rounds):
            retrainer.let_go() if number % 2 else retrainer.hold()
            await asyncio.sleep(0.2)
            times = []
            for at in range(number * hours, (number + 1) * hours):
                await asyncio.sleep(0.002)
                clock.advance_to(first[WARM_UP + at].ts_close + SECOND // 20)
                decided.clear()
                begun = time.perf_counter()
                for symbol in SYMBOLS:
                    provider.hand(bars[symbol][WARM_UP + at])
                await decided.wait()
                times.append(1000.0 * (time.perf_counter() - begun))
            taken.append(times)
        await running
    return taken


def _bars(recording: Recording) -> list[Bar]:
    columns = recording.columns
    rows = zip(*(column.tolist() for column in columns[:7]), strict=True)
    return [Bar(recording.symbol, recording.timeframe, *row) for row in rows]
