"""The adapters of clock, scheduler and transport against the real things they stand on."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.fakes.venue import START, made_up, standing_in
from tradewind.adapters.http_transport import HttpTransport
from tradewind.adapters.market.stand_in.market import Series
from tradewind.adapters.task_scheduler import TaskScheduler
from tradewind.adapters.wall_clock import WallClock
from tradewind.errors import Misconfigured, Retryable
from tradewind.fleetsim.seeded import SeededRng, SeededScheduler, turn
from tradewind.model.timeframe import Timeframe


async def test_the_wall_clock_agrees_with_the_host_and_sleeps_to_the_end() -> None:
    """now() is between two readings of the host; sleep_until never returns early."""
    clock = WallClock()
    before = time.time_ns()
    assert before <= clock.now() <= time.time_ns()
    goal = clock.monotonic() + 20_000_000
    await clock.sleep_until(goal)
    assert clock.monotonic() >= goal


async def test_a_scheduler_keeps_tasks_and_reports_the_first_error() -> None:
    """join() raises what a task raised, after the others were told to stop."""
    scheduler = TaskScheduler()
    stopped = []

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.append("forever")

    async def failing() -> None:
        await asyncio.sleep(0)
        raise Retryable("the venue is gone")

    scheduler.spawn("forever", forever)
    scheduler.spawn("failing", failing)
    assert scheduler.names() == ("failing", "forever")
    with pytest.raises(Retryable, match="venue is gone"):
        await scheduler.join()
    assert stopped == ["forever"]
    assert scheduler.names() == ()
    await scheduler.join()


async def test_two_tasks_of_one_name_are_refused() -> None:
    """A name is free again when its task has ended."""
    scheduler = TaskScheduler()
    gate = asyncio.Event()

    async def work() -> None:
        await gate.wait()

    scheduler.spawn("feed", work)
    with pytest.raises(Misconfigured, match="already running"):
        scheduler.spawn("feed", work)
    gate.set()
    await scheduler.join()
    scheduler.spawn("feed", work)
    await scheduler.join()


def test_the_seeded_scheduler_repeats_its_interleaving() -> None:
    """Same seed, same order; another seed, another one."""

    def order(seed: int) -> list[str]:
        scheduler = SeededScheduler(SeededRng(seed).generator("order"))

        async def work() -> None:
            for _ in range(5):
                await turn()

        for name in "abc":
            scheduler.spawn(name, work)
        with pytest.raises(Misconfigured, match="already running"):
            scheduler.spawn("a", work)
        return list(iter(scheduler.step, ""))

    assert order(1) == order(1)
    assert order(1) != order(2)


async def test_network_faults_are_retryable_and_bad_addresses_are_not() -> None:
    """Nobody listening: Retryable naming the peer, never the query; no address at all: Misconfigured."""
    transport = HttpTransport()
    with pytest.raises(Retryable, match=r"127\.0\.0\.1:9") as refused:
        await transport.request("GET", "http://127.0.0.1:9/x?apikey=SECRET")
    assert "SECRET" not in str(refused.value)
    with pytest.raises(Retryable):
        await transport.connect("ws://127.0.0.1:9/x")
    with pytest.raises(Retryable):
        async for _ in transport.lines("http://127.0.0.1:9/x"):
            pass
    with pytest.raises(Misconfigured):
        await transport.request("GET", "no-address")
    with pytest.raises(Misconfigured):
        await transport.connect("no-address")
    await transport.close()
    await transport.close()


async def test_requests_and_web_sockets_reach_a_real_server() -> None:
    """Status and lower-case headers come back as they are; a socket echoes its subscription and then the bars."""
    async with standing_in([Series("BTC/USDT", Timeframe.M1, made_up(50, Timeframe.M1))], now=START) as server:
        transport = HttpTransport()
        answer = await transport.request("GET", f"{server.url}/api.binance.com/api/v3/time")
        assert (answer.status, answer.body) == (200, b'{"serverTime":1704067200000}')
        assert answer.headers["content-type"] == "application/json"
        missing = await transport.request("GET", f"{server.url}/nobody.example/x", params={"a": "1"})
        assert missing.status == 404
        socket = server.url.replace("http", "ws")
        channel = await transport.connect(f"{socket}/stream.binance.com:9443/ws")
        await channel.send(b'{"method":"SUBSCRIBE","params":["btcusdt@kline_1m"],"id":1}')
        messages = channel.__aiter__()
        assert await anext(messages) == b'{"result":null,"id":1}'
        await server.advance(1)
        assert b'"x":true' in await anext(messages)
        await anext(messages)
        await transport.request("POST", f"{server.url}/control", body=b'{"fault":"disconnect","seconds":0}')
        with pytest.raises(Retryable):
            await anext(messages)
        await channel.close()
        await channel.close()
        await transport.close()
