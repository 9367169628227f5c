"""Runs a feed intake on an event loop: one task per stream, one queue, a look at the clock every second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from tradewind.adapters.market.polling import poll
from tradewind.app.feed_intake import FeedIntake, LiveSource
from tradewind.app.market_feed import FeedRules
from tradewind.app.replay_loop import LoopResult
from tradewind.app.session import Session
from tradewind.engine.sequencer import SeriesKey
from tradewind.errors import Unavailable
from tradewind.model.session import SessionCalendar
from tradewind.model.timeframe import SECOND
from tradewind.ports.clock import Clock
from tradewind.ports.market import FeedItem, MarketProvider
from tradewind.ports.scheduler import Scheduler

TICK = SECOND


class LiveLoop:
    """Feeds ``session`` until asked to stop, a number of closes is reached, or every stream has ended.

    ``virtual_time`` takes the venue's own time as now, for a venue whose clock is not the host's.
    """

    def __init__(
        self,
        session: Session,
        sources: Sequence[LiveSource],
        calendars: Mapping[SeriesKey, SessionCalendar],
        clock: Clock,
        scheduler: Scheduler,
        *,
        rules: FeedRules,
        virtual_time: bool = False,
        on_close: Callable[[int], None] | None = None,
    ) -> None:
        self.session = session
        self.clock = clock
        self.intake = FeedIntake(
            session, sources, calendars, clock, rules=rules, virtual_time=virtual_time, on_close=on_close
        )
        self._sources = tuple(sources)
        self._scheduler = scheduler
        self._queue: asyncio.Queue[FeedItem | None] = asyncio.Queue()

    async def warm_up(
        self, start: int, end: int, stop_asked: Callable[[], bool] = lambda: False, *, begun: int | None = None
    ) -> int:
        """As ``FeedIntake.warm_up``."""
        return await self.intake.warm_up(start, end, stop_asked, begun=begun)

    async def run(self, *, iterations: int = 0, stop_asked: Callable[[], bool] = lambda: False) -> LoopResult:
        """Streams until the end; the open batch is flushed in every case."""
        for number, source in enumerate(self._sources):
            for timeframe in sorted({key.timeframe for key in source.keys}, key=lambda one: one.rank):
                symbols = [key.symbol for key in source.keys if key.timeframe is timeframe]
                stream = self._stream(source, symbols, timeframe)
                self._scheduler.spawn(f"feed-{number}-{timeframe}", lambda s=stream: self._read(s))  # type: ignore[misc]
        reading = sum(len({key.timeframe for key in source.keys}) for source in self._sources)
        stopped = "end"
        try:
            while reading:
                if stop_asked():
                    stopped = "asked"
                    break
                if iterations and self.intake.closes >= iterations:
                    stopped = "iterations"
                    break
                try:
                    async with asyncio.timeout(TICK / SECOND):
                        item = await self._queue.get()
                except TimeoutError:
                    await self.intake.pass_time()
                    continue
                if item is None:
                    reading -= 1
                    continue
                await self.intake.take(item)
        finally:
            self.session.flush()
            self._scheduler.cancel()
            for source in self._sources:
                await source.provider.close()
        await self._scheduler.join()
        return LoopResult(self.intake.closes, self.intake.bars, self.intake.released, stopped)

    def _stream(self, source: LiveSource, symbols: Sequence[str], timeframe: object) -> AsyncIterator[FeedItem]:
        key = next(key for key in source.keys if key.timeframe is timeframe)
        if source.poll_every_s > 0.0:
            since = min(self.intake.known_until(symbol) for symbol in symbols)
            return poll(source.provider, symbols, key.timeframe, self.clock, source.poll_every_s, since)
        return source.provider.stream(symbols, key.timeframe)

    async def _read(self, stream: AsyncIterator[FeedItem]) -> None:
        try:
            async for item in stream:
                await self._queue.put(item)
        finally:
            self._queue.put_nowait(None)


async def check_clock(provider: MarketProvider, limit_s: float, *, virtual: bool) -> float | None:
    """The venue's clock minus the host's in seconds, None where the venue does not tell.

    Raises:
        Unavailable: the venue cannot be reached, or the clocks differ by more than ``limit_s``.
    """
    health = await provider.self_test()
    if health.state != "ok":
        raise Unavailable(
            f"{provider.name} is {health.state}: {health.detail}",
            where="market data",
            next_step=f"tradewind data ping --provider {provider.name}",
        )
    offset = health.clock_offset_s
    if offset is not None and abs(offset) > limit_s and not virtual:
        raise Unavailable(
            f"the clock of this machine differs from {provider.name}'s by {-offset:+.1f} s",
            where="clock",
            allowed=f"at most {limit_s:g} s",
            next_step="set the clock (timedatectl set-ntp true) or raise market.max_clock_offset",
        )
    return offset
