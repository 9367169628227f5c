"""An hour of the service in real time: processor, resident memory and descriptors of the process, minute by minute.

``python -m benchmarks.service --minutes 60 --json``: a service with one streamed venue and its Telegram bot between two
stand-ins (``benchmarks.served.rig``). ``--memory N`` takes its memory apart afterwards, in two runs of N minutes.
SIMULATED bars.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.machine import arguments, machine, show
from benchmarks.served.memory import taken_apart
from benchmarks.served.rig import measured

MINUTES: Final = 60
ROW_S = 60.0
GOALS: Final = {"cpu_share": 0.05, "peak_mib": 350.0}


def figures(minutes: int) -> dict[str, object]:
    """What the run used; ``cpu_share`` is of one core from subscribed to the end, the warm-up apart."""
    with tempfile.TemporaryDirectory() as name:
        found = asyncio.run(measured(Path(name), minutes, row_s=ROW_S))
    rows, _ = found.pop("rows"), found.pop("console")
    first, last, quarter = rows[0], rows[-1], rows[len(rows) // 4]
    return {
        "minutes": minutes,
        "goals": GOALS,
        "cpu_share": round((last["cpu_s"] - first["cpu_s"]) / (ROW_S * minutes), 5),
        "warm_up_cpu_s": first["cpu_s"],
        "peak_mib": last["peak_mib"],
        "rss_mib": {"subscribed": first["rss_mib"], "at_a_quarter": quarter["rss_mib"], "end": last["rss_mib"]},
        "descriptors": [min(row["descriptors"] for row in rows), max(row["descriptors"] for row in rows)],
        **found,
        "rows": rows,
    }


def main() -> None:
    """Prints one JSON object; the rows as they are measured go to standard error."""
    given = arguments(__doc__, minutes=MINUTES, memory=0)
    made: dict[str, object] = {"benchmark": "service", "machine": machine(), **figures(given.minutes)}
    if given.memory:
        made["memory"] = taken_apart(given.memory)
    show(made, as_json=given.json)


if __name__ == "__main__":
    main()
