"""History from providers into the candle store: paced, resumable, and open about what could not be had."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.failover import traced
from tradewind.adapters.market.providers import factories, secrets_of
from tradewind.adapters.market.venue_http import persist
from tradewind.errors import Misconfigured, Retryable, Unavailable
from tradewind.model.bar import Bar, BarColumns
from tradewind.model.instrument import Instrument
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import DAY, SECOND, Timeframe
from tradewind.ports.clock import Clock
from tradewind.ports.market import MarketProvider

_CHUNK_BARS = 2000
_GREETING_S = 1.0
"""Longest wait for a venue that does not say it is there: 4.5 s in all, longer only where it names a wait itself. A
chunk, of a venue that answered once, is worth more patience.
"""
MOST_BARS = 10_000_000
"""Nineteen years of minutes; who asks for more has mistyped, and the venue would be asked for hours in vain."""


class Order(msgspec.Struct, frozen=True):
    """What to fetch: ``days`` back from the venue's now, or from ``start`` to ``end`` (UTC nanoseconds).

    ``origin`` is the gateway the bars come through, ``label`` why they are not real (``SIMULATED``); both are stored.
    """

    instrument: Instrument
    timeframe: Timeframe
    days: float = 30.0
    start: int | None = None
    end: int | None = None
    price_kind: str = "last"
    convention: str = ""
    origin: str = ""
    label: str = ""


class Fetched(msgspec.Struct, frozen=True):
    """What came of an order. ``expected`` counts the bars the session calendar wants in the span asked for.

    ``shortfall`` says in words why the beginning of the span is not there; empty when nothing was out of reach.
    """

    symbol: str
    interval: Timeframe
    provider: str
    asked_from: int
    asked_to: int
    received: int
    stored: int
    in_span: int
    expected: int
    sources: dict[str, int]
    shortfall: str
    label: str = ""


async def fetch(
    provider: MarketProvider,
    store: CandleStore,
    order: Order,
    clock: Clock,
    advance: Callable[[float], None],
    say: Callable[[str], None] = lambda text: None,
) -> Fetched:
    """Fetches what the store does not have yet, chunk by chunk; every chunk is durable before the next is asked for.

    ``advance`` is told the share of the span done, 1.0 in all, ``say`` each wait for a venue that does not answer.
    Interrupted, the same call goes on where it stopped.

    Raises:
        TradewindError: as the provider and the store raise; the chunks before it stay stored.
    """
    symbol, timeframe = order.instrument.symbol, order.timeframe

    def waits(error: Retryable, wait_s: float) -> None:
        say(f"{symbol}: {error.where or provider.name}: {error.found}; asked again in {wait_s:.1f} s")

    start, end, shortfall = await _span(provider, order, clock, waits)
    spans = _lacking(store, symbol, timeframe, start, end)
    sources: dict[str, int] = {}
    total = sum(high - low for low, high in spans) or 1
    for low, high in spans:
        cursor = low
        while cursor < high:
            until = min(high, cursor + _CHUNK_BARS * timeframe.ns)
            found = await persist(partial(traced, provider, symbol, timeframe, cursor, until), clock, on_wait=waits)
            _keep(store, order, found)
            for _, source in found:
                sources[source] = sources.get(source, 0) + 1
            advance((until - cursor) / total)
            cursor = until
    rows, in_span = _stored(store, symbol, timeframe, start, end)
    calendar = calendar_of(order.instrument.calendar)
    expected = [1 for ts_open, _ in calendar.expected_closes(start, end, timeframe) if ts_open >= start]
    return Fetched(
        symbol=symbol,
        interval=timeframe,
        provider=provider.name,
        asked_from=start,
        asked_to=end,
        received=sum(sources.values()),
        stored=rows,
        in_span=in_span,
        expected=len(expected),
        sources=sources,
        shortfall=shortfall,
        label=order.label,
    )


async def _span(
    provider: MarketProvider, order: Order, clock: Clock, waits: Callable[[Retryable, float], None]
) -> tuple[int, int, str]:
    """The span to ask for, in whole bars of the venue's time, cut to the provider's reach with the cut in words."""
    provider.venue_symbol(order.instrument.symbol)
    if order.timeframe not in provider.capabilities.timeframes:
        raise Misconfigured(
            f"no bars of {order.timeframe}", where=provider.name, allowed=", ".join(provider.capabilities.timeframes)
        )
    health = await persist(
        lambda: _well(provider), clock, attempts=6, first_wait_s=0.5, longest_wait_s=_GREETING_S, on_wait=waits
    )
    now = clock.now() + round((health or 0.0) * SECOND)
    length = order.timeframe.ns
    end = now // length * length if order.end is None else min(order.end, now // length * length)
    start = end - round(order.days * DAY) if order.start is None else order.start
    if start < 0 or (end - start) // length > MOST_BARS:
        raise Misconfigured(
            f"{max(0, end - start) / DAY:,.0f} days of {order.timeframe} bars were asked for",
            where="--days or --timerange",
            allowed=f"at most {MOST_BARS:,} bars, none before 1970",
            next_step="ask for a shorter span, or for longer bars",
        )
    able = provider.capabilities
    reach = able.history_days.get(order.timeframe)
    oldest = start if reach is None else now - reach * DAY + length
    if able.history_bars:
        oldest = max(oldest, now // length * length - able.history_bars * length)
    if oldest <= start:
        return start, end, ""
    got, wanted = (end - oldest) / DAY, (end - start) / DAY
    limit = f"{reach} days" if reach is not None else f"{able.history_bars} bars"
    text = f"{provider.name} keeps {limit} of {order.timeframe}: {got:.1f} of {wanted:.1f} days were obtained"
    return -(-oldest // length) * length, end, text


async def _well(provider: MarketProvider) -> float | None:
    health = await provider.self_test()
    found = health.detail.removeprefix(f"{provider.name}: ").partition(" Next: ")[0]
    if health.state == "unreachable":
        raise Retryable(
            found,
            where=provider.name,
            next_step="check the network and that the venue is up; the same command goes on where this one stopped",
            retry_after_s=health.retry_after_s,
        )
    if health.state == "refused" or (health.state == "disabled" and health.latency_ms is None):
        names = ", ".join(secrets_of(provider.name)) if provider.name in factories() else ""
        advice = f"correct {names} in .env" if names else "see `tradewind data providers`"
        raise Unavailable(found, where=provider.name, next_step=advice)
    return health.clock_offset_s


def _lacking(store: CandleStore, symbol: str, timeframe: Timeframe, start: int, end: int) -> list[tuple[int, int]]:
    """The parts of ``[start, end)`` before and after what is stored; holes inside are ``data verify``'s business."""
    known = [each for each in store.datasets() if (each.symbol, each.timeframe) == (symbol, timeframe)]
    if not known:
        return [(start, end)]
    columns = store.read(symbol, timeframe)
    first, last = int(columns.ts_open[0]), int(columns.ts_close[-1])
    spans = [(start, min(first, end)), (max(last, start), end)]
    return [(low, high) for low, high in spans if low < high]


def _keep(store: CandleStore, order: Order, traced: Sequence[tuple[Bar, str]]) -> None:
    if not traced:
        return
    origin = f"@{order.origin}" if order.origin else ""
    store.write(
        order.instrument.symbol,
        order.timeframe,
        _columns([bar for bar, _ in traced]),
        [source + origin for _, source in traced],
        price_kind=order.price_kind,
        synthetic=order.label,
        on_conflict="keep",
        convention=order.convention,
    )


def _stored(store: CandleStore, symbol: str, timeframe: Timeframe, start: int, end: int) -> tuple[int, int]:
    known = [each for each in store.datasets() if (each.symbol, each.timeframe) == (symbol, timeframe)]
    if not known:
        return 0, 0
    return known[0].rows, len(store.read(symbol, timeframe, start, end).ts_open)


def _columns(bars: Sequence[Bar]) -> BarColumns:
    def column(values: Iterable[float]) -> NDArray[np.float64]:
        return np.array(list(values), dtype=np.float64)

    return BarColumns(
        ts_open=np.array([bar.ts_open for bar in bars], dtype=np.int64),
        ts_close=np.array([bar.ts_close for bar in bars], dtype=np.int64),
        open=column(bar.open for bar in bars),
        high=column(bar.high for bar in bars),
        low=column(bar.low for bar in bars),
        close=column(bar.close for bar in bars),
        volume=column(bar.volume for bar in bars),
        spread=column(np.nan if bar.spread is None else bar.spread for bar in bars),
    )
