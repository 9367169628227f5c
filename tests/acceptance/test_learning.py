"""Black box: a run follows every signal to its outcome, checks drift hourly, is corrected and shows it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from tests.acceptance.project import Project
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.reader import StoreReader
from tradewind.app.learning.outcome_tracker import OutcomeTracker
from tradewind.app.learning.reading import DriftReport, joined, recent_trades
from tradewind.errors import Misconfigured
from tradewind.model.decision import Signal
from tradewind.model.timeframe import DAY

SETTINGS = """
symbols = ["BTC/USDT"]
[timeframes]
intervals = [{ interval = "1h", weight = 1 }]
[filters]
enabled = []
[ensemble]
quorum = 1
min_record = 5
min_confidence = 0.3
min_agreement = 0.5
"""
RUN = ("run", "--feed", "poll", "--provider", "simulated", "-p", "BTC/USDT", "-i", "1h", "--allow-unproven",
       "--execution", "paper", "--json")  # fmt: skip


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose paper run decided on 500 hours of the SIMULATED market."""
    project = Project(tmp_path_factory.mktemp("learning")).configured(SETTINGS)
    done = project.types(*RUN, "--iterations", "500")
    assert done.exit_code == 0, done.stderr
    return project


def count(project: Project, text: str) -> int:
    return int(project.rows(f"SELECT count(*) FROM {text}")[0][0])


@pytest.mark.req("X18", "H17")
def test_every_signal_has_an_outcome_in_the_store_without_any_report(ran: Project) -> None:
    """All issued signals end by stop, target, time or expiry; signal, fill and outcome are joined by id."""
    assert count(ran, "signals") >= 20
    open_now = count(ran, "signals WHERE status IN ('new', 'open')")
    assert count(ran, "signal_outcomes") == count(ran, "signals") - open_now
    assert open_now <= 1
    assert count(ran, "outcome_audit") == 0
    with StoreReader(ran.folder / "data" / "tradewind.db") as reader:
        rows = joined(reader)
    ended = [row for row in rows if row["result"] in ("won", "lost")]
    assert ended
    for row in ended:
        assert row["entry"] is not None
        assert row["exit_leg"] in ("stop", "target", "time", "close")
        assert (Decimal(row["net"]) > 0) == (row["result"] == "won")


@pytest.mark.req("J15", "K09", "HZ08")
def test_a_day_of_the_run_has_twenty_four_complete_cycles(ran: Project) -> None:
    """Fetched, state extracted, choice logged, checks made, table within its bound: once an hour, none failed."""
    days = ran.rows(
        "SELECT substr(timestamp, 1, 10), count(*), sum(failed), min(checked) FROM learning_cycles GROUP BY 1"
    )
    whole = days[1:-1]
    assert len(whole) > 10
    assert {tuple(row[1:3]) for row in whole} == {(24, 0)}
    assert all(row[3] > 0 for row in whole)
    assert count(ran, "selector_choices WHERE state LIKE '%/%/%'") >= 24 * len(whole)


@pytest.mark.req("K13", "K14", "HZ27")
def test_the_drift_report_of_a_day_keeps_its_schema_and_calls_nobody_in_order_without_a_baseline(ran: Project) -> None:
    """Severity, recent_metrics, win_rate.degradation; UNKNOWN for everybody; another day gives that day's report."""
    shown = ran.types("drift", "report", "--json")
    assert shown.exit_code == 0, shown.stderr
    Draft202012Validator(msgspec.json.schema(DriftReport)).validate(shown.document)
    assert shown.document["simulated"] is True
    rows: list[dict[str, Any]] = shown.document["strategies"]
    assert rows
    assert {row["severity"] for row in rows if row["strategy"] != "consensus"} == {"UNKNOWN"}
    assert all({"severity", "recent_metrics", "win_rate"} <= row.keys() for row in rows)
    assert all("degradation" in row["win_rate"] for row in rows)
    earlier = shown.document["days"][3]
    other = ran.types("drift", "report", "--date", earlier.replace("-", ""), "--json")
    assert other.document["date"] == earlier
    assert {row["at"][:10] for row in other.document["strategies"]} == {earlier}
    assert ran.types("drift", "report", "--date", "soon").exit_code == 2
    assert "SIMULATED" in ran.types("drift", "report").stdout
    assert ran.types("drift", "baseline").exit_code == 3


@pytest.mark.req("L01", "L07")
def test_the_selector_shows_state_weights_and_logged_choices_the_same_every_time(ran: Project) -> None:
    """``rl state`` is the same verb; every choice has state, action and value; votes are not weighed by default."""
    first = ran.types("selector", "state", "BTC/USDT", "--json")
    assert first.exit_code == 0, first.stderr
    found = first.document
    assert found == ran.types("rl", "state", "BTC/USDT", "--json").document
    assert found["state"].count("/") == 2
    assert found["applied"] is False
    assert found["action"] in found["weights"]
    assert all({"state", "action", "value"} <= row.keys() for row in found["choices"])
    assert ran.types("selector", "state", "EUR/USD").exit_code == 2


@pytest.mark.req("L07")
def test_switched_off_under_either_name_there_is_no_choice_and_every_decision_is_the_same(tmp_path, ran) -> None:
    """``rl.enabled = false`` is ``selector.enabled = false``: the pure ensemble."""
    project = Project(tmp_path).configured(SETTINGS + "\n[rl]\nenabled = false\n")
    done = project.types(*RUN, "--iterations", "500")
    assert done.exit_code == 0, done.stderr
    assert count(project, "selector_choices") == 0
    sides = "SELECT timestamp, direction, entry, stop_loss, lots FROM signals ORDER BY ts"
    assert project.rows(sides) == ran.rows(sides)


@pytest.mark.req("H16", "DIS22", "J16")
def test_a_report_overrides_an_outcome_with_an_audit_row_and_its_mistakes_are_answered(ran: Project) -> None:
    """Put by another process, obeyed by the next life; a second one, an unknown id and a bad number are refused."""
    path = ran.folder / "data" / "tradewind.db"
    (name, last), = ran.rows("SELECT signal_id, (SELECT max(ts) FROM decisions) FROM signal_outcomes"
                             " WHERE result = 'won' ORDER BY ts DESC LIMIT 1")  # fmt: skip
    with OutcomeTracker(path, ManualClock(last)) as tracker:
        before = tracker.get_recent_trades(30)
        assert {one.signal_id for one in before} == {
            row[0] for row in ran.rows(f"SELECT signal_id FROM signal_outcomes WHERE ts > {last - 30 * DAY}")
        }
        tracker.record_outcome(name, "loss", Decimal("12.50"), actor="ann", reason="closed by hand")
        tracker.record_outcome(name, "profit", Decimal(3), actor="bob")
        tracker.record_outcome("nobody", "profit", Decimal(3), actor="bob")
        with pytest.raises(Misconfigured, match="above 0"):
            tracker.record_outcome(name, "profit", Decimal("NaN"), actor="bob")
        summary = ran.rows(f"SELECT summary FROM signals WHERE id = '{name}'")[0][0]
        assert tracker.record_signal(msgspec.json.decode(summary, type=Signal))
    again = ran.types(*RUN, "--iterations", "3")
    assert again.exit_code == 0, again.stderr
    answers = ran.rows("SELECT status, answer FROM command_inbox ORDER BY id")
    assert [row[0] for row in answers] == ["done", "refused", "refused"]
    assert "lost instead of won" in answers[0][1]
    assert "reported already" in answers[1][1]
    assert "no signal nobody" in answers[2][1]
    assert ran.rows("SELECT signal_id, result_from, result_to, amount, actor, reason FROM outcome_audit") == [
        [name, "won", "lost", "12.50", "ann", "closed by hand"]
    ]
    assert ran.rows(f"SELECT status FROM signals WHERE id = '{name}'") == [["lost"]]
    with StoreReader(path) as reader:
        now = {one.signal_id: one for one in recent_trades(reader, last + DAY)}
    assert (now[name].source, now[name].result) == ("report", "lost")
    assert ran.types("db", "check").exit_code == 0
    assert json.loads(ran.rows("SELECT event FROM journal WHERE kind = 'command' ORDER BY seq")[0][0])["actor"] == "ann"
