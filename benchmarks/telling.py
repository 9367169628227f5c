"""From a decision to a chat that has accepted it: how long, in real time, without faults.

``python -m benchmarks.telling --minutes 8 --json``: the service of ``benchmarks.service`` on a market of ``PACE``
minute bars a second. A decision is made when its row in the outbox can be read by another process (it is durable then;
looked for every 5 ms); it is accepted when the strict stand-in of the Bot API has taken the message, pictures included.
SIMULATED bars; the chat is on the loopback, so the way to the real one comes on top.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.machine import arguments, machine, show
from benchmarks.served.rig import measured
from tradewind.adapters.notify.stand_in.bot_api import BotApi
from tradewind.adapters.wall_clock import WallClock
from tradewind.model.timeframe import SECOND

MINUTES: Final = 8
PACE: Final = 20.0
LOOK_S: Final = 0.005
ROW_S = 60.0
GOALS: Final = {"p99_s": 2.0}


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
    return {"waits": _waits(place, seen, {str(one.id): one.ts for one in api.messages})}


def _waits(place: Path, seen: dict[int, int], accepted: dict[str, int]) -> list[float]:
    with closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True)) as store:
        rows = store.execute("SELECT outbox_id, message_id FROM deliveries WHERE state = 'sent' ORDER BY id").fetchall()
    return [(accepted[message] - seen[number]) / SECOND for number, message in rows if message in accepted]


def figures(minutes: int) -> dict[str, object]:
    """The distribution of the waits in seconds."""
    with tempfile.TemporaryDirectory() as name:
        found = asyncio.run(measured(Path(name), minutes, row_s=ROW_S, bars_per_s=PACE, beside=watched))
    waits = np.array(found["waits"])
    parts = (
        {f"p{part}_s": round(float(np.quantile(waits, part / 100)), 3) for part in (50, 90, 99)} if len(waits) else {}
    )
    most = round(float(waits.max()), 3) if len(waits) else None
    return {"minutes": minutes, "goals": GOALS, "messages": len(waits), **parts, "most_s": most,
            "told": found["told"], "pictures": found["pictures"], "errors": found["errors"]}  # fmt: skip


def main() -> None:
    """Prints one JSON object."""
    given = arguments(__doc__, minutes=MINUTES)
    show({"benchmark": "telling", "machine": machine(), **figures(given.minutes)}, as_json=given.json)


if __name__ == "__main__":
    main()
