"""The seeded simulator: events a second and bot-years an hour on one core.

``python -m benchmarks.simulation [--json] [--days N] [--seed N]``. A bot-year is 365.25 simulated days of one service
on the product's own path (feed intake, sequencer, engine, SQLite journal with a simulated disk, restarts from the
store) over two symbols, hourly bars, decided on 1h and 4h by every built-in member, with every law checked after every
event. Waiting is not part of it; the first simulated days warm the caches and are not counted.
"""

from __future__ import annotations

import argparse
import json

from benchmarks.machine import machine
from tradewind.fleetsim.faults import FaultMix
from tradewind.fleetsim.simulation import run_simulation

DEFINITION = (
    "365.25 simulated days of one service: 2 symbols, 1h bars, decisions on 1h and 4h, all built-in members, paper"
    " execution, SQLite journal on a simulated disk, all laws after every event"
)
YEAR_DAYS = 365.25


def measure(seed: int, days: float) -> dict[str, object]:
    """One run at the density of at least 1,000 faults and 50 deaths a bot-year."""
    run_simulation(seed, days=1)
    report = run_simulation(seed, days=days, mix=FaultMix(per_day=3.0, deaths_per_day=0.2))
    years = report.simulated_days / YEAR_DAYS
    faults = sum(report.faults.values())
    return {
        "bot_year": DEFINITION,
        "seed": seed,
        "simulated_days": round(report.simulated_days, 2),
        "events": report.events,
        "seconds": round(report.seconds, 3),
        "events_per_s": round(report.events_per_s, 1),
        "bot_years_per_hour": round(years / (report.seconds / 3600), 2),
        "faults_per_bot_year": round(faults / years),
        "restarts_per_bot_year": round(report.restarts / years),
        "faults_by_row": report.rows,
        "violations": list(report.violations),
        "simulated": True,
    }


def main() -> None:
    """Prints one JSON object, or lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--days", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    figures = {"benchmark": "simulation", **measure(asked.seed, asked.days), "machine": machine()}
    if asked.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"{key}: {value}" for key, value in figures.items()))


if __name__ == "__main__":
    main()
