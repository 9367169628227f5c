"""The simulated market behind the provider contract."""

from __future__ import annotations

import pytest

from tradewind.adapters.market.simulated import START
from tradewind.adapters.market.simulated_provider import SimulatedProvider
from tradewind.errors import Misconfigured
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import DAY, Timeframe
from tradewind.ports.market import Update


class JumpingClock:
    """Time that passes only by sleeping."""

    def __init__(self, now: int) -> None:
        self._now = now

    def now(self) -> int:
        return self._now

    def monotonic(self) -> int:
        return self._now

    async def sleep_until(self, monotonic_ns: int) -> None:
        self._now = max(self._now, monotonic_ns)


def provider(now: int = START + 30 * DAY, seed: int = 7) -> SimulatedProvider:
    return SimulatedProvider([resolve("EUR/USD"), resolve("BTC/USDT")], JumpingClock(now), seed=seed)


async def test_history_is_half_open_and_in_order():
    """start <= ts_open < end, no repeats."""
    bars = await provider().history("BTC/USDT", Timeframe.H1, START + DAY, START + 3 * DAY)
    assert [bar.ts_open for bar in bars] == list(range(START + DAY, START + 3 * DAY, Timeframe.H1.ns))


async def test_a_later_end_never_rewrites_what_was_served():
    """The market is extended, not drawn again."""
    source = provider()
    first = await source.history("EUR/USD", Timeframe.H1, START, START + 10 * DAY)
    longer = await source.history("EUR/USD", Timeframe.H1, START, START + 300 * DAY)
    assert list(longer[: len(first)]) == list(first)


async def test_the_stream_serves_the_bars_of_the_history_at_their_close():
    """Both symbols, ordered by close, received exactly then."""
    source = provider()
    items: list[Update] = []
    async for item in source.stream(["EUR/USD", "BTC/USDT"], Timeframe.H1):
        items.append(item)
        if len(items) == 100:
            await source.close()
    assert [item.ts_recv for item in items] == [item.bar.ts_close for item in items]
    assert all(item.closed for item in items)
    for symbol in ("EUR/USD", "BTC/USDT"):
        streamed = [item.bar for item in items if item.bar.symbol == symbol]
        history = await provider(START + 60 * DAY).history(
            symbol, Timeframe.H1, streamed[0].ts_open, streamed[-1].ts_open + 1
        )
        assert streamed == list(history)


async def test_adding_a_symbol_moves_no_other():
    """Each market has a seed of its own, made of the seed and the name."""
    alone = SimulatedProvider([resolve("EUR/USD")], JumpingClock(START + 30 * DAY), seed=7)
    assert await alone.history("EUR/USD", Timeframe.H1, START, START + DAY) == await provider().history(
        "EUR/USD", Timeframe.H1, START, START + DAY
    )


async def test_what_is_not_there_is_refused_by_name():
    """Symbols and intervals outside the offer, with the offer in the message."""
    with pytest.raises(Misconfigured, match="BTC/USDT, EUR/USD"):
        await provider().history("GBP/USD", Timeframe.H1, START, START + DAY)
    with pytest.raises(Misconfigured, match=r"no 5m bars.*1h"):
        await provider().history("EUR/USD", Timeframe.M5, START, START + DAY)


async def test_the_self_test_says_simulated():
    """Nobody may take these bars for a venue's."""
    health = await provider().self_test()
    assert health.state == "ok"
    assert "SIMULATED" in health.detail


async def test_what_has_not_closed_is_no_history():
    """Neither the forming bar nor the future is served, whatever end is asked for."""
    now = START + 10 * DAY + Timeframe.H1.ns // 2
    bars = await provider(now).history("BTC/USDT", Timeframe.H1, START, START + 300 * DAY)
    assert bars[-1].ts_close == START + 10 * DAY
