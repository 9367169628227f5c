"""Black box: models that serve: who may start a run, what is on file of a forecast, swaps, and replays."""

from __future__ import annotations

import json
import math
import shutil
import signal
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.acceptance.project import Project
from tests.acceptance.test_live_run import begun, heard, series, words
from tests.fakes.shelved_models import seated, shelved
from tests.fakes.venue import START, in_background
from tradewind.app.config import load_config
from tradewind.app.models import predicting
from tradewind.app.models.predictor import ModelPredictor
from tradewind.app.workspace import Workspace
from tradewind.errors import Misconfigured, Unavailable
from tradewind.model.timeframe import HOUR, MINUTE, Timeframe

RUN = ("run", "--feed", "replay", "--symbol", "BTC/USDT", "--interval", "1h", "--allow-unproven", "--quiet")
PREDICTOR = (
    "[continuous_learning]\nenabled = false\n"
    '[[predictors]]\nname = "follower"\nsymbols = ["BTC/USDT"]\ntimeframes = ["1h"]\n'
)
SCORES = tuple(0.3 + number / 1000 for number in range(60))
FOLLOW = {"return_1": 1.0, "above_ema_10": 0.5}
AGAINST = {"return_1": -1.0, "above_ema_10": -0.5}


def place(project: Project) -> Workspace:
    return Workspace(load_config(folder=project.folder, environment={}), project.folder)


def put(project: Project, version: str, weights: dict[str, float], **changes: Any) -> None:
    shelved(place(project), version, weights=weights, scores=SCORES, **changes)


def forecasts(project: Project) -> list[dict[str, Any]]:
    columns = "seat, ts, version, sha256, p, outcomes, side, acted, ts_end, went, missed"
    rows = project.rows(f"SELECT {columns} FROM forecasts ORDER BY ts, seat")
    return [dict(zip(columns.split(", "), row, strict=True)) for row in rows]


@pytest.mark.req("H19", "I14", "HZ35")
def test_a_paper_run_asks_the_promoted_model_and_keeps_every_forecast_with_its_hash(own_market: Project) -> None:
    """Without a model it does not start, and nothing is made; with one each forecast names its hash."""
    own_market.configured(PREDICTOR)
    refused = own_market.types(*RUN, "--execution", "paper")
    assert refused.exit_code == 2
    assert "follower: no promoted model for BTC/USDT 1h" in refused.stderr
    assert not (own_market.folder / "data" / "tradewind.db").exists()
    put(own_market, "v1", FOLLOW)
    put(own_market, "v2", AGAINST, passed=False)
    seated(place(own_market), "v1", "v2")
    ran = own_market.types(*RUN, "--execution", "paper", "--json")
    assert ran.exit_code == 0, ran.stderr
    hashes = {version: _hash(own_market, version) for version in ("v1", "v2")}
    found = forecasts(own_market)
    assert {(one["seat"], one["version"], one["sha256"]) for one in found} == {
        ("champion", "v1", hashes["v1"]),
        ("challenger", "v2", hashes["v2"]),
    }
    assert len(found) > 3_000
    assert not any(one["acted"] for one in found if one["seat"] == "challenger")
    assert all(0.0 <= one["p"] <= 1.0 for one in found)
    ended = [one for one in found if one["went"]]
    assert len(ended) > 2_000
    assert 0.2 < sum(one["missed"] for one in ended) / len(ended) < 0.5, "alpha is 0.35"
    assert own_market.types("replay", "--verify").exit_code == 0


@pytest.mark.req("I14")
def test_a_run_with_swaps_between_its_lives_is_repeated_byte_for_byte(own_market: Project) -> None:
    """The journal says who spoke from which bar on; a repeat asks the same models, and says so where one is gone."""
    own_market.configured(PREDICTOR)
    put(own_market, "v1", FOLLOW)
    put(own_market, "v2", AGAINST)
    for champion, challenger in (("v1", ""), ("v1", "v2"), ("v2", ""), ("v1", "")):
        seated(place(own_market), champion, challenger, predecessor="v2" if champion == "v1" else "v1")
        ran = own_market.types(*RUN, "--execution", "paper", "--iterations", "600", "--json")
        assert ran.exit_code == 0, ran.stderr
    served = [
        json.loads(row[0]) for row in own_market.rows("SELECT event FROM journal WHERE kind = 'model' ORDER BY seq")
    ]
    assert [(one["seat"], one["version"]) for one in served] == [
        ("champion", "v1"), ("challenger", "v2"), ("champion", "v2"), ("challenger", ""), ("champion", "v1"),
    ]  # fmt: skip
    found = [one for one in forecasts(own_market) if one["seat"] == "champion"]
    assert [version for version, _ in groupby(one["version"] for one in found)] == ["v1", "v2", "v1"]
    assert own_market.types("replay", "--verify").exit_code == 0
    shutil.rmtree(own_market.folder / "models" / "versions" / "v2")
    gone = own_market.types("replay", "--verify")
    assert gone.exit_code == 3
    assert "v2" in gone.stderr


def test_nobody_is_asked_where_no_predictor_is_configured(own_market: Project) -> None:
    """A promoted model alone changes nothing: the same digest as without a models folder."""
    digests = []
    for number in range(2):
        own_market.configured("")
        store = f"data/own-{number}.db"
        ran = own_market.types(*RUN, "--execution", "paper", "--iterations", "800", "--store", store, "--json")
        assert ran.exit_code == 0, ran.stderr
        digests.append((ran.document["config_hash"], ran.document["digest"]))
        put(own_market, f"v{number}", FOLLOW)
        seated(place(own_market), f"v{number}")
    assert digests[0] == digests[1]


@pytest.mark.req("H19", "I14")
def test_a_running_service_swaps_a_good_model_and_refuses_crafted_ones(project: Project) -> None:
    """Code in the file, other bytes, other inputs, no numbers, no signature: told once each, the old one serves on."""
    project.configured(PREDICTOR + "[market]\nhistory_days = 25\nrequests_per_minute = 5000\n")
    put(project, "good", FOLLOW)
    put(project, "next", AGAINST)
    versions = project.folder / "models" / "versions"
    for name in ("code", "bytes", "inputs", "nan"):
        put(project, name, {"rsi": 1.0})
    seated(place(project), "good")
    with in_background([series()], now=START + 700 * HOUR + MINUTE, bars_per_s=4) as server:
        process = begun(project, *words(server, "stream", "--json"))
        try:
            heard(process, "good .* serves as champion")
            heard(process, "Candle closed")
            for name, craft in CRAFTS.items():
                seated(place(project), name if (versions / name).exists() else "good")
                craft(project, versions / name)
                line = heard(process, "ALARM: not served")
                assert name in line or name == "unsigned", line
                heard(process, "Candle closed")
            seated(place(project), "next", predecessor="good")
            heard(process, "next .* serves as champion")
            heard(process, "Candle closed")
            artifact = versions / "next" / "model.json"
            whole = artifact.read_bytes()
            artifact.write_bytes(whole[:100])
            assert "champion next" in heard(process, "ALARM: not served, the one that was loaded goes on")
            heard(process, "Candle closed")
            (versions.parent / "promoted" / "BTC-USDT-1h.json").unlink()
            assert "its file is gone" in heard(process, "ALARM: not served, the one that was loaded goes on")
            heard(process, "Candle closed")
            artifact.write_bytes(whole)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=30)
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate(timeout=30)
    assert json.loads(out)["loop"]["stopped"] == "asked"
    found = forecasts(project)
    assert found[0]["version"] == "good"
    assert {one["version"] for one in found} == {"good", "next"}
    told = [row[0] for row in project.rows("SELECT payload FROM outbox") if "model_refused" in row[0]]
    assert len(told) >= 1
    assert not (project.folder / "ran").exists(), "nothing of a file is run"
    assert project.types("replay", "--verify").exit_code == 0


def _code(project: Project, folder: Path) -> None:
    """A pickle that would leave a file behind, in the artifact's place."""
    (folder / "model.json").write_bytes(b"cposix\nsystem\n(S'touch ran'\ntR.")


def _bytes(project: Project, folder: Path) -> None:
    """Another model under the manifest of this one."""
    shutil.copy(folder.parent / "good" / "model.json", folder / "model.json")


def _inputs(project: Project, folder: Path) -> None:
    """A model of another timeframe's inputs in this seat, properly signed."""
    shutil.rmtree(folder)
    put(project, "inputs", {}, timeframe=Timeframe.H4)
    seated(place(project), "inputs")


def _nan(project: Project, folder: Path) -> None:
    """Weights that are no numbers."""
    path = folder / "model.json"
    path.write_bytes(path.read_bytes().replace(b'"bias":0.0', b'"bias":null'))


def _unsigned(project: Project, folder: Path) -> None:
    """A choice that was edited by hand."""
    del folder
    pointer = project.folder / "models" / "promoted" / "BTC-USDT-1h.json"
    pointer.write_bytes(pointer.read_bytes().replace(b'"by hand"', b'"by a hand"'))


CRAFTS = {"code": _code, "bytes": _bytes, "inputs": _inputs, "nan": _nan, "unsigned": _unsigned}


def _hash(project: Project, version: str) -> str:
    manifest = json.loads((project.folder / "models" / "versions" / version / "manifest.json").read_text())
    return str(manifest["model"]["sha256"])


@pytest.fixture
def promoted(own_market: Project) -> Project:
    """Champions on 1h and 4h, a challenger on 1h."""
    put(own_market, "lstm-1", FOLLOW)
    put(own_market, "transformer-1", AGAINST)
    put(own_market, "four", FOLLOW, timeframe=Timeframe.H4)
    seated(place(own_market), "lstm-1", "transformer-1")
    seated(place(own_market), "four", timeframe=Timeframe.H4)
    return own_market


@pytest.mark.req("E08", "E09", "I14", "H19")
def test_predict_explains_every_model_and_how_they_add_up(promoted: Project) -> None:
    """The whole is the documented formula of the parts; each part carries hash, set and calibration."""
    promoted.configured(
        '[timeframes]\nintervals = [{ interval = "1h", weight = 0.6 }, { interval = "4h", weight = 0.4 }]\n'
    )
    ran = promoted.types("predict", "BTCUSDT", "--explain", "--json")
    assert ran.exit_code == 0, ran.stderr
    said = ran.document
    parts = {one["timeframe"]: one for one in said["timeframes"]}
    assert list(parts) == ["1h", "4h"]
    assert [one["share"] for one in parts.values()] == pytest.approx([0.6, 0.4])
    assert parts["1h"]["challenger"]["voices"][0]["version"] == "transformer-1"
    odds = sum(
        one["share"] * math.log(one["champion"]["probs"]["up"] / one["champion"]["probs"]["down"])
        for one in said["timeframes"]
    )
    whole = said["together"]
    assert whole["probs"]["up"] == pytest.approx(1.0 / (1.0 + math.exp(-odds)))
    assert whole["confidence"] == max(whole["probs"].values())
    assert 0.5 <= whole["confidence"] <= 1.0
    assert whole["source"] == "promoted"
    assert [one["sha256"] for one in whole["voices"]] == [_hash(promoted, "lstm-1"), _hash(promoted, "four")]
    text = promoted.types("predict", "BTCUSDT", "--explain").stdout
    for word in ("lstm-1", "transformer-1", "not heard", "logarithmic pool", "calibration", "No signal"):
        assert word in text
    assert any("closed 2" in note and "days ago" in note for note in said["notes"]), said["notes"]
    assert "WARNING: the newest bar of BTC/USDT 1h closed" in promoted.types("predict", "BTCUSDT").stdout
    alone = promoted.types("predict", "BTCUSDT", "-i", "1h", "--model", "lstm-1", "--explain").stdout
    assert " none " in alone
    both = promoted.types("predict", "BTCUSDT", "-i", "1h", "--model", "lstm-1,transformer-1", "--json").document
    assert both["together"]["probs"]["up"] == pytest.approx(0.5, abs=1e-5), "for and against, equally sure"
    assert both["together"]["version"] == "lstm-1+transformer-1"


@pytest.mark.req("I14")
def test_predict_says_what_the_run_said_at_the_same_close(promoted: Project) -> None:
    """One model, one row, one number: on the shelf and in the service."""
    promoted.configured(PREDICTOR)
    assert promoted.types(*RUN, "--execution", "paper").exit_code == 0
    newest = [one for one in forecasts(promoted) if one["seat"] == "champion"][-1]
    said = promoted.types("predict", "BTCUSDT", "-i", "1h", "--json").document["timeframes"][0]
    assert (said["ts"], said["champion"]["voices"][0]["p_up"]) == (newest["ts"], newest["p"])


@pytest.mark.req("D21")
def test_predict_times_itself_and_is_red_above_the_limit(promoted: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """p50, p95, p99 of 200 answers; above the limit the exit code is 4."""
    ran = promoted.types("predict", "BTCUSDT", "--bench", "--json")
    found = ran.document["latency"]
    assert found["n"] == 200
    assert 0.0 < found["p50_ms"] <= found["p95_ms"] <= found["p99_ms"]
    assert found["limit_ms"] == 500.0
    assert ran.exit_code == (0 if found["met"] else 4)
    monkeypatch.setattr(predicting, "LIMIT_MS", 0.0)
    assert promoted.types("predict", "BTCUSDT", "--bench").exit_code == 4


def test_predict_without_a_promoted_model_says_what_to_do(own_market: Project) -> None:
    """Exit 3, and the seat is named where its model cannot be served."""
    ran = own_market.types("predict", "BTCUSDT")
    assert ran.exit_code == 3
    assert "tradewind promote" in ran.stderr
    put(own_market, "v1", FOLLOW)
    seated(place(own_market), "v1")
    artifact = own_market.folder / "models" / "versions" / "v1" / "model.json"
    artifact.write_bytes(artifact.read_bytes() + b" ")
    ran = own_market.types("predict", "BTCUSDT")
    assert ran.exit_code == 3
    assert "sha256" in ran.stderr


@pytest.mark.req("I12", "I13")
def test_the_predictor_of_the_library_answers_probabilities_confidence_and_version(promoted: Project) -> None:
    """Import and call: two models by path, one answer; a file that may be a program is not opened."""
    config = load_config(folder=promoted.folder, environment={})
    versions = promoted.folder / "models" / "versions"
    shutil.copytree(versions / "lstm-1", versions / "lstm-BTC-USDT")
    found = ModelPredictor(
        lstm_path=versions / "lstm-{symbol}", transformer_path=str(versions / "transformer-1"), config=config,
        folder=promoted.folder,
    )  # fmt: skip
    rows = np.zeros((5, 32))
    rows[-1, 0] = 2.0
    said = found.predict("BTC/USDT", rows)
    up = 1.0 / (1.0 + math.exp(-2.0))
    assert [one.p_up for one in said.voices] == pytest.approx([up, 1.0 - up], abs=1e-6)
    assert said.probs["up"] == pytest.approx(0.5, abs=1e-6)
    assert sum(said.probs.values()) == pytest.approx(1.0)
    assert said.version == "lstm-1+transformer-1"
    assert said.confidence == max(said.probs.values())
    alone = ModelPredictor(lstm_path=versions / "lstm-1", config=config, folder=promoted.folder)
    assert alone.predict("BTC/USDT", rows).confidence == pytest.approx(up, abs=1e-6)
    with pytest.raises(Misconfigured, match="program"):
        ModelPredictor(lstm_path="models/lstm-{symbol}.pt", config=config).predict("BTC/USDT", rows)
    with pytest.raises(Misconfigured, match="speaks for"):
        alone.predict("ETH/USDT", rows)
    with pytest.raises(Misconfigured, match="shape"):
        alone.predict("BTC/USDT", rows[:, :31])
    rows[-1, 3] = np.nan
    with pytest.raises(Unavailable, match="unknown"):
        alone.predict("BTC/USDT", rows)


@pytest.mark.req("I01")
def test_the_preflight_names_every_seat_without_a_model(own_market: Project) -> None:
    """One model a pair and timeframe: `doctor` and `config check` name each that is missing, and are green with all."""
    own_market.configured(
        'symbols = ["BTC/USDT", "EUR/USD"]\n[[predictors]]\nname = "lstm"\n'
        '[timeframes]\nintervals = [{ interval = "1h", weight = 0.5 }, { interval = "4h", weight = 0.5 }]\n'
    )
    seats = [(symbol, timeframe) for symbol in ("BTC/USDT", "EUR/USD") for timeframe in (Timeframe.H1, Timeframe.H4)]
    for number, (symbol, timeframe) in enumerate(seats):
        ran = own_market.types("doctor", "project", "--json")
        named = [one["detail"] for one in ran.document["findings"] if one["name"] == "promoted models"]
        assert named == [f"no promoted model for {pair} {length}" for pair, length in seats[number:]]
        assert ran.exit_code == 3
        put(own_market, f"v{number}", FOLLOW, symbols=(symbol,), timeframe=timeframe)
        seated(place(own_market), f"v{number}", symbol=symbol, timeframe=timeframe)
    ran = own_market.types("doctor", "project", "--json")
    (found,) = [one for one in ran.document["findings"] if one["name"] == "promoted models"]
    assert (found["state"], found["detail"]) == ("ok", "4 seats have a promoted model that verifies")
    assert own_market.types("config", "check", "--json").document["notes"] == []
    started = own_market.types("run", "--feed", "replay", "--iterations", "1", "--execution", "paper", "--quiet",
                               "--allow-unproven")  # fmt: skip
    assert started.exit_code == 0, started.stderr


def _preflight(project: Project) -> list[tuple[str, str]]:
    """What `doctor` says of promoted models."""
    found = project.types("doctor", "project", "--json").document["findings"]
    return [(one["state"], one["detail"]) for one in found if one["name"] == "promoted models"]


@pytest.mark.req("I01", "H19")
def test_a_seat_on_a_symbol_that_only_the_predictor_names_is_looked_at_before_it_is_run(own_market: Project) -> None:
    """`doctor` and `config check` name its fault, as `run --symbol` would; `models list` shows it and no pair that
    nobody configured."""
    own_market.configured(PREDICTOR)
    put(own_market, "v1", FOLLOW)
    seated(place(own_market), "v1")
    ((state, detail),) = _preflight(own_market)
    assert (state, detail) == (
        "warn", "every seat of the predictors is on BTC/USDT, which the configuration does not name and a run has with "
        "--symbol alone; every model there verifies"
    )  # fmt: skip
    listed = own_market.types("models", "list", "--json").document["seats"]
    assert [(one["symbol"], one["champion"]["version"]) for one in listed] == [("BTC/USDT", "v1")]
    path = own_market.folder / "models" / "versions" / "v1" / "model.json"
    path.write_bytes(path.read_bytes()[:100])
    (state, detail), (also, elsewhere) = _preflight(own_market)
    assert (state, "model of BTC/USDT 1h cannot be served" in detail) == ("fail", True)
    assert (also, elsewhere.endswith("a run has with --symbol alone")) == ("warn", True)
    checked = own_market.types("config", "check", "--json")
    assert checked.exit_code == 0
    (note,) = [one for one in checked.document["notes"] if "BTC/USDT 1h" in one]
    assert "cannot be served" in note
    own_market.configured(PREDICTOR.replace('["1h"]', '["1d"]'))
    ((state, detail),) = _preflight(own_market)
    assert (state, "no predictor has a seat" in detail) == ("warn", True)


@pytest.mark.req("E08")
def test_why_shows_what_a_model_said_in_the_place_of_a_rule(promoted: Project) -> None:
    """The chain of a decision names version, probability and set; no rule of a model is turned over for advice."""
    promoted.configured(PREDICTOR)
    assert promoted.types(*RUN, "--execution", "paper").exit_code == 0
    newest = [one for one in forecasts(promoted) if one["seat"] == "champion"][-1]
    shown = promoted.types("why", "BTCUSDT", "--json")
    assert shown.exit_code == 0, shown.stderr
    chain = json.dumps(shown.document)
    assert f"lstm-1: P(up) {newest['p']:.1%}, its set holds {newest['outcomes']}" in chain
    assert "would have voted BUY with 0 > 1" not in promoted.types("why", "BTCUSDT").stdout
