"""Black box: a paper run whose model trades, learns and is trained again by real trainings beside it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tests.acceptance.project import Project
from tests.fakes.shelved_models import seated, shelved
from tests.fakes.turning_market import turning
from tradewind.app.config import load_config
from tradewind.app.models.promotion import Promotions
from tradewind.app.workspace import Workspace
from tradewind.model.timeframe import HOUR, MINUTE, SECOND, Timeframe

RUN = ("run", "--feed", "replay", "--symbol", "BTC/USDT", "--interval", "1h", "--allow-unproven", "--learn",
       "--execution", "paper", "--timerange", "20200212-")  # fmt: skip
SETTINGS = """
[timeframes]
intervals = [{ interval = "1h", weight = 1 }]
[filters]
enabled = []
[ensemble]
quorum = 1
[[predictors]]
name = "follower"
symbols = ["BTC/USDT"]
timeframes = ["1h"]
[continuous_learning.confidence]
trading_threshold = 0.60
hysteresis = 0.05
min_events = 30
window = 60
return_evidence = 1
[continuous_learning.retraining]
type = "logistic"
on_loss = true
min_interval_hours = 720
new_labels = 0
"""
pytestmark = pytest.mark.timeout(900)  # the training has the least urgency: a busy machine may take its time
SCORES = tuple(0.3 + number / 1000 for number in range(60))


def configured(project: Project, settings: str = SETTINGS) -> Project:
    """A project whose seat has a model that follows the last moves."""
    project.configured(settings)
    workspace = Workspace(load_config(folder=project.folder, environment={}), project.folder)
    shelved(workspace, "v1", weights={"return_1": 1.0, "above_ema_10": 0.5}, scores=SCORES)
    seated(workspace, "v1")
    return project


@pytest.fixture(scope="module")
def ran(market: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    """The whole market, in two lives; what was said."""
    folder = tmp_path_factory.mktemp("modes")
    shutil.copytree(market.folder, folder, dirs_exist_ok=True)
    project = configured(Project(folder))
    first = project.types(*RUN, "--iterations", "800")
    assert first.exit_code == 0, first.stderr
    second = project.types(*RUN, "--iterations", "500")
    assert second.exit_code == 0, second.stderr
    return project, first.stdout + first.stderr + second.stdout + second.stderr


@pytest.mark.req("J01", "J03", "J14")
def test_a_model_is_heard_only_after_it_has_shown_its_confidence(ran: tuple[Project, str]) -> None:
    """Every transition is on file with its evidence; in LEARNING there are shadow votes and no signal it led."""
    project, _ = ran
    moves = project.rows("SELECT state, confidence, detail, timestamp FROM learning_states WHERE symbol = 'BTC/USDT'")
    assert moves
    assert moves[0][0] == "TRADING"
    for state, confidence, detail, _ in moves:
        seen = json.loads(detail)
        assert seen["n"] >= 30 or state == "LEARNING"
        assert confidence is None or (confidence >= 0.60) is (state == "TRADING") or seen["drift_score"] >= 0.70
    first = moves[0][3]
    led = "summary LIKE '%model:BTC-USDT:1h:champion%'"
    assert project.rows(f"SELECT count(*) FROM signals WHERE timestamp < '{first}' AND {led}") == [[0]]
    assert project.rows(f"SELECT count(*) FROM signals WHERE timestamp >= '{first}' AND {led}")[0][0] > 0
    quiet = "SELECT count(*) FROM decisions WHERE kind = 'no_trade' AND summary LIKE '%\"learning\"%'"
    assert project.rows(quiet)[0][0] > 0
    assert project.rows("SELECT count(*) FROM confidence_history WHERE source = 'seat'")[0][0] > 30


@pytest.mark.req("E08", "I14")
def test_models_and_strategies_vote_in_one_ensemble(ran: tuple[Project, str]) -> None:
    """One consensus, one agreement, one confidence over a model and the strategies that say the same, the model's
    probability beside them; where it stands alone the others' silence is no vote."""
    project, _ = ran
    found = [json.loads(one) for (one,) in project.rows("SELECT summary FROM signals ORDER BY ts")]
    model = "model:BTC-USDT:1h:champion"
    together = [one for one in found if {model} < set(one["consensus"]["voters"])]
    assert together
    for one in together:
        consensus = one["consensus"]
        assert consensus["n_voted"] >= len(consensus["voters"]) >= 2
        said = [check for check in one["checks"] if check["code"] == "model"]
        assert [check["detail"].startswith("v1 (") for check in said] == [True]
    assert any(model not in one["consensus"]["voters"] for one in found), "strategies speak without it too"


@pytest.mark.req("J06", "J10", "J14")
def test_models_are_trained_beside_the_run_and_what_came_of_each_is_on_file(ran: tuple[Project, str]) -> None:
    """Version or fault, gate and duration of each are in its row, and the log has its lines."""
    project, said = ran
    rows = project.rows(
        "SELECT triggered_at, trigger_reason, ended_at, version, fault, passed, duration_s FROM retraining_history"
    )
    assert rows
    assert {row[1] for row in rows} <= {"loss_immediate", "drift", "calibration", "schedule"}
    for _, _, ended, version, fault, _, duration in rows:
        assert ended is not None
        assert bool(version) is not bool(fault)
        assert duration > 0.0
    assert any(row[3] for row in rows), rows
    assert "Starting retraining (reason: " in said
    assert "Retraining successful! Confidence: " in said
    assert "Transitioned to TRADING mode (confidence: " in said


@pytest.mark.req("J13")
def test_a_run_with_trainings_in_it_is_repeated_byte_for_byte_without_a_trainer(ran: tuple[Project, str]) -> None:
    """Two lives, one journal: replayed it gives the same bytes, and the same modes stand."""
    project, _ = ran
    assert project.rows("SELECT count(*) FROM journal WHERE kind = 'model_trained'")[0][0] > 0
    assert project.types("replay", "--verify").exit_code == 0


@pytest.mark.req("J06", "J11", "J13", "E08")
def test_a_run_over_the_past_trains_and_decides_for_itself_and_leaves_the_project_as_it_was(
    ran: tuple[Project, str],
) -> None:
    """Who serves the project is the same to the byte; what was trained lies beside the run's store, made of the bars
    that had closed when it was asked for; its decisions are dated by its own clock and can be looked at."""
    project, said = ran
    own, folder = project.folder / "models", project.folder / "data" / "tradewind.db-models"
    workspace = Workspace(load_config(folder=project.folder, environment={}), project.folder)
    assert len((own / "decisions.jsonl").read_text().splitlines()) == 1
    assert [one.name for one in (own / "versions").iterdir()] == ["v1"]
    seat = Promotions(workspace).seat("BTC/USDT", Timeframe.H1)
    assert (seat.champion.version, seat.challenger, seat.decision) == ("v1", None, 1)
    rows = project.rows("SELECT triggered_at, version FROM retraining_history WHERE version IS NOT NULL")
    made = {version: datetime.fromisoformat(asked).replace(tzinfo=UTC) for asked, version in rows}
    assert sorted(made) == sorted(one.name for one in (folder / "versions").iterdir())
    for version, asked in made.items():
        manifest = json.loads((folder / "versions" / version / "manifest.json").read_text())["model"]
        assert manifest["provenance"]["tested"][1] <= asked.timestamp() * SECOND
    assert f"Models of this run: {len(made)} in " in said
    store = ("--store", "data/tradewind.db")
    last = project.rows("SELECT max(ts) FROM journal")[0][0]
    decisions = project.types("models", "decisions", *store, "--json").document["decisions"]
    assert all(one["ts"] <= last for one in decisions)
    assert [one["version"] for one in decisions if one["action"] == "challenge"] == [
        version for (version,) in project.rows("SELECT version FROM retraining_history WHERE passed = 1 ORDER BY id")
    ]
    assert len(project.types("models", "decisions", "--json").document["decisions"]) == 1
    listed = project.types("models", "list", "--symbol", "BTC/USDT", "--versions", *store, "--json").document
    assert {one["version"] for one in listed["versions"]} == {"v1", *made}
    assert project.types("learning", "history", "--json").document["models"]["versions"] == sorted(made)


@pytest.mark.req("I18")
def test_what_a_run_trained_for_itself_is_copied_and_comes_back_by_the_verbs(
    ran: tuple[Project, str], tmp_path: Path
) -> None:
    """Every version, under the name of its store; a store without models says what to do instead."""
    project, _ = ran
    store, folder = ("--store", "data/tradewind.db"), project.folder / "data" / "tradewind.db-models"
    listed = ("models", "list", "--versions", *store, "--json")
    before = project.types(*listed).document
    copied = project.types("models", "backup", "--output", str(tmp_path / "b"), *store, "--json").document
    assert copied["versions"] == sorted(one.name for one in (folder / "versions").iterdir())
    assert Path(copied["file"]).name.startswith("tradewind.db-models_backup_")
    shutil.move(folder, tmp_path / "aside")
    try:
        assert len(project.types(*listed).document["versions"]) == 1, "the project's alone"
        back = project.types("models", "restore", copied["file"], *store)
        assert (back.exit_code, f"{len(copied['versions'])} versions are back in {folder}," in back.stdout) == (0, True)
        assert project.types(*listed).document == before
        assert len(before["versions"]) == 1 + len(copied["versions"]) > 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.move(tmp_path / "aside", folder)
    none = project.types("models", "backup", "--store", "nothing.db")
    assert (none.exit_code, "no models to copy" in none.stderr, "leave --store out" in none.stderr) == (3, True, True)


@pytest.mark.req("J14", "R03")
def test_the_tables_of_models_follow_from_the_journal_and_a_changed_row_is_named(
    ran: tuple[Project, str], tmp_path: Path
) -> None:
    """`db check` is green after two lives with models; a forecast, a mode, a training or a confidence that somebody
    changed is told by its table."""
    project, _ = ran
    assert project.types("db", "check").exit_code == 0
    changes = {
        "forecasts": "UPDATE forecasts SET p = 0.99 WHERE ts = (SELECT max(ts) FROM forecasts)",
        "learning_states": "UPDATE learning_states SET reason = 'by hand' WHERE state = 'TRADING'",
        "retraining_history": "UPDATE retraining_history SET duration_s = 0",
        "confidence_history": "DELETE FROM confidence_history WHERE source = 'seat'",
    }
    for table, change in changes.items():
        copy = Project(tmp_path / table)
        shutil.copytree(project.folder, copy.folder)
        with closing(sqlite3.connect(copy.folder / "data" / "tradewind.db")) as store:
            assert store.execute(change).rowcount > 0
            store.commit()
        found = copy.types("db", "check")
        assert found.exit_code == 1
        assert f"{table} does not follow from the journal" in " ".join((found.stdout + found.stderr).split())


@pytest.mark.req("J12", "J14")
def test_status_and_history_show_modes_confidence_and_trainings(ran: tuple[Project, str]) -> None:
    """`learning status` has the parts of the confidence, `learning history` transitions, rules and trainings."""
    project, _ = ran
    status = project.types("learning", "status", "--json")
    assert status.exit_code == 0, status.stderr
    (seat,) = status.document["seats"]
    assert (seat["symbol"], seat["timeframe"], seat["version"] in ("", "v1")) == ("BTC/USDT", "1h", True)
    assert seat["mode"] in ("TRADING", "LEARNING")
    assert {"n", "confidence", "mean_r", "sd_r"} <= seat["seen"].keys()
    history = project.types("learning", "history", "--json").document
    assert len(history["trainings"]) >= 1
    rules = next(one for one in history["transitions"] if one["state"] == "rules")
    assert rules["detail"]["trading_threshold"] == [0.80, 0.60]
    assert "Modes" in project.types("learning", "status").stdout
    assert "cooldown 2 h -> 30 d" in " ".join(project.types("learning", "history").stdout.split())


@pytest.mark.req("J01")
def test_a_replay_without_learn_says_that_its_models_are_heard_unproven(own_market: Project) -> None:
    """They speak from the first bar on, which no run on arriving bars lets them; with --learn nothing is said."""
    configured(own_market)
    bare = own_market.types(*(one for one in RUN if one != "--learn"), "--iterations", "560", "--store", "bare.db")
    assert "models have no modes without --learn" in bare.stderr
    status = own_market.types("learning", "status", "--store", "bare.db")
    assert "BTC/USDT 1h are heard from their first bar on" in " ".join(status.stdout.split())
    learning = own_market.types(*RUN, "--iterations", "560")
    assert learning.exit_code == 0, learning.stderr
    assert "no modes" not in learning.stderr
    (seat,) = own_market.types("learning", "status", "--json").document["seats"]
    assert (seat["symbol"], seat["mode"], seat["transitions"]) == ("BTC/USDT", "LEARNING", 0)


@pytest.mark.req("J20", "J21")
def test_switched_off_nothing_is_trained_and_a_changed_threshold_goes_on_in_the_same_run(own_market: Project) -> None:
    """`enabled = false`: no row, signals go on; another threshold between two lives is journaled with both values."""
    off = SETTINGS.replace("[continuous_learning.confidence]", "[continuous_learning]\nenabled = false\n"
                           "[continuous_learning.confidence]")  # fmt: skip
    configured(own_market, off)
    assert own_market.types(*RUN, "--iterations", "1300", "--quiet").exit_code == 0
    own_market.configured(off.replace("trading_threshold = 0.60", "trading_threshold = 0.82"))
    again = own_market.types(*RUN, "--iterations", "50")
    assert again.exit_code == 0, again.stderr
    assert own_market.rows("SELECT count(*) FROM retraining_history") == [[0]]
    assert own_market.rows("SELECT count(*) FROM signals")[0][0] > 0
    assert "trading_threshold 0.6 -> 0.82" in again.stdout + again.stderr
    changed = own_market.rows("SELECT detail FROM learning_states WHERE state = 'rules' ORDER BY id DESC LIMIT 1")
    assert json.loads(changed[0][0])["trading_threshold"] == [0.60, 0.82]


MINUTES = """
[timeframes]
intervals = [{ interval = "1m", weight = 1 }]
[filters]
enabled = []
[ensemble]
quorum = 1
min_confidence = 0
[strategies]
members = [{ family = "RSI_Reversion", timeframe = "1m" }]
[[predictors]]
name = "wrong"
[continuous_learning.confidence]
trading_threshold = 0.001
hysteresis = 0.000999999
min_events = 30
window = 30
return_evidence = 1
[continuous_learning.retraining]
type = "base_rate"
drift_threshold = 1
calibration_limit = 1
new_labels = 0
every_days = 0
"""


@pytest.mark.req("HZ23", "J06", "J04")
def test_twenty_five_losses_within_six_hours_are_three_trainings(project: Project) -> None:
    """A model that is mostly wrong leads signals minute by minute; nothing but the cool-down of two hours spaces what
    its losses ask for, and each question has its row at the close of a loss."""
    hours = turning([(1900, -0.25)], 3)
    ts = hours.ts_open[0] + np.arange(1900, dtype=np.int64) * MINUTE
    project.imports(hours._replace(ts_open=ts, ts_close=ts + MINUTE), "BTC/USDT", "1m")
    project.configured(MINUTES)
    workspace = Workspace(load_config(folder=project.folder, environment={}), project.folder)
    shelved(workspace, "v1", timeframe=Timeframe.M1, weights={"return_1": 1.0}, scores=SCORES)
    seated(workspace, "v1", timeframe=Timeframe.M1)
    ran = project.types("run", "--feed", "replay", "--symbol", "BTC/USDT", "--interval", "1m", "--allow-unproven",
                        "--learn", "--quiet")  # fmt: skip
    assert ran.exit_code == 0, ran.stderr
    lost = [
        row[0]
        for row in project.rows("SELECT ts FROM signal_outcomes WHERE r < 0 AND member LIKE 'model:%' ORDER BY ts")
    ]
    busiest = max(lost, key=lambda start: sum(start <= one < start + 6 * HOUR for one in lost))
    assert sum(busiest <= one < busiest + 6 * HOUR for one in lost) >= 25
    rows = project.rows("SELECT triggered_at, trigger_reason FROM retraining_history ORDER BY id")
    asked = [round(datetime.fromisoformat(one).replace(tzinfo=UTC).timestamp()) * SECOND for one, _ in rows]
    assert {reason for _, reason in rows} == {"loss_immediate"}
    assert 1 <= sum(busiest <= one < busiest + 6 * HOUR for one in asked) <= 3
    assert all(sum(start <= one < start + 6 * HOUR for one in asked) <= 3 for start in asked)
    assert asked[0] == lost[0]


@pytest.mark.req("J06", "J14")
def test_a_person_orders_a_training_takes_it_back_and_finds_it_on_record(own_market: Project) -> None:
    """Of the next run where none is alive; with cool-down or without; refused in words where nobody sits."""
    project = configured(own_market)
    order = ("learning", "retrain", "BTCUSDT", "-i", "1h")
    part = (*RUN, "--timerange", "20200320-", "--iterations", "20")
    history = "SELECT trigger_reason, detail, ended_at IS NULL FROM retraining_history ORDER BY id"
    assert project.types(*order).exit_code == 3
    assert project.types(*part, "--quiet").exit_code == 0
    assert project.types("learning", "retrain", "NOPE").exit_code == 2

    waits = project.types(*order, "--json").document["order"]
    assert (waits["alive"], waits["answered"], waits["verb"]) == (False, False, "retrain")
    assert project.types("learning", "cancel", "BTCUSDT").exit_code == 0
    assert project.types(*part, "--quiet").exit_code == 0
    assert project.rows(history) == []

    assert project.types(*order, "--by", "olga", "--reason", "new venue").exit_code == 0
    ran = project.types(*part)
    assert "Starting retraining (reason: manual, by olga: new venue)" in ran.stderr + ran.stdout
    ((reason, detail, running),) = project.rows(history)
    assert (reason, json.loads(detail)["by"], running) == ("manual", "olga: new venue", 0)

    for words in (order, ("learning", "retrain", "EURUSD"), ("learning", "retrain", "BTCUSDT", "-i", "4h")):
        assert project.types(*words).exit_code == 0
    assert project.types(*part, "--quiet").exit_code == 0
    assert len(project.rows(history)) == 1
    (cool, *strangers) = project.rows("SELECT status, answer FROM command_inbox ORDER BY id DESC LIMIT 3")[::-1]
    assert cool[0] == "done"
    assert "h for the cool-down" in cool[1]
    for status, answer in strangers:
        assert status == "refused"
        assert "seats of this run: BTC/USDT 1h" in answer

    assert project.types("learning", "cancel", "BTCUSDT", "-i", "1h").exit_code == 0
    assert project.types(*order, "--now").exit_code == 0
    assert project.types(*part, "--quiet").exit_code == 0
    assert [row[0] for row in project.rows(history)] == ["manual", "manual"]
    told = project.types("learning", "history", "--json").document["trainings"]
    assert [one["trigger_reason"] for one in told] == ["manual", "manual"]
    assert told[1]["by"] == "olga: new venue"
    assert "manual, by olga: new venue" in " ".join(project.types("learning", "history").stdout.split())
    assert project.types("replay", "--verify").exit_code == 0
