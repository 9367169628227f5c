"""A feed for providers that do not stream: asks for closed bars shortly after they close."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from tradewind.adapters.market.failover import traced
from tradewind.errors import Misconfigured, TradewindError
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
    *,
    after_close_s: float = 0.0,
) -> AsyncIterator[FeedItem]:
    """Closed bars with ``ts_open >= since`` as they appear, one question per symbol and round.

    Rounds are ``after_close_s`` past the full multiples of ``every_s`` of UTC, so that an hourly round comes right
    after the hourly close; the next one is found anew each time, so that a corrected clock only moves it. A round that
    finds nothing is a ``Heartbeat``, one that fails a ``Lost``; the next asks from the last bar on: nothing is skipped.

    Raises:
        Misconfigured: the provider does not have the symbol or the interval.
    """
    newest = dict.fromkeys(symbols, since)
    every, late = round(every_s * SECOND), round(after_close_s * SECOND)
    while True:
        now = clock.now()
        wait = every - (now - late) % every
        await clock.sleep_until(clock.monotonic() + wait)
        for symbol in symbols:
            try:
                found = await traced(provider, symbol, timeframe, newest[symbol], FAR_FUTURE)
            except Misconfigured:
                raise
            except TradewindError as error:
                yield Lost(clock.now(), str(error))
                continue
            for bar, source in found:
                newest[symbol] = bar.ts_open + 1
                yield Update(bar, True, clock.now(), source)
            if not found:
                yield Heartbeat(clock.now())
