"""`tradewind train` with nets: the flags as they are documented, the checkpoint, what a bench extrapolates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.acceptance.project import Project
from tests.models.markets import momentum_bars
from tradewind.model.timeframe import MINUTE

PAIRS = ("BTC/USDT", "ETH/USDT")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project(tmp_path_factory.mktemp("nets"))
    for seed, pair in enumerate(PAIRS):
        made.imports(momentum_bars(3000, seed + 1)[0], pair)
    return made


def typed(project: Project, *words: str) -> dict[str, Any]:
    ran = project.types(*words, "--json")
    assert ran.exit_code == 0, ran.stderr
    document: dict[str, Any] = json.loads(ran.stdout)
    return document


@pytest.mark.req("I02", "I04", "I10")
def test_an_lstm_is_trained_with_its_flags_and_leaves_its_best_weights(project: Project):
    """--epochs, --batch-size, --hidden-size, --num-layers, --checkpoint; the weights are numbers and no program."""
    found = typed(
        project, "train", "--symbol", "BTC/USDT", "--interval", "1h", "--type", "lstm", "--epochs", "2",
        "--batch-size", "64", "--hidden-size", "8", "--num-layers", "2", "--length", "20", "--checkpoint",
    )  # fmt: skip
    assert found["card"]["order"]["options"] == {"hidden": 8, "layers": 2}
    assert len(found["card"]["epochs"]) == 2
    best = project.folder / "models" / "checkpoints" / "lstm_BTC-USDT_best.npz"
    with np.load(best, allow_pickle=False) as weights:
        assert len(weights.files) > 4
    kept = Path(project.folder / "models" / "weights" / f"{found['version']}.npz")
    assert best.read_bytes() == kept.read_bytes()
    ran = project.types("evaluate", "--symbol", "BTC/USDT", "--model-type", "lstm", "--min-accuracy", "0.99", "--json")
    assert ran.exit_code == 4, ran.stderr
    assert json.loads(ran.stdout)["models"][0]["kind"] == "lstm"


@pytest.mark.req("I05", "I10")
def test_one_transformer_is_trained_on_two_symbols_and_judged_on_each(project: Project):
    """--model-dim, --num-heads; one version for both, evaluated on a comma list of symbols."""
    found = typed(
        project, "train", "--symbol", ",".join(PAIRS), "--interval", "1h", "--type", "transformer", "--epochs", "1",
        "--batch-size", "32", "--model-dim", "16", "--num-heads", "2", "--length", "20", "--checkpoint",
    )  # fmt: skip
    assert tuple(found["symbols"]) == PAIRS
    assert (project.folder / "models" / "checkpoints" / "transformer_best.npz").is_file()
    ran = project.types("evaluate", "--symbol", ",".join(PAIRS), "--model-type", "transformer", "--json")
    (one,) = json.loads(ran.stdout)["models"]
    assert {window["symbol"] for window in one["windows"]} == set(PAIRS)
    assert one["kind"] == "transformer"


@pytest.mark.req("V03", "V04")
def test_a_bench_on_thirty_days_of_five_minutes_extrapolates_from_a_few_epochs(tmp_path: Path):
    """8,640 bars; three epochs are run, the time of 100 follows in proportion, and nothing is kept."""
    project = Project(tmp_path)
    hourly = momentum_bars(8640, 3)[0]
    step = np.arange(8640, dtype=np.int64) * 5 * MINUTE
    start = int(hourly.ts_open[0])
    bars = hourly.take(slice(None))
    bars = type(bars)(start + step, start + step + 5 * MINUTE, *tuple(getattr(hourly, name) for name in (
        "open", "high", "low", "close", "volume", "spread")))  # fmt: skip
    project.imports(bars, "BTC/USDT", "5m")
    found = typed(
        project, "train", "--symbol", "BTC/USDT", "--interval", "5m", "--type", "lstm", "--hidden-size", "8",
        "--num-layers", "1", "--length", "20", "--epochs", "100", "--bench",
    )  # fmt: skip
    assert (found["epochs"], found["asked"]) == (3, 100)
    assert found["epoch"] > 0
    training = next(one for one in found["stages"] if one["name"] == "training")
    rest = training["cpu"] - 3 * found["epoch"]
    assert found["whole"] == pytest.approx(rest + 100 * found["epoch"], rel=0.01)
    assert found["month"] == pytest.approx(found["whole"] * 8640 / found["fit"], rel=0.01)
    assert not list((tmp_path / "models").rglob("*.onnx"))
