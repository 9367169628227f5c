"""A model in a backtest, start to end in seconds: ``pytest tests/smoke -q``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.project import Project
from tests.fakes.turning_market import turning

PAIR = "BTC/USDT"
ALONE = """
symbols = ["BTC/USDT"]
[timeframes]
intervals = [{ interval = "1h", weight = 1 }]
[ensemble]
quorum = 1
[filters]
enabled = []
[strategies]
members = [{ family = "RSI_Reversion", timeframe = "1h" }]
"""
SERVED = ALONE + '[[predictors]]\nname = "hourly"\n'


def typed(project: Project, *words: str, codes: tuple[int, ...] = (0,)) -> dict[str, Any]:
    ran = project.types(*words, "--json")
    assert ran.exit_code in codes, (words, ran.stderr)
    document: dict[str, Any] = json.loads(ran.stdout)
    return document


@pytest.mark.req("C11", "C10", "E08", "I14")
def test_a_promoted_model_is_backtested_on_bars_it_never_saw(tmp_path: Path) -> None:
    """Trained, judged, promoted and run over a SIMULATED market that it can forecast: it leads trades and most win,
    none of them on bars that it was made from; the same again is the same digest, without it there are other trades."""
    project = Project(tmp_path).configured(ALONE)
    project.imports(turning([(4000, 0.85)], 5), PAIR)
    version = typed(project, "train", "--symbol", PAIR, "--type", "logistic")["version"]
    typed(project, "promote", "--model", version)
    words = ("backtest", "--symbol", PAIR, "--interval", "1h", "--timerange", "20201201-", "--no-report")
    without = typed(project, *words, codes=(0, 4))["result"]
    project.configured(SERVED)
    found = typed(project, *words, codes=(0, 4))["result"]
    trades = found["metrics"]["trades"]
    assert trades["n"] > without["metrics"]["trades"]["n"] + 50
    assert trades["win_rate"] > 0.6
    assert found["digest"] != without["digest"]
    assert found["digest"] == typed(project, *words, codes=(0, 4))["result"]["digest"]
    made_from = (*words[:6], "20201201-20210120", *words[7:])
    silent = typed(project, *made_from, codes=(0, 4))["result"]["counts"]
    project.configured(ALONE)
    assert silent["signals"] == typed(project, *made_from, codes=(0, 4))["result"]["counts"]["signals"]
