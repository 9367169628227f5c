"""Time to load five years of minutes from the candle store, against polars on the same bars in one Parquet file.

``python -m benchmarks.load --json``. *load* is ``CandleStore.read`` in a process that has imported the store; *fresh*
is the same as the first call of a new process; *touched* adds reading every value once. The bars are SIMULATED.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.machine import machine
from tradewind.adapters.market.candle_store import CandleStore
from tradewind.model.bar import BarColumns
from tradewind.model.timeframe import MINUTE, Timeframe

ROWS = 5 * 365 * 1440 + 1440  # 2,629,440: five years with one leap day
START = 1_577_836_800_000_000_000
REPEATS = 7
_FRESH = """
import json, sys, time
from pathlib import Path
began = time.perf_counter()
from tradewind.adapters.market.candle_store import CandleStore
from tradewind.model.timeframe import Timeframe
imported = time.perf_counter()
columns = CandleStore(Path(sys.argv[1])).read("EUR/USD", Timeframe.M1)
loaded = time.perf_counter()
total = sum(float(column.sum()) for column in columns)
touched = time.perf_counter()
assert len(columns.ts_open) == int(sys.argv[2]) and "polars" not in sys.modules
print(json.dumps({"import_s": imported - began, "load_s": loaded - imported, "touched_s": touched - imported}))
"""


def bars(rows: int) -> BarColumns:
    """SIMULATED random-walk minutes."""
    generator = np.random.default_rng(7)
    close = 1.1 * np.exp(np.cumsum(generator.normal(0, 1e-5, rows)))
    opened = np.r_[1.1, close[:-1]]
    wiggle = np.abs(generator.normal(0, 1e-5, (2, rows)))
    ts = START + MINUTE * np.arange(rows, dtype=np.int64)
    high, low = np.maximum(opened, close) + wiggle[0], np.minimum(opened, close) - wiggle[1]
    volume = generator.integers(1, 500, rows).astype(np.float64)
    return BarColumns(ts, ts + MINUTE, opened, high, low, close, volume, np.full(rows, 0.00008))


def touched(columns: BarColumns) -> float:
    """Reads every value once."""
    return sum(float(column.sum()) for column in columns)


def cold(folder: Path) -> None:
    """Asks the system to forget the cached pages of the files, as after a restart of the machine."""
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def timed(work: object, repeats: int = REPEATS) -> list[float]:
    """Seconds of each repetition."""
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()  # type: ignore[operator]
        found.append(time.perf_counter() - began)
    return found


def measure(folder: Path, rows: int) -> dict[str, object]:
    """All figures in one document, seconds."""
    where = machine()
    store, columns = CandleStore(folder / "candles"), bars(rows)
    began = time.perf_counter()
    dataset = store.write("EUR/USD", Timeframe.M1, columns, "benchmark")
    written = time.perf_counter() - began
    one = folder / "all.parquet"
    pl.DataFrame(dict(zip(BarColumns._fields, columns, strict=True))).write_parquet(one, compression="zstd")
    del columns
    load = timed(lambda: store.read("EUR/USD", Timeframe.M1))
    full = timed(lambda: touched(store.read("EUR/USD", Timeframe.M1)))
    parquet = timed(lambda: pl.read_parquet(one))
    fresh = []
    for index in range(2 * REPEATS):
        if index >= REPEATS:
            cold(folder)
        command = [sys.executable, "-c", _FRESH, str(folder / "candles"), str(rows)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        fresh.append(json.loads(done.stdout))
    began = time.perf_counter()
    damage = store.damage("EUR/USD", Timeframe.M1)
    verified = time.perf_counter() - began
    assert not damage
    median = statistics.median
    warm, chilled = fresh[:REPEATS], fresh[REPEATS:]
    return {
        "benchmark": "load",
        "rows": rows,
        "load_s": median(load),
        "load_and_touch_s": median(full),
        "fresh_process_load_s": median(each["load_s"] for each in warm),
        "fresh_process_load_and_touch_s": median(each["touched_s"] for each in warm),
        "cold_cache_load_and_touch_s": median(each["touched_s"] for each in chilled),
        "worst_load_and_touch_s": max(each["touched_s"] for each in fresh),
        "import_s": median(each["import_s"] for each in warm),
        "polars_read_parquet_s": median(parquet),
        "polars_over_load_and_touch": median(parquet) / median(full),
        "write_s": written,
        "verify_every_byte_s": verified,
        "partitions": len(dataset.partitions),
        "parquet_bytes": sum(path.stat().st_size for path in folder.rglob("*.parquet") if path != one),
        "columns_bytes": next(folder.rglob("*.bin")).stat().st_size,
        "limit_s": 0.15,
        "repeats": REPEATS,
        "machine": where,
    }


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--rows", type=int, default=ROWS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), arguments.rows)
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:34} {value:.4f}" if isinstance(value, float) else f"{name:34} {value}")


if __name__ == "__main__":
    main()
