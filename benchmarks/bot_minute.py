"""What a minute of one bot costs in the simulation, and which part of it is the product's.

``python -m benchmarks.bot_minute [--json] [--days N] [--seed N]``. The world is ``bot-year`` of ``tradewind simulate``:
one symbol around the clock, 1m bars, six timeframes, a transaction a bar, orders before a hostile venue, every law
after every event. ``cpu_us`` is processor time a minute of market over the whole run, deaths, chats and the second run
at the end included. ``parts`` come from a second run of the same seed with a stop-watch in front of some methods: the
mean of a call without the dearest 3 in 100 (rare events, and moments in which something else had the processor) times
its calls a minute. A part holds the parts it calls. SIMULATED.
"""

from __future__ import annotations

import argparse
import gc
import inspect
import json
import time
from collections.abc import Callable
from typing import Any, Final

from benchmarks.machine import machine, spent
from tradewind.adapters.store.journal import SqlJournal
from tradewind.app.feed_intake import FeedIntake
from tradewind.app.session import Session
from tradewind.engine.pipeline import Engine
from tradewind.fleetsim.faults import FaultMix
from tradewind.fleetsim.invariants import Laws
from tradewind.fleetsim.report import SimulationReport
from tradewind.fleetsim.simulation import Simulation, run_simulation
from tradewind.fleetsim.world import BOT_YEAR

PARTS: Final[dict[str, tuple[type, str]]] = {
    "one moment of the world": (Simulation, "_instant"),
    "laws": (Laws, "check"),
    "intake": (FeedIntake, "take"),
    "session": (Session, "_take"),
    "engine": (Engine, "process"),
    "journal, append": (SqlJournal, "append"),
    "journal, commit": (SqlJournal, "commit"),
}
KEPT: Final = 0.97
YEAR_MINUTES: Final = 365 * 1440


def run(seed: int, days: float) -> SimulationReport:
    """One run at the density of a thousand faults and fifty deaths a year."""
    return run_simulation(seed, days=days, mix=FaultMix.over(365.0), tier=BOT_YEAR)


def timed(seed: int, days: float) -> dict[str, dict[str, float]]:
    """Calls a minute, and microseconds a call and a minute, of every part."""
    watches: dict[str, list[int]] = {}
    real = {name: getattr(owner, method) for name, (owner, method) in PARTS.items()}
    for name, (owner, method) in PARTS.items():
        setattr(owner, method, watched(real[name], watches.setdefault(name, [])))
    try:
        minutes = run(seed, days).simulated_days * 1440
    finally:
        for name, (owner, method) in PARTS.items():
            setattr(owner, method, real[name])
    found = {}
    for name, times in watches.items():
        kept = sorted(times)[: max(1, int(len(times) * KEPT))]
        mean, calls = sum(kept) / len(kept) / 1e3, len(times) / minutes
        found[name] = {"calls": round(calls, 2), "us_a_call": round(mean, 1), "us_a_minute": round(mean * calls, 1)}
    return found


def watched(method: Callable[..., Any], times: list[int]) -> Callable[..., Any]:
    """``method`` with a stop-watch in front."""
    now, note = time.perf_counter_ns, times.append
    if inspect.iscoroutinefunction(method):

        async def waited(*given: Any, **named: Any) -> Any:
            begun = now()
            result = await method(*given, **named)
            note(now() - begun)
            return result

        return waited

    def called(*given: Any, **named: Any) -> Any:
        begun = now()
        result = method(*given, **named)
        note(now() - begun)
        return result

    return called


def measure(seed: int, days: float) -> dict[str, object]:
    """All figures."""
    gc.set_threshold(50_000)  # as every verb
    run(seed, 0.2)
    reports: list[SimulationReport] = []
    cpu = spent(lambda: reports.append(run(seed, days))).cpu
    report = reports[0]
    minutes = report.simulated_days * 1440
    return {
        "seed": seed,
        "simulated_days": round(report.simulated_days, 2),
        "cpu_us": round(cpu / minutes * 1e6, 1),
        "bot_years_per_cpu_hour": round(3600.0 / (cpu / minutes * YEAR_MINUTES), 1),
        "entries_a_minute": round(report.entries / minutes, 2),
        "faults": sum(report.faults.values()),
        "restarts": report.restarts,
        "violations": list(report.violations),
        "parts": timed(seed, days),
        "simulated": True,
    }


def main() -> None:
    """Prints one JSON object, or lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--days", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    figures = {"benchmark": "bot_minute", "machine": machine(), **measure(asked.seed, asked.days)}
    if asked.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"{key}: {value}" for key, value in figures.items()))


if __name__ == "__main__":
    main()
