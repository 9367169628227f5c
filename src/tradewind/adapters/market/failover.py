"""Several providers as one: a bar one of them lacks is taken from the next, and every bar says where it came from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import NamedTuple

import msgspec

from tradewind.adapters.market.circuit_breaker import BreakerStatus, CircuitBreaker
from tradewind.adapters.market.rate_budget import BudgetStatus
from tradewind.errors import Corrupt, Misconfigured, TradewindError, Unavailable
from tradewind.model.bar import Bar
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import DAY, MINUTE, SECOND, Timeframe
from tradewind.ports.clock import Clock
from tradewind.ports.market import Capabilities, FeedItem, Health, Lost, MarketProvider, Update

Expected = Callable[[str, Timeframe, int, int], Sequence[int]]
_RETURN_AFTER = 5 * MINUTE
_TAKE_OVER_BARS = 1.5


class Traced(NamedTuple):
    """A bar and the provider it came from."""

    bar: Bar
    source: str


class SourceStatus(msgspec.Struct, frozen=True):
    """One provider as ``status`` shows it. ``breaker`` counts failed questions, ``stream`` lost streams."""

    name: str
    breaker: BreakerStatus
    stream: BreakerStatus
    budget: BudgetStatus | None
    bars_served: int
    streaming: bool


def expected_opens(symbol: str, timeframe: Timeframe, start: int, end: int) -> Sequence[int]:
    """Opens of the bars the symbol's session calendar expects with ``start <= ts_open < end``."""
    instrument = INSTRUMENTS.get(symbol)
    calendar = calendar_of(instrument.calendar if instrument else "crypto")
    # two bars of margin: a daily bar across a clock change lasts 25 hours
    pairs = calendar.expected_closes(start, end + 2 * timeframe.ns, timeframe)
    return [ts_open for ts_open, _ in pairs if start <= ts_open < end]


class Failover:
    """Providers in order of priority behind the one contract.

    History asks the first for everything and each later one only for what is still missing. A stream comes from the
    first provider that can; after a loss, or when bars are missing, the hole is filled from history before the next
    bar is passed on; when nothing moved for 1.5 bars, history takes over while the stream is silent. A provider whose
    stream keeps breaking may still be asked for history: each has one breaker for questions and one for its stream.
    """

    def __init__(
        self,
        providers: Sequence[MarketProvider],
        clock: Clock,
        *,
        breakers: Sequence[CircuitBreaker] | None = None,
        expected: Expected = expected_opens,
    ) -> None:
        if not providers:
            raise Misconfigured("no provider given", where="market data", next_step="name one with --provider")
        self._providers = tuple(providers)
        self._breakers = tuple(breakers or (CircuitBreaker(clock) for _ in providers))
        self._stream_breakers = tuple(CircuitBreaker(clock, one.limit) for one in self._breakers)
        self._served = [0] * len(self._providers)
        self._clock = clock
        self._expected = expected
        self._streaming: int | None = None
        self._offset = 0
        self._offsets: dict[int, int] = {}
        self._closed = False
        self.name = "+".join(provider.name for provider in providers)
        self.capabilities = _together([provider.capabilities for provider in providers])

    def status(self) -> tuple[SourceStatus, ...]:
        """Every provider's breaker and budget, in order of priority."""
        lines = []
        for index, provider in enumerate(self._providers):
            budget = getattr(provider, "budget", None)
            lines.append(
                SourceStatus(
                    provider.name,
                    self._breakers[index].status(),
                    self._stream_breakers[index].status(),
                    budget() if budget is not None else None,
                    self._served[index],
                    index == self._streaming,
                )
            )
        return tuple(lines)

    def symbols(self) -> tuple[str, ...]:
        """What any of the providers has, in order of priority."""
        return tuple(dict.fromkeys(symbol for provider in self._providers for symbol in provider.symbols()))

    def venue_symbol(self, symbol: str) -> str:
        """The name at the first provider that has the symbol."""
        for index in self._carriers(symbol):
            return self._providers[index].venue_symbol(symbol)
        raise Misconfigured(f"no symbol {symbol}", where=self.name, allowed=", ".join(self.symbols()))

    async def self_test(self) -> Health:
        """The first provider that is well, else the first one's illness."""
        found = [await provider.self_test() for provider in self._providers]
        well = next((health for health in found if health.state == "ok"), found[0])
        self._offset = round((well.clock_offset_s or 0.0) * SECOND)
        if len(found) == 1:
            return well
        detail = "; ".join(f"{health.provider}: {health.state} ({health.detail})" for health in found)
        return Health(self.name, well.state, detail, well.latency_ms, well.clock_offset_s)

    async def history(self, symbol: str, timeframe: Timeframe, start: int, end: int) -> Sequence[Bar]:
        """Final bars, complete as far as any provider has them."""
        return [traced.bar for traced in await self.traced(symbol, timeframe, start, end)]

    async def traced(self, symbol: str, timeframe: Timeframe, start: int, end: int) -> list[Traced]:
        """As ``history``, each bar with the provider it came from.

        Raises:
            TradewindError: the first provider's error, when none could answer.
        """
        found: dict[int, Traced] = {}
        carriers = self._carriers(symbol)
        missing = self._due(symbol, timeframe, start, end) if len(carriers) > 1 else []
        first_error: TradewindError | None = None
        answered = False
        for index in carriers:
            if answered and not missing:
                break
            low, high = (missing[0], missing[-1] + 1) if answered else (start, end)
            try:
                bars = await self._ask(index, symbol, timeframe, low, high)
            except TradewindError as error:
                first_error = first_error or error
                continue
            wanted = set(missing)
            taken = [bar for bar in bars if not answered or bar.ts_open in wanted]
            found.update((bar.ts_open, Traced(bar, self._providers[index].name)) for bar in taken)
            self._served[index] += len(taken)
            missing = [ts for ts in missing if ts not in found]
            answered = True
        if not answered:
            raise first_error or Misconfigured(
                f"no symbol {symbol}", where=self.name, allowed=", ".join(self.symbols())
            )
        return [found[ts] for ts in sorted(found)]

    async def stream(self, symbols: Sequence[str], timeframe: Timeframe) -> AsyncIterator[FeedItem]:
        """Updates without holes: a filled bar has ``closed`` set, ``cause`` backfill and its own ``source``."""
        book = _Book(symbols, timeframe, self._clock)
        while not self._closed:
            index = self._streamer(symbols)
            if index is None:
                wait = min(breaker.status().retry_in_s for breaker in self._stream_breakers)
                await self._clock.sleep_until(self._clock.monotonic() + round(max(1.0, wait) * SECOND))
                continue
            self._streaming = index
            started = self._clock.monotonic()
            source = self._providers[index].stream(symbols, timeframe)
            try:
                async for item in source:
                    async for out in self._passed_on(item, book, timeframe):
                        yield out
                    if isinstance(item, Lost):
                        self._stream_breakers[index].failed(item.detail)
                        if not self._stream_breakers[index].allows():
                            break
                    elif isinstance(item, Update):
                        self._stream_breakers[index].succeeded()
                    if index > 0 and self._clock.monotonic() - started > _RETURN_AFTER:
                        break
                else:
                    self._stream_breakers[index].failed("the stream ended")
            finally:
                self._streaming = None
                closing = getattr(source, "aclose", None)
                if closing is not None:
                    await closing()
            book.lost(symbols)

    async def close(self) -> None:
        """Closes every provider."""
        self._closed = True
        for provider in self._providers:
            await provider.close()

    async def _passed_on(self, item: FeedItem, book: _Book, timeframe: Timeframe) -> AsyncIterator[FeedItem]:
        if isinstance(item, Lost):
            book.lost(book.symbols)
        if isinstance(item, Update):
            symbol = item.bar.symbol
            start = book.hole_before(item.bar, self._expected)
            if start is not None:
                async for filled in self._filled(symbol, timeframe, start, item.bar.ts_open, book):
                    yield filled
            book.note(item.bar)
            yield item
            return
        yield item
        for symbol, start in book.quiet():
            async for filled in self._filled(symbol, timeframe, start, self._clock.now() + DAY, book):
                yield filled

    async def _filled(
        self, symbol: str, timeframe: Timeframe, start: int, end: int, book: _Book
    ) -> AsyncIterator[FeedItem]:
        try:
            found = await self.traced(symbol, timeframe, start, end)
        except TradewindError as error:
            yield Lost(self._clock.now(), f"{symbol} could not be filled: {error}")
            return
        for bar, source in found:
            book.note(bar)
            yield Update(bar, True, self._clock.now(), source, "backfill")

    def _due(self, symbol: str, timeframe: Timeframe, start: int, end: int) -> list[int]:
        """Opens of the bars that should be there by now: what the first provider lacks of them is asked of the next."""
        now = self._clock.now() + self._offset
        opens = self._expected(symbol, timeframe, start, min(end, now))
        return sorted(ts_open for ts_open in opens if ts_open + timeframe.ns <= now)

    async def _ask(self, index: int, symbol: str, timeframe: Timeframe, start: int, end: int) -> Sequence[Bar]:
        provider, breaker = self._providers[index], self._breakers[index]
        if timeframe not in provider.capabilities.timeframes:
            raise Misconfigured(
                f"no bars of {timeframe}", where=provider.name, allowed=", ".join(provider.capabilities.timeframes)
            )
        if not breaker.allows():
            raise Unavailable(
                f"left alone after repeated failures ({breaker.status().last_error})",
                where=provider.name,
                next_step=f"asked again in {breaker.status().retry_in_s:.0f} s",
            )
        try:
            bars = await provider.history(symbol, timeframe, await self._reach(index, timeframe, start), end)
        except Misconfigured:
            breaker.succeeded()  # it answered; the question was wrong
            raise
        except (Unavailable, Corrupt) as error:
            breaker.failed(str(error))
            raise
        breaker.succeeded()
        return bars

    async def _reach(self, index: int, timeframe: Timeframe, start: int) -> int:
        """The oldest start this provider serves; what it lacks is left to the next one.

        Reach is counted back from the venue's now, which a first self-test measures.
        """
        provider = self._providers[index]
        days = provider.capabilities.history_days.get(timeframe)
        bars = provider.capabilities.history_bars
        if days is None and not bars:
            return start
        if index not in self._offsets:
            offset_s = (await provider.self_test()).clock_offset_s
            if offset_s is not None:
                self._offsets[index] = round(offset_s * SECOND)
        now = self._clock.now() + self._offsets.get(index, 0)
        oldest = start if days is None else max(start, now - days * DAY + MINUTE)
        return oldest if not bars else max(oldest, now - bars * timeframe.ns)

    def _carriers(self, symbol: str) -> list[int]:
        return [index for index, provider in enumerate(self._providers) if symbol in provider.symbols()]

    def _streamer(self, symbols: Sequence[str]) -> int | None:
        """The first provider that can stream all symbols and may be asked now; None when all are left alone."""
        able = [
            index
            for index, provider in enumerate(self._providers)
            if provider.capabilities.stream and set(symbols) <= set(provider.symbols())
        ]
        if not able:
            raise Misconfigured(
                f"no provider streams {', '.join(symbols)}", where=self.name, next_step="use --feed poll"
            )
        return next((index for index in able if self._stream_breakers[index].allows()), None)


async def traced(provider: MarketProvider, symbol: str, timeframe: Timeframe, start: int, end: int) -> Sequence[Traced]:
    """History of any provider with the source of every bar; raises what its ``history`` raises."""
    if isinstance(provider, Failover):
        return await provider.traced(symbol, timeframe, start, end)
    return [Traced(bar, provider.name) for bar in await provider.history(symbol, timeframe, start, end)]


class _Book:
    """What has been passed on of each symbol: the newest bar, whether a hole may follow it, when it last moved."""

    def __init__(self, symbols: Sequence[str], timeframe: Timeframe, clock: Clock) -> None:
        self.symbols = tuple(symbols)
        self._timeframe = timeframe
        self._clock = clock
        self._newest: dict[str, int] = {}
        self._doubtful: set[str] = set()
        self._moved = dict.fromkeys(symbols, clock.monotonic())

    def lost(self, symbols: Sequence[str]) -> None:
        """Bars may be missing from here on."""
        self._doubtful.update(symbols)

    def hole_before(self, bar: Bar, expected: Expected) -> int | None:
        """From where history must be asked before ``bar`` may be passed on; None when nothing is missing.

        The newest bar passed on is asked for again: it may have been forming when the connection broke.
        """
        newest = self._newest.get(bar.symbol)
        if newest is None or bar.ts_open <= newest:
            return None
        doubtful = bar.symbol in self._doubtful
        self._doubtful.discard(bar.symbol)
        if doubtful or expected(bar.symbol, self._timeframe, newest + 1, bar.ts_open):
            return newest
        return None

    def note(self, bar: Bar) -> None:
        """Every version of every bar is passed on; order and finality are not judged here."""
        self._newest[bar.symbol] = max(bar.ts_open, self._newest.get(bar.symbol, bar.ts_open))
        self._moved[bar.symbol] = self._clock.monotonic()

    def quiet(self) -> list[tuple[str, int]]:
        """Symbols silent for 1.5 bars, with the start of what to ask; each is named again only after as long."""
        limit = round(_TAKE_OVER_BARS * self._timeframe.ns)
        now = self._clock.monotonic()
        found = [(s, self._newest[s]) for s in self.symbols if s in self._newest and now - self._moved[s] > limit]
        for symbol, _ in found:
            self._moved[symbol] = now
        return found


def _together(parts: Sequence[Capabilities]) -> Capabilities:
    timeframes = {timeframe for part in parts for timeframe in part.timeframes}
    return Capabilities(
        timeframes=tuple(timeframe for timeframe in Timeframe if timeframe in timeframes),
        stream=any(part.stream for part in parts),
        gives_spread=any(part.gives_spread for part in parts),
        asset_classes=tuple(dict.fromkeys(name for part in parts for name in part.asset_classes)),
        requests_per_minute=sum(part.requests_per_minute for part in parts),
    )
