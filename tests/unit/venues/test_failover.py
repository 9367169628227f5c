"""Several providers as one: provenance, backfill before the next bar, breakers, return to the first."""

from __future__ import annotations

import pytest

from tests.fakes.clock import VirtualClock
from tests.fakes.provider import ScriptedProvider
from tests.fakes.venue import START, made_up, standing_in
from tradewind.adapters.http_transport import HttpTransport
from tradewind.adapters.market.circuit_breaker import CircuitBreaker
from tradewind.adapters.market.failover import Failover, expected_opens
from tradewind.adapters.market.polling import poll
from tradewind.adapters.market.provider_settings import ProviderSettings
from tradewind.adapters.market.providers import create_provider
from tradewind.adapters.market.stale_guard import StaleGuard
from tradewind.adapters.market.stand_in.faults import Fault
from tradewind.adapters.market.stand_in.market import Series
from tradewind.adapters.wall_clock import WallClock
from tradewind.errors import Misconfigured, Retryable, Unavailable
from tradewind.model.bar import Bar
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import HOUR, MINUTE, SECOND, Timeframe
from tradewind.ports.market import Capabilities, FeedItem, Heartbeat, Lost, Update

SYMBOL = "BTC/USDT"


def bar(minute: int, close: float | None = None, *, symbol: str = SYMBOL, source: int = 0) -> Bar:
    price = 100.0 + minute if close is None else close
    ts = START + minute * MINUTE
    return Bar(symbol, Timeframe.M1, ts, ts + MINUTE, price, price + 1 + source, price - 1, price, 1.0)


def bars(*minutes: int, source: int = 0) -> list[Bar]:
    return [bar(minute, source=source) for minute in minutes]


async def heard(failover: Failover, count: int) -> list[FeedItem]:
    items: list[FeedItem] = []
    stream = failover.stream([SYMBOL], Timeframe.M1)
    async for item in stream:
        items.append(item)
        if len(items) == count:
            break
    await stream.aclose()  # type: ignore[attr-defined]
    return items


async def test_missing_bars_come_from_the_next_provider_and_say_so() -> None:
    """A04: the first provider's own bars stay its own; only the hole is asked of the second."""
    first = ScriptedProvider("first", bars(*range(10), *range(30, 40)))
    second = ScriptedProvider("second", bars(*range(40), source=5))
    both = Failover([first, second], VirtualClock(START + HOUR))
    traced = await both.traced(SYMBOL, Timeframe.M1, START, START + 40 * MINUTE)
    assert [one.bar.ts_open for one in traced] == [START + minute * MINUTE for minute in range(40)]
    assert [one.source for one in traced] == ["first"] * 10 + ["second"] * 20 + ["first"] * 10
    assert second.asked == [(START + 10 * MINUTE, START + 29 * MINUTE + 1)]
    assert [line.bars_served for line in both.status()] == [20, 20]


@pytest.mark.req("A04")
async def test_twenty_blank_bars_of_one_venue_are_filled_from_another() -> None:
    """Black box over sockets: Binance lacks 20 bars, Kraken's are used for them and named."""
    one = Series(SYMBOL, Timeframe.M1, made_up(601, Timeframe.M1))
    now = START + 600 * MINUTE + 30 * SECOND
    blank = [Fault("blank", index=100, bars=20)]
    transport, clock = HttpTransport(), WallClock()
    async with standing_in([one], now=now, plan=blank) as holed, standing_in([one], now=now) as whole:
        pair = [
            create_provider("binance", ProviderSettings(gateway=holed.url), clock, transport),
            create_provider("kraken", ProviderSettings(gateway=whole.url), clock, transport),
        ]
        both = Failover(pair, clock)
        traced = await both.traced(SYMBOL, Timeframe.M1, START, now)
        await both.close()
    await transport.close()
    assert [line.bar.ts_open for line in traced] == one.columns.ts_open[:600].tolist()
    assert [line.bar.close for line in traced] == one.columns.close[:600].tolist()
    assert {index for index, line in enumerate(traced) if line.source == "kraken"} == set(range(100, 120))


async def test_an_outage_moves_everything_to_the_next_provider() -> None:
    """The first is down: all bars come from the second; when both are, the first one's error is told."""
    down = ScriptedProvider("first", bars(0), down=Retryable("first is down"))
    second = ScriptedProvider("second", bars(*range(5)))
    both = Failover([down, second], VirtualClock(START + HOUR))
    assert {line.source for line in await both.traced(SYMBOL, Timeframe.M1, START, START + 5 * MINUTE)} == {"second"}
    second.down = Retryable("second is down")
    with pytest.raises(Retryable, match="first is down"):
        await both.history(SYMBOL, Timeframe.M1, START, START + 5 * MINUTE)


async def test_a_broken_provider_is_left_alone_until_its_probe() -> None:
    """Five failures open the breaker; for 30 s the first is not even asked."""
    clock = VirtualClock(START + HOUR)
    down = ScriptedProvider("first", bars(0), down=Retryable("down"))
    both = Failover([down, ScriptedProvider("second", bars(*range(5)))], clock)
    for _ in range(8):
        await both.history(SYMBOL, Timeframe.M1, START, START + 5 * MINUTE)
    assert len(down.asked) == 5
    assert both.status()[0].breaker.state == "open"
    down.down = None
    clock.advance(30 * SECOND)
    await both.history(SYMBOL, Timeframe.M1, START, START + 5 * MINUTE)
    assert (len(down.asked), both.status()[0].breaker.state) == (6, "closed")


async def test_a_question_nobody_can_answer_lists_the_symbols() -> None:
    """Wrong symbols are no failure of a provider."""
    both = Failover([ScriptedProvider("first", bars(0))], VirtualClock())
    with pytest.raises(Misconfigured, match=SYMBOL):
        await both.history("FOO/BAR", Timeframe.M1, START, START + MINUTE)
    with pytest.raises(Misconfigured, match=SYMBOL):
        both.venue_symbol("FOO/BAR")
    assert both.status()[0].breaker.failures == 0


async def test_a_reconnect_is_filled_before_the_next_bar_is_passed_on() -> None:
    """FLT-03: after Lost, everything from the newest bar on is fetched first, marked backfill."""
    script = [bar(0), bar(1), Lost(0, "cut"), bar(5)]
    first = ScriptedProvider("first", bars(*range(6)), scripts=[script])
    items = await heard(Failover([first], VirtualClock(START + HOUR)), 8)
    told = [(type(item).__name__, getattr(item, "cause", "")) for item in items]
    assert told == [
        ("Update", "venue"),
        ("Update", "venue"),
        ("Lost", ""),
        *[("Update", "backfill")] * 4,
        ("Update", "venue"),
    ]
    minutes = [(item.bar.ts_open - START) // MINUTE for item in items if isinstance(item, Update)]
    assert minutes == [0, 1, 1, 2, 3, 4, 5]


async def test_a_gap_without_a_loss_is_filled_too() -> None:
    """Bars the stream simply left out are noticed by the calendar."""
    first = ScriptedProvider("first", bars(*range(6)), scripts=[[bar(0), bar(3)]])
    items = await heard(Failover([first], VirtualClock(START + HOUR)), 5)
    minutes = [(item.bar.ts_open - START) // MINUTE for item in items if isinstance(item, Update)]
    assert minutes == [0, 0, 1, 2, 3]


async def test_a_weekend_is_no_gap() -> None:
    """The FX calendar expects no bars from Friday 17:00 to Sunday 17:00 New York, so nothing is asked."""
    friday = 1_704_488_340 * SECOND + HOUR  # 2024-01-05 21:59 UTC, the last minute of the week in New York
    sunday = friday + 48 * HOUR + MINUTE
    pair = "EUR/USD"
    before = Bar(pair, Timeframe.M1, friday, friday + MINUTE, 1.1, 1.1, 1.1, 1.1, 1.0)
    after = Bar(pair, Timeframe.M1, sunday, sunday + MINUTE, 1.1, 1.1, 1.1, 1.1, 1.0)
    assert list(expected_opens(pair, Timeframe.M1, friday + 1, sunday)) == []
    source = ScriptedProvider("fx", [before, after], scripts=[[before, after]])
    both = Failover([source], VirtualClock(sunday + HOUR))
    stream = both.stream([pair], Timeframe.M1)
    assert [await anext(stream), await anext(stream)] == [Update(b, True, 0, "fx") for b in (before, after)]


async def test_a_stream_that_keeps_breaking_moves_to_the_next_provider() -> None:
    """After the breaker opens, the second provider streams, and the hole between is filled."""
    clock = VirtualClock(START + HOUR)
    first = ScriptedProvider("first", bars(*range(9)), scripts=[[bar(0), Lost(0, "a"), Lost(0, "b")]])
    second = ScriptedProvider("second", bars(*range(9)), scripts=[[bar(3)]])
    breakers = [CircuitBreaker(clock, limit=2), CircuitBreaker(clock)]
    items = await heard(Failover([first, second], clock, breakers=breakers), 7)
    updates = [item for item in items if isinstance(item, Update)]
    assert [(u.bar.ts_open - START) // MINUTE for u in updates] == [0, 0, 1, 2, 3]
    assert updates[-1].source == "second"


async def test_history_takes_over_from_a_silent_stream() -> None:
    """FLT-01: nothing moved for 1.5 bars while the connection is alive: the closed bars come from history."""
    clock = VirtualClock(START + HOUR)
    script = [bar(0), lambda: clock.advance(100 * SECOND), Heartbeat(0), Heartbeat(0)]
    first = ScriptedProvider("first", bars(0, 1), scripts=[script])
    items = await heard(Failover([first], clock), 4)
    assert [type(item).__name__ for item in items] == ["Update", "Heartbeat", "Update", "Update"]
    assert [item.cause for item in items if isinstance(item, Update)] == ["venue", "backfill", "backfill"]


async def test_capped_history_is_asked_only_within_its_reach() -> None:
    """A12: the capped provider gives what it has, the next one the rest; nothing is cut silently."""
    able = Capabilities(tuple(Timeframe), history_bars=10)
    first = ScriptedProvider("first", bars(*range(100)), capabilities=able)
    second = ScriptedProvider("second", bars(*range(100), source=3))
    clock = VirtualClock(START + 100 * MINUTE)
    traced = await Failover([first, second], clock).traced(SYMBOL, Timeframe.M1, START, START + 100 * MINUTE)
    assert [line.source for line in traced] == ["second"] * 90 + ["first"] * 10


async def test_closing_reaches_every_provider() -> None:
    """And closing twice is harmless."""
    parts = [ScriptedProvider("a", bars(0)), ScriptedProvider("b", bars(0))]
    both = Failover(parts, VirtualClock())
    await both.close()
    await both.close()
    assert [part.closed for part in parts] == [2, 2]


@pytest.mark.req("A16")
async def test_polling_for_a_day_asks_once_an_hour_and_pair() -> None:
    """24 h on the virtual clock at 3,600 s: 24 questions per pair, every closed bar once."""
    clock = VirtualClock(START)
    pairs = ("EUR/USD", "GBP/USD")
    hourly = [
        Bar(p, Timeframe.H1, START + h * HOUR, START + (h + 1) * HOUR, 1.0, 1.1, 0.9, 1.0, 1.0)
        for p in pairs
        for h in range(24)
    ]
    asked: dict[str, int] = dict.fromkeys(pairs, 0)

    class Growing(ScriptedProvider):
        async def history(self, symbol: str, timeframe: Timeframe, start: int, end: int) -> list[Bar]:
            asked[symbol] += 1
            return [b for b in hourly if b.symbol == symbol and start <= b.ts_open and b.ts_close <= clock.now()]

    got: list[int] = []
    async for item in poll(Growing("p", hourly), pairs, Timeframe.H1, clock, 3600.0, START):
        if isinstance(item, Update):
            got.append(item.bar.ts_open)
        if clock.now() >= START + 24 * HOUR and asked[pairs[1]] == 24:
            break
    assert asked == {"EUR/USD": 24, "GBP/USD": 24}
    assert sorted(got) == sorted([START + h * HOUR for h in range(24)] * 2)


async def test_rounds_follow_the_closes_and_survive_errors_and_clock_steps() -> None:
    """A poll started at 0:20 asks at 1:00:05 and hourly after; a failed round and a step of an hour skip no bar."""
    clock = VirtualClock(START + 20 * MINUTE)
    hourly = [Bar(SYMBOL, Timeframe.H1, START + h * HOUR, START + (h + 1) * HOUR, 1, 1, 1, 1, 1) for h in range(9)]
    times: list[int] = []

    class Growing(ScriptedProvider):
        async def history(self, symbol: str, timeframe: Timeframe, start: int, end: int) -> list[Bar]:
            times.append(clock.monotonic() + 20 * MINUTE)
            if len(times) == 2:
                raise Unavailable("the key was refused")
            if len(times) == 3:
                clock.step(-HOUR)
            closed = START + times[-1]
            return [one for one in hourly if start <= one.ts_open and one.ts_close <= closed]

    items: list[FeedItem] = []
    feed = poll(Growing("p", hourly), [SYMBOL], Timeframe.H1, clock, 3600.0, START, after_close_s=5.0)
    async for item in feed:
        items.append(item)
        if len(items) == 7:
            break
    assert times[:4] == [HOUR + 5 * SECOND, 2 * HOUR + 5 * SECOND, 3 * HOUR + 5 * SECOND, 4 * HOUR + 5 * SECOND]
    assert [type(item).__name__ for item in items].count("Lost") == 1
    got = [item.bar.ts_open for item in items if isinstance(item, Update)]
    assert got == [START + h * HOUR for h in range(6)]


def guard(symbol: str = SYMBOL, calendar: str = "crypto") -> StaleGuard:
    return StaleGuard(symbol, Timeframe.M1, calendar_of(calendar), 0)


def test_a_feed_silent_for_more_than_one_and_a_half_bars_is_stale() -> None:
    """90 s is not yet too long, 91 s is; heartbeats do not help; the next moving bar makes it fresh."""
    watch = guard()
    assert watch.observe(Update(bar(0), False, 0), START, 0) is None
    assert watch.check(START + 90 * SECOND, 90 * SECOND) is None
    state = watch.observe(Heartbeat(0), START + 91 * SECOND, 91 * SECOND)
    assert state is not None
    assert (state.symbol, state.state) == (SYMBOL, "stale")
    assert watch.check(START + 95 * SECOND, 95 * SECOND) is None
    fresh = watch.observe(Update(bar(2), False, 0), START + 120 * SECOND, 120 * SECOND)
    assert fresh is not None
    assert fresh.state == "fresh"


def test_three_bars_at_one_price_are_stale() -> None:
    """A frozen price looks calm: the third closed flat bar in a row turns the feed stale, a moving one fresh."""
    watch = guard()
    states = []
    for minute in range(6):
        ts = START + minute * MINUTE
        flat = Bar(SYMBOL, Timeframe.M1, ts, ts + MINUTE, 50.0, 50.0, 50.0, 50.0, 0.0)
        state = watch.observe(Update(flat, True, 0), ts, minute * MINUTE)
        states.append(state.state if state else "")
    assert states == ["", "", "", "stale", "", ""]
    moved = watch.observe(Update(bar(6, 51.0), True, 0), START, 6 * MINUTE)
    assert moved is not None
    assert moved.state == "fresh"


def test_a_closed_market_is_silent_by_right() -> None:
    """No stale feed on a Saturday, and the count starts anew when the market opens."""
    watch = guard("EUR/USD", "fx")
    saturday = 1_704_542_400 * SECOND
    assert watch.check(saturday, 10 * HOUR) is None
    monday = saturday + 48 * HOUR
    assert watch.check(monday, 10 * HOUR + 60 * SECOND) is None
    state = watch.check(monday, 10 * HOUR + 91 * SECOND)
    assert state is not None
    assert state.state == "stale"
