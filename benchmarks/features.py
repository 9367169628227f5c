"""Cost of the feature bank: one bar from Python, many bars in a batch, TA-Lib on the same bars, and compilation.

``python -m benchmarks.features [--json] [--bars 50000] [--cold]``. ``--cold`` also compiles everything in a fresh
cache, in a process of its own. Times are the best of several rounds, in CPU time of this thread.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Container
from typing import Any

import numpy as np

from benchmarks.machine import machine
from tradewind.features.bank import FeatureBank
from tradewind.features.definitions import DEFINITIONS
from tradewind.features.indicators import prices
from tradewind.features.spec import Indicator
from tradewind.model.bar import BarColumns
from tradewind.model.timeframe import HOUR

TEN = [
    "ema(12)",
    "ema(26)",
    "sma(50)",
    "rsi(14)",
    "atr(14)",
    "adx(14)",
    "bbands(20,2).upper",
    "stoch(14,3,3).k",
    "roc(10)",
]
TEN.append("donchian(20).upper")
TALIB = {
    "EMA": ("ema(20)", lambda talib, b: talib.EMA(b.close, 20)),
    "RSI": ("rsi(14)", lambda talib, b: talib.RSI(b.close, 14)),
    "ATR": ("atr(14)", lambda talib, b: talib.ATR(b.high, b.low, b.close, 14)),
    "ADX": ("adx(14)", lambda talib, b: talib.ADX(b.high, b.low, b.close, 14)),
    "BBANDS": ("bbands(20,2).upper", lambda talib, b: talib.BBANDS(b.close, 20, 2.0, 2.0, 0)),
    "STOCH": ("stoch(14,3,3).k", lambda talib, b: talib.STOCH(b.high, b.low, b.close, 14, 3, 0, 3, 0)),
    "CCI": ("cci(20)", lambda talib, b: talib.CCI(b.high, b.low, b.close, 20)),
    "SAR": ("sar", lambda talib, b: talib.SAR(b.high, b.low, 0.02, 0.2)),
}
COLD = """
import time
wall, cpu = time.perf_counter(), time.process_time()
import tradewind.features.bank as bank
loaded = time.perf_counter() - wall
bank.warm_caches()
print(loaded, time.perf_counter() - wall, time.process_time() - cpu)
"""


def bars_of(n: int) -> BarColumns:
    """A seeded random walk with honest highs and lows."""
    rng = np.random.default_rng(42)
    close = 1.1 * np.exp(np.cumsum(rng.normal(0.0, 1e-3, n)))
    open_ = np.concatenate(([1.1], close[:-1]))
    high = np.maximum(open_, close) * (1.0 + np.abs(rng.normal(0.0, 3e-4, n)))
    low = np.minimum(open_, close) * (1.0 - np.abs(rng.normal(0.0, 3e-4, n)))
    ts = np.arange(n, dtype=np.int64) * HOUR
    return BarColumns(ts, ts + HOUR, open_, high, low, close, rng.uniform(1.0, 1e3, n), np.full(n, np.nan))


def best(work: Callable[[], object], rounds: int = 7) -> float:
    """Least CPU seconds of one call."""
    least = np.inf
    for _ in range(rounds):
        start = time.thread_time()
        work()
        least = min(least, time.thread_time() - start)
    return float(least)


def bank_cost(keys: list[str], bars: BarColumns) -> dict[str, Any]:
    """Step and batch of one bank."""
    bank = FeatureBank(Indicator.parse(key) for key in keys)
    bank.batch(bars)
    lists = [column.tolist() for column in bars[1:7]]
    rows = list(zip(*lists, strict=True))[:10_000]

    def step() -> None:
        take = bank.step
        for row in rows:
            take(*row)

    batch = best(lambda: bank.batch(bars)) / len(bars.ts_close)
    return {
        "features": len(keys),
        "step_us": round(best(step) / len(rows) * 1e6, 3),
        "batch_ns_per_bar": round(batch * 1e9, 1),
        "batch_ns_per_feature_bar": round(batch * 1e9 / len(keys), 2),
    }


def every_key(skip: Container[str] = ()) -> list[str]:
    """Each output of each kind, by its defaults."""
    keys = []
    for kind, definition in DEFINITIONS.items():
        if kind in skip:
            continue
        params = tuple(20.0 if p.default is None else p.default for p in definition.params)
        source = Indicator("atr") if definition.source == "" else None
        keys += [Indicator(kind, params, output.name, source).key for output in definition.outputs]
    return keys


def against_talib(bars: BarColumns) -> dict[str, Any]:
    """One indicator at a time over the same columns; ratio = ours / TA-Lib, the fixed cost of a bar included."""
    try:
        import talib
    except ImportError:
        return {}
    n = len(bars.ts_close)
    found = {}
    for name, (key, call) in TALIB.items():
        bank = FeatureBank([Indicator.parse(key)])
        ours = best(lambda bank=bank: bank.batch(bars)) / n * 1e9
        theirs = best(lambda call=call: call(talib, bars)) / n * 1e9
        found[name] = {
            "ours_ns_per_bar": round(ours, 2),
            "talib_ns_per_bar": round(theirs, 2),
            "ratio": round(ours / theirs, 2),
        }
    return found


def compilation() -> dict[str, float]:
    """Seconds to have everything compiled, in a fresh process, with an empty cache and again with a full one."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("cold", "warm"):
            done = subprocess.run(
                [sys.executable, "-c", COLD],
                env={**os.environ, "NUMBA_CACHE_DIR": folder},
                capture_output=True,
                text=True,
                check=True,
            )
            imported, wall, cpu = (round(float(text), 2) for text in done.stdout.split())
            found |= {f"{name}_import_s": imported, f"{name}_total_s": wall, f"{name}_cpu_s": cpu}
    return found


def main() -> None:
    """Prints one JSON object, or lines for people."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--bars", type=int, default=50_000)
    parser.add_argument("--cold", action="store_true")
    options = parser.parse_args()
    bars = bars_of(options.bars)
    document: dict[str, Any] = {
        "benchmark": "features",
        "machine": machine(),
        "bars": options.bars,
        "clock": "cpu",
        "ema_x32": bank_cost([f"ema({n})" for n in range(5, 37)], bars),
        "ten": bank_cost(TEN, bars),
        "thirty_five": bank_cost(every_key(skip=prices.TABLE.definitions)[:35], bars),
        "all": bank_cost(every_key(), bars),
        "volatility_rank": bank_cost(["pct_rank(atr(14),500)"], bars),
        "against_talib": against_talib(bars),
    }
    if options.cold:
        document["compilation"] = compilation()
    if options.json:
        print(json.dumps(document))
        return
    for name, value in document.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
