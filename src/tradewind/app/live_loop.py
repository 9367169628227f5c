"""Runs a feed intake on an event loop: one task per stream, one queue, a look at the clock every second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial

from tradewind.adapters.market.polling import poll
from tradewind.adapters.market.provider_settings import clock_verdict
from tradewind.adapters.market.providers import factories, secrets_of
from tradewind.app.feed_intake import FeedIntake, LiveSource
from tradewind.app.market_feed import FeedRules
from tradewind.app.replay_loop import LoopResult
from tradewind.app.session import Session
from tradewind.engine.sequencer import SeriesKey
from tradewind.errors import Misconfigured, Unavailable, VenueAway
from tradewind.model.session import SessionCalendar
from tradewind.model.timeframe import SECOND, Timeframe
from tradewind.ports.clock import Clock
from tradewind.ports.market import FeedItem, MarketProvider
from tradewind.ports.scheduler import Scheduler

TICK = SECOND
QUIET_AFTER = 15 * SECOND


class LiveLoop:
    """Feeds ``session`` until asked to stop, a number of closes is reached, or every stream has ended.

    A stream is asked for its next item when the one before was dealt with: sockets do the waiting, and a market whose
    time is made by waiting stays in step. ``virtual_time`` takes the venue's own time as now, for a venue whose clock
    is not the host's. ``say`` hears what a person should know.
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
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.session = session
        self.clock = clock
        self.intake = FeedIntake(
            session, sources, calendars, clock, rules=rules, virtual_time=virtual_time, on_close=on_close
        )
        self._sources = tuple(sources)
        self._scheduler = scheduler
        self._after_close_s = rules.grace / SECOND
        self._queue: asyncio.Queue[tuple[LiveSource, FeedItem] | None] = asyncio.Queue()
        self._say = say
        self._stand_in = virtual_time
        self._heard_at = (0, clock.monotonic())
        self._quiet = False

    async def warm_up(
        self, start: int, end: int, stop_asked: Callable[[], bool] = lambda: False, *, begun: int | None = None
    ) -> int:
        """As ``FeedIntake.warm_up``."""
        return await self.intake.warm_up(start, end, stop_asked, begun=begun)

    async def run(
        self,
        *,
        iterations: int = 0,
        stop_asked: Callable[[], bool] = lambda: False,
        on_tick: Callable[[], None] = lambda: None,
    ) -> LoopResult:
        """Streams until the end, ``on_tick`` after every item and every second; the open batch is always flushed."""
        reading = 0
        for number, source in enumerate(self._sources):
            for timeframe in sorted({key.timeframe for key in source.keys}, key=lambda one: one.rank):
                symbols = [key.symbol for key in source.keys if key.timeframe is timeframe]
                self._scheduler.spawn(f"feed-{number}-{timeframe}", partial(self._read, source, symbols, timeframe))
                reading += 1
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
                    heard = await asyncio.wait_for(self._queue.get(), TICK / SECOND)
                except TimeoutError:
                    await self.intake.pass_time()
                else:
                    if heard is None:
                        reading -= 1
                    else:
                        source, item = heard
                        await self.intake.take(item, source)
                    self._queue.task_done()
                on_tick()
                self._notice_quiet()
        finally:
            try:
                self.session.flush()
            finally:  # a store that refuses leaves no stream behind
                self._scheduler.cancel()
                for source in self._sources:
                    await source.provider.close()
                await self._scheduler.join()
        return self.result(stopped)

    def result(self, stopped: str) -> LoopResult:
        """How far the loop has come."""
        return LoopResult(self.intake.closes, self.intake.bars, self.intake.released, stopped)

    def _notice_quiet(self) -> None:
        """Says when a market with a time of its own stands still: no guard can tell, since no bar of it is due."""
        bars, since = self._heard_at
        now = self.clock.monotonic()
        if bars != self.intake.bars:
            self._heard_at, self._quiet = (self.intake.bars, now), False
        elif self._stand_in and not self._quiet and now - since >= QUIET_AFTER:
            self._quiet = True
            self._say(
                f"No bar for {QUIET_AFTER // SECOND} s: the venue's clock stands still. A stand-in that has no more"
                " bars says so where it runs. Ctrl+C ends this run."
            )

    async def _read(self, source: LiveSource, symbols: Sequence[str], timeframe: Timeframe) -> None:
        try:
            try:
                async for item in self._stream(source, symbols, timeframe, source.poll_every_s):
                    await self._heard(source, item)
            except Misconfigured as error:
                if source.poll_every_s > 0.0:
                    raise
                self._say(f"{', '.join(symbols)}: {error.found}; polling every {source.fall_back_s:g} s instead")
                async for item in self._stream(source, symbols, timeframe, source.fall_back_s):
                    await self._heard(source, item)
        finally:
            self._queue.put_nowait(None)

    async def _heard(self, source: LiveSource, item: FeedItem) -> None:
        self._queue.put_nowait((source, item))
        await self._queue.join()

    def _stream(
        self, source: LiveSource, symbols: Sequence[str], timeframe: Timeframe, every_s: float
    ) -> AsyncIterator[FeedItem]:
        if every_s <= 0.0:
            return source.provider.stream(symbols, timeframe)
        since = min(self.intake.known_until(symbol) for symbol in symbols)
        late = self._after_close_s
        return poll(source.provider, symbols, timeframe, self.clock, every_s, since, after_close_s=late)


async def check_clock(
    provider: MarketProvider, limit_s: float, *, virtual: bool, say: Callable[[str], None] = lambda _: None
) -> float | None:
    """The venue's clock minus the host's in seconds, None where the venue does not tell; ``say`` hears a warning.

    Raises:
        VenueAway: the venue cannot be reached.
        Unavailable: the key is missing or refused, or the clocks differ by more than ``limit_s``.
    """
    health = await provider.self_test()
    answers = health.state == "ok" or (health.state == "disabled" and health.latency_ms is not None)
    if not answers:
        names = [name for part in provider.name.split("+") if part in factories() for name in secrets_of(part)]
        about_keys = bool(names) and health.state in ("refused", "disabled")
        advice = f"correct {', '.join(names)} in .env; try" if about_keys else "check the network, then try"
        kind = VenueAway if health.state == "unreachable" else Unavailable
        raise kind(
            f"{provider.name} is {health.state}: {health.detail.partition(' Next: ')[0]}",
            where="market data",
            next_step=f"{advice} `tradewind data ping --provider {provider.name.replace('+', ',')}`",
        )
    offset = health.clock_offset_s
    verdict, detail = clock_verdict(offset, virtual=virtual, limit_s=limit_s)
    if verdict == "refusal":
        raise Unavailable(
            f"{detail.partition(';')[0]} ({provider.name})",
            where="clock",
            allowed=f"at most {limit_s:g} s",
            next_step="set the clock (timedatectl set-ntp true) or raise market.max_clock_offset",
        )
    if verdict == "warning":
        say(f"WARNING: {detail} ({provider.name})")
    return offset
