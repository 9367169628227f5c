"""Peak resident memory of a paper process on a replay feed, what each import adds to it, and what must not be loaded.

``python -m benchmarks.memory --json``. The peak is the kernel's own count (``VmHWM``; ``ru_maxrss`` would carry over
what the parent held before it started the process) for the whole life of a fresh ``tradewind run --feed replay
--execution paper`` over a year of SIMULATED hours of one symbol and of four, and over as many minutes as make the run
long. *imports* adds up in the order in which such a process loads them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.desk import desk_config, recordings_of
from benchmarks.machine import arguments, machine, median, show
from tradewind.adapters.market.candle_store import CandleStore
from tradewind.model.timeframe import Timeframe

YEAR_HOURS = 365 * 24
MINUTES = 100_000
ROUNDS = 3
GOAL_MIB = 250.0
POOLS = (
    ("one symbol, hours", ("BTC/USDT",), Timeframe.H1),
    ("four symbols, hours", ("BTC/USDT", "EUR/USD", "GBP/USD", "XAU/USD"), Timeframe.H1),
    ("one symbol, minutes", ("BTC/USDT",), Timeframe.M1),
)
NOT_LOADED = ("polars", "pandas", "pyarrow", "scipy.stats", "scipy.optimize", "matplotlib", "ccxt", "aiohttp", "torch")
_RUN = """
import sys
from tradewind.cli.main import main
try:
    main()
finally:
    with open("/proc/self/status") as status:
        print("\\nPEAK", next(line.split()[1] for line in status if line.startswith("VmHWM")), file=sys.stderr)
    print("LOADED " + " ".join(name for name in sys.argv[-1].split(",") if name in sys.modules), file=sys.stderr)
"""
_IMPORTS = """
import json, sys, time
def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))
before = resident()
found = {"interpreter": {"mib": before, "cpu_s": time.process_time()}}
for name in sys.argv[1].split(","):
    began = time.process_time()
    __import__(name)
    now = resident()
    found[name] = {"mib": now - before, "cpu_s": time.process_time() - began}
    before = now
print(json.dumps(found))
"""
_ORDER = (
    "numpy", "msgspec", "numba", "tradewind.kernels.bank", "sqlalchemy", "scipy.special", "tradewind.app.run_replay",
    "pydantic", "rich.table", "tradewind.cli.answers.run",
)  # fmt: skip


def project(folder: Path, symbols: tuple[str, ...], timeframe: Timeframe, bars: int) -> None:
    """A project folder with SIMULATED candles."""
    config = desk_config(symbols)
    store = CandleStore(folder / "data" / "candles")
    for one in recordings_of(config, bars, timeframe):
        store.write(one.symbol, one.timeframe, one.columns, one.source)


def paper_process(folder: Path, symbols: tuple[str, ...], timeframe: Timeframe) -> tuple[float, list[str]]:
    """``(peak MiB, which of the unwanted modules were loaded)`` of one whole run."""
    for old in folder.glob("data/*.db*"):
        old.unlink()
    flags = ["--symbol", ",".join(symbols), "--interval", timeframe.value, "--feed", "replay", "--execution", "paper",
             "--allow-unproven"]  # fmt: skip
    script = _RUN.replace("sys.argv[-1]", repr(",".join(NOT_LOADED)))
    command = [sys.executable, "-c", script, "run", *flags, "--quiet", "--json"]
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, cwd=folder, stdout=told, stderr=errors)
        process.wait()
        errors.seek(0)
        said = errors.read().decode()
    if process.returncode:
        raise RuntimeError(f"the run ended with {process.returncode}: {said[-500:]}")
    loaded = next(line for line in said.splitlines() if line.startswith("LOADED")).split()[1:]
    peak = next(line for line in said.splitlines() if line.startswith("PEAK")).split()[1]
    return int(peak) / 1024, loaded


def imports() -> dict[str, dict[str, float]]:
    """MiB and CPU seconds each import adds in a fresh process."""
    command = [sys.executable, "-c", _IMPORTS, ",".join(_ORDER)]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return {name: {unit: round(value, 3) for unit, value in each.items()} for name, each in told.items()}


def measure(label: str, symbols: tuple[str, ...], timeframe: Timeframe, bars: int, rounds: int) -> dict[str, object]:
    """Peak over fresh processes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project(folder, symbols, timeframe, bars)
        runs = [paper_process(folder, symbols, timeframe) for _ in range(rounds)]
    return {
        "run": label,
        "bars_per_symbol": bars,
        "peak_mib": median([peak for peak, _ in runs], 1),
        "worst_mib": round(max(peak for peak, _ in runs), 1),
        "unwanted_modules": sorted({module for _, loaded in runs for module in loaded}),
    }


def main() -> None:
    """Prints one JSON object."""
    given = arguments(__doc__, hours=YEAR_HOURS, minutes=MINUTES, rounds=ROUNDS)
    bars = {Timeframe.H1: given.hours, Timeframe.M1: given.minutes}
    figures: dict[str, object] = {
        "benchmark": "memory",
        "unit": "MiB",
        "goal_mib": GOAL_MIB,
        "data": "SIMULATED",
        "machine": machine(),
        "must_not_be_loaded": NOT_LOADED,
    }
    figures["runs"] = [measure(*pool, bars[pool[2]], given.rounds) for pool in POOLS]
    figures["imports"] = imports()
    show(figures, as_json=given.json)


if __name__ == "__main__":
    main()
