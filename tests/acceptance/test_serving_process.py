"""Black box: what a service that serves models has loaded, after it has really forecast with them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.acceptance.project import Project
from tests.acceptance.test_live_run import series
from tests.fakes.shelved_models import seated, shelved
from tests.fakes.venue import START, in_background
from tradewind.app.config import load_config
from tradewind.app.workspace import Workspace
from tradewind.model.timeframe import HOUR, MINUTE

SETTINGS = """
[market]
history_days = 25
requests_per_minute = 5000
[timeframes]
intervals = [{ interval = "1h", weight = 1 }]
[[predictors]]
name = "both"
"""
WATCHED = """
import atexit, json, sys
atexit.register(lambda: open("modules.json", "w").write(json.dumps(sorted(sys.modules))))
from tradewind.__main__ import main
sys.exit(main())
"""
TRAINS = {"torch", "sklearn", "pandas", "polars", "lightgbm", "onnx", "optuna", "matplotlib"}
FOLLOW = {"return_1": 1.0, "above_ema_10": 0.5}


@pytest.mark.req("I14", "J11", "I12")
def test_a_service_that_forecasts_with_networks_and_plain_numbers_has_loaded_nothing_that_trains(
    project: Project,
) -> None:
    """A network by onnxruntime and a model of plain numbers answer alike at every close; of PyTorch, scikit-learn,
    pandas, polars and their like nothing is in the process."""
    project.configured(SETTINGS)
    workspace = Workspace(load_config(folder=project.folder, environment={}), project.folder)
    shelved(workspace, "plain", weights=FOLLOW)
    shelved(workspace, "network", weights=FOLLOW, symbols=("ETH/USDT",), onnx=True)
    seated(workspace, "plain")
    seated(workspace, "network", symbol="ETH/USDT")
    pairs = [series(), series(symbol="ETH/USDT")]
    with in_background(pairs, label="SIMULATED", now=START + 700 * HOUR + MINUTE, bars_per_s=40) as server:
        ran = subprocess.run(
            [sys.executable, "-c", WATCHED, "run", "--feed", "stream", "--provider", "binance", "--gateway", server.url,
             "--symbol", "BTC/USDT,ETH/USDT", "--interval", "1h", "--execution", "paper", "--allow-unproven",
             "--iterations", "30", "--json"],
            cwd=project.folder, env=project.variables(), capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    said = project.rows("SELECT ts, symbol, version, p FROM forecasts ORDER BY ts, symbol")
    assert {(symbol, version) for _, symbol, version, _ in said} == {("BTC/USDT", "plain"), ("ETH/USDT", "network")}
    by_version = {name: {ts: p for ts, _, version, p in said if version == name} for name in ("plain", "network")}
    both = by_version["plain"].keys() & by_version["network"].keys()
    assert len(both) >= 15
    for ts in both:  # the same market under two names
        assert by_version["plain"][ts] == pytest.approx(by_version["network"][ts], abs=2e-6)
    loaded = {name.partition(".")[0] for name in json.loads((project.folder / "modules.json").read_text())}
    assert {"onnxruntime", "numpy", "tradewind"} <= loaded
    assert loaded & TRAINS == set()
