"""Takes what streams say one item at a time, and decides what a session gets to see and when.

Nothing here waits, spawns or queues: the only question to the outside is history, asked in the open with ``await``. Any
driver will do, an event loop or a simulation that steps the coroutine itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from tradewind.adapters.market.failover import Traced, traced
from tradewind.adapters.market.polling import FAR_FUTURE
from tradewind.app.feed_links import FIRST_WAIT, LONGEST_WAIT, FeedLinks, Holes
from tradewind.app.market_feed import FeedRules, SymbolFeed, VenueTime
from tradewind.app.session import Session
from tradewind.engine.sequencer import SeriesKey
from tradewind.errors import TradewindError
from tradewind.model.bar import Bar
from tradewind.model.event import BarClosed, BarRevised, FeedState
from tradewind.model.session import SessionCalendar
from tradewind.ports.clock import Clock
from tradewind.ports.market import FeedItem, Heartbeat, Lost, MarketProvider, Update

WARM_UP_BATCH = 512


class LiveSource(msgspec.Struct, frozen=True):
    """One provider and the base series taken from it; ``poll_every_s`` > 0 asks instead of streaming.

    ``fall_back_s`` is how often to ask where the stream turns out not to exist.
    """

    provider: MarketProvider
    keys: tuple[SeriesKey, ...]
    poll_every_s: float = 0.0
    fall_back_s: float = 60.0


class FeedIntake:
    """The deciding part of a live run: ``take`` an item, ``pass_time`` where nothing was said.

    ``known_until(symbol)`` is the close up to which a symbol is known. ``closes`` and ``bars`` count this life,
    ``warmed`` holds the number of bars each symbol was warmed up on and the open of the first.
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
        self.warmed: dict[str, tuple[int, int]] = {}
        self._feeds: dict[str, SymbolFeed] = {}
        self._source_of = {key.symbol: source for source in sources for key in source.keys}
        self._links = FeedLinks()
        self._holes = Holes(rules.outage_patience)
        self._next_try = 0
        self._wait = FIRST_WAIT

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
                found = self._ended(await traced(source.provider, key.symbol, key.timeframe, asked, end))
                for bar, name in found:
                    cause = "history" if bar.ts_close <= begun else "backfill"
                    self.session.push(BarClosed(bar, cause, name, self.clock.now()))
                taken += len(found)
                self.warmed[key.symbol] = (len(found), found[0].bar.ts_open if found else end)
                known = max([one.bar.ts_close for one in found], default=since or start)
                feed = SymbolFeed(
                    key,
                    self._calendars[key],
                    source.provider.name,
                    self._rules,
                    self.clock.monotonic(),
                    known,
                    stale=self.session.engine.desks[key.symbol].stale,
                )
                for bar, name in found[-512:]:
                    feed.confirmed(bar, 0, name)
                self._feeds[key.symbol] = feed
        self._release(stop_asked)
        self.session.flush()
        self.closes = self.bars = 0  # a run counts what it decides on, not what it warmed up with
        return taken

    async def take(self, item: FeedItem, source: LiveSource | None = None) -> None:
        """What the stream of ``source`` (None: the only one) said, and what follows from it now."""
        if self._venue_time is not None:
            self._venue_time.observe(item)
        symbols = tuple(self._feeds) if source is None else tuple(key.symbol for key in source.keys)
        if isinstance(item, Lost):
            self._note(*self._links.broke(symbols, self._now(), item.ts_recv, item.detail))
        elif isinstance(item, Heartbeat):
            self._links.beat(symbols)
        else:
            feed = self._feeds[item.bar.symbol]
            self._wait = FIRST_WAIT
            for state in self._links.heard(item, self.clock.now()):
                self._note(state)
            self._note(self._state(feed, item))
            for event in feed.on_update(item, self._now()):
                await self._final(feed, event)
        await self.pass_time()

    async def pass_time(self) -> None:
        """What time alone changes: forming bars past their grace, bars given up, closed markets, silence."""
        now = self._now()
        if self._links.doubtful and self.clock.monotonic() >= self._next_try:
            await self._catch_up()
        for feed in self._feeds.values():
            for event in feed.on_time(now):
                await self._final(feed, event)
            feed.rest(now)
            self._note(feed.silence(now, self.clock.monotonic()))
            await self._fill(feed, now)
        self._release()

    async def _final(self, feed: SymbolFeed, event: BarClosed | BarRevised) -> None:
        """Hands a final bar on; a hole before it, and the bar if unusable or only seen forming, are asked for."""
        if isinstance(event, BarRevised):
            self.session.inject(event)
            return
        bar = event.bar
        owed = self.session.owed(feed.key, bar.ts_open)
        doubted = event.cause in ("successor", "grace") or bool(bar.fault())
        if owed or doubted:
            start = min([ts_open for ts_open, _ in owed], default=bar.ts_open)
            partial = event.cause in ("successor", "grace") and self._links.interrupted(bar.symbol, bar.ts_open)
            needed = bool(owed) or partial or bool(bar.fault())
            end = bar.ts_close if doubted else bar.ts_open
            found = await self._history(feed, start, end, needed=needed)
            if any(one.bar.ts_open == bar.ts_open for one in found or ()):
                return  # history has the last word
            if partial and found is not None:  # not yet there: a venue's clock may tell whole seconds
                self._holes.unanswered(bar.symbol, start, self.clock.monotonic())
            if partial or (found is None and bar.fault()):
                return  # owed until history has it, or given up
        self._push(event)

    async def _catch_up(self) -> None:
        """While a stream is down history speaks for it, asked at growing intervals until the stream is heard again."""
        for symbol in self._links.doubtful:
            feed = self._feeds[symbol]
            since = feed.known - feed.key.timeframe.ns  # given up or at rest, it may be known up to the middle of a bar
            if await self._history(feed, since, FAR_FUTURE) is not None:
                polls = self._source_of[symbol].poll_every_s > 0.0
                self._note(*self._links.answered(symbol, self.clock.now(), polls=polls))
        self._wait = min(2 * self._wait, LONGEST_WAIT)
        self._next_try = self.clock.monotonic() + self._wait

    async def _fill(self, feed: SymbolFeed, now: int) -> None:
        """Asks for overdue bars. What history lacks is given up; while it cannot be asked, it is waited for."""
        if self._holes.none:
            owed = self.session.owed(feed.key, now - self._rules.patience)
            if owed and await self._history(feed, owed[0][0], owed[-1][1]) is not None:
                feed.give_up(now)
            return
        symbol, monotonic = feed.key.symbol, self.clock.monotonic()
        news = not self._holes.tired(symbol)
        if self._holes.given_up(symbol, monotonic):
            if news:
                self._note(FeedState(symbol, "unfilled", self.clock.now(), "history could not be asked for too long"))
            feed.give_up(now)
        elif self._holes.waiting(symbol):
            start = self._holes.due(symbol, monotonic)
            if start is not None:
                await self._history(feed, start, FAR_FUTURE)
        else:
            owed = self.session.owed(feed.key, now - self._rules.patience)
            if owed and await self._history(feed, owed[0][0], owed[-1][1]) is not None:
                feed.give_up(now)

    async def _history(self, feed: SymbolFeed, start: int, end: int, *, needed: bool = True) -> Sequence[Traced] | None:
        """Asks history and hands on what it has; None where it could not be asked: a hole, if it was ``needed``."""
        symbol = feed.key.symbol
        try:
            found = self._ended(await traced(self._source_of[symbol].provider, symbol, feed.key.timeframe, start, end))
        except TradewindError as error:
            if needed and self._holes.unanswered(symbol, start, self.clock.monotonic()):
                self._note(FeedState(symbol, "unfilled", self.clock.now(), str(error)))
            return None
        for bar, source in found:
            self._confirm(feed, bar, source)
        self._holes.filled(symbol, start)
        return found

    def _ended(self, found: Sequence[Traced]) -> list[Traced]:
        """Without a last row that is still forming, which some venues append, in the last second of it too."""
        if self._venue_time is not None:
            return list(found)
        now = self.clock.now()
        return [one for one in found if one.bar.ts_close <= now]

    def _confirm(self, feed: SymbolFeed, bar: Bar, source: str) -> None:
        """Hands on a bar of history; a feed that history speaks for is not silent."""
        now = self.clock.now()
        self._note(self._state(feed, Update(bar, True, now, source, "backfill")))
        self._push(feed.confirmed(bar, now, source))

    def _state(self, feed: SymbolFeed, item: Update) -> FeedState | None:
        return feed.state(item, self.clock.now(), self.clock.monotonic())

    def _note(self, *changed: FeedState | None) -> None:
        """Journals changes of a feed's state."""
        for state in changed:
            if state is not None:
                self.session.inject(state)

    def _push(self, event: BarClosed) -> None:
        self.bars += 1
        self.session.push(event)

    def _release(self, stop_asked: Callable[[], bool] | None = None) -> None:
        """Lets the engine see what every symbol has reached; where it may be stopped, a batch at a time."""
        reached = min([self._holes.reached(symbol, feed.known) for symbol, feed in self._feeds.items()])
        if stop_asked is not None:
            batch = WARM_UP_BATCH * min(feed.key.timeframe.ns for feed in self._feeds.values())
            first = min((self.session.frontiers() or self._first_opens()).values())
            for until in range(first + batch, reached, batch):
                if stop_asked():
                    return
                self._release_until(until)
        if reached > self.released and not (stop_asked is not None and stop_asked()):
            made = self._release_until(reached)
            if made and stop_asked is None and self._on_close is not None:
                self._on_close(made)

    def _first_opens(self) -> dict[str, int]:
        return {symbol: first for symbol, (_, first) in self.warmed.items()}

    def _release_until(self, reached: int) -> int:
        self.released = reached
        before = self.session.closes
        self.session.advance(reached)
        self.session.flush()
        made = self.session.closes - before
        self.closes += made
        return made

    def _now(self) -> int:
        return self.clock.now() if self._venue_time is None else self._venue_time.now
