"""Judging a hundred strategies on five years of bars: daily and hourly, each a whole process, cold start included.

``python -m benchmarks.validate --json [--strategies N] [--rounds N] [--workers N]``. A project with five years of
hourly and of daily bars of one symbol and N strategies for each in its book; then ``tradewind validate`` on both. The
bars are SIMULATED with a breakout edge, so that strategies reach every stage of the gates and some have their sealed
window opened: on a market where nothing survives the train window there is less to do. With real bars beside the
checkout (``../shared/data``) EUR/USD is measured too. Seconds are wall clock of whole processes and the processor time
of both together, medians; each round begins with the same book, ledger and candles.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.machine import arguments, machine, median, show
from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.simulated import SOURCE, simulate, spec_for
from tradewind.adapters.market.simulated_edge import PlantedEdge
from tradewind.engine.aggregate import aggregate
from tradewind.model.bar import BarColumns
from tradewind.model.instruments import resolve
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import HOUR, Timeframe

STRATEGIES = 100
ROUNDS = 3
YEARS = 5
GOAL_S = 20.0
INTERVALS = (Timeframe.H1, Timeframe.D1)
SYMBOL, PRESET = "BTC/USDT", "crypto"
REAL = "data/bars/EURUSD-1h.parquet"


def simulated_hours() -> BarColumns:
    """Five years of SIMULATED hours with an edge."""
    spec = spec_for(resolve(SYMBOL), bars=YEARS * 365 * 24, edge=PlantedEdge(strength=0.35))
    return simulate(spec, np.random.default_rng(1))


def real_hours() -> BarColumns | None:
    """The last five years of real EUR/USD hours, None where they are not beside the checkout."""
    folders = (folder / "shared" / REAL for folder in Path(__file__).resolve().parents)
    path = next((one for one in folders if one.exists()), None)
    if path is None:
        return None
    frame = pl.read_parquet(path)
    opens = frame["time"].dt.epoch("ns").to_numpy()
    first = int(np.searchsorted(opens, opens[-1] - YEARS * 365 * 24 * HOUR))
    columns = [frame[name].to_numpy()[first:] for name in ("open", "high", "low", "close", "volume")]
    return BarColumns(opens[first:], opens[first:] + HOUR, *columns, np.full(len(opens) - first, np.nan))


def prepare(folder: Path, symbol: str, preset: str, hours: BarColumns, source: str, strategies: int) -> None:
    """A project with hourly and daily bars and so many strategies of each interval in its book."""
    folder.mkdir()
    (folder / "tradewind.toml").write_text(f'symbols = ["{symbol}"]\n')
    store = CandleStore(folder / "data" / "candles")
    store.write(symbol, Timeframe.H1, hours, source)
    days = aggregate(hours, calendar_of(resolve(symbol).calendar), Timeframe.D1)
    store.write(symbol, Timeframe.D1, days, source)
    for interval in INTERVALS:
        typed(folder, "strategy", "generate", "-n", str(strategies), "-i", str(interval), "--preset", preset)


def typed(folder: Path, *words: str) -> tuple[int, str]:
    """A verb in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tradewind", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 4):
        raise RuntimeError(f"{' '.join(words)}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return done.returncode, done.stdout


def measured(project: Path, strategies: int, rounds: int, workers: int) -> dict[str, Any]:
    """Both intervals, each as a whole process, on fresh copies of the project."""
    walls: dict[Timeframe, list[float]] = {interval: [] for interval in INTERVALS}
    cpu: list[float] = []
    said: dict[str, Any] = {}
    for number in range(rounds + 1):
        folder = project.with_name(f"round-{number}")
        shutil.copytree(project, folder)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        for interval in INTERVALS:
            begun = time.perf_counter()
            _, text = typed(folder, "validate", "-i", str(interval), "--workers", str(workers), "--json")
            walls[interval].append(time.perf_counter() - begun)
            (batch,) = json.loads(text)["batches"]
            assert len(batch["strategies"]) == strategies
            said[str(interval)] = {
                "trials": batch["batch"]["trials"],
                "measured_in_full": sum(one["evidence"]["robustness"]["n"] > 0 for one in batch["strategies"]),
                "sealed_windows_opened": batch["sealed_windows_opened"],
                "passed": sum(one["approved"] for one in batch["strategies"]),
            }
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        shutil.rmtree(folder)
    # The first round finds kernels that were never loaded on this machine; it is not counted.
    whole = [sum(seconds) for seconds in zip(*(walls[one][1:] for one in INTERVALS), strict=True)]
    return {
        "hourly_s": median(walls[Timeframe.H1][1:]),
        "daily_s": median(walls[Timeframe.D1][1:]),
        "whole_s": median(whole),
        "cpu_s": median(cpu[1:]),
        "judged": said,
    }


def main() -> None:
    """Prints one JSON object."""
    given = arguments(__doc__, strategies=STRATEGIES, rounds=ROUNDS, workers=1)
    where, runs = machine(), []
    with tempfile.TemporaryDirectory() as temporary:
        markets = [("SIMULATED", SYMBOL, PRESET, simulated_hours(), SOURCE)]
        hours = real_hours()
        if hours is not None:
            markets.append(("real", "EUR/USD", "fx-tight", hours, "file"))
        for data, symbol, preset, bars, source in markets:
            project = Path(temporary) / data
            prepare(project, symbol, preset, bars, source, given.strategies)
            found = measured(project, given.strategies, given.rounds, given.workers)
            runs.append({"data": data, "symbol": symbol, "hours": len(bars.close)} | found)
    show(
        {
            "benchmark": "validate",
            "strategies": given.strategies,
            "workers": given.workers,
            "rounds": given.rounds,
            "goal_s": GOAL_S,
            "runs": runs,
            "machine": where,
        },
        as_json=given.json,
    )


if __name__ == "__main__":
    main()
