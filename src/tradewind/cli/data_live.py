"""``tradewind data fetch|ping|providers|serve``: providers over the network, and a venue to try them on."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from tradewind.adapters.http_transport import HttpTransport
from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.providers import create_provider, factories, listing
from tradewind.adapters.market.stand_in.server import StandInServer
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import load_config
from tradewind.app.data_fetch import Fetched, Order, fetch
from tradewind.app.market_sources import (
    SIMULATED_PROVIDER,
    credentials,
    gateway_label,
    gateway_of,
    open_provider,
    price_kind,
    provider_names,
    provider_settings,
)
from tradewind.app.settings.root import AppConfig
from tradewind.app.venue_stand_in import Serving, fault_plan, serve, simulated_series, stored_series
from tradewind.cli.contract import DONE, UNAVAILABLE, Advance, Report, progress, single, table, verb, warn
from tradewind.cli.data_options import candle_folder, minute
from tradewind.cli.options import (
    GatewayOption,
    IntervalOption,
    OptionalIntervalOption,
    ProviderOption,
    SeedOption,
    SymbolsOption,
    TimeRange,
    TimeRangeOption,
    days_of,
    split_symbols,
)
from tradewind.errors import Misconfigured, TradewindError
from tradewind.model.instrument import Instrument
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import Timeframe
from tradewind.ports.market import Health, MarketProvider

app = single()


@app.command("fetch")
@verb
def fetch_(
    symbols: SymbolsOption = None,
    interval: IntervalOption = Timeframe.H1,
    days: Annotated[
        float, typer.Option("--days", parser=days_of, metavar="FLOAT", help="How far back from now.")
    ] = 30.0,
    timerange: TimeRangeOption = None,
    provider: ProviderOption = "",
    gateway: GatewayOption = "",
    config: Path | None = None,
) -> Report:
    """Fetches history into the candle store; typed again, it goes on where it stopped."""
    settings = load_config(config)
    names = split_symbols(symbols) or settings.symbols
    instruments = [resolve(name, settings.instruments) for name in names]
    clock = WallClock()
    begun = clock.monotonic()
    with progress("Fetching", total=len(instruments)) as advance:
        wish = _Wish(interval, days, timerange or TimeRange(), provider, gateway)
        transport = HttpTransport()
        done, failed = asyncio.run(_fetch_all(settings, instruments, wish, transport, advance))
    if failed and not done and len({str(error) for _, error in failed}) == 1:
        raise failed[0][1]
    seconds = (clock.monotonic() - begun) / 1e9
    short = [each for each in done if each.shortfall]
    code = max((error.exit_code for _, error in failed), default=UNAVAILABLE if short else DONE)
    document = {
        "fetched": done,
        "failed": [{"symbol": symbol, "message": str(error)} for symbol, error in failed],
        "network": transport.traffic,
        "seconds": seconds,
    }
    return Report(document, [f"Network: {transport.traffic.text()}; {seconds:.1f} s.", *_fetched(done, failed)], code)


class _Wish(NamedTuple):
    """What was typed after ``data fetch``."""

    interval: Timeframe
    days: float
    span: TimeRange
    provider: str
    gateway: str


async def _fetch_all(
    config: AppConfig, instruments: list[Instrument], wish: _Wish, transport: HttpTransport, advance: Advance
) -> tuple[list[Fetched], list[tuple[str, TradewindError]]]:
    """One provider object per choice of providers, so that all symbols share its request budget."""
    clock = WallClock()
    opened: dict[tuple[str, ...], MarketProvider] = {}
    done: list[Fetched] = []
    failed: list[tuple[str, TradewindError]] = []
    label = await gateway_label(transport, wish.gateway)
    try:
        for instrument in instruments:
            try:
                names = provider_names(config, instrument, wish.provider, clock, transport)
                if names not in opened:
                    settings = provider_settings(config, wish.gateway)
                    opened[names] = open_provider(names, config, settings, clock, transport)
                order = Order(
                    instrument=instrument,
                    timeframe=wish.interval,
                    days=wish.days,
                    start=wish.span.start,
                    end=wish.span.end,
                    price_kind=price_kind(names),
                    convention="bars stamped at their open, UTC",
                    origin=wish.gateway,
                    label="SIMULATED" if SIMULATED_PROVIDER in names else label,
                )
                store = CandleStore(candle_folder(config))
                done.append(await fetch(opened[names], store, order, clock, advance, lambda text: warn([text])))
            except TradewindError as error:
                failed.append((instrument.symbol, error))
    finally:
        for source in opened.values():
            await source.close()
        await transport.close()
    return done, failed


def _fetched(done: list[Fetched], failed: list[tuple[str, TradewindError]]) -> list[Any]:
    rows = [
        (each.symbol, each.interval, each.provider, each.received, each.in_span, each.expected,
         minute(each.asked_from), minute(each.asked_to), ", ".join(f"{n} {c}" for n, c in each.sources.items()))
        for each in done
    ]  # fmt: skip
    names = ["pair", "interval", "provider", "received", "stored", "expected", "from", "to", "sources"]
    parts: list[Any] = [table("Fetched", names, rows)] if done else []
    parts += [f"{each.symbol}: these bars are {each.label}" for each in done if each.label]
    parts += [f"{each.symbol}: {each.shortfall}" for each in done if each.shortfall]
    parts += [f"{symbol}: {error}" for symbol, error in failed]
    return [*parts, "Next: tradewind data verify" if done else "Nothing was fetched."]


@app.command()
@verb
def ping(
    provider: Annotated[str, typer.Option("--provider", help="Provider to reach; all when left out.")] = "",
    gateway: GatewayOption = "",
    config: Path | None = None,
) -> Report:
    """Reaches a provider once: ok, disabled (key missing), refused (key wrong) or unreachable (exit 3 unless ok)."""
    settings = load_config(config)
    names = [name.strip() for name in provider.split(",") if name.strip()] or [
        name for name in factories() if name != SIMULATED_PROVIDER
    ]
    found = [asyncio.run(_ping(settings, name, gateway)) for name in names]
    rows = [(each.provider, each.state, each.latency_ms, each.clock_offset_s, each.detail) for each in found]
    human = table("Providers", ["provider", "state", "latency ms", "clock offset s", "detail"], rows)
    bad = [each for each in found if each.state != "ok"]
    failed = bool(bad) if provider else len(bad) == len(found)
    return Report(found[0] if len(found) == 1 else found, human, UNAVAILABLE if failed else DONE)


async def _ping(config: AppConfig, name: str, gateway: str) -> Health:
    clock, transport = WallClock(), HttpTransport()
    virtual = (await gateway_of(transport, gateway)).virtual_clock
    source = create_provider(name, provider_settings(config, gateway, virtual), clock, transport)
    try:
        return await source.self_test()
    finally:
        await source.close()
        await transport.close()


@app.command()
@verb
def providers(config: Path | None = None) -> Report:
    """Lists the providers: whether their key is set, what they serve, what their time stamps mean."""
    settings = load_config(config)
    lines = listing(credentials(settings), WallClock(), HttpTransport())
    rows = [
        (each.name, each.state if not each.missing else f"disabled: set {', '.join(each.missing)}",
         ", ".join(each.asset_classes), " ".join(each.timeframes), each.stream, each.gives_spread, each.bar_time,
         each.notes)
        for each in lines
    ]  # fmt: skip
    names = ["provider", "state", "classes", "intervals", "stream", "spread", "time stamps", "note"]
    return Report(lines, table("Providers", names, rows, note="Reach one: tradewind data ping --provider NAME"))


@app.command("serve")
@verb
def serve_(
    symbols: SymbolsOption = None,
    interval: OptionalIntervalOption = None,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Serve SIMULATED markets, not stored candles.")
    ] = False,
    seed: SeedOption = 7,
    host: Annotated[str, typer.Option("--host", help="Address to bind; loopback when left out.")] = "",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.")] = 8765,
    speed: Annotated[
        str, typer.Option("--speed", help="Bars a second; ack: as fast as clients read; 0: by hand.")
    ] = "1",
    timerange: TimeRangeOption = None,
    faults: Annotated[
        Path | None, typer.Option("--faults", help="JSON list of faults; see docs/stand-in-venue.md.")
    ] = None,
    clock: Annotated[
        str, typer.Option("--clock", help="virtual: the bars' own time; host: moved to the present.")
    ] = "virtual",
    config: Path | None = None,
) -> Report:
    """Serves bars as Binance, Coinbase, Kraken, OANDA, Yahoo and Alpha Vantage would, with faults on command."""
    settings = load_config(config)
    names = [resolve(name, settings.instruments).symbol for name in split_symbols(symbols)]
    series = [] if simulated else stored_series(CandleStore(candle_folder(settings)), names, interval)
    made_up = simulated or not series
    if made_up:
        series = simulated_series(names, interval or Timeframe.M1, seed)
    if clock not in ("virtual", "host"):
        raise Misconfigured(f"clock {clock!r}", where="--clock", allowed="virtual, host")
    simulated_bars = made_up or any(
        CandleStore(candle_folder(settings)).dataset(one.symbol, one.timeframe).simulated for one in series
    )
    serving = Serving(
        host=host or "127.0.0.1",
        exposed=bool(host),
        port=port,
        pace=_pace(speed),
        start=timerange.start if timerange else None,
        ahead=0.5 if made_up else 0.1,
        host_clock=clock == "host",
        plan=fault_plan(faults),
        label="SIMULATED" if simulated_bars else "",
    )
    shown = ", ".join(f"{one.symbol} {one.timeframe}" for one in series)
    what = f"{'SIMULATED' if simulated_bars else 'stored'} bars ({shown})"
    server = asyncio.run(serve(series, serving, WallClock(), partial(_opened, what), _used_up))
    counters = server.venue.counters
    document = {
        "url": server.url,
        "simulated": simulated_bars,
        "steps": server.venue.market.steps,
        "counters": counters,
    }
    return Report(document, f"Served {counters.requests} requests and {counters.streams} streams.")


def _opened(what: str, server: StandInServer) -> None:
    now = minute(server.venue.market.now)
    typer.echo(f"Serving {what} at {server.url}, venue time {now}. Ctrl+C ends it.", err=True)
    typer.echo(f"Try: tradewind data ping --provider binance --gateway {server.url}", err=True)


def _used_up(server: StandInServer) -> None:
    now = minute(server.venue.market.now)
    typer.echo(f"The bars are used up; the venue stands still at {now}. Ctrl+C ends it.", err=True)


def _pace(text: str) -> float | str:
    if text == "ack":
        return text
    try:
        pace = float(text)
    except ValueError:
        pace = -1.0
    if not 0.0 <= pace < float("inf"):
        raise Misconfigured(f"speed {text!r}", where="--speed", allowed="ack, or a number of bars a second from 0 on")
    return pace
