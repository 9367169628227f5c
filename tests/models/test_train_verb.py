"""`tradewind train` with nets: the flags as they are documented, the checkpoint, what a bench extrapolates."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.acceptance.project import Project
from tests.models.markets import momentum_bars
from tradewind.app.learning.retraining_setup import size_words
from tradewind.cli.answers import train as verb
from tradewind.model.timeframe import MINUTE
from tradewind.predictors.manifest import Manifest

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


@pytest.mark.req("I10", "I06")
def test_a_training_that_was_cut_short_says_where_it_goes_on(project: Project, monkeypatch: pytest.MonkeyPatch):
    """The same words again: the epochs that are kept are named, and the first line is of the one behind them."""
    words = ("train", "--symbol", "BTC/USDT", "--interval", "1h", "--type", "patch_mlp", "--epochs", "3", "--seed", "5")

    def cut(line: str) -> None:
        if line.startswith("Epoch 2/"):
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(verb, "tell", cut)
        assert project.types(*words).exit_code == 130
    again = project.types(*words)
    assert again.exit_code == 0, again.stderr
    lines = [one for one in again.stdout.splitlines() if one.startswith(("Goes on", "Epoch"))]
    assert lines[0].startswith("Goes on behind epoch 2,")
    assert lines[1].startswith("Epoch 3/3")
    assert len(lines) == 2


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


@pytest.mark.req("I15", "D20", "I19")
def test_a_warm_start_is_from_weights_of_its_sizes_that_have_met_nothing_of_what_judges(project: Project):
    """Weights fitted on what the new training would be tested on are refused with both times; as many samples are
    fine; what it was fitted on is remembered along the chain; other sizes are not taken."""
    words = (
        "train",
        "--symbol",
        "ETH/USDT",
        "--interval",
        "1h",
        "--type",
        "dlinear",
        "--length",
        "20",
        "--epochs",
        "1",
    )
    few = typed(project, *words, "--samples", "1200", "--name", "few")
    seen = project.types(*words, "--retrain", "--json")
    assert seen.exit_code == 2, seen.stdout
    assert "few was fitted on bars up to" in seen.stdout
    assert "judged from" in seen.stdout
    unsealed = typed(project, *words, "--samples", "1200", "--no-seal", "--name", "unsealed")
    sealed = project.types(*words, "--samples", "1200", "--retrain", "--json")
    assert (sealed.exit_code, "unsealed was fitted" in sealed.stdout) == (2, True)
    again = typed(project, *words, "--samples", "1200", "--no-seal", "--retrain", "--name", "again")
    assert again["provenance"]["warm_start"] == "unsealed"
    assert again["provenance"]["trained"][1] >= unsealed["provenance"]["trained"][1] > few["provenance"]["trained"][1]
    assert again["provenance"]["trained"][1] < again["provenance"]["tested"][0]
    other = project.types("train", "--symbol", "ETH/USDT", "--type", "dlinear", "--length", "30", "--retrain", "--json")
    assert other.exit_code == 3
    assert "of these sizes; 3 of others are there" in other.stdout


@pytest.mark.req("I04", "I15")
def test_a_net_of_any_size_is_made_again_from_what_its_card_says(project: Project):
    """--option names what has no flag of its own; with the options that a service types the same bytes come out."""
    net = typed(project, "train", "--symbol", "ETH/USDT", "--type", "tcn", "--length", "20", "--epochs", "1",
                "--option", "channels=8", "--option", "layers=2", "--rate", "0.004")  # fmt: skip
    assert net["card"]["order"]["options"] == {"channels": 8, "layers": 2}
    wrong = project.types("train", "--symbol", "ETH/USDT", "--type", "tcn", "--option", "depth=2", "--json")
    assert (wrong.exit_code, "depth" in wrong.stdout) == (2, True)
    manifest = json.loads((project.folder / net["place"] / "manifest.json").read_text())["model"]
    like = size_words(msgspec.convert(manifest, Manifest))
    assert (
        typed(project, "train", "--symbol", "ETH/USDT", "--type", "tcn", *like, "--epochs", "1", "--name", "like")[
            "sha256"
        ]
        == net["sha256"]
    )


EPOCH = re.compile(r"^Epoch (\d+)/50: Loss=\d+\.\d{4}, Val Acc=\d{1,3}\.\d\d%, Val Conf=\d{1,3}\.\d\d%$", re.MULTILINE)


@pytest.mark.req("I06", "I07", "I03")
def test_the_log_of_a_training_shows_its_sizes_every_epoch_and_why_it_stopped(project: Project):
    """50 epochs at most unless told otherwise; the published line of each, the cause at the end, later samples to
    validate on."""
    words = ("train", "--symbol", "BTC/USDT", "--interval", "1h", "--type", "dlinear", "--length", "20")
    ran = project.types(*words, "--patience", "2", "--seed", "3")
    assert ran.exit_code == 0, ran.stderr
    told = [int(one) for one in EPOCH.findall(ran.stdout + ran.stderr)]
    assert told == list(range(1, len(told) + 1))
    said = " ".join(ran.stdout.split())
    assert f"Stopped after epoch {len(told)}/50: no progress for 2 of them (patience)." in said
    assert re.search(r"[\d,]+ samples to fit, [\d,]+ later ones to stop on, [\d,]+ to calibrate, [\d,]+ to test", said)
    brief = project.types(*words, "--epochs", "2").stdout
    assert "Stopped after epoch 2/2: all that were asked for (epochs)." in " ".join(brief.split())


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
