"""Takes what streams say one item at a time, and decides what a session gets to see and when.

Nothing here waits, spawns or queues: the only question to the outside is history, asked in the open with ``await``. Any
driver will do, an event loop or a simulation that steps the coroutine itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from tradewind.adapters.market.polling import FAR_FUTURE
from tradewind.app.market_feed import FeedRules, SymbolFeed, VenueTime, lost_states, watermark
from tradewind.app.session import Session
from tradewind.engine.sequencer import SeriesKey
from tradewind.errors import TradewindError
from tradewind.model.bar import Bar
from tradewind.model.event import BarClosed, BarRevised, FeedState
from tradewind.model.session import SessionCalendar
from tradewind.model.timeframe import SECOND
from tradewind.ports.clock import Clock
from tradewind.ports.market import FeedItem, MarketProvider, Update

RETRY = SECOND
LONGEST_RETRY = 30 * SECOND
WARM_UP_BATCH = 512


class LiveSource(msgspec.Struct, frozen=True):
    """One provider and the base series taken from it; ``poll_every_s`` > 0 asks instead of streaming."""

    provider: MarketProvider
    keys: tuple[SeriesKey, ...]
    poll_every_s: float = 0.0


class FeedIntake:
    """The deciding part of a live run: ``take`` an item, ``pass_time`` where nothing was said.

    ``known_until(symbol)`` is the close up to which a symbol is known. ``closes`` and ``bars`` count this life.
    ``virtual_time`` takes the venue's own time as now, for a venue whose clock is not the host's.
    """

    def __init__(
        self,
        session: Session,
        sources: Sequence[LiveSource],
        calendars: Mapping[SeriesKey, SessionCalendar],
        clock: Clock,
        *,
        rules: FeedRules,
        virtual_time: bool = False,
        on_close: Callable[[int], None] | None = None,
    ) -> None:
        self.session = session
        self.clock = clock
        self.closes = 0
        self.bars = 0
        self.released = 0
        self._sources = tuple(sources)
        self._calendars = calendars
        self._rules = rules
        self._venue_time = VenueTime() if virtual_time else None
        self._on_close = on_close
        self._feeds: dict[str, SymbolFeed] = {}
        self._provider: dict[str, MarketProvider] = {}
        self._doubtful: set[str] = set()
        self._next_try = 0
        self._wait = RETRY

    def known_until(self, symbol: str) -> int:
        """The close up to which a symbol is known."""
        return self._feeds[symbol].known

    async def warm_up(
        self, start: int, end: int, stop_asked: Callable[[], bool] = lambda: False, *, begun: int | None = None
    ) -> int:
        """History of a new run, or what was missed since the last one; returns the bars taken.

        Bars that closed before the run began (``begun``; None: it begins now) carry the cause ``history``, in whatever
        life of the process they are taken; those an interrupted run missed are decided on. They share transactions:
        nobody waits for any single one of them.
        """
        each, self.session.commit_every = self.session.commit_every, WARM_UP_BATCH
        try:
            return await self._warm_up(start, end, stop_asked, end if begun is None else begun)
        finally:
            self.session.commit_every = each

    async def _warm_up(self, start: int, end: int, stop_asked: Callable[[], bool], begun: int) -> int:
        done = self.session.frontiers()
        taken = 0
        for source in self._sources:
            for key in source.keys:
                since = done.get(key.symbol)
                asked = start if since is None else since
                bars = self._ended(await source.provider.history(key.symbol, key.timeframe, asked, end))
                for bar in bars:
                    cause = "history" if bar.ts_close <= begun else "backfill"
                    self.session.push(BarClosed(bar, cause, source.provider.name, self.clock.now()))
                taken += len(bars)
                known = max([bar.ts_close for bar in bars], default=since or start)
                feed = SymbolFeed(
                    key,
                    self._calendars[key],
                    source.provider.name,
                    self._rules,
                    self.clock.monotonic(),
                    known,
                    stale=self.session.engine.desks[key.symbol].stale,
                )
                for bar in bars[-512:]:
                    feed.confirmed(bar, 0, source.provider.name)
                self._feeds[key.symbol] = feed
                self._provider[key.symbol] = source.provider
        if not stop_asked():
            self._release()
        self.session.flush()
        self.closes = self.bars = 0  # a run counts what it decides on, not what it warmed up with
        return taken

    async def take(self, item: FeedItem) -> None:
        """What a stream said, and what follows from it now."""
        if self._venue_time is not None:
            self._venue_time.observe(item)
        for state in lost_states(item, tuple(self._feeds)):
            self.session.inject(state)
            self._doubtful.add(state.symbol)
        if isinstance(item, Update):
            feed = self._feeds[item.bar.symbol]
            now, monotonic = self.clock.now(), self.clock.monotonic()
            self._doubtful.discard(item.bar.symbol)
            self._wait = RETRY
            self._note(feed.state(item, now, monotonic))
            for event in feed.on_update(item, self._now()):
                await self._final(feed, event)
        await self.pass_time()

    async def pass_time(self) -> None:
        """What time alone changes: forming bars past their grace, bars given up, closed markets, silence."""
        now = self._now()
        if self._doubtful and self.clock.monotonic() >= self._next_try:
            await self._catch_up()
        for feed in self._feeds.values():
            for event in feed.on_time(now):
                await self._final(feed, event)
            feed.rest(now)
            self._note(feed.silence(self.clock.now(), self.clock.monotonic()))
            if self._owed(feed, now):
                await self._fill(feed, now)
                feed.give_up(now)
        self._release()

    async def _final(self, feed: SymbolFeed, event: BarClosed | BarRevised) -> None:
        """Hands a final bar on; a hole before it, and the bar if unusable or only seen forming, are asked for."""
        if isinstance(event, BarRevised):
            self.session.inject(event)
            return
        bar = event.bar
        owed = self.session.owed(feed.key, bar.ts_open)
        start = min([ts_open for ts_open, _ in owed], default=bar.ts_open)
        if owed or event.cause in ("successor", "grace") or bar.fault():
            for found in await self._history(feed, start, bar.ts_close):
                self._confirm(feed, found, event.ts_recv)
                if found.ts_open == bar.ts_open:
                    event = BarClosed(found, event.cause, event.source, event.ts_recv)
        self._push(event)

    async def _catch_up(self) -> None:
        """While a stream is down history speaks for it, asked at growing intervals until the stream is heard again."""
        for symbol in sorted(self._doubtful):
            feed = self._feeds[symbol]
            for bar in await self._history(feed, feed.known, FAR_FUTURE):
                self._confirm(feed, bar, self.clock.now())
        self._wait = min(2 * self._wait, LONGEST_RETRY)
        self._next_try = self.clock.monotonic() + self._wait

    def _owed(self, feed: SymbolFeed, now: int) -> bool:
        return bool(self.session.owed(feed.key, now - self._rules.patience))

    async def _fill(self, feed: SymbolFeed, now: int) -> None:
        owed = self.session.owed(feed.key, now - self._rules.patience)
        for found in await self._history(feed, owed[0][0], owed[-1][1]):
            self._confirm(feed, found, now)

    async def _history(self, feed: SymbolFeed, start: int, end: int) -> Sequence[Bar]:
        """History, empty where it could not be had; the failure is journaled."""
        try:
            found = await self._provider[feed.key.symbol].history(feed.key.symbol, feed.key.timeframe, start, end)
            return self._ended(found)
        except TradewindError as error:
            self.session.inject(FeedState(feed.key.symbol, "unfilled", self.clock.now(), str(error)))
            return ()

    def _ended(self, bars: Sequence[Bar]) -> list[Bar]:
        """Without a last row that is still forming, which some venues append."""
        if self._venue_time is not None:
            return list(bars)
        latest = self.clock.now() + self._rules.ahead
        return [bar for bar in bars if bar.ts_close <= latest]

    def _confirm(self, feed: SymbolFeed, bar: Bar, ts_recv: int) -> None:
        """Hands on a bar of history; a feed that history speaks for is not silent."""
        name = self._provider[feed.key.symbol].name
        item = Update(bar, True, ts_recv, name, "backfill")
        self._note(feed.state(item, self.clock.now(), self.clock.monotonic()))
        self._push(feed.confirmed(bar, ts_recv, name))

    def _note(self, changed: FeedState | None) -> None:
        """Journals a change of a feed's state."""
        if changed is not None:
            self.session.inject(changed)

    def _push(self, event: BarClosed) -> None:
        self.bars += 1
        self.session.push(event)

    def _release(self) -> None:
        """Lets the engine see what every symbol has reached."""
        reached = watermark(self._feeds)
        if reached <= self.released:
            return
        self.released = reached
        before = self.session.closes
        self.session.advance(reached)
        self.session.flush()
        made = self.session.closes - before
        self.closes += made
        if made and self._on_close is not None:
            self._on_close(made)

    def _now(self) -> int:
        return self.clock.now() if self._venue_time is None else self._venue_time.now
