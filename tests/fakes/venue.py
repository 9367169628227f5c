"""A stand-in venue over made-up bars whose every value the test knows."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import numpy as np

from tradewind.adapters.market.stand_in.faults import Fault
from tradewind.adapters.market.stand_in.market import Series
from tradewind.adapters.market.stand_in.server import StandInServer
from tradewind.adapters.market.stand_in.shape import Keys
from tradewind.adapters.market.stand_in.venue import StandInVenue
from tradewind.adapters.task_scheduler import TaskScheduler
from tradewind.adapters.wall_clock import WallClock
from tradewind.model.bar import BarColumns
from tradewind.model.timeframe import Timeframe

START = 1_704_067_200 * 1_000_000_000  # 2024-01-01 00:00 UTC, a Monday


def made_up(
    bars: int, timeframe: Timeframe, *, start: int = START, first: float = 100.0, seed: int = 7, places: int = 2
) -> BarColumns:
    """A random walk of ``bars`` bars without holes; prices on a grid of ``places`` decimals."""
    generator = np.random.default_rng(seed)
    ts_open = start + np.arange(bars, dtype=np.int64) * timeframe.ns
    close = np.round(first * np.exp(np.cumsum(generator.normal(0, 1e-3, bars))), places)
    opened = np.concatenate([[first], close[:-1]])
    margin = 5 * 10.0**-places
    high = np.round(np.maximum(opened, close) + margin, places)
    low = np.round(np.minimum(opened, close) - margin, places)
    volume = np.round(generator.uniform(1, 9, bars), 4)
    spread = np.full(bars, 2 * 10.0**-places)
    return BarColumns(ts_open, ts_open + timeframe.ns, opened, high, low, close, volume, spread)


@contextmanager
def in_background(series: Sequence[Series], *, label: str = "", **settings: object) -> Iterator[StandInServer]:
    """The same in a thread of its own, for code that runs its own event loop."""
    started, stop = threading.Event(), threading.Event()
    servers: list[StandInServer] = []

    async def run() -> None:
        async with standing_in(series, **settings) as server:  # type: ignore[arg-type]
            server.venue.label = label
            servers.append(server)
            started.set()
            while not stop.is_set():
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert started.wait(20)
    try:
        yield servers[0]
    finally:
        stop.set()
        thread.join()


@asynccontextmanager
async def standing_in(
    series: Sequence[Series],
    *,
    now: int | None = None,
    plan: Sequence[Fault] = (),
    time: Callable[[], int] | None = None,
    keys: Keys | None = None,
    bars_per_s: float | str = 0,
    patience: Callable[[], int] | None = None,
    host: str = "127.0.0.1",
) -> AsyncIterator[StandInServer]:
    """A running stand-in on a free port of ``host``; ``patience`` is the time base of its Retry-After."""
    clock = WallClock()
    venue = StandInVenue(series, patience or clock.monotonic, now=now, plan=plan, time=time, keys=keys)
    server = StandInServer(
        venue, clock, TaskScheduler(), host=host, exposed=True, bars_per_s=bars_per_s, heartbeat_s=0.2
    )
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
