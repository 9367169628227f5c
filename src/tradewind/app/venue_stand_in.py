"""What the stand-in venue serves: stored candles, a file of bars, or a SIMULATED market."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.simulated import simulate, spec_for
from tradewind.adapters.market.simulated_provider import market_generator
from tradewind.adapters.market.stand_in.faults import Fault
from tradewind.adapters.market.stand_in.market import Series
from tradewind.adapters.market.stand_in.server import StandInServer
from tradewind.adapters.market.stand_in.shape import Keys
from tradewind.adapters.market.stand_in.venue import StandInVenue
from tradewind.adapters.task_scheduler import TaskScheduler
from tradewind.errors import Misconfigured, Unavailable
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import DAY, MINUTE, Timeframe
from tradewind.ports.clock import Clock

_SIMULATED = ("BTC/USD", "BTC/USDT", "ETH/USD", "ETH/USDT", "EUR/USD")
_SIMULATED_MINUTES = 45 * 24 * 60
_SIMULATED_LEAST = 20_000


class Serving(msgspec.Struct, frozen=True):
    """How the stand-in serves: where, how fast, from which moment on, with which faults.

    ``pace`` is bars a second, ``"ack"`` (as fast as every client reads) or 0 (stands still until told). ``start`` is
    the venue's now at the beginning, UTC nanoseconds; None leaves the last ``ahead`` of the bars to be streamed.
    ``host_clock`` moves the bars so that they end in the present and shows the host's time.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    exposed: bool = False
    pace: float | str = 1.0
    start: int | None = None
    ahead: float = 0.1
    host_clock: bool = False
    plan: tuple[Fault, ...] = ()
    keys: Keys = Keys()
    label: str = ""


def stored_series(store: CandleStore, symbols: Sequence[str], timeframe: Timeframe | None) -> list[Series]:
    """The shortest stored series of every symbol (all when none is named), or the one of ``timeframe``."""
    found: dict[str, Series] = {}
    for each in store.datasets():
        wanted = not symbols or each.symbol in symbols
        if wanted and timeframe in (None, each.timeframe) and each.symbol not in found:
            found[each.symbol] = Series(each.symbol, each.timeframe, store.read(each.symbol, each.timeframe))
    missing = [symbol for symbol in symbols if symbol not in found]
    if missing:
        raise Unavailable(
            f"no candles of {', '.join(missing)} are stored",
            where=str(store.folder),
            next_step="tradewind data import FILE, or serve --simulated",
        )
    return list(found.values())


def simulated_series(symbols: Sequence[str], timeframe: Timeframe, seed: int) -> list[Series]:
    """SIMULATED markets of 45 days or 20,000 bars, whichever is longer, one for each symbol."""
    bars = max(_SIMULATED_LEAST, _SIMULATED_MINUTES * MINUTE // timeframe.ns)
    made = []
    for name in symbols or _SIMULATED:
        instrument = resolve(name)
        spec = spec_for(instrument, bars=bars, timeframe=timeframe)
        made.append(Series(instrument.symbol, timeframe, simulate(spec, market_generator(seed, instrument.symbol))))
    return made


def fault_plan(path: Path | None) -> tuple[Fault, ...]:
    """The faults of a JSON file: a list of objects such as ``{"fault": "gap", "at_bar": 100, "bars": 3}``."""
    if path is None:
        return ()
    try:
        return tuple(msgspec.json.decode(path.read_bytes(), type=list[Fault]))
    except OSError as error:
        raise Unavailable(f"the fault plan cannot be read ({error.strerror})", where=str(path)) from error
    except msgspec.DecodeError as error:
        raise Misconfigured(f"the fault plan is not a list of faults ({error})", where=str(path)) from error


async def serve(
    series: Sequence[Series],
    serving: Serving,
    clock: Clock,
    announce: Callable[[StandInServer], None],
    over: Callable[[StandInServer], None] = lambda _: None,
) -> StandInServer:
    """Serves until SIGINT or SIGTERM; the stopped server comes back.

    ``announce`` is called when the port is open, ``over`` when the last bar has been sent.
    """
    shown = [_moved(one, clock.now(), serving.ahead) for one in series] if serving.host_clock else list(series)
    start = serving.start
    if start is None:
        start = min(_first_ahead(one, serving.ahead) for one in shown)
    venue = StandInVenue(
        shown,
        clock.monotonic,
        now=clock.now() if serving.host_clock else start,
        time=clock.now if serving.host_clock else None,
        plan=serving.plan,
        keys=serving.keys,
        label=serving.label,
    )
    scheduler = TaskScheduler()
    server = StandInServer(
        venue,
        clock,
        scheduler,
        host=serving.host,
        port=serving.port,
        bars_per_s=serving.pace,
        exposed=serving.exposed,
    )
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await server.start()
    try:
        announce(server)
        scheduler.spawn("stand-in end", partial(_tell_the_end, server, over))
        await stopped.wait()
    finally:
        await server.stop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
    return server


async def _tell_the_end(server: StandInServer, over: Callable[[StandInServer], None]) -> None:
    await server.finished.wait()
    over(server)


def _first_ahead(one: Series, ahead: float) -> int:
    """Where the last ``ahead`` of the bars begins, UTC nanoseconds."""
    bars = len(one.columns.ts_open)
    return int(one.columns.ts_open[min(bars - 1, int(bars * (1.0 - ahead)))])


def _moved(one: Series, now: int, ahead: float) -> Series:
    """The series shifted so that its last part lies in the future: by whole weeks, which keeps sessions in place."""
    columns = one.columns
    week = 7 * DAY
    shift = (now - _first_ahead(one, ahead)) // week * week
    if int(columns.ts_close[-1]) + shift <= now:
        shift += week
    moved = columns._replace(ts_open=columns.ts_open + shift, ts_close=columns.ts_close + shift)
    return Series(one.symbol, one.timeframe, moved)
