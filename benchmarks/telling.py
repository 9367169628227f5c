"""From a decision to a chat that has accepted it: how long, in real time, without faults.

``python -m benchmarks.telling --minutes 8 --json``: the service of ``benchmarks.service`` on four SIMULATED markets
that close ``PACE`` minute bars a second, with an ensemble that asks little of a vote and an account whose risk is so
small that no guard ends the trading: 17 messages a minute. A decision is made when its row in the outbox can be
read by another process (it is durable then; looked for every 5 ms); it is accepted when the strict stand-in of the
Bot API has taken the message, pictures included. A chat takes one message a second: ``all`` holds what waited behind
others of the same close too, ``free`` those that found their chat free, which is what the service itself takes. The
chat is on the loopback, so the way to the real one comes on top.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.machine import arguments, machine, show
from benchmarks.served.rig import Desk, measured
from tradewind.adapters.notify.stand_in.bot_api import BotApi, Message
from tradewind.adapters.wall_clock import WallClock
from tradewind.model.timeframe import SECOND

MINUTES: Final = 8
PACE: Final = 0.3
TURN: Final = SECOND + SECOND // 20
"""How long a chat takes nothing more after a message."""
LOOK_S: Final = 0.005
ROW_S = 60.0
GOALS: Final = {"p99_s": 2.0}
EAGER: Final = Desk(
    ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT"),
    2,
    0.0,
    "[account]\nbalance = 10000000.0\n[risk]\nrisk_per_trade = 0.0001\nmax_cost_to_risk = 1.0\n",
)


async def watched(folder: Path, api: BotApi) -> dict[str, Any]:
    """Seconds from durable to accepted of every message that was told, when it is cancelled."""
    clock, seen = WallClock(), dict[int, int]()
    place = folder / "data" / "tradewind.db"
    try:
        while not place.exists():
            await asyncio.sleep(LOOK_S)
        with closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True)) as store:
            while True:
                last = max(seen, default=0)
                try:
                    rows = store.execute("SELECT id FROM outbox WHERE id > ?", (last,)).fetchall()
                except sqlite3.Error:  # the schema is being made
                    rows = []
                seen |= {number: clock.now() for (number,) in rows}
                await asyncio.sleep(LOOK_S)
    except asyncio.CancelledError:
        pass
    return {"waits": _waits(place, seen, api.messages)}


def _waits(place: Path, seen: dict[int, int], messages: Sequence[Message]) -> list[tuple[float, bool]]:
    """Seconds of each message, and whether its chat was free when it was decided on."""
    with closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True)) as store:
        rows = dict(store.execute("SELECT message_id, outbox_id FROM deliveries WHERE state = 'sent'").fetchall())
    found: list[tuple[float, bool]] = []
    last: dict[int, int] = {}
    for one in sorted(messages, key=lambda one: one.ts):
        if str(one.id) in rows:
            decided = seen[rows[str(one.id)]]
            found.append(((one.ts - decided) / SECOND, decided >= last.get(one.chat_id, 0) + TURN))
        last[one.chat_id] = one.ts
    return found


def _spread(waits: Sequence[float]) -> dict[str, float | int]:
    """Count, quantiles and the longest."""
    if not waits:
        return {"messages": 0}
    parts = {f"p{part}_s": round(float(np.quantile(waits, part / 100)), 3) for part in (50, 90, 99)}
    return {"messages": len(waits), **parts, "most_s": round(max(waits), 3)}


def figures(minutes: int) -> dict[str, object]:
    """The distributions of the waits in seconds."""
    with tempfile.TemporaryDirectory() as name:
        found = asyncio.run(measured(Path(name), minutes, row_s=ROW_S, bars_per_s=PACE, beside=watched, desk=EAGER))
    waits = found["waits"]
    return {"minutes": minutes, "goals": GOALS, "free": _spread([wait for wait, free in waits if free]),
            "all": _spread([wait for wait, _ in waits]), "told": found["told"], "pictures": found["pictures"],
            "errors": found["errors"]}  # fmt: skip


def main() -> None:
    """Prints one JSON object."""
    given = arguments(__doc__, minutes=MINUTES)
    show({"benchmark": "telling", "machine": machine(), **figures(given.minutes)}, as_json=given.json)


if __name__ == "__main__":
    main()
