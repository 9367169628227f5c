"""`tradewind train` with predictors that need no training library: judged, signed, kept; nets are in tests/models."""

from __future__ import annotations

import importlib.util
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.acceptance.project import Project, simulated
from tradewind.app.config import load_config
from tradewind.app.models.versions import manifest_of, read_version, shelf_of
from tradewind.app.workspace import Workspace
from tradewind.errors import Corrupt


@pytest.fixture
def own(market: Project, tmp_path: Path) -> Project:
    """A project to train in."""
    shutil.copytree(market.folder, tmp_path, dirs_exist_ok=True)
    return Project(tmp_path)


@pytest.mark.req("I02", "I03", "I20", "D18", "D19", "D20", "D21")
def test_a_model_is_trained_judged_by_both_profiles_and_kept_signed(own: Project, monkeypatch: pytest.MonkeyPatch):
    """Not passing is a normal result: exit 0, the criteria it missed, n and base rate beside the accuracy."""
    ran = own.types("train", "--symbol", "BTC/USDT", "--interval", "1h", "--type", "logistic", "--json")
    assert ran.exit_code == 0, ran.stderr
    document = json.loads(ran.stdout)
    assert document["passed"] is False
    assert set(document["profiles"]) == {"source", "honest"}
    names = {row["name"] for row in document["profiles"]["source"]}
    assert {"accuracy", "calibration.error", "inputs.leakage", "inputs.completeness", "latency.p99_ms"} <= names
    sizes = document["card"]["samples"]
    assert sizes["fit"] > sizes["stop"] > 0
    first, last = document["provenance"]["trained"]
    assert first < last < document["provenance"]["tested"][0]
    monkeypatch.chdir(own.folder)
    workspace = Workspace(load_config(None))
    name, _, signed = shelf_of(workspace).read(document["version"])
    manifest = manifest_of(workspace, signed)
    assert (name, manifest.sha256, manifest.gate.missed) == (
        "model.json",
        document["sha256"],
        tuple(document["missed"]),
    )
    assert read_version(workspace, document["version"], manifest.schema_hash).manifest == manifest
    with pytest.raises(Corrupt, match="changed after it was signed"):
        manifest_of(workspace, signed.replace(b'"passed": false', b'"passed": true'))
    told = own.types("train", "--symbol", "BTC/USDT", "--interval", "1h", "--type", "base_rate")
    assert told.exit_code == 0
    for word in ("base rate", "skill", "coverage", "n_eff", "Profile honest", "nothing is promoted by training"):
        assert word in told.stdout


@pytest.mark.req("I18")
def test_nobody_signs_with_a_new_key_what_an_old_one_signed(own: Project):
    """The key is gone and versions are there: a new one would orphan every one of them, so nothing is trained."""
    words = ("train", "--symbol", "BTC/USDT", "--interval", "1h", "--type", "base_rate", "--name")
    assert own.types(*words, "first").exit_code == 0
    (own.folder / "data" / "verdict.key").unlink()
    lost = own.types(*words, "second")
    assert lost.exit_code == 3
    assert "the key that signed the 1 models" in lost.stderr
    assert "restore it from its backup" in lost.stderr
    assert not (own.folder / "data" / "verdict.key").exists()
    assert [path.name for path in (own.folder / "models" / "versions").iterdir()] == ["first"]


def test_a_change_that_leaves_too_few_samples_is_told(own: Project):
    """Nothing older is read once enough is newer; where it is not, the newest are, and that is said."""
    words = ("train", "--symbol", "BTC/USDT", "--interval", "1h", "--type", "base_rate", "--since", "2030-01-01")
    told = own.types(*words)
    assert told.exit_code == 0
    assert "too few samples lie after 2030-01-01" in told.stdout + told.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--type", "oracle"), 2, "no model is called 'oracle'"),
        (("--type", "logistic", "--hidden-size", "8"), 2, "only nets have sizes"),
        (("--type", "logistic", "--retrain"), 3, "to start from"),
        (("--interval", "7h"), 2, "7h"),
        (("--type", "logistic", "--interval", "1d"), 3, "longer history"),
        (("--type", "logistic", "--name", "a/b"), 2, "--name"),
        (("--type", "logistic", "--name", "champion"), 2, "it names a place"),
        (("--type", "logistic", "--samples", "2000", "--more-data"), 2, "one of them"),
        (("--symbol", "EUR/XXX"), 2, "EUR/XXX"),
        (("--precision", "int4", "--type", "logistic"), 2, "float32, bfloat16"),
    ],
)
def test_what_cannot_be_trained_says_why(own: Project, words: tuple[str, ...], code: int, said: str):
    """Usage is 2, what is missing 3; the message names what is allowed or what to do."""
    given = words if "--symbol" in words else (*words, "--symbol", "BTC/USDT")
    ran = own.types("train", *given)
    assert ran.exit_code == code, ran.stderr
    assert said in " ".join(ran.stderr.split())


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="PyTorch is installed here")
def test_a_net_without_its_library_says_what_to_install(own: Project):
    """No stack trace where the training environment is missing: exit 2, what works without it and how to get it."""
    ran = own.types("train", "--symbol", "BTC/USDT", "--type", "lstm")
    assert ran.exit_code == 2, ran.stderr
    assert "torch is not installed" in ran.stderr
    assert "make VENV=.venv-train training" in ran.stderr


@pytest.mark.req("I02", "I03")
def test_a_training_as_of_a_moment_is_one_without_the_bars_after_it(own: Project, project: Project):
    """--until: the same weights as where later bars were never stored; a moment before every bar says so."""
    bars = simulated("BTC/USDT", 2400)
    cut = 2100
    (project.folder / "cut").mkdir()
    bare = Project(project.folder / "cut")
    bare.imports(bars.take(slice(0, cut)), "BTC/USDT")
    words = ("train", "--symbol", "BTC/USDT", "--type", "logistic", "--no-seal", "--json")
    until = datetime.fromtimestamp(int(bars.ts_close[cut - 1]) // 10**9, UTC).isoformat()
    known = own.types(*words, "--until", until)
    assert known.exit_code == 0, known.stderr
    assert known.document["provenance"]["tested"][1] <= bars.ts_close[cut - 1]
    assert known.document["sha256"] == bare.types(*words).document["sha256"]
    assert known.document["sha256"] != own.types(*words).document["sha256"]
    early = own.types(*words, "--until", "2001-01-01")
    assert (early.exit_code, "no bar of BTC/USDT 1h closed up to" in early.stdout) == (3, True)
    assert own.types(*words, "--until", "noon").exit_code == 2


@pytest.mark.req("J05", "I03")
def test_a_training_after_a_change_reads_nothing_older_once_enough_is_newer(own: Project):
    """--since: half of the samples, and a thousand, or the newest ones as if nothing had changed."""
    times = simulated("BTC/USDT", 2400).ts_close
    words = ("train", "--symbol", "BTC/USDT", "--type", "logistic", "--no-seal", "--json")
    begins = []
    for bar in (1000, 1800):
        since = datetime.fromtimestamp(int(times[bar]) // 10**9, UTC).isoformat()
        trained = own.types(*words, "--since", since)
        assert trained.exit_code == 0, trained.stderr
        begins.append(trained.document["provenance"]["trained"][0])
    assert begins[0] >= times[1000]
    assert begins[1] < times[1000]
    assert own.types(*words, "--since", "noon").exit_code == 2
