"""A feed for providers that do not stream: asks for closed bars at a fixed pace."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from tradewind.errors import Retryable
from tradewind.model.timeframe import SECOND, Timeframe
from tradewind.ports.clock import Clock
from tradewind.ports.market import FeedItem, Heartbeat, Lost, MarketProvider, Update

FAR_FUTURE = 4_102_444_800 * SECOND  # 2100-01-01: providers cut at their own venue's now


async def poll(
    provider: MarketProvider,
    symbols: Sequence[str],
    timeframe: Timeframe,
    clock: Clock,
    every_s: float,
    since: int,
) -> AsyncIterator[FeedItem]:
    """Closed bars with ``ts_open >= since`` as they appear, one question per symbol every ``every_s`` seconds.

    A round that finds nothing is a ``Heartbeat``, one that fails a ``Lost``; the next round asks from the last bar on,
    so nothing is skipped. Waits are counted on the monotonic clock: a corrected wall clock neither skips nor repeats.
    """
    newest = dict.fromkeys(symbols, since)
    due = clock.monotonic()
    while True:
        for symbol in symbols:
            try:
                bars = await provider.history(symbol, timeframe, newest[symbol], FAR_FUTURE)
            except Retryable as error:
                yield Lost(clock.now(), str(error))
                continue
            for bar in bars:
                newest[symbol] = bar.ts_open + 1
                yield Update(bar, True, clock.now(), provider.name)
            if not bars:
                yield Heartbeat(clock.now())
        due += round(every_s * SECOND)
        await clock.sleep_until(due)
