"""``tradewind doctor kernels --warm`` leaves nothing to compile."""

from __future__ import annotations

import subprocess
import sys

WORK = """
import importlib, pkgutil, sys
from pathlib import Path
import numpy as np
import tradewind.kernels
from tradewind.app.doctor.kernels import warm_kernels

def signatures():
    found = {}
    for module in pkgutil.iter_modules(tradewind.kernels.__path__):
        for name, value in vars(importlib.import_module(f"tradewind.kernels.{module.name}")).items():
            if hasattr(value, "signatures"):
                found[f"{module.name}.{name}"] = len(value.signatures)
    return found

warm_kernels()
before = signatures()
assert len(before) > 20, before

from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.simulated import simulate, spec_for
from tradewind.app.backtest import Backtest
from tradewind.app.config import load_config
from tradewind.app.recordings import material_for
from tradewind.app.instruments import instrument_for
from tradewind.app.wiring import members_for, plan_for
from tradewind.app.workspace import Workspace
from tradewind.engine.aggregate import aggregate
from tradewind.features.bank import FeatureBank
from tradewind.model.report import Stamp
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import Timeframe
from tradewind.research.proof import prove

folder = Path(sys.argv[1])
config = load_config(environment={}, overrides={"symbols": ["BTC/USDT"]}, folder=Path("/nonexistent"))
instrument = instrument_for(config, "BTC/USDT")
made = simulate(spec_for(instrument, bars=60 * 24 * 4, timeframe=Timeframe.M1), np.random.default_rng(1))
CandleStore(folder / "data" / "candles").write("BTC/USDT", Timeframe.M1, made, "SIMULATED")
material = material_for(Workspace(config, folder), ("BTC/USDT",), interval=Timeframe.H1)
stored = material.recordings[0].columns
run = Backtest(plan_for(config, material.bases, executes=True, simulated=True), material.recordings)
run.run()
hours = aggregate(stored, calendar_of("crypto"), Timeframe.H1)
for columns in (stored, hours, made.slice(5, 900)):
    prove(members_for(config, (Timeframe.H1,)), columns, instrument, np.random.default_rng(1), stamp=Stamp())
later = signatures()
print({name: (before.get(name, 0), count) for name, count in later.items() if count != before.get(name, 0)})
"""


def test_after_warming_neither_a_run_nor_a_proof_compiles_anything(tmp_path):
    """Bars from memory, from the store and aggregated; one process with the kernels of the cache."""
    done = subprocess.run(
        [sys.executable, "-c", WORK, str(tmp_path)], capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "{}"
