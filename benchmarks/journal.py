"""The durable journal: append and commit, the disk's own fsync in the same run, bulk writing, verified reading.

``python -m benchmarks.journal [--json] [--folder DIR]``. A latency is of one bar with one decision, committed alone;
``fsync_*`` is a plain append of 32 KiB (what such a commit writes to the log) and one fsync on the same disk, taken in
turns with the commits, so that both meet the same neighbours.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.machine import machine
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.memory_journal import MemoryJournal
from tradewind.adapters.store.store import Store
from tradewind.model.bar import Bar
from tradewind.model.decision import Consensus, NoTrade, Reason
from tradewind.model.event import BarClosed
from tradewind.model.timeframe import HOUR, Timeframe

SYMBOLS = ("EUR/USD", "GBP/USD", "XAU/USD", "BTC/USDT")
COMMITS = 3_000
YEAR = 35_040  # four symbols, 24 hourly bars on 365 days
BATCH = 1_000


def bar_with_decision(number: int) -> tuple[BarClosed, bytes]:
    """One hourly bar of one of four symbols and a no-trade with two reasons and a consensus."""
    symbol = SYMBOLS[number % len(SYMBOLS)]
    ts = number // len(SYMBOLS) * HOUR
    bar = Bar(symbol, Timeframe.H1, ts, ts + HOUR, 1.1, 1.102, 1.098, 1.101, 100.0, 1e-4)
    consensus = Consensus(1, 0.83, ("EMA_Crossover_1h_v1", "RSI_1h_v1"), 2, 1.8, 0.45, 0.4, 0.71, 0.1, "shadow, 300")
    reasons = (Reason("regime", 0.4, 0.5), Reason("spread", 2.0, 1.5))
    decision = NoTrade(symbol, Timeframe.H1, ts + HOUR, reasons, consensus)
    return BarClosed(bar, source="benchmark", ts_recv=ts + HOUR), encode_outputs([decision])


def latencies(store: Store, folder: Path, items: list[tuple[BarClosed, bytes]]) -> tuple[list[float], list[float]]:
    """Seconds of every append+commit, and of an fsync after every fourth."""
    commits, syncs = [], []
    file = os.open(folder / "fsync", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    for number, (event, outputs) in enumerate(items):
        started = time.perf_counter()
        store.journal.append(event, outputs)
        store.journal.commit()
        commits.append(time.perf_counter() - started)
        if number % 4 == 0:
            os.write(file, bytes(32_768))
            started = time.perf_counter()
            os.fsync(file)
            syncs.append(time.perf_counter() - started)
    os.close(file)
    return commits, syncs


def measure(folder: Path) -> dict[str, object]:
    """All figures, with everything made from nothing in ``folder``."""
    where = machine()
    items = [bar_with_decision(number) for number in range(COMMITS + YEAR)]
    started = time.perf_counter()
    store = Store.open(folder / "journal.db", 0)
    created = time.perf_counter() - started
    commits, syncs = latencies(store, folder, items[:COMMITS])

    started = time.perf_counter()
    for number, (event, outputs) in enumerate(items[COMMITS:], start=1):
        store.journal.append(event, outputs)
        if number % BATCH == 0:
            store.journal.commit()
    store.journal.commit()
    bulk = time.perf_counter() - started
    store.close()

    started = time.perf_counter()
    store = Store.open(folder / "journal.db", 0)
    reopened = time.perf_counter() - started
    started = time.perf_counter()
    count = sum(1 for _ in store.journal.read(COMMITS + 1))
    read = time.perf_counter() - started
    store.close()

    memory = MemoryJournal()
    started = time.perf_counter()
    for event, outputs in items:
        memory.append(event, outputs)
    in_memory = time.perf_counter() - started
    return {
        "machine": where,
        "commit_p50_ms": _ms(commits, 50),
        "commit_p99_ms": _ms(commits, 99),
        "fsync_p50_ms": _ms(syncs, 50),
        "fsync_p99_ms": _ms(syncs, 99),
        "bulk_entries_per_s": round(YEAR / bulk),
        "read_verified_entries_per_s": round(count / read),
        "read_year_s": round(read, 3),
        "memory_us_per_entry": round(in_memory / len(items) * 1e6, 2),
        "create_s": round(created, 3),
        "reopen_s": round(reopened, 4),
        "bytes_per_entry": round((folder / "journal.db").stat().st_size / len(items)),
    }


def _ms(seconds: list[float], percentile: float) -> float:
    return round(float(np.percentile(seconds, percentile)) * 1e3, 3)


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--folder", type=Path, default=None, help="where to write (default: the temporary folder)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        figures = measure(Path(name))
    if arguments.json:
        print(json.dumps(figures))
        return
    for key, value in figures.items():
        print(f"{key:30} {value}")


if __name__ == "__main__":
    main()
