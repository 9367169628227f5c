"""From the bytes of a closed candle to its decision, durable on disk: milliseconds, with the disk's own fsync beside.

``python -m benchmarks.latency --json``. Every candle is a Binance kline frame as its web socket delivers it, handed to
the product's own path where the socket would hand it over: the venue library reads the text, finality and sequencer
pass the bar on, the engine decides, SQLite (``synchronous=FULL``) commits, the decision counts as made. Two event-loop
hops are in the figure, network and TLS are not. *read* ends when the message is parsed and queued, *decide* at the
commit's beginning, *commit* when it is durable, *tell* when whoever waits has been told; *software* is all but the
commit. After every fourth candle the
same disk appends and syncs 32 KiB (what such a commit writes), so that both meet the same neighbours. Bars are
SIMULATED.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import msgspec

from benchmarks.desk import EAGER, crossing_members, desk_config, plan_of, recordings_of
from benchmarks.machine import machine, percentile, show
from tradewind.adapters.market.ccxt_stream import CcxtStream
from tradewind.adapters.replay_feed import Recording, ReplayFeed
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.store import Store
from tradewind.adapters.task_scheduler import TaskScheduler
from tradewind.app.feed_intake import LiveSource
from tradewind.app.live_loop import LiveLoop
from tradewind.app.market_feed import FeedRules
from tradewind.app.run_replay import JournaledRun
from tradewind.engine.plan import EnginePlan
from tradewind.engine.sequencer import SeriesKey
from tradewind.model.bar import Bar
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import HOUR, SECOND, Timeframe
from tradewind.ports.market import Capabilities, FeedItem, Health
from tradewind.ports.transport import Traffic

SYMBOL = "BTC/USDT"
WARM_UP = 1_000
CANDLES = 3_000
MEMBERS = (1, 200)
GOAL_MS = 1.0


def frame_of(bar: Bar, *, closed: bool) -> str:
    """The kline event Binance sends about a bar (field names and text numbers as in its documentation)."""
    numbers = {"o": bar.open, "c": bar.close, "h": bar.high, "l": bar.low, "v": bar.volume, "q": bar.volume}
    market_id = bar.symbol.replace("/", "")
    kline: dict[str, object] = {
        "t": bar.ts_open // 1_000_000,
        "T": bar.ts_close // 1_000_000 - 1,
        "s": market_id,
        "i": bar.timeframe.value,
        "f": 100,
        "L": 200,
        "n": 101,
        "x": closed,
        "V": "0",
        "Q": "0",
        "B": "0",
    }
    kline |= {name: f"{value:.8f}" for name, value in numbers.items()}
    event = {"e": "kline", "E": bar.ts_close // 1_000_000, "s": market_id, "k": kline}
    return msgspec.json.encode(event).decode()


class Marks:
    """A process that notes when its checkpoints were passed."""

    def __init__(self) -> None:
        self.at: dict[str, int] = {}

    def checkpoint(self, name: str) -> None:
        """Notes the time."""
        self.at[name] = time.perf_counter_ns()


class FramedBinance:
    """A provider whose web socket is the caller: ``deliver`` is what the socket's reader would call."""

    name = "binance"
    capabilities = Capabilities(timeframes=(Timeframe.H1,), stream=True)

    def __init__(self, clock: ManualClock, history: Sequence[Bar]) -> None:
        from ccxt.pro import binance  # heavy, and nothing but this provider needs it

        self._clock = clock
        self._history = history
        self._exchange = binance()
        market = self._exchange.safe_market_structure(
            {"id": "BTCUSDT", "symbol": SYMBOL, "base": "BTC", "quote": "USDT", "type": "spot", "spot": True,
             "active": True, "precision": {"price": 0.01, "amount": 1e-5}}
        )  # fmt: skip
        self._markets = SimpleNamespace(markets={SYMBOL: market})
        self._exchange.watch_ohlcv = self._never
        self._client: object = None

    def symbols(self) -> tuple[str, ...]:
        """The one."""
        return (SYMBOL,)

    def venue_symbol(self, symbol: str) -> str:
        """Binance's name."""
        return symbol.replace("/", "")

    async def self_test(self) -> Health:
        """Always well."""
        return Health(self.name, "ok", "in process")

    async def history(self, symbol: str, timeframe: Timeframe, start: int, end: int) -> Sequence[Bar]:
        """The bars to warm up on."""
        return [bar for bar in self._history if start <= bar.ts_open < end]

    async def stream(self, symbols: Sequence[str], timeframe: Timeframe) -> AsyncIterator[FeedItem]:
        """What was delivered, through the product's own stream adapter."""
        stream = CcxtStream(self._exchange, self._markets, symbols, timeframe, self._clock, 3600.0, Traffic())
        self._client = self._exchange.client("wss://stream.binance.com:9443/ws")
        async for item in stream.items():
            yield item

    def deliver(self, frame: object) -> None:
        """A frame arrived."""
        self._client.handle_message(frame)  # type: ignore[attr-defined]  # ccxt's client carries no types

    async def close(self) -> None:
        """Ends the socket library's own tasks."""
        await self._exchange.close()

    @staticmethod
    async def _never(*_: object) -> None:
        await asyncio.Event().wait()


class Disk:
    """A plain file on the disk of the database, appended and synced."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / "fsync", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        self.times: list[float] = []

    def sync(self) -> None:
        """One append of 32 KiB and its fsync, timed."""
        os.write(self._file, bytes(32_768))
        begun = time.perf_counter_ns()
        os.fsync(self._file)
        self.times.append((time.perf_counter_ns() - begun) / 1e6)


async def walk(plan: EnginePlan, recording: Recording, folder: Path, candles: int) -> dict[str, object]:
    """Milliseconds of every part, for one pool of members."""
    from aiohttp import WSMessage, WSMsgType  # what ccxt's reader hands over

    bars = [event.bar for step in ReplayFeed((recording,)).steps() for event in step.bars]
    clock, marks, disk = ManualClock(bars[WARM_UP].ts_open), Marks(), Disk(folder)
    provider = FramedBinance(clock, bars[:WARM_UP])
    key = SeriesKey(SYMBOL, recording.timeframe)
    parts: dict[str, list[float]] = {name: [] for name in ("read", "decide", "commit", "tell", "whole", "software")}
    decided = asyncio.Event()
    with Store.open(folder / "journal.db", 0) as store:
        run = JournaledRun(plan, store, clock, lambda _: None, origin="live", process=marks, commit_every=1)
        run.start(0)
        loop = LiveLoop(
            run.session,
            (LiveSource(provider, (key,)),),
            {key: calendar_of("crypto")},
            clock,
            TaskScheduler(),
            rules=FeedRules(),
            on_close=lambda _: decided.set(),
        )
        await loop.warm_up(0, clock.now())
        running = asyncio.ensure_future(loop.run(iterations=candles))
        await asyncio.sleep(0.05)
        for number, bar in enumerate(bars[WARM_UP : WARM_UP + candles]):
            forming, final = (WSMessage(WSMsgType.TEXT, frame_of(bar, closed=word), None) for word in (False, True))
            clock.advance_to(bar.ts_close - SECOND)
            provider.deliver(forming)
            await asyncio.sleep(0)
            await asyncio.sleep(0.001)
            clock.advance_to(bar.ts_close + SECOND // 20)
            decided.clear()
            begun = time.perf_counter_ns()
            provider.deliver(final)
            read = time.perf_counter_ns()
            await decided.wait()
            at = marks.at
            told = time.perf_counter_ns()
            edges = (begun, read, at["before-commit"], at["after-commit"], told)
            for name, first, last in zip(("read", "decide", "commit", "tell"), edges, edges[1:], strict=False):
                parts[name].append((last - first) / 1e6)
            parts["whole"].append((told - begun) / 1e6)
            parts["software"].append(parts["whole"][-1] - parts["commit"][-1])
            if number % 4 == 0:
                disk.sync()
        await running
        counts = run.summary.counts()
    found: dict[str, object] = {
        f"{name}_{label}_ms": percentile(times, share)
        for name, times in parts.items()
        for label, share in (("p50", 0.5), ("p99", 0.99))
    }
    whole = parts["whole"]
    return found | {
        "whole_max_ms": percentile(whole, 1.0),
        "share_within_goal": round(sum(one <= GOAL_MS for one in whole) / len(whole), 4),
        "fsync_p50_ms": percentile(disk.times, 0.5),
        "fsync_p99_ms": percentile(disk.times, 0.99),
        "whole_over_fsync_p50": round(percentile(whole, 0.5) / percentile(disk.times, 0.5), 2),
        "decisions": counts.decisions,
        "signals": counts.signals,
    }


def measure(members: int, candles: int, folder: Path | None) -> dict[str, object]:
    """All figures of one pool size."""
    config = desk_config((SYMBOL,), **EAGER)
    (recording,) = recordings_of(config, WARM_UP + candles)
    plan = plan_of(config, (recording,), crossing_members(members))
    with tempfile.TemporaryDirectory(dir=folder) as name:
        return {"members": members} | asyncio.run(walk(plan, recording, Path(name), candles))


def main() -> None:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object on one line")
    parser.add_argument("--candles", type=int, default=CANDLES, help=f"default {CANDLES}")
    parser.add_argument("--folder", type=Path, default=None, help="disk to write on (default: the temporary folder)")
    given = parser.parse_args()
    figures: dict[str, object] = {
        "benchmark": "latency",
        "unit": "milliseconds of wall clock",
        "goal_p99_ms": GOAL_MS,
        "candles": given.candles,
        "interval": f"{HOUR // SECOND} s",
        "data": "SIMULATED",
        "machine": machine(),
    }
    figures["runs"] = [measure(members, given.candles, given.folder) for members in MEMBERS]
    show(figures, as_json=given.json)


if __name__ == "__main__":
    main()
