"""Lets somebody outside the event loop end what waits inside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tradewind.adapters.task_scheduler import TaskScheduler
from tradewind.model.timeframe import SECOND
from tradewind.ports.clock import Clock

LOOK_EVERY = SECOND // 10


@asynccontextmanager
async def until_asked(stop_asked: Callable[[], bool], clock: Clock) -> AsyncIterator[None]:
    """A block that ends at its next wait once ``stop_asked()`` is true, as if it were over; looked at ten times a
    second of ``clock``. A request that takes its time, a ban that is waited out, a pause: none delays a stop.
    """
    watcher = TaskScheduler()
    inside = asyncio.current_task()
    asked: list[bool] = []

    async def watch() -> None:
        while not stop_asked():
            await clock.sleep_until(clock.monotonic() + LOOK_EVERY)
        asked.append(True)
        if inside is not None:
            inside.cancel()

    watcher.spawn("stop", watch)
    try:
        yield
    except asyncio.CancelledError:
        if not asked or inside is None or inside.uncancel() > 0:
            raise
    finally:
        watcher.cancel()
        await watcher.join()
