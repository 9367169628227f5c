"""A service between a stand-in venue and a stand-in Bot API, and what its process uses, row by row.

Both stand-ins are in this process: minute bars of one pair at the pace of the clock with the forming bar every two
seconds, as Binance's kline stream sends them, and a bot that tells its signals with their pictures and answers its
owner's reads. The service is a process of its own that knows nothing of being measured; what it uses is the kernel's
count (``/proc/PID/stat`` and ``status``). SIMULATED bars.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from tradewind.adapters.market.simulated import simulate, spec_for
from tradewind.adapters.market.simulated_edge import PlantedEdge
from tradewind.adapters.market.stand_in.market import OPEN, Series, Tick
from tradewind.adapters.market.stand_in.server import StandInServer as VenueServer
from tradewind.adapters.market.stand_in.venue import StandInVenue
from tradewind.adapters.notify.stand_in.bot_api import BotApi, Chat
from tradewind.adapters.notify.stand_in.server import StandInServer as BotServer
from tradewind.adapters.task_scheduler import TaskScheduler
from tradewind.adapters.wall_clock import WallClock
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import DAY, MINUTE, SECOND, Timeframe

HISTORY_DAYS: Final = 7
PER_MINUTE: Final = 1 / 60
READS: Final = ("/status", "/signal BTC/USDT", "/report", "/stats", "/risk", "/drift_report", "/why BTC/USDT")
_TOKEN: Final = "123456:" + "stand-in-token-" + "x" * 20
_CHAT, _ADMIN, _OWNER = 100, 200, 7
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_CONFIG: Final = """
[timeframes]
intervals = [
  {{ interval = "1m", weight = 0.5 }}, {{ interval = "15m", weight = 0.3 }}, {{ interval = "1h", weight = 0.2 }},
]
[market]
history_days = {days}
requests_per_minute = 5000
[filters]
enabled = []
[ensemble]
quorum = 1
min_record = {record}
min_confidence = {confidence}
min_agreement = 0.5
[monitoring]
health_port = 0
[telegram]
enabled = true
bot_token = "{token}"
chat_id = "{chat}"
admin_chat_id = "{admin}"
allowed_users = ["{owner}"]
base_url = "{url}"
min_confidence = {confidence}
{more}"""


class Desk(NamedTuple):
    """What is traded, what the ensemble asks of a vote before it is a signal, further sections of the configuration."""

    symbols: tuple[str, ...] = ("BTC/USDT",)
    record: int = 5
    confidence: float = 0.3
    more: str = ""


USUAL: Final = Desk()


class TalkingVenue(StandInVenue):
    """Says the forming bar with every heartbeat, as a stream of candles does every second or two."""

    def heartbeats(self) -> list[tuple[int, bytes]]:
        """Beside the heartbeats, the forming bar of every symbol."""
        bars = [self.market.last_bar(symbol) for symbol in self.market.symbols]
        ticks = [Tick(bar.symbol, OPEN, bar, 0, self.market.now, False) for bar in bars]
        said = [
            (number, message)
            for tick in ticks
            for number, (shape, session) in self._sessions.items()
            for message in shape.told(tick, session)
        ]
        return [*super().heartbeats(), *said]


def market(symbol: str, now: int, minutes: int) -> Series:
    """SIMULATED minutes with a planted edge: the history before ``now`` and enough behind it."""
    bars = HISTORY_DAYS * DAY // MINUTE + minutes + 240
    spec = spec_for(resolve(symbol), bars=bars, timeframe=Timeframe.M1, edge=PlantedEdge())
    columns = simulate(spec, np.random.default_rng([7, *symbol.encode()] if symbol != "BTC/USDT" else 7))
    shift = now - int(columns.ts_close[bars - minutes - 180])
    return Series(symbol, Timeframe.M1, columns._replace(ts_open=columns.ts_open + shift,
                                                             ts_close=columns.ts_close + shift))  # fmt: skip


def used(pid: int) -> dict[str, float]:
    """Processor seconds since the start, MiB now and at most, descriptors, threads."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    return {
        "cpu_s": (int(stat[11]) + int(stat[12])) / _TICKS,
        "rss_mib": round(int(status["VmRSS"].split()[0]) / 1024, 1),
        "peak_mib": round(int(status["VmHWM"].split()[0]) / 1024, 1),
        "descriptors": len(list(Path(f"/proc/{pid}/fd").iterdir())),
        "threads": int(status["Threads"]),
    }


async def measured(
    folder: Path,
    minutes: int,
    program: tuple[str, ...] = ("-m", "tradewind"),
    row_s: float = 60.0,
    bars_per_s: float = PER_MINUTE,
    beside: Callable[[Path, BotApi], Awaitable[dict[str, Any]]] | None = None,
    desk: Desk = USUAL,
) -> dict[str, Any]:
    """Both stand-ins, the service at its ``desk``, and a row a minute (``row_s``) from when it has warmed up.

    ``beside`` runs meanwhile over the service's folder and the chat's own truth; what it gives when it is told to end
    (cancelled) is added.
    """
    clock, scheduler = WallClock(), TaskScheduler()
    now = (clock.now() // MINUTE + 1) * MINUTE  # the bars close with the minutes of the clock
    if row_s == 60.0:
        await asyncio.sleep((now - clock.now()) / SECOND)
    bars = max(minutes, round(minutes * row_s * bars_per_s))
    own_time = bars_per_s != PER_MINUTE  # a market faster than the clock has a time of its own
    time_of = None if own_time else clock.now
    venue = TalkingVenue(
        [market(one, now, bars) for one in desk.symbols], clock.monotonic, now=now, time=time_of, label="SIMULATED"
    )
    server = VenueServer(venue, clock, scheduler, bars_per_s=bars_per_s, heartbeat_s=2.0)
    api = BotApi(_TOKEN, clock.now, (Chat(_CHAT), Chat(_ADMIN)))
    await server.start()
    async with BotServer(api, clock) as bot:
        (folder / "tradewind.toml").write_text(
            _CONFIG.format(
                days=HISTORY_DAYS,
                token=_TOKEN,
                chat=_CHAT,
                admin=_ADMIN,
                owner=_OWNER,
                url=bot.url,
                record=desk.record,
                confidence=desk.confidence,
                more=desk.more,
            )
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, *program, "run", "--feed", "stream", "--provider", "binance", "--gateway",
            server.url, "-p", ",".join(desk.symbols), "--execution", "paper", "--allow-unproven", "--json", "--quiet",
            cwd=folder, stdout=(folder / "report.json").open("wb"), stderr=(folder / "console.txt").open("wb"),
        )  # fmt: skip
        task = None if beside is None else asyncio.ensure_future(beside(folder, api))
        try:
            rows = await _watched(process, api, venue, minutes, row_s)
        finally:
            if task is not None:
                task.cancel()
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await process.wait()
    await server.stop()
    said = [message for message in api.messages if message.chat_id in (_CHAT, _ADMIN)]
    answers = [message for message in api.messages if message.chat_id == _OWNER]
    return (await task if task is not None else {}) | {
        "exit_code": process.returncode,
        "rows": rows,
        "told": len(said),
        "pictures": sum(bool(message.photo) for message in said),
        "answers": len(answers),
        "venue": {"requests": venue.counters.requests, "streams": venue.counters.streams},
        "console": (folder / "console.txt").read_text(),
        "errors": (folder / "logs" / "error.log").read_text().count("\n"),
    }


async def _watched(
    process: asyncio.subprocess.Process, api: BotApi, venue: StandInVenue, minutes: int, row_s: float
) -> list[dict[str, float]]:
    while not venue.audience():
        if process.returncode is not None:
            raise RuntimeError(f"the service ended with {process.returncode} before it had subscribed")
        await asyncio.sleep(0.2)
    rows, began = [], time.monotonic()
    for minute in range(minutes + 1):
        await asyncio.sleep(max(0.0, began + row_s * minute - time.monotonic()))
        if process.returncode is not None:
            raise RuntimeError(f"the service ended with {process.returncode} in minute {minute}")
        rows.append({"minute": minute, **used(process.pid)})
        print(rows[-1], file=sys.stderr, flush=True)
        if minute % 5 == 2:
            api.person_writes(_OWNER, READS[minute // 5 % len(READS)])
    return rows
