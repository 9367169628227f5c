"""What a trained model says is one number, wherever it is asked: from Python, by a verb, in a run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.acceptance.project import Project
from tests.fakes.shelved_models import seated, shelved
from tests.fakes.turning_market import turning
from tradewind.app.config import load_config
from tradewind.app.feature_sets import stored_series
from tradewind.app.models.material import labelled_bars
from tradewind.app.models.predictor import ModelPredictor
from tradewind.app.workspace import Workspace
from tradewind.model.timeframe import Timeframe

PAIR, OTHER = "BTC/USDT", "ETH/USDT"
SETTINGS = """
symbols = ["BTC/USDT", "ETH/USDT"]
[timeframes]
intervals = [{ interval = "1h", weight = 1 }]
[[predictors]]
name = "hourly"
[continuous_learning]
enabled = false
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    """A SIMULATED market under two names, and a model that was trained and promoted on one of them."""
    project = Project(tmp_path_factory.mktemp("inference")).configured(SETTINGS)
    for name in (PAIR, OTHER):
        project.imports(turning([(4000, 0.85)], 5), name)
    ran = project.types("train", "--symbol", PAIR, "--type", "logistic", "--json")
    assert ran.exit_code == 0, ran.stderr
    version = str(json.loads(ran.stdout)["version"])
    assert project.types("promote", "--model", version).exit_code == 0
    return project, version


@pytest.mark.req("I13", "I12", "I14", "I10")
def test_library_verb_and_run_give_one_probability_for_one_close(
    trained: tuple[Project, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The inputs of training, row by row, put to ``ModelPredictor``; `predict` from the shelf; the forecasts of a run:
    the same number at the same close, with version and hash."""
    project, version = trained
    monkeypatch.chdir(project.folder)
    config = load_config(None)
    data = labelled_bars(config, stored_series(config, PAIR, Timeframe.H1)).features
    asked = ModelPredictor(lstm_path=project.folder / "models" / "versions" / version, config=config)
    said = asked.predict(PAIR, data.rows[-3:])
    assert said.version == version
    assert said.confidence == max(said.probs.values())
    verb = project.types("predict", PAIR, "--interval", "1h", "--json").document["timeframes"][0]
    voice = verb["champion"]["voices"][0]
    assert (verb["ts"], voice["p_up"]) == (int(data.ts_close[-1]), said.voices[0].p_up)
    ran = project.types("run", "--feed", "replay", "--symbol", PAIR, "--interval", "1h", "--allow-unproven", "--quiet",
                        "--execution", "none")  # fmt: skip
    assert ran.exit_code == 0, ran.stderr
    served = {row[0]: row[1:] for row in project.rows("SELECT ts, p, version, sha256 FROM forecasts")}
    assert len(served) > 500
    for row in range(-200, 0):
        p = asked.predict(PAIR, data.rows[: len(data.rows) + row + 1][-3:]).voices[0].p_up
        assert served[int(data.ts_close[row])] == [p, version, voice["sha256"]]


@pytest.mark.req("I05", "E08", "I12")
def test_one_network_serves_two_symbols_and_two_kinds_answer_together(
    trained: tuple[Project, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One version in two seats, an ONNX file for both, says of each what the rows of each say; by path two kinds are
    one answer, their log odds pooled."""
    shutil.copytree(trained[0].folder, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("tradewind.db*"))
    project = Project(tmp_path)
    monkeypatch.chdir(tmp_path)
    config = load_config(None)
    workspace = Workspace(config)
    shelved(workspace, "transformer-1", weights={"return_1": 1.0}, symbols=(PAIR, OTHER), onnx=True)
    shelved(workspace, "lstm-1", weights={"return_1": -1.0}, symbols=(PAIR, OTHER), onnx=True)
    for symbol in (PAIR, OTHER):
        seated(workspace, "transformer-1", symbol=symbol)
    ran = project.types("run", "--feed", "replay", "--interval", "1h", "--allow-unproven", "--quiet", "--iterations",
                        "900", "--execution", "paper")  # fmt: skip
    assert ran.exit_code == 0, ran.stderr
    rows = project.rows("SELECT symbol, count(*), min(version), max(version), min(sha256) = max(sha256) FROM forecasts"
                        " GROUP BY symbol ORDER BY symbol")  # fmt: skip
    assert [(row[0], row[2], row[3], row[4]) for row in rows] == [
        (symbol, "transformer-1", "transformer-1", 1) for symbol in (PAIR, OTHER)
    ]
    assert rows[0][1] == rows[1][1] > 100
    versions = tmp_path / "models" / "versions"
    both = ModelPredictor(versions / "lstm-1", versions / "transformer-1", config=config)
    window = labelled_bars(config, stored_series(config, OTHER, Timeframe.H1)).features.rows[-1:]
    said = both.predict(OTHER, window)
    assert [one.version for one in said.voices] == ["lstm-1", "transformer-1"]
    assert said.probs["up"] == pytest.approx(0.5, abs=1e-5), "for and against, equally sure"
    assert both.predict(PAIR, window).probs == said.probs
