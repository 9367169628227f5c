"""One suite for every provider, over real sockets against the stand-in venue."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest

from tests.fakes.clock import VirtualClock
from tests.fakes.venue import START, made_up, standing_in
from tradewind.adapters.http_transport import HttpTransport
from tradewind.adapters.market.failover import Failover
from tradewind.adapters.market.provider_settings import ProviderSettings, clock_verdict
from tradewind.adapters.market.providers import create_provider, factories, secrets_of
from tradewind.adapters.market.stand_in.faults import Fault
from tradewind.adapters.market.stand_in.market import Series
from tradewind.adapters.market.stand_in.server import StandInServer
from tradewind.adapters.market.stand_in.shape import Keys
from tradewind.adapters.market.venue_http import persist
from tradewind.adapters.wall_clock import WallClock
from tradewind.errors import Corrupt, Misconfigured, Retryable, Unavailable
from tradewind.model.bar import Bar, BarColumns
from tradewind.model.timeframe import DAY, MINUTE, Timeframe
from tradewind.ports.clock import Clock
from tradewind.ports.market import FeedItem, Lost, MarketProvider, Update


class Case(NamedTuple):
    """What differs between the providers a test asks: a symbol, its prices, the volume it reports, its reach."""

    provider: str
    symbol: str
    first: float
    places: int
    volume: str
    most_bars: int
    marks_closed: bool = False


CASES = (
    Case("alphavantage", "EUR/USD", 1.1, 5, "none", 8600),
    Case("binance", "BTC/USDT", 42000.0, 2, "exact", 8640, marks_closed=True),
    Case("coinbase", "BTC/USD", 42000.0, 2, "exact", 8640),
    Case("kraken", "BTC/USD", 42000.0, 1, "exact", 700),
    Case("oanda", "EUR/USD", 1.1, 5, "whole", 8640, marks_closed=True),
    Case("yahoo", "EUR/USD", 1.1, 5, "none", 8640),
)
STREAMING = tuple(case for case in CASES if case.provider not in ("alphavantage", "yahoo"))
KEYS = Keys()
every = pytest.mark.parametrize("case", CASES, ids=lambda case: case.provider)
streaming = pytest.mark.parametrize("case", STREAMING, ids=lambda case: case.provider)


def secrets(case: Case) -> dict[str, str]:
    values = dict.fromkeys(secrets_of(case.provider), KEYS.accepted)
    return {**values, "OANDA_ACCOUNT_ID": KEYS.account}


@asynccontextmanager
async def connected(
    case: Case, server: StandInServer, *, clock: Clock | None = None, **settings: object
) -> AsyncIterator[MarketProvider]:
    transport = HttpTransport()
    chosen = ProviderSettings(**{"gateway": server.url, "secrets": secrets(case), **settings})
    provider = create_provider(case.provider, chosen, clock or WallClock(), transport)
    try:
        yield provider
    finally:
        await provider.close()
        await transport.close()


def series(case: Case, bars: int, timeframe: Timeframe) -> Series:
    columns = made_up(bars, timeframe, first=case.first, places=case.places)
    return Series(case.symbol, timeframe, columns)


def assert_same(case: Case, got: Sequence[Bar], columns: BarColumns, low: int, high: int) -> None:
    """The bars are rows ``low`` to ``high`` of the truth: times and prices exact, volume as the venue reports it."""
    assert [bar.ts_open for bar in got] == columns.ts_open[low:high].tolist()
    assert [bar.ts_close for bar in got] == columns.ts_close[low:high].tolist()
    for name in ("open", "high", "low", "close"):
        assert [getattr(bar, name) for bar in got] == getattr(columns, name)[low:high].tolist(), name
    volumes = [bar.volume for bar in got]
    if case.volume == "exact":
        assert volumes == columns.volume[low:high].tolist()
    elif case.volume == "whole":
        assert volumes == [round(value) for value in columns.volume[low:high].tolist()]
    else:
        assert volumes == [0.0] * len(got)


def test_every_provider_of_the_catalog_is_in_this_suite() -> None:
    """A new provider cannot go without a case here."""
    on_the_wire = tuple(name for name in factories() if name != "simulated")  # that one is tested where it is made
    assert on_the_wire == tuple(case.provider for case in CASES)


@pytest.mark.req("A01", "A13")
@every
async def test_history_is_exact_over_all_pages(case: Case) -> None:
    """30 days of 5m = 8,640 bars (less where the venue keeps less): all of them, once, in order, none forming."""
    bars = 8640
    one = series(case, bars + 2, Timeframe.M5)
    now = START + bars * 5 * MINUTE + 2 * MINUTE
    async with standing_in([one], now=now, keys=KEYS) as server, connected(case, server) as provider:
        await provider.self_test()
        low = bars - case.most_bars
        got = await provider.history(case.symbol, Timeframe.M5, START + low * 5 * MINUTE, now + DAY)
        assert_same(case, got, one.columns, low, bars)
        assert {bar.symbol for bar in got} == {case.symbol}


@every
async def test_history_is_cut_at_both_ends_as_asked(case: Case) -> None:
    """start <= ts_open < end, also when start is not on the grid; an empty span gives no bars."""
    one = series(case, 300, Timeframe.M5)
    now = START + 300 * 5 * MINUTE
    async with standing_in([one], now=now, keys=KEYS) as server, connected(case, server) as provider:
        await provider.self_test()
        got = await provider.history(case.symbol, Timeframe.M5, START + 10 * 5 * MINUTE - 1, START + 20 * 5 * MINUTE)
        assert_same(case, got, one.columns, 10, 20)
        got = await provider.history(
            case.symbol, Timeframe.M5, START + 10 * 5 * MINUTE + 1, START + 20 * 5 * MINUTE + 1
        )
        assert_same(case, got, one.columns, 11, 21)
        moment = START + 10 * 5 * MINUTE
        assert list(await provider.history(case.symbol, Timeframe.M5, moment, moment)) == []


@every
async def test_holes_stay_holes(case: Case) -> None:
    """Bars the venue lacks are left out, also when a whole page is missing; nothing is filled."""
    one = series(case, 1201, Timeframe.M5)
    now = START + 1200 * 5 * MINUTE + MINUTE
    low = 1200 - min(case.most_bars, 1100)
    plan = [Fault("blank", index=low + 100, bars=380)]
    async with standing_in([one], now=now, plan=plan, keys=KEYS) as server, connected(case, server) as provider:
        await provider.self_test()
        got = await provider.history(case.symbol, Timeframe.M5, START + low * 5 * MINUTE, now)
        assert_same(case, got[:100], one.columns, low, low + 100)
        assert_same(case, got[100:], one.columns, low + 480, 1200)


@every
async def test_an_unknown_symbol_or_interval_lists_what_there_is(case: Case) -> None:
    """Misconfigured, in canonical names, and no request goes out for an interval the provider lacks."""
    one = series(case, 50, Timeframe.M5)
    async with standing_in([one], keys=KEYS) as server, connected(case, server) as provider:
        with pytest.raises(Misconfigured, match=case.symbol):
            await provider.history("FOO/BAR", Timeframe.M5, START, START + DAY)
        with pytest.raises(Misconfigured, match=case.symbol):
            provider.venue_symbol("FOO/BAR")
        lacking = [timeframe for timeframe in Timeframe if timeframe not in provider.capabilities.timeframes]
        for timeframe in lacking:
            with pytest.raises(Misconfigured, match="5m"):
                await provider.history(case.symbol, timeframe, START, START + DAY)
        assert all("/" in symbol for symbol in provider.symbols())
        assert provider.venue_symbol(case.symbol)


@pytest.mark.req("A21")
@every
async def test_five_rate_limits_are_waited_out_one_try_each(case: Case) -> None:
    """429 x5 with Retry-After: the request succeeds, and none came before its wait was over (INV-20)."""
    clock = VirtualClock()
    one = series(case, 100, Timeframe.M5)
    venue = standing_in([one], keys=KEYS, patience=clock.monotonic)
    async with venue as server, connected(case, server, clock=clock) as provider:
        assert (await provider.self_test()).state == "ok"
        before = server.venue.counters.requests
        server.venue.faults.arm(Fault("rate_limit", count=5, seconds=17))
        start = START + 50 * 5 * MINUTE
        got = await persist(lambda: provider.history(case.symbol, Timeframe.M5, start, START + 60 * 5 * MINUTE), clock)
        assert_same(case, got, one.columns, 50, 60)
        counters = server.venue.counters
        assert (counters.refused, counters.too_early) == (5, 0)
        assert counters.requests - before <= 5 + 3
        assert sum(clock.slept) >= 5 * 17 * 1_000_000_000


@every
async def test_a_maintenance_page_is_retryable(case: Case) -> None:
    """FLT-18: 503 with HTML means later, not corrupt data and not a wrong key."""
    one = series(case, 50, Timeframe.M5)
    async with standing_in([one], keys=KEYS) as server, connected(case, server) as provider:
        await provider.self_test()
        server.venue.faults.arm(Fault("server_error", count=9))
        with pytest.raises(Retryable, match="not serving"):
            await provider.history(case.symbol, Timeframe.M5, START, START + DAY)


@every
async def test_half_a_document_is_corrupt(case: Case) -> None:
    """A payload that cannot be read stops the call; nothing of it is used."""
    one = series(case, 50, Timeframe.M5)
    async with standing_in([one], keys=KEYS) as server, connected(case, server) as provider:
        await provider.self_test()
        server.venue.faults.arm(Fault("malformed_rest", count=9))
        with pytest.raises(Corrupt, match="unreadable"):
            await provider.history(case.symbol, Timeframe.M5, START, START + DAY)


@pytest.mark.req("A02", "A03", "A23")
@every
async def test_the_self_test_tells_good_bad_and_missing_keys_and_a_dead_venue_apart(case: Case) -> None:
    """ok, refused, disabled naming the variables, unreachable: distinct states, never an exception."""
    one = series(case, 50, Timeframe.M5)
    names = secrets_of(case.provider)
    async with standing_in([one], keys=KEYS) as server:
        async with connected(case, server) as provider:
            good = await provider.self_test()
            assert good.state == "ok", good
            assert good.latency_ms is not None
        if names:
            wrong = {**secrets(case), names[0]: "not-the-key"}
            async with connected(case, server, secrets=wrong) as provider:
                assert (await provider.self_test()).state == "refused"
            async with connected(case, server, secrets={}) as provider:
                missing = await provider.self_test()
            assert missing.state == "disabled"
            assert all(name in missing.detail for name in names)
    async with connected(case, server) as provider:
        assert (await provider.self_test()).state == "unreachable"


@pytest.mark.req("A23")
async def test_a_provider_without_its_key_refuses_to_be_asked() -> None:
    """Unavailable naming the variable; no request leaves."""
    case = next(case for case in CASES if case.provider == "oanda")
    async with standing_in([series(case, 50, Timeframe.M5)]) as server, connected(case, server, secrets={}) as provider:
        with pytest.raises(Unavailable, match="OANDA_API_KEY"):
            await provider.history(case.symbol, Timeframe.M5, START, START + DAY)
        assert server.venue.counters.requests == 0


@pytest.mark.req("X16")
@pytest.mark.parametrize("skew", [90.0, -90.0])
@every
async def test_a_clock_ninety_seconds_off_is_refused(case: Case, skew: float) -> None:
    """The offset is measured within the resolution of what the venue tells, and judged."""
    one = series(case, 50, Timeframe.M5)
    async with standing_in([one], time=WallClock().now, keys=KEYS) as server:
        server.venue.faults.arm(Fault("skew", seconds=skew))
        server.venue.market.skew_ns = server.venue.faults.skew_ns
        async with connected(case, server, virtual_clock=False) as provider:
            health = await provider.self_test()
    assert health.clock_offset_s == pytest.approx(skew, abs=2.0)
    assert clock_verdict(health.clock_offset_s, virtual=False)[0] == "refusal"


def test_the_verdict_on_a_clock_has_three_grades() -> None:
    """Up to 5 s fine, up to 30 s a warning, beyond a refusal; a simulated clock is never held against the host's."""
    assert [clock_verdict(offset, virtual=False)[0] for offset in (0.4, -6.0, 31.0)] == ["ok", "warning", "refusal"]
    assert clock_verdict(1e8, virtual=True)[0] == "ok"
    assert clock_verdict(None, virtual=False)[0] == "ok"


@every
async def test_closing_twice_is_harmless(case: Case) -> None:
    """Also without ever having been used."""
    one = series(case, 50, Timeframe.M5)
    async with standing_in([one], keys=KEYS) as server, connected(case, server) as provider:
        await provider.close()
        await provider.close()


class Listener:
    """Collects what a stream says; ``until`` waits for something to have been said."""

    def __init__(self, provider: MarketProvider, symbol: str, timeframe: Timeframe) -> None:
        self.items: list[FeedItem] = []
        self._stream = provider.stream([symbol], timeframe)
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for item in self._stream:
            self.items.append(item)

    def bars(self) -> dict[int, Bar]:
        """The last version of every bar by its open time."""
        return {item.bar.ts_open: item.bar for item in self.items if isinstance(item, Update)}

    def lost(self) -> int:
        return sum(isinstance(item, Lost) for item in self.items)

    async def until(self, condition: object, *, seconds: float = 20.0) -> None:
        assert callable(condition)
        async with asyncio.timeout(seconds):
            while not condition():
                if self._task.done():
                    self._task.result()
                await asyncio.sleep(0.005)

    async def stop(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._stream.aclose()  # type: ignore[attr-defined]


@asynccontextmanager
async def listening(
    case: Case, bars: int = 60, at: int = 20, **settings: object
) -> AsyncIterator[tuple[StandInServer, MarketProvider, Listener, BarColumns]]:
    one = series(case, bars, Timeframe.M1)
    now = START + at * MINUTE
    async with standing_in([one], now=now, keys=KEYS) as server, connected(case, server, **settings) as provider:
        listener = Listener(provider, case.symbol, Timeframe.M1)
        await listener.until(lambda: subscribed(server, case))
        try:
            yield server, provider, listener, one.columns
        finally:
            await listener.stop()


def subscribed(server: StandInServer, case: Case, times: int = 1) -> bool:
    counters = server.venue.counters
    return (counters.streams if case.provider == "oanda" else len(counters.subscriptions)) >= times


def finished(listener: Listener, columns: BarColumns, index: int, case: Case) -> bool:
    """Whether the bar has been heard to its end: marked closed where the venue marks, else its last price seen."""
    ts_open = int(columns.ts_open[index])
    heard = [item for item in listener.items if isinstance(item, Update) and item.bar.ts_open == ts_open]
    if case.marks_closed:
        return any(item.closed for item in heard)
    return bool(heard) and heard[-1].bar.close == columns.close[index]


@streaming
async def test_streamed_bars_end_as_the_venue_made_them(case: Case) -> None:
    """The last version of every bar seen whole equals the truth; where the venue marks closed bars, all are marked."""
    async with listening(case) as (server, _, listener, columns):
        await server.advance(13)
        await listener.until(lambda: finished(listener, columns, 31, case))
        got = [bar for ts, bar in sorted(listener.bars().items()) if columns.ts_open[22] <= ts <= columns.ts_open[31]]
        assert_same(case, got, columns, 22, 32)
        marked = {item.bar.ts_open for item in listener.items if isinstance(item, Update) and item.closed}
        wanted = set(columns.ts_open[22:32].tolist())
        assert marked & wanted == (wanted if case.marks_closed else set())
        assert all(item.source == case.provider for item in listener.items if isinstance(item, Update))
        assert listener.lost() == 0


@pytest.mark.req("A20")
@streaming
async def test_a_cut_connection_is_told_and_the_hole_can_be_filled(case: Case) -> None:
    """Disconnect: Lost, reconnection by itself, and history has the bars of the time between (FLT-03)."""
    async with listening(case) as (server, provider, listener, columns):
        await server.advance(4)
        await listener.until(lambda: listener.bars())
        server.venue.faults.arm(Fault("disconnect", seconds=0))
        await server.advance(3)
        await listener.until(lambda: listener.lost() == 1 and subscribed(server, case, 2))
        await server.advance(6)
        await listener.until(lambda: finished(listener, columns, 30, case))
        assert [type(item) for item in listener.items].count(Lost) == 1
        hole = await provider.history(case.symbol, Timeframe.M1, START + 20 * MINUTE, START + 31 * MINUTE)
        assert_same(case, hole, columns, 20, 31)


@streaming
async def test_a_connected_but_silent_feed_is_given_up(case: Case) -> None:
    """FLT-01: nothing heard for the limit means Lost, although the socket is open."""
    async with listening(case, silence_s=0.6) as (server, _, listener, _columns):
        server.venue.faults.arm(Fault("silent", bars=10_000))
        await listener.until(lambda: listener.lost() >= 1)
        lost = next(item for item in listener.items if isinstance(item, Lost))
        assert "silent" in lost.detail or "no answer" in lost.detail


@streaming
async def test_an_unreadable_frame_ends_the_connection_not_the_feed(case: Case) -> None:
    """A frame that is no JSON: Lost, then the stream goes on."""
    async with listening(case) as (server, _, listener, columns):
        await server.advance(2)
        server.venue.faults.arm(Fault("malformed"))
        await server.advance(2)
        await listener.until(lambda: listener.lost() == 1 and subscribed(server, case, 2))
        await server.advance(4)
        await listener.until(lambda: listener.bars().get(int(columns.ts_open[26])) is not None)


async def test_forming_bars_are_never_marked_closed() -> None:
    """A feed of partial candles only gives updates, none of them closed."""
    case = next(case for case in CASES if case.provider == "binance")
    async with listening(case) as (server, _, listener, columns):
        server.venue.faults.arm(Fault("unclosed", bars=8))
        await server.advance(8)
        await listener.until(lambda: listener.bars().get(int(columns.ts_open[27])) is not None)
        assert not any(item.closed for item in listener.items if isinstance(item, Update))


@pytest.mark.parametrize("case", [case for case in CASES if case.provider in ("binance", "kraken")], ids=lambda c: c[0])
async def test_a_late_correction_arrives_as_the_older_bar(case: Case) -> None:
    """FLT-04: the corrected bar comes under its own time, not as the newest one again."""
    async with listening(case) as (server, _, listener, columns):
        server.venue.faults.arm(Fault("late_correction"))
        await server.advance(2)
        corrected = round(float(columns.close[20]) * 1.001, 8)
        await listener.until(lambda: listener.bars().get(int(columns.ts_open[20])) is not None)
        await listener.until(lambda: listener.bars()[int(columns.ts_open[20])].close == corrected)
        versions = [item.bar.ts_open for item in listener.items if isinstance(item, Update)]
        assert versions.index(int(columns.ts_open[21])) < len(versions) - 1 - versions[::-1].index(
            int(columns.ts_open[20])
        )


@pytest.mark.req("A14")
async def test_six_timeframes_are_six_subscriptions() -> None:
    """1m to 1d of one symbol from one provider object: each stream has its own connection and subscription."""
    case = next(case for case in CASES if case.provider == "kraken")
    six = [timeframe for timeframe in Timeframe if timeframe is not Timeframe.M30]
    one = series(case, 3000, Timeframe.M1)
    async with standing_in([one], now=START + 2000 * MINUTE) as server, connected(case, server) as provider:
        listeners = [Listener(provider, case.symbol, timeframe) for timeframe in six]
        try:
            await listeners[0].until(lambda: len(server.venue.counters.subscriptions) == 6)
            await server.advance(3)
            for listener, timeframe in zip(listeners, six, strict=True):
                await listener.until(listener.bars)
                assert {bar.timeframe for bar in listener.bars().values()} == {timeframe}
        finally:
            for listener in listeners:
                await listener.stop()
    wanted = [f"ohlc-{timeframe.ns // MINUTE}:{case.symbol}" for timeframe in six]
    assert sorted(server.venue.counters.subscriptions) == sorted(wanted)


@pytest.mark.req("A20")
@streaming
async def test_after_two_disconnects_no_candle_is_missing(case: Case) -> None:
    """A fast market, cut twice for four bars each: behind the fail-over every bar from the first heard on is there."""
    one = series(case, 400, Timeframe.M1)
    plan = [Fault("disconnect", at_bar=at, bars=4, seconds=0) for at in (40, 90)]
    venue = standing_in([one], now=START + 200 * MINUTE, plan=plan, keys=KEYS, bars_per_s="ack")
    async with venue as server, connected(case, server) as provider:
        whole = Failover([provider], WallClock())
        listener = Listener(whole, case.symbol, Timeframe.M1)
        try:
            await listener.until(lambda: finished(listener, one.columns, 380, case), seconds=40)
        finally:
            await listener.stop()
        assert listener.lost() >= 2
    heard = listener.bars()
    first = (min(heard) - START) // MINUTE
    complete = [heard.get(int(ts)) for ts in one.columns.ts_open[first + 1 : 381]]
    assert_same(case, [bar for bar in complete if bar is not None], one.columns, first + 1, 381)
    assert {item.cause for item in listener.items if isinstance(item, Update)} >= {"venue", "backfill"}
