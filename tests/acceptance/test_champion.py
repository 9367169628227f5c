"""Black box: one model from its training to the day its market turns: it earns a seat, leads, stops, is trained again.

Everything is typed, every threshold is the product's own, the market is SIMULATED.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NamedTuple

import pytest

from tests.acceptance.project import Project
from tests.fakes.turning_market import turning

PAIR, SERIES = "BTC/USDT", ("--symbol", "BTC/USDT", "--interval", "1h")
KNOWN, LATER, TURNED = 4000, 110, 260
SETTINGS = """
symbols = ["BTC/USDT"]
[timeframes]
intervals = [{ interval = "1h", weight = 1 }]
"""
SERVED = (
    SETTINGS
    + """
[ensemble]
quorum = 1
[filters]
enabled = []
[strategies]
members = [{ family = "RSI_Reversion", timeframe = "1h" }]
[[predictors]]
name = "hourly"
[continuous_learning.retraining]
min_interval_hours = 300
new_labels = 0
every_days = 0
"""
)
pytestmark = pytest.mark.timeout(900)  # trainings have the least urgency: a busy machine may take its time


class Lived(NamedTuple):
    """A project whose model lived through all of it; ``said`` is what the run told, ``turn`` when the market turned."""

    project: Project
    version: str
    sha256: str
    said: str
    turn: str


def typed(project: Project, *words: str) -> dict[str, Any]:
    ran = project.types(*words, "--json")
    assert ran.exit_code == 0, (words, ran.stdout[-2000:], ran.stderr)
    document: dict[str, Any] = json.loads(ran.stdout)
    return document


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """train, evaluate, promote; new bars; run: each as a person types it."""
    project = Project(tmp_path_factory.mktemp("champion")).configured(SETTINGS)
    bars = turning(((KNOWN + LATER, 0.85), (TURNED, -0.6)), 5)
    project.imports(bars.take(slice(0, KNOWN)), PAIR)
    version = typed(project, "train", *SERIES, "--type", "logistic")["version"]
    assert typed(project, "evaluate", "--model", version)["models"][0]["promotable"]
    (decision,) = typed(project, "promote", "--model", version)["decisions"]
    assert (decision["action"], decision["outcome"]) == ("promote", "done")
    project.imports(bars.take(slice(KNOWN, None)), PAIR)
    project.configured(SERVED)
    since = datetime.fromtimestamp(int(bars.ts_open[2690]) // 10**9, UTC).strftime("%Y%m%d")
    ran = project.types("run", "--feed", "replay", *SERIES, "--timerange", f"{since}-", "--allow-unproven", "--learn",
                        "--execution", "paper")  # fmt: skip
    assert ran.exit_code == 0, ran.stderr
    turn = datetime.fromtimestamp(int(bars.ts_close[KNOWN + LATER]) // 10**9, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return Lived(project, version, manifest(project, version)["sha256"], ran.stdout + ran.stderr, turn)


def manifest(project: Project, version: str) -> dict[str, Any]:
    """What is on file of a version, the project's or the run's own."""
    (path,) = project.folder.glob(f"**/versions/{version}/manifest.json")
    text = path.read_text()
    found: dict[str, Any] = json.loads(text)["model"]
    return found


def moves(lived: Lived) -> list[list[Any]]:
    """Transitions of the seat: mode, why, when, whose, what was known."""
    return lived.project.rows(
        "SELECT state, reason, timestamp, version, detail FROM learning_states WHERE state <> 'rules' ORDER BY id"
    )


@pytest.mark.req("I14", "H19", "E08")
def test_a_promoted_champion_leads_signals_that_carry_its_hash(lived: Lived) -> None:
    """No signal before it stands in TRADING; each names version and hash of who led it, orders follow, all on bars that
    it was not made from."""
    first = moves(lived)[0]
    assert (first[0], first[3]) == ("TRADING", lived.version)
    signals = [json.loads(one) for (one,) in lived.project.rows("SELECT summary FROM signals ORDER BY ts")]
    led = [one for one in signals if "model:BTC-USDT:1h:champion" in one["consensus"]["voters"]]
    assert len(led) > 20
    for one in led:
        (reason,) = [check for check in one["checks"] if check["code"] == "model"]
        assert lived.version in reason["detail"]
        assert lived.sha256[:16] in reason["detail"]
        assert one["stamp"].startswith("SIMULATED")
    assert lived.project.rows(f"SELECT count(*) FROM signals WHERE timestamp < '{first[2]}'") == [[0]]
    assert lived.project.rows("SELECT count(*) FROM trade_outcomes")[0][0] > 20
    spoken = lived.project.rows("SELECT DISTINCT version, sha256 FROM forecasts WHERE seat = 'champion'")
    assert spoken == [[lived.version, lived.sha256]]
    provenance = json.loads(
        (lived.project.folder / "models" / "versions" / lived.version / "manifest.json").read_text()
    )
    tested = provenance["model"]["provenance"]["tested"][1]
    assert lived.project.rows("SELECT min(ts) FROM forecasts WHERE acted = 1")[0][0] > tested


@pytest.mark.req("HZ22", "J09", "D18", "D19")
def test_before_it_traded_it_had_shown_held_out_accuracy_calibration_and_confidence(lived: Lived) -> None:
    """The seat was given for sealed bars: accuracy above the base rate, calibration; heard from the threshold on."""
    (found,) = typed(lived.project, "evaluate", "--model", lived.version)["models"]
    windows = {one["window"]: one["figures"] for one in found["windows"]}
    sealed = windows["sealed"]
    assert sealed["skill_low"] > 0.0
    assert 0.0 <= sealed["ece"] < 0.10
    record = json.loads((lived.project.folder / "models" / "decisions.jsonl").read_text().splitlines()[0])
    assert "sealed" in json.dumps(record)
    seen = json.loads(moves(lived)[0][4])
    assert seen["n"] >= 100
    assert seen["confidence"] >= 0.80


@pytest.mark.req("J01", "J03", "J05")
def test_when_its_market_turns_it_stops_within_days_and_nobody_hears_it_again(lived: Lived) -> None:
    """Losses after the turn put the seat into LEARNING for drift; from there on no signal, and shadow votes go on."""
    after = [one for one in moves(lived) if one[2] >= lived.turn]
    assert (after[0][0], after[0][1]) == ("LEARNING", "drift")
    fell = after[0][2]
    losses = "SELECT count(*) FROM signal_outcomes WHERE r < 0 AND timestamp BETWEEN '{}' AND '{}'"
    assert lived.project.rows(losses.format(lived.turn, fell))[0][0] >= 3
    assert lived.project.rows(f"SELECT count(*) FROM signals WHERE timestamp >= '{fell}'") == [[0]]
    silent = f"SELECT count(*) FROM decisions WHERE timestamp >= '{fell}' AND summary LIKE '%\"learning\"%'"
    assert lived.project.rows(silent)[0][0] > 0
    assert lived.project.rows(f"SELECT count(*) FROM forecasts WHERE timestamp >= '{fell}'")[0][0] > 50


@pytest.mark.req("J04", "J06", "J10", "J14", "J17")
def test_a_loss_and_the_decline_have_it_trained_beside_the_run_and_a_good_candidate_challenges(
    lived: Lived,
) -> None:
    """Asked at the losing close, answered by an event; what met gate and target shadows beside it and leads nothing."""
    rows = lived.project.rows(
        "SELECT trigger_reason, triggered_at, version, fault, passed, duration_s FROM retraining_history ORDER BY id"
    )
    first, *others = rows
    assert first[0] == "loss_immediate"
    assert (
        lived.project.rows(f"SELECT count(*) FROM signal_outcomes WHERE r < 0 AND timestamp = '{first[1]}'")[0][0] == 1
    )
    assert "drift" in [one[0] for one in others]
    for _, _, version, fault, _, duration in rows:
        assert bool(version) is not bool(fault)
        assert duration > 0.0
    candidate = first[2]
    assert first[4], lived.said
    assert [one["action"] for one in typed(lived.project, "models", "decisions")["decisions"]] == ["promote"]
    decisions = typed(lived.project, "models", "decisions", "--store", "data/tradewind.db")["decisions"]
    challenged = [one for one in decisions if (one["action"], one["outcome"]) == ("challenge", "done")]
    assert challenged[0]["version"] == candidate
    assert challenged[0]["reason"] == "retrained (loss_immediate)"
    both = lived.project.rows(f"SELECT count(*), sum(acted) FROM forecasts WHERE version = '{candidate}'")[0]
    assert both[0] > 50
    assert both[1] == 0
    for line in ("Starting retraining (reason: loss_immediate)", f"{candidate} shadows from now on",
                 "Transitioned to TRADING mode (confidence: ", "Transitioned to LEARNING mode ("):  # fmt: skip
        assert line in lived.said


@pytest.mark.req("J11", "HZ23", "J06")
def test_what_was_trained_knew_nothing_of_the_bars_after_its_question(lived: Lived) -> None:
    """The market is recorded to its end; every training ends with the close that asked for it, and none comes early."""
    rows = lived.project.rows("SELECT version, triggered_at FROM retraining_history WHERE fault IS NULL ORDER BY id")
    asked = [datetime.fromisoformat(one).replace(tzinfo=UTC).timestamp() for _, one in rows]
    for (version, _), ts in zip(rows, asked, strict=True):
        assert manifest(lived.project, version)["provenance"]["tested"][1] <= ts * 10**9
    assert all(later - earlier >= 300 * 3600 for earlier, later in pairwise(asked))


@pytest.mark.req("J13")
def test_the_whole_life_of_the_model_is_repeated_byte_for_byte_from_the_journal(lived: Lived) -> None:
    """Swaps, trainings and falls are events: no trainer is asked, every byte is the recorded one."""
    kinds = dict(lived.project.rows("SELECT kind, count(*) FROM journal GROUP BY kind"))
    assert kinds["model"] >= 2
    assert kinds["model_trained"] >= 2
    versions = sorted(lived.project.folder.glob("**/versions/*"))
    assert len(versions) > 1
    ran = lived.project.types("replay", "--verify")
    assert ran.exit_code == 0, ran.stderr
    assert "byte-equal" in ran.stdout
    assert sorted(lived.project.folder.glob("**/versions/*")) == versions
