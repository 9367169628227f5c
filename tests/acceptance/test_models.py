"""Models judged, promoted, refused and taken back by typing; the market is one whose truth is known (SIMULATED)."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.acceptance.project import Project
from tests.fakes.shelved_models import shelved
from tests.fakes.venue import in_background
from tests.models.markets import momentum, momentum_bars, walk_bars
from tradewind.adapters.market.stand_in.market import Series
from tradewind.app.config import load_config
from tradewind.app.models.promotion import Promotions
from tradewind.app.models.review import review_of
from tradewind.app.workspace import Workspace
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.calibrators import Calibrator, Scaling, fitted
from tradewind.predictors.log_odds import sigmoid

BARS, SEED = 6000, 5
PAIR, HOUR = "BTC/USDT", "1h"
KNOWS = {"return_1": 1.0}
"""On this market the last return says where the next one goes; a model of it alone knows most of what there is."""


@pytest.fixture(scope="session")
def calibrated() -> Calibrator:
    """What makes ``KNOWS`` a probability, fitted on another draw of the market."""
    data, _ = momentum(20_000, 77)
    samples = data.samples(1)
    raw = sigmoid(data.features.rows[samples, 0].astype(np.float64))
    assert data.features.schema.names[0] == "return_1"
    return fitted(raw, (data.label[samples] > 0).astype(np.float64), data.weights(samples))


@pytest.fixture(scope="session")
def learnable(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Bars of the market, and one model trained on them. Copy it before anything is changed."""
    made = Project(tmp_path_factory.mktemp("learnable"))
    made.configured(f'symbols = ["{PAIR}"]\n')
    made.imports(momentum_bars(BARS, SEED)[0], PAIR)
    ran = made.types("train", "--symbol", PAIR, "--type", "logistic", "--json")
    assert ran.exit_code == 0, ran.stderr
    return made


@pytest.fixture
def own(learnable: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy to work in, and in it."""
    shutil.copytree(learnable.folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def bars_ts() -> tuple[int, int, int]:
    """``(open of the first bar that is judged, the seal, close of the last bar)`` of models that were made up."""
    columns = momentum_bars(BARS, SEED)[0]
    return int(columns.ts_open[600]), int(columns.ts_open[int(BARS * 0.8)]), int(columns.ts_close[-1])


def made_up(name: str, **given: Any) -> None:
    """A version of known weights on the project's shelf, judged on bars 600 to 4,800, sealed from there on."""
    first, seal, _ = bars_ts()
    shelved(Workspace(load_config(None)), name, tested=(first, seal), seal=seal, **given)


def typed(project: Project, *words: str, code: int) -> dict[str, Any]:
    """The document of a verb that ended with ``code`` and without an error."""
    ran = project.types(*words, "--json")
    assert ran.exit_code == code, (ran.stdout[-2000:], ran.stderr)
    document: dict[str, Any] = json.loads(ran.stdout)
    assert "error" not in document
    return document


@pytest.mark.req("D18", "D19", "I10", "I20", "E09")
def test_known_accuracy_and_known_calibration_decide_the_exit_code(own: Project, calibrated: Calibrator):
    """A calibrated model meets both published limits, one that exaggerates misses the error, one that guesses the
    accuracy; n, base rate and interval stand beside every accuracy, and a miss is no error."""
    made_up("good", weights=KNOWS, calibrator=calibrated, sealed=None, passed=False)
    made_up("loud", weights=KNOWS, calibrator=Scaling(12.0), sealed=None, passed=False)
    made_up("coin", bias=0.001, calibrator=calibrated, sealed=None, passed=False)
    limits = ("--min-accuracy", "0.68", "--max-calibration-error", "0.05", "--profile", "source")
    verdicts = {}
    for name, code in (("good", 0), ("loud", 4), ("coin", 4)):
        (one,) = typed(own, "evaluate", "--model", name, "--symbol", PAIR, *limits, code=code)["models"]
        (window,) = one["windows"]
        verdicts[name] = {row["name"]: row["passed"] for row in window["profiles"]["source"]}
        figures = window["figures"]
        assert figures["n"] > figures["n_eff"] > 300
        assert figures["skill_low"] < figures["skill"] == pytest.approx(figures["accuracy"] - figures["base_rate"])
        verdicts[name]["ece"] = figures["ece"]
        verdicts[name]["p"] = figures["selective"]["p"]
    met = {name: (one["accuracy"], one["calibration.error"]) for name, one in verdicts.items()}
    assert (met["good"], met["loud"], met["coin"][0]) == ((True, True), (True, False), False)
    assert verdicts["loud"]["ece"] > 0.1 > 0.05 > verdicts["good"]["ece"]
    assert verdicts["good"]["p"] < 1e-6
    ran = own.types("evaluate", "--model", "coin", "--min-accuracy", "0.68")
    assert (ran.exit_code, "error:" in ran.stderr) == (4, False)
    for word in ("base rate", "coverage", "break-even", "by luck", "Not promoted; that is a normal result."):
        assert word in ran.stdout


@pytest.mark.req("D18", "I10")
def test_what_is_measured_is_what_the_bars_say(own: Project, calibrated: Calibrator):
    """The accuracy is that of the rule "as the last return" counted by hand on the same bars; the plot is a picture."""
    made_up("good", weights=KNOWS, calibrator=Scaling(1.0), sealed=None, passed=False)
    (one,) = typed(own, "evaluate", "--model", "good", code=4)["models"]
    data, _ = momentum(BARS, SEED)
    first, seal, _ = bars_ts()
    every = data.samples(1)
    inside = every[(data.features.ts_open[every] >= first - 3600 * 10**9)]
    inside = inside[data.features.ts_close[data.end[inside]] <= seal]
    right = np.sign(data.features.rows[inside, 0]) == data.label[inside]
    figures = one["windows"][0]["figures"]
    assert figures["n"] == inside.size
    assert figures["accuracy"] == pytest.approx(float(right.mean()), abs=2 / inside.size)
    picture = ET.fromstring(Path(one["picture"]).read_text("utf-8"))
    assert picture.tag.endswith("svg")
    assert "SIMULATED" not in one["version"]


@pytest.mark.req("D20")
def test_a_feature_that_was_shifted_by_one_bar_is_named(own: Project, calibrated: Calibrator):
    """A column of the project's feature file holds the next bar's value: the evaluation fails naming column and bar."""
    assert own.types("features", "build", "--symbol", PAIR, "--interval", HOUR).exit_code == 0
    made_up("good", weights=KNOWS, calibrator=calibrated, sealed=None, passed=False)
    words = ("evaluate", "--model", "good", "--profile", "source", "--check-leakage", "--check-completeness")
    typed(own, *words, code=0)
    path = own.folder / "data" / "features" / "BTC-USDT-1h_features.parquet"
    metadata = pl.read_parquet_metadata(path)
    table = pl.read_parquet(path).with_columns(pl.col("rsi").shift(-1))
    table.write_parquet(path, metadata={key: value for key, value in metadata.items() if key != "ARROW:schema"})
    ran = own.types(*words, "--json")
    assert ran.exit_code == 4, ran.stderr
    rows = json.loads(ran.stdout)["models"][0]["windows"][0]["profiles"]["source"]
    (leak,) = [row for row in rows if row["name"] == "inputs.leakage"]
    assert not leak["passed"]
    assert "rsi" in leak["note"]
    assert "1 bar later" in leak["note"]
    alone = typed(own, "evaluate", "--model", "good", "--profile", "source", "--check-completeness", code=0)
    names = {row["name"] for row in alone["models"][0]["windows"][0]["profiles"]["source"]}
    assert "inputs.completeness" in names
    assert "inputs.leakage" not in names


@pytest.mark.req("I10", "I11")
def test_sealed_bars_are_opened_once_and_only_for_who_has_earned_it(own: Project):
    """Training reads nothing after the seal; who missed its gate leaves it unread; the second of a kind is too late."""
    (trained,) = typed(own, "evaluate", "--keep-sealed", code=0)["models"]
    assert trained["unread"] == "kept sealed, as asked for"
    _, _, last = bars_ts()
    seal = trained["windows"][0]["end"]
    assert last - seal == pytest.approx(0.2 * BARS * 3600e9, rel=0.01)
    made_up("weak", bias=0.001, sealed=None, passed=False, missed=("accuracy.low",))
    (weak,) = typed(own, "evaluate", "--model", "weak", code=4)["models"]
    assert "gate was not met in development" in weak["unread"]
    assert len(weak["windows"]) == 1
    assert not (own.folder / "data" / "trials.ledger").exists()
    second = typed(own, "train", "--symbol", PAIR, "--type", "logistic", "--samples", "4200", code=0)
    assert second["passed"]
    (opened,) = typed(own, "evaluate", "--model", trained["version"], code=0)["models"]
    assert [one["window"] for one in opened["windows"]] == ["development", "sealed"]
    assert (opened["promotable"], opened["sealed_record"]["look"]) == (True, 1)
    (again,) = typed(own, "evaluate", "--model", trained["version"], code=0)["models"]
    assert again["sealed_record"] == opened["sealed_record"]
    (look,) = typed(own, "strategy", "ledger", code=0)["looks"]
    assert (look["look"]["family"], look["look"]["start"]) == ("model logistic", seal)
    made_up("other", weights=KNOWS, sealed=None)
    of_another_kind = json.loads(own.types("evaluate", "--model", "other", "--json").stdout)["models"][0]
    assert of_another_kind["sealed_record"]["look"] == 2
    assert of_another_kind["sealed_record"]["contaminated"] == ""
    (late,) = typed(own, "evaluate", "--model", second["version"], code=4)["models"]
    assert (late["promotable"], late["sealed_record"]["look"]) == (False, 3)
    assert "another model logistic had read some of these bars" in late["sealed_record"]["contaminated"]
    assert late["sealed_record"]["gate"]["missed"] == ["sealed.first_look"]
    retrained = typed(own, "train", "--symbol", PAIR, "--type", "logistic", code=0)
    assert retrained["provenance"]["seal"] == last


@pytest.mark.req("I11", "I20")
def test_sealed_bars_do_not_become_unread_where_the_ledger_and_the_evaluations_are_taken_away(own: Project):
    """The record of decisions remembers what they decided; nothing is judged until the ledger is restored."""
    typed(own, "promote", "--model", "BTC-USDT-1h-logistic", code=0)
    ledger = {path: path.read_bytes() for path in (own.folder / "data").glob("trials.ledger*")}
    for path in (*ledger, *(own.folder / "models" / "evaluations").iterdir()):
        path.unlink()
    refused = own.types("evaluate", "--json")
    assert refused.exit_code == 1, refused.stdout
    assert "trial ledger knows of no sealed bars read by BTC-USDT-1h-logistic" in refused.stdout
    assert "decision 1" in refused.stdout
    assert not list((own.folder / "models" / "evaluations").iterdir())
    for path, content in ledger.items():
        path.write_bytes(content)
    (again,) = typed(own, "evaluate", code=0)["models"]
    assert again["sealed_record"]["look"] == 1


@pytest.mark.req("I11")
def test_a_model_that_misses_its_gate_is_refused_and_the_promoted_folder_stays_as_it_is(own: Project):
    """Exit 4 without an error; the folder has the same bytes; the decision and what was missed are on record."""
    typed(own, "promote", "--model", "BTC-USDT-1h-logistic", code=0)
    folder = own.folder / "models" / "promoted"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    made_up("weak", bias=0.001, sealed=None, passed=False, missed=("accuracy.low", "accuracy.p"))
    (refused,) = typed(
        own, "promote", "--model", "models/versions/weak", "--dest", "models/promoted/BTC-USDT-1h.json", code=4
    )["decisions"]
    assert (refused["outcome"], refused["missed"]) == ("refused", ["accuracy.low", "accuracy.p"])
    assert refused["duel"]["champion"]["accuracy"] > refused["duel"]["challenger"]["accuracy"] + 0.1
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    elsewhere = typed(
        own, "promote", "--model", "BTC-USDT-1h-logistic", "--dest", str(own.folder / "live" / "promoted"), code=0
    )
    assert elsewhere["decisions"][0]["version"].startswith("BTC-USDT-1h-logistic")
    assert (own.folder / "live" / "promoted" / "BTC-USDT-1h.json").is_file()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.req("I11", "I16")
def test_a_version_that_saw_every_bar_cannot_be_compared_yet_and_the_answer_says_whose_fault_that_is(own: Project):
    """No bar came that neither saw: exit 3 names the one that knows them all, up to when, and what to do."""
    _, _, last = bars_ts()
    made_up("old", weights=KNOWS)
    shelved(Workspace(load_config(None)), "every", weights=KNOWS, bias=0.1, sealed=None, tested=(1, last))
    typed(own, "promote", "--model", "old", code=0)
    refused = own.types("promote", "--model", "every")
    assert refused.exit_code == 3
    assert "that neither old nor every saw: every knows those up to" in refused.stderr
    assert "--challenge" in refused.stderr


@pytest.mark.req("I16", "J17", "C14")
def test_the_better_one_takes_the_place_and_the_worse_one_does_not_both_with_their_scores(own: Project):
    """v1.0 serves, v1.1 shadows; the paired evidence on bars that neither saw decides; both scores are on record."""
    made_up("v1.0", weights={"weekday_sine": 0.4})
    made_up("v1.1", weights=KNOWS, sealed=None)
    made_up("v0.9", weights={"return_1": -1.0}, sealed=None)
    typed(own, "promote", "--model", "v1.0", code=0)
    (worse,) = typed(own, "promote", "--model", "v0.9", code=4)["decisions"]
    assert (worse["missed"], worse["champion"]) == (["duel"], "v1.0")
    assert worse["duel"]["mean"] < 0 < worse["duel"]["n"]
    assert worse["duel"]["of_better"] < 20
    typed(own, "promote", "--model", "v1.1", "--challenge", "--reason", "retrained", code=0)
    (better,) = typed(own, "promote", "--symbol", PAIR, "--interval", HOUR, code=0)["decisions"]
    duel = better["duel"]
    assert (better["version"], duel["verdict"]) == ("v1.1", "better")
    assert duel["of_better"] >= 20
    assert duel["low"] > 0
    assert duel["challenger"]["accuracy"] - duel["champion"]["accuracy"] == pytest.approx(duel["mean"])
    (back,) = typed(
        own, "promote", "--rollback", "--symbol", PAIR, "--interval", HOUR, "--reason", "fills are bad", code=0
    )["decisions"]
    assert (back["version"], back["champion"], back["reason"]) == ("v1.0", "v1.1", "fills are bad")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("promote",), 2, "no version"),
        (("promote", "--model", "nobody"), 3, "no version is called"),
        (("promote", "--rollback", "--symbol", PAIR, "--interval", HOUR), 2, "needs a --reason"),
        (("promote", "--rollback", "--reason", "x"), 2, "no seat"),
        (("promote", "--rollback", "--withdraw", "--reason", "x"), 2, "several things"),
        (("promote", "--model", "BTC-USDT", "--dest", "elsewhere"), 2, "a folder called promoted"),
        (("promote", "--model", "champion"), 2, "of no seat"),
        (("promote", "--model", "champion", "--symbol", PAIR, "--interval", HOUR), 3, "has no champion"),
        (("evaluate", "--profile", "lenient"), 2, "source, honest, strict"),
        (("evaluate", "--model-type", "oracle"), 2, "no model is called"),
        (("evaluate", "--model-type", "lstm"), 3, "no model of lstm"),
        (("evaluate", "--model", "BTC-USDT", "--model-type", "lstm"), 2, "is logistic of"),
        (("evaluate", "--min-accuracy", "68"), 2, "--min-accuracy"),
    ],
)
def test_what_cannot_be_decided_says_why(own: Project, words: tuple[str, ...], code: int, said: str):
    """Usage is 2, what is missing 3; the message names what is allowed or what to do."""
    ran = own.types(*words)
    assert ran.exit_code == code, ran.stderr
    assert said in " ".join(ran.stderr.split())


@pytest.mark.req("I01", "I14")
def test_every_symbol_on_every_timeframe_is_listed_and_the_missing_ones_are_named(own: Project):
    """Four pairs on six timeframes are 24 lines; what is missing is named and fails the check before a start."""
    intervals, pairs = "1m,5m,15m,1h,4h,1d", "BTC/USDT,ETH/USDT,SOL/USDT,EUR/USD"
    typed(own, "promote", "--model", "BTC-USDT-1h-logistic", code=0)
    asked = ("models", "list", "--symbol", pairs, "--interval", intervals)
    found = typed(own, *asked, code=0)
    assert len(found["seats"]) == 24
    assert len(found["missing"]) == 23
    assert "ETH/USDT 4h" in found["missing"]
    assert "BTC/USDT 1h" not in found["missing"]
    assert typed(own, *asked, "--check", code=4)["missing"] == found["missing"]
    (one,) = typed(own, "models", "list", "--check", "--versions", code=0)["seats"]
    assert (one["kind"], one["gate_passed"], one["sealed_passed"]) == ("logistic", True, True)
    assert one["champion"]["sha256"] == typed(own, "evaluate", code=0)["models"][0]["sha256"]
    artifact = own.folder / "models" / "versions" / one["champion"]["version"] / "model.json"
    artifact.write_bytes(artifact.read_bytes()[:-9])
    (bad,) = typed(own, "models", "list", "--check", code=4)["seats"]
    assert "sha256" in bad["fault"]


@pytest.mark.req("I17")
def test_a_review_has_its_three_sections(own: Project, calibrated: Calibrator):
    """Predicted and actual win rate, calibration drift, failure patterns; counted on the days asked for."""
    assert own.types("models", "review").exit_code == 3
    made_up("good", weights=KNOWS, calibrator=calibrated)
    typed(own, "promote", "--model", "good", code=0)
    found = typed(own, "models", "review", "--days", "40", code=0)
    (one,) = found["reviews"]
    rate = one["win_rate"]
    assert rate["low"] < rate["promised"] < rate["high"]
    assert rate["actual"] == pytest.approx(rate["hits"] / rate["n"])
    assert one["calibration"]["error"] < 0.2
    assert one["calibration"]["drift"] is None
    assert {"said up", "said down"} <= {each["group"] for each in one["failures"]}
    assert one["end"] - one["start"] == 40 * 86400 * 10**9
    assert one["came_from"] == "replayed from stored candles"
    fewer = typed(own, "models", "review", "--days", "5", code=0)["reviews"][0]
    assert fewer["win_rate"]["n"] < rate["n"]
    text = own.types("models", "review", "--days", "40").stdout
    for title in ("Predicted and actual win rate", "Calibration drift", "Failure patterns"):
        assert title in text


@pytest.mark.req("I18")
def test_a_version_that_was_lost_comes_back_from_its_copy(own: Project):
    """backup, remove, restore: the evaluation prints what it printed before."""
    version = typed(own, "evaluate", "--keep-sealed", code=0)["models"][0]
    taken = typed(own, "models", "backup", "--output", "copies", code=0)
    assert Path(taken["file"]).name.startswith("models_backup_20")
    shutil.rmtree(own.folder / "models" / "versions")
    assert own.types("evaluate", "--keep-sealed").exit_code == 3
    back = typed(own, "models", "restore", taken["file"], code=0)
    assert back["versions"] == [version["version"]]
    again = typed(own, "evaluate", "--keep-sealed", code=0)["models"][0]
    assert again["windows"][0]["figures"] == version["windows"][0]["figures"]
    assert own.types("models", "restore", "copies/none.tar").exit_code == 3


@pytest.mark.req("I11", "H19")
def test_a_seat_whose_file_is_lost_is_written_anew_by_who_names_who_sits_there(own: Project):
    """What the error says to type does it; nothing is decided by it, and another version does not get the seat."""
    made_up("v1.0", weights=KNOWS)
    made_up("v1.1", weights={"return_1": 0.9}, sealed=None)
    typed(own, "promote", "--model", "v1.0", code=0)
    seat = own.folder / "models" / "promoted" / f"{PAIR.replace('/', '-')}-{HOUR}.json"
    whole = seat.read_bytes()
    for spoilt in (None, whole.replace(b"v1.0", b"v1.1")):
        seat.unlink(missing_ok=True) if spoilt is None else seat.write_bytes(spoilt)
        said = " ".join(own.types("promote", "--model", "v1.1").stderr.split())
        assert f"tradewind promote --model v1.0 --symbol {PAIR} --interval {HOUR} writes it anew" in said
        anew = typed(own, "promote", "--model", "v1.0", "--symbol", PAIR, "--interval", HOUR, code=0)
        assert (anew["written_anew"], anew["decisions"]) == ([f"{PAIR} {HOUR}"], [])
        assert seat.read_bytes() == whole
    assert len(typed(own, "models", "decisions", code=0)["decisions"]) == 1


@pytest.mark.req("H19")
def test_a_run_says_that_its_model_is_damaged_and_not_that_nothing_is_proven(own: Project):
    """With a model as the only voice its damage is the cause: exit 2 and the seat, not advice to search strategies."""
    made_up("v1.0", weights=KNOWS)
    typed(own, "promote", "--model", "v1.0", code=0)
    own.configured(f'symbols = ["{PAIR}"]\n[[predictors]]\nname = "hourly"\n')
    (own.folder / "models" / "versions" / "v1.0" / "model.json").write_bytes(b"damaged")
    ran = own.types("run", "--feed", "replay", "--symbol", PAIR, "--interval", HOUR, "--execution", "paper")
    assert ran.exit_code == 2, ran.stderr
    said = " ".join(ran.stderr.split())
    assert f"{PAIR} {HOUR}" in said
    assert "v1.0" in said


@pytest.mark.req("C14", "I16")
def test_nobody_is_compared_on_bars_whose_readers_were_forgotten(own: Project):
    """The record knows of sealed bars that were read, the ledger was deleted: no duel begins another one."""
    made_up("v1.0", weights={"weekday_sine": 0.4})
    made_up("v1.1", weights=KNOWS, sealed=None)
    typed(own, "promote", "--model", "v1.0", code=0)
    for file in (own.folder / "data").glob("trials.ledger*"):
        file.unlink()
    for words in (("promote", "--model", "v1.1"), ("ab", "v1.0", "v1.1")):
        ran = own.types(*words)
        assert ran.exit_code == 1
        assert "knows of no sealed bars read by v1.0" in " ".join(ran.stderr.split())
    assert not list((own.folder / "data").glob("trials.ledger*"))


@pytest.mark.req("C14", "I16")
def test_two_versions_are_compared_on_the_same_unseen_bars(own: Project):
    """`ab v1.0 v1.1`: paired difference with its limits; the other way round is the other sign and not better."""
    made_up("v1.0", weights={"weekday_sine": 0.4})
    made_up("v1.1", weights=KNOWS, sealed=None)
    found = typed(own, "ab", "v1.0", "v1.1", code=0)
    duel = found["symbols"][PAIR]["duel"]
    assert found["better"]
    assert 0 < duel["low"] < duel["mean"] < duel["high"]
    _, seal, last = bars_ts()
    assert seal <= duel["start"] < duel["end"] <= last
    back = typed(own, "ab", "v1.1", "v1.0", code=4)["symbols"][PAIR]
    assert back["duel"]["mean"] == pytest.approx(-duel["mean"])
    assert back["brier"][1] > 0
    text = own.types("ab", "v1.0", "v1.1").stdout
    for words in ("Paired differences", "95%", "Brier score (less is better)", "v1.1 is better."):
        assert words in text
    assert own.types("ab", "v1.0", "v1.0").exit_code == 2
    looks = typed(own, "strategy", "ledger", code=0)["looks"]
    assert {one["look"]["family"] for one in looks} == {"model linear"}


@pytest.mark.req("I16", "J17")
def test_every_decision_can_be_read_again(own: Project):
    """The record has both scores of a refusal, in the order of what happened."""
    made_up("v1.0", weights=KNOWS)
    made_up("v0.9", weights={"return_1": -1.0}, sealed=None)
    typed(own, "promote", "--model", "v1.0", "--reason", "first", code=0)
    typed(own, "promote", "--model", "v0.9", code=4)
    first, second = typed(own, "models", "decisions", "--symbol", PAIR, code=0)["decisions"]
    assert (first["outcome"], second["outcome"]) == ("done", "refused")
    assert second["duel"]["champion"]["version"] == "v1.0"
    assert second["duel"]["champion"]["accuracy"] > second["duel"]["challenger"]["accuracy"]
    assert typed(own, "models", "decisions", "--symbol", "ETH/USDT", code=0)["decisions"] == []
    assert "not better than v1.0" in " ".join(own.types("models", "decisions").stdout.split())


@pytest.mark.req("J19")
def test_weights_follow_what_timeframes_showed_out_of_sample(own: Project):
    """A champion that earns on 1h and one that loses on 4h: the proposal raises the one and lowers the other."""
    own.configured(
        f'symbols = ["{PAIR}"]\n[timeframes]\nintervals = [\n'
        '{ interval = "15m", weight = 0.2 }, { interval = "1h", weight = 0.25 }, { interval = "4h", weight = 0.55 }]\n'
    )
    made_up("hourly", weights=KNOWS)
    made_up("four", weights={"return_1": -1.0}, timeframe=Timeframe.H4)
    nothing = typed(own, "weights", "tune", "--dry-run", code=4)
    assert not nothing["moved"]
    for name in ("hourly", "four"):
        typed(own, "promote", "--model", name, code=0)
    found = typed(own, "weights", "tune", "--dry-run", code=0)
    weights = {one["timeframe"]: one for one in found["weights"]}
    assert sum(one["proposed"] for one in weights.values()) == pytest.approx(1.0)
    assert weights["1h"]["proposed"] > weights["1h"]["now"]
    assert weights["4h"]["proposed"] < weights["4h"]["now"]
    assert weights["15m"]["proposed"] == weights["15m"]["now"]
    assert min(one["proposed"] for one in weights.values()) >= 0.05
    assert found["of_models"]["1h"] > 100
    assert "To take them" in own.types("weights", "tune").stdout


@pytest.mark.req("I19", "I15")
def test_more_data_is_more_samples_and_a_version_has_the_name_it_was_given(own: Project):
    """--more-data takes every sample before the seal, --retrain begins with the newest; a name is taken once."""
    words = ("train", "--symbol", PAIR, "--interval", HOUR, "--type", "logistic")
    few = typed(own, *words, "--samples", "1500", "--name", "v1.0", code=0)
    more = typed(own, *words, "--more-data", "--name", "v1.1", code=0)
    assert (few["version"], more["version"]) == ("v1.0", "v1.1")
    assert sum(few["card"]["samples"].values()) < 1500 < 4000 < sum(more["card"]["samples"].values())
    assert own.types(*words, "--name", "v1.1").exit_code == 4
    unread = own.types("train", "--symbol", "EUR/USD", "--type", "logistic", "--name", "v1.1")
    assert (unread.exit_code, "a version v1.1 is there" in unread.stderr) == (4, True), "said before bars are asked for"
    assert own.types(*words, "--name", "../v1").exit_code == 2
    assert own.types(*words, "--checkpoint").exit_code == 2
    again = own.types(*words, "--retrain", "--name", "v1.2", "--json")
    assert "Starts from v1.1" in again.stderr
    assert again.document["provenance"]["warm_start"] == "v1.1"


@pytest.mark.req("V06")
def test_collecting_features_and_validation_say_how_long_they_took(project: Project):
    """Bars fetched from a stand-in venue, then a bench: seconds of each of the three."""
    bars = momentum_bars(2600, 4)[0]
    with in_background([Series(PAIR, Timeframe.H1, bars)], now=int(bars.ts_close[-1])) as server:
        fetched = typed(
            project, "data", "fetch", "-p", PAIR, "-i", HOUR, "--days", "120", "--provider", "binance", "--gateway",
            server.url, code=0,
        )  # fmt: skip
    assert fetched["seconds"] > 0
    found = typed(project, "train", "--symbol", PAIR, "--type", "logistic", "--bench", code=0)
    stages = {one["name"]: one["wall"] for one in found["stages"]}
    assert stages["features"] > 0
    assert stages["validation"] > 0


@pytest.mark.req("V03")
def test_a_bench_says_what_each_stage_costs_and_keeps_nothing(own: Project):
    """Features, validation and training are timed; the time of 4,821 samples stands beside the published one."""
    before = sorted(path.name for path in (own.folder / "models").rglob("*"))
    words = ("train", "--symbol", PAIR, "--type", "logistic", "--bench")
    found = typed(own, *words, code=0)
    assert [one["name"] for one in found["stages"]] == ["features", "validation", "training"]
    assert all(one["wall"] > 0 for one in found["stages"])
    assert found["source"] == pytest.approx(found["whole"] * 4821 / found["fit"])
    assert sorted(path.name for path in (own.folder / "models").rglob("*")) == before
    text = own.types(*words).stdout
    for part in ("of 4,821 samples", "164 to 191 s", "30 days of 5m", "Nothing was kept"):
        assert part in text


@pytest.mark.req("D18", "I11")
def test_a_project_may_ask_for_the_published_accuracy_for_good(own: Project):
    """model.profile = strict: the gate of a training and of its sealed bars holds model.min_accuracy too."""
    own.configured(f'symbols = ["{PAIR}"]\n[model]\nprofile = "strict"\nmin_accuracy = 0.95\n')
    trained = typed(own, "train", "--symbol", PAIR, "--type", "logistic", code=0)
    assert "accuracy" in trained["missed"]
    assert "accuracy.low" not in trained["missed"]
    (source,) = [row for row in trained["profiles"]["source"] if row["name"] == "accuracy"]
    assert source["threshold"] == 0.95
    (found,) = typed(own, "evaluate", "--model", trained["version"], code=4)["models"]
    assert found["profile"] == "strict"
    assert "accuracy" in found["unread"]
    (refused,) = typed(own, "promote", "--model", trained["version"], code=4)["decisions"]
    assert "accuracy" in refused["missed"]


class Served:
    """A store in which a service wrote down what the champion said: right three times of four, on every 48th bar."""

    path = Path("none")

    def __init__(self, version: str, ts: list[int]) -> None:
        self.version = version
        self.rows = [(one, 0.8, 1, 1 if place % 4 else -1, one + 86400 * 10**9) for place, one in enumerate(ts)]

    def query(self, sql: str, parameters: tuple[object, ...] = ()) -> tuple[list[str], list[Any]]:
        symbol, timeframe, version, start = parameters
        assert (symbol, timeframe) == (PAIR, HOUR)
        return [], [row for row in self.rows if version == self.version and row[0] > start]


@pytest.mark.req("I17", "I16")
def test_a_review_takes_what_was_served_where_a_service_wrote_it_down(own: Project, calibrated: Calibrator):
    """75 of 100 right where 80% was promised; another version's forecasts are not taken for the champion's."""
    made_up("good", weights=KNOWS, calibrator=calibrated)
    typed(own, "promote", "--model", "good", code=0)
    workspace = Workspace(load_config(None))
    ts = momentum_bars(BARS, SEED)[0].ts_close[-4801::48].tolist()[:100]
    found = review_of(workspace, Promotions(workspace), PAIR, Timeframe.H1, 300, Served("good", ts))
    rate = found.review.hit_rate
    assert found.came_from == "as served"
    assert (rate.n, rate.hits, rate.promised) == (100, 75, pytest.approx(0.8))
    assert found.review.calibration.error == pytest.approx(0.05)
    other = review_of(workspace, Promotions(workspace), PAIR, Timeframe.H1, 300, Served("other", ts))
    assert other.came_from == "replayed from stored candles"


@pytest.mark.req("D18", "I11", "I20")
@pytest.mark.parametrize("kind", ["logistic", "base_rate"])
def test_on_a_market_that_nobody_can_forecast_nobody_is_promoted(project: Project, kind: str):
    """A random walk (SIMULATED): the sealed bars stay unread, the seat stays empty, which is a normal result."""
    project.configured(f'symbols = ["{PAIR}"]\n')
    project.imports(walk_bars(5000, 21), PAIR)
    version = typed(project, "train", "--symbol", PAIR, "--type", kind, code=0)["version"]
    (found,) = typed(project, "evaluate", "--model", version, code=4)["models"]
    assert (found["promotable"], len(found["windows"])) == (False, 1)
    assert found["windows"][0]["figures"]["skill_low"] < 0
    (refused,) = typed(project, "promote", "--model", version, code=4)["decisions"]
    assert refused["outcome"] == "refused"
    assert not (project.folder / "models" / "promoted").exists()
    assert not (project.folder / "data" / "trials.ledger").exists()
