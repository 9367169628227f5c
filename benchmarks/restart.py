"""Seconds from starting a process to its first new decision, with a year of hourly journal to recover from.

``python -m benchmarks.restart --json``. A paper run over a year of SIMULATED hours of one symbol and of four, with the
default strategies, is stopped; fresh processes then continue it by one close each on a copy of its store. *with
snapshot* finds the engine's state saved near the end of the journal, *without* replays and checks every entry. Parts:
*start* is the interpreter until the first line of the program, *imports* everything the run needs, *open* candles,
plan and store (lease, schema, head), *wire* the engine with its kernels from their cache, *recover* the snapshot or the
replay, *decide* the next close, durable. Beside all this, from *open* on, another process reads the store's history;
*history* is when a run that does nothing else has heard from it, counted from the start of the process.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.desk import desk_config, plan_of, recordings_of
from benchmarks.machine import arguments, machine, median, show
from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.simulated import SOURCE
from tradewind.adapters.replay_feed import Recording, ReplayFeed
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.store import Store
from tradewind.app.replay_loop import drive_replay
from tradewind.app.run_replay import JournaledRun
from tradewind.model.timeframe import HOUR, Timeframe

YEAR_HOURS = 365 * 24
MORE_HOURS = 24 * 7
ROUNDS = 5
POOLS = (("BTC/USDT",), ("BTC/USDT", "EUR/USD", "GBP/USD", "XAU/USD"))
GOAL_S = 2.0
_FRESH = """
import sys, time
marks = [float(sys.argv[1]), time.perf_counter()]
import json
from pathlib import Path
from tradewind.adapters.replay_feed import ReplayFeed
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.store import Store
from tradewind.app.config import load_config
from tradewind.app.recordings import material_for
from tradewind.app.replay_loop import drive_replay
from tradewind.app.run_replay import JournaledRun, history_check
from tradewind.app.wiring import plan_for
from tradewind.app.workspace import Workspace
marks.append(time.perf_counter())
folder, symbols = Path(sys.argv[2]), sys.argv[3].split(",")
config = load_config(environment={}, overrides={"symbols": symbols}, folder=Path("/nonexistent"))
material = material_for(Workspace(config, folder), tuple(symbols))
plan = plan_for(config, material.bases, executes=True, simulated=True)
clock = ManualClock()
instruments = {one.instrument.symbol: one.instrument for one in plan.symbols}
store = Store.open(folder / "journal.db", 1, instruments=instruments)
history = history_check(store, print)
marks.append(time.perf_counter())
run = JournaledRun(plan, store, clock, lambda line: None, origin="replay")
marks.append(time.perf_counter())
recovery = run.start(1)
marks.append(time.perf_counter())
drive_replay(run.session, ReplayFeed(material.recordings), clock, iterations=1)
marks.append(time.perf_counter())
decisions = run.summary.counts().decisions
checked = history.finish()
heard = time.perf_counter() - marks[0]
store.close()
assert decisions, "no decision was made"
print(json.dumps({"marks": marks, "replayed": recovery.entries, "snapshot": recovery.snapshot_seq,
                  "decisions": decisions, "checked": checked, "history": heard}))
"""
_PARTS = ("start", "imports", "open", "wire", "recover", "decide")


def year_of(recordings: Sequence[Recording], hours: int) -> tuple[Recording, ...]:
    """The recordings cut at the same moment, ``hours`` and a few days after they began."""
    end = min(int(one.columns.ts_open[0]) for one in recordings) + (hours + MORE_HOURS) * HOUR
    return tuple(
        Recording(one.symbol, one.timeframe, one.columns.slice(0, int((one.columns.ts_close <= end).sum())), SOURCE)
        for one in recordings
    )


def stopped_run(folder: Path, symbols: tuple[str, ...], hours: int, snapshot_every: int) -> int:
    """Makes a run's folder with a year behind it; returns the entries of its journal."""
    config = desk_config(symbols)
    recordings = year_of(recordings_of(config, hours + MORE_HOURS), hours)
    plan = plan_of(config, recordings)
    candles = CandleStore(folder / "data" / "candles")
    for one in recordings:
        candles.write(one.symbol, Timeframe.H1, one.columns, one.source)
    clock = ManualClock()
    instruments = {one.instrument.symbol: one.instrument for one in plan.symbols}
    with Store.open(folder / "journal.db", 0, instruments=instruments) as store:
        run = JournaledRun(plan, store, clock, lambda _: None, origin="replay", snapshot_every=snapshot_every)
        run.start(0)
        drive_replay(run.session, ReplayFeed(recordings), clock, iterations=hours)
        return store.journal.head[0]


def restarts(made: Path, symbols: tuple[str, ...], rounds: int) -> dict[str, object]:
    """Seconds of every part, medians over fresh processes."""
    times: dict[str, list[float]] = {name: [] for name in (*_PARTS, "whole", "history")}
    told: dict[str, Any] = {}
    for _ in range(rounds + 1):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(shutil.copytree(made, Path(name) / "run"))
            command = [sys.executable, "-c", _FRESH, str(time.perf_counter()), str(folder), ",".join(symbols)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        told = json.loads(done.stdout)
        marks = told["marks"]
        for part, first, last in zip(_PARTS, marks[:-1], marks[1:], strict=True):
            times[part].append(last - first)
        times["whole"].append(marks[-1] - marks[0])
        times["history"].append(told["history"])
    found: dict[str, object] = {f"{name}_s": median(values[1:]) for name, values in times.items()}
    return found | {
        "replayed": told["replayed"],
        "checked": told["checked"],
        "whole_worst_s": round(max(times["whole"][1:]), 3),
    }


def measure(symbols: tuple[str, ...], hours: int, rounds: int) -> dict[str, object]:
    """With and without a snapshot."""
    figures: dict[str, object] = {"symbols": len(symbols), "goal_s": GOAL_S}
    with tempfile.TemporaryDirectory() as name:
        for label, every in (("without_snapshot", 0), ("with_snapshot", None)):
            folder = Path(name) / label
            entries = stopped_run(folder, symbols, hours, hours // 3 if every is None else every)
            figures["entries"] = entries
            figures[label] = restarts(folder, symbols, rounds)
    return figures


def main() -> None:
    """Prints one JSON object."""
    given = arguments(__doc__, hours=YEAR_HOURS, rounds=ROUNDS)
    figures: dict[str, object] = {
        "benchmark": "restart",
        "unit": "seconds of wall clock",
        "data": "SIMULATED",
        "rounds": given.rounds,
        "machine": machine(),
    }
    figures["runs"] = [measure(symbols, given.hours, given.rounds) for symbols in POOLS]
    show(figures, as_json=given.json)


if __name__ == "__main__":
    main()
