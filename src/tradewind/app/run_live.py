"""A journaled run over live providers, streamed or polled. Starting is recovering; holes are filled before deciding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from tradewind.adapters.http_transport import HttpTransport
from tradewind.adapters.steady_clock import SteadyClock
from tradewind.adapters.store.store import Store
from tradewind.adapters.task_scheduler import TaskScheduler
from tradewind.app.feed_intake import LiveSource
from tradewind.app.live_loop import LiveLoop, check_clock
from tradewind.app.market_feed import FeedRules
from tradewind.app.market_sources import gateway_of, open_provider, provider_names, provider_settings
from tradewind.app.run_replay import JournaledRun, RunResult
from tradewind.app.settings.root import AppConfig
from tradewind.app.wiring import instrument_for, plan_for
from tradewind.engine.plan import EnginePlan
from tradewind.engine.sequencer import SeriesKey
from tradewind.model.bar import Bar
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import DAY, SECOND, Timeframe
from tradewind.ports.clock import Clock


class LiveRequest(msgspec.Struct, frozen=True):
    """What to run on: symbols with their base timeframe, who to ask, and how.

    ``polls`` asks for closed bars instead of streaming. ``gateway`` stands for the venues (stand-in, recording proxy).
    """

    bases: dict[str, Timeframe]
    executes: bool
    polls: bool = False
    provider: str = ""
    gateway: str = ""
    iterations: int = 0
    asked: tuple[str, ...] = ()


async def run_live(
    config: AppConfig,
    request: LiveRequest,
    database: Path,
    clock: Clock,
    say: Callable[[str], None],
    *,
    on_close: Callable[[int], None] | None = None,
    stop_asked: Callable[[], bool] = lambda: False,
) -> RunResult:
    """Warms up from history, then decides on every bar that becomes final, until asked to stop.

    Raises:
        Unavailable: a venue cannot be reached, a key is missing, or the clocks differ too much.
        Misconfigured: no provider carries a symbol, or the store holds a run of another configuration.
    """
    transport = HttpTransport()
    gateway = await gateway_of(transport, request.gateway)
    plan = plan_for(config, request.bases, executes=request.executes, simulated=bool(gateway.label))
    virtual = gateway.virtual_clock
    sources = await _sources(config, request, clock, transport, virtual=virtual)
    try:
        clock = SteadyClock(clock, await _offset(config, sources, virtual=virtual))
        instruments = {one.instrument.symbol: one.instrument for one in plan.symbols}
        with Store.open(database, clock.now(), instruments=instruments) as store:
            heard: list[bool] = []
            run = JournaledRun(plan, store, clock, say, origin="live", commit_every=1, on_closed=_shown(say, heard))
            now = clock.now()
            recovery = run.start(now, request.asked)
            loop = _loop(config, run, sources, clock, virtual=virtual, on_close=on_close)
            since = now - round(config.market.history_days * DAY)
            taken = await loop.warm_up(since, now, stop_asked, begun=run.begun)
            _announce(plan, taken, say)
            heard.append(True)
            result = await loop.run(iterations=request.iterations, stop_asked=stop_asked)
            return msgspec.structs.replace(run.result(recovery, result), network=transport.traffic)
    finally:
        for source in sources:
            await source.provider.close()
        await transport.close()


async def _sources(
    config: AppConfig, request: LiveRequest, clock: Clock, transport: HttpTransport, *, virtual: bool
) -> tuple[LiveSource, ...]:
    """Providers with the series each of them serves."""
    groups: dict[tuple[str, ...], list[SeriesKey]] = {}
    for symbol, base in sorted(request.bases.items()):
        names = provider_names(config, instrument_for(config, symbol), request.provider, clock, transport)
        groups.setdefault(names, []).append(SeriesKey(symbol, base))
    settings = provider_settings(config, request.gateway, virtual)
    every = config.market.poll_interval if request.polls else 0.0
    return tuple(
        LiveSource(open_provider(names, config, settings, clock, transport), tuple(keys), every)
        for names, keys in groups.items()
    )


async def _offset(config: AppConfig, sources: Sequence[LiveSource], *, virtual: bool) -> int:
    """Venue time minus host time in nanoseconds, as the first venue tells it; a real one must nearly agree."""
    offsets = [
        await check_clock(source.provider, config.market.max_clock_offset, virtual=virtual) for source in sources
    ]
    return round((offsets[0] or 0.0) * SECOND) if offsets else 0


def _loop(
    config: AppConfig,
    run: JournaledRun,
    sources: Sequence[LiveSource],
    clock: Clock,
    *,
    virtual: bool,
    on_close: Callable[[int], None] | None,
) -> LiveLoop:
    rules = FeedRules(grace=round(config.market.close_grace * SECOND), frozen_bars=config.market.stale_bars)
    calendars = {
        SeriesKey(one.instrument.symbol, one.base): calendar_of(one.instrument.calendar) for one in run.plan.symbols
    }
    return LiveLoop(
        run.session,
        sources,
        calendars,
        clock,
        TaskScheduler(),
        rules=rules,
        virtual_time=virtual,
        on_close=on_close,
    )


def _shown(say: Callable[[str], None], heard: Sequence[bool]) -> Callable[[Sequence[Bar]], None]:
    """Says one line for every bar that closed, once ``heard`` holds something: history is not news."""

    def shown(bars: Sequence[Bar]) -> None:
        for bar in bars if heard else ():
            say(closed_line(bar))

    return shown


def _announce(plan: EnginePlan, taken: int, say: Callable[[str], None]) -> None:
    """One line for every timeframe of every symbol that is now listened to."""
    for one in plan.symbols:
        for timeframe in one.timeframes:
            made = "subscribed" if timeframe is one.base else f"made from {one.base}"
            say(f"[{one.instrument.symbol} @ {timeframe}] {made}")
    say(f"Warmed up on {taken} bars")


def closed_line(bar: Bar) -> str:
    """``[BTC/USDT @ 1h] Candle closed: O=43250.1 H=43310 L=43190 C=43300``."""
    return (
        f"[{bar.symbol} @ {bar.timeframe}] Candle closed: "
        f"O={bar.open:.10g} H={bar.high:.10g} L={bar.low:.10g} C={bar.close:.10g}"
    )
