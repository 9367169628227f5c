"""The same events give the same decisions on another processor."""

from __future__ import annotations

import os
import subprocess
import sys

RUN = """
from pathlib import Path
import numpy as np
from tradewind.adapters.market.simulated import simulate, spec_for
from tradewind.adapters.market.simulated_edge import EdgeKind, PlantedEdge
from tradewind.adapters.replay_feed import Recording
from tradewind.app.backtest import Backtest
from tradewind.app.config import load_config
from tradewind.app.instruments import instrument_for
from tradewind.app.wiring import plan_for
from tradewind.model.timeframe import Timeframe

overrides = {"symbols": ["BTC/USDT"], "ensemble.min_confidence": 0.3, "filters.enabled": []}
config = load_config(environment={}, overrides=overrides, folder=Path("/nonexistent"))
edge = PlantedEdge(kind=EdgeKind.TREND, strength=0.3)
spec = spec_for(instrument_for(config, "BTC/USDT"), bars=2500, timeframe=Timeframe.H1, edge=edge)
bars = Recording("BTC/USDT", Timeframe.H1, simulate(spec, np.random.default_rng(1)), "SIMULATED")
run = Backtest(plan_for(config, {"BTC/USDT": Timeframe.H1}, executes=True, simulated=True), [bars])
run.run()
counts = run.summary.counts()
assert counts.signals >= 20, counts
print(run.journal.head[1].hex())
"""


def digest_with(**environment: str) -> str:
    """The decision digest of a simulated run in a process that believes in another processor."""
    done = subprocess.run(
        [sys.executable, "-c", RUN], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_decisions_do_not_depend_on_what_the_linear_algebra_library_picks():
    """The library chooses its routines by the processor; a journal must replay on the next machine all the same."""
    here = digest_with()
    assert digest_with(OPENBLAS_CORETYPE="Prescott") == here
    assert digest_with(OPENBLAS_CORETYPE="Haswell", NPY_DISABLE_CPU_FEATURES="AVX512F AVX512_SKX") == here
