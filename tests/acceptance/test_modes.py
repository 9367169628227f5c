"""Black box: a paper run whose model trades, learns and is trained again by real trainings beside it."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.acceptance.project import Project
from tests.fakes.shelved_models import seated, shelved
from tradewind.app.config import load_config
from tradewind.app.workspace import Workspace

RUN = ("run", "--feed", "replay", "--symbol", "BTC/USDT", "--interval", "1h", "--allow-unproven", "--learn",
       "--execution", "paper")  # fmt: skip
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
    first = project.types(*RUN, "--iterations", "1300")
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
