"""Black box: a run that is going on obeys orders from another shell, and finds them again after a death."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from tests.acceptance.project import Project, reasons_of
from tests.acceptance.test_live_run import begun, heard

RUN = ("run", "--allow-unproven", "--feed", "replay", "-p", "BTC/USDT", "-i", "1h", "--execution", "paper")
SETTINGS = """
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


@pytest.fixture
def busy(own_market: Project) -> Project:
    """A project whose run signals often."""
    return own_market.configured(SETTINGS)


def commands(project: Project) -> list[dict[str, Any]]:
    rows = project.rows("SELECT event FROM journal WHERE kind = 'command' ORDER BY seq")
    return [json.loads(row[0]) for row in rows]


def seq_of_last_command(project: Project) -> int:
    return int(project.rows("SELECT max(seq) FROM journal WHERE kind = 'command'")[0][0])


def fills_after(project: Project, seq: int) -> list[dict[str, Any]]:
    found = []
    for (payload,) in project.rows(f"SELECT outputs FROM journal WHERE seq > {seq} AND outputs LIKE '%\"fill\"%'"):
        found += [one for one in json.loads(payload) if one["type"] == "fill"]
    return found


@pytest.mark.req("G10", "HZ30")
def test_the_kill_switch_reaches_a_running_process_and_outlives_it(busy: Project) -> None:
    """From another shell: no order leaves from then on, after a kill -9 and a restart too, until it is cleared."""
    process = begun(busy, *RUN, "--speed", "2000000")
    assert process.stdout is not None
    assert any(line.startswith("Id  ") for line in process.stdout), "no signal was ever told"
    ordered = busy.types("kill", "on", "--reason", "prices look wrong", "--by", "ann", "--json")
    assert ordered.exit_code == 0, ordered.stderr
    order = ordered.document["order"]
    assert (order["answered"], order["result"], order["state"], order["actor"]) == (True, "done", "halted", "ann")
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    seq = int(order["journal_seq"])
    again = busy.types(*RUN, "--quiet")
    assert again.exit_code == 0, again.stderr
    later = busy.decisions(f"journal_seq > {seq} AND kind <> 'no_decision'")
    assert len(later) > 100
    assert not [one for one in later if "bracket" in one]
    objections = [reasons_of(one)["guard_halted"] for one in later if "guard_halted" in reasons_of(one)]
    assert objections
    assert objections[0]["detail"] == "halted: kill by ann: prices look wrong"
    assert not [one for one in fills_after(busy, seq) if one["leg"] == "entry"]
    assert busy.types("replay", "--verify").exit_code == 0
    assert busy.types("db", "check").exit_code == 0


@pytest.mark.req("G10")
def test_the_kill_file_alone_stops_a_run_and_its_removal_alone_starts_nothing(busy: Project) -> None:
    """The file is noticed at the start; only a person's word with a reason clears what it set."""
    (busy.folder / "data" / "KILL").write_text("written by hand\n")
    assert busy.types(*RUN, "--iterations", "900", "--quiet").exit_code == 0
    assert [(one["verb"], one["actor"], one["reason"]) for one in commands(busy)] == [
        ("kill_on", "kill file", "written by hand")
    ]
    (busy.folder / "data" / "KILL").unlink()
    assert busy.types(*RUN, "--iterations", "600", "--quiet").exit_code == 0
    assert busy.rows("SELECT count(*) FROM signals") == [[0]]
    assert busy.types("kill", "off").exit_code == 2
    waiting = busy.types("kill", "off", "--reason", "prices are right again", "--json").document["order"]
    assert (waiting["alive"], waiting["answered"]) == (False, False)
    assert busy.types(*RUN, "--quiet").exit_code == 0
    assert [one["verb"] for one in commands(busy)] == ["kill_on", "kill_off"]
    first = busy.rows("SELECT min(journal_seq) FROM signals")[0][0]
    assert first > seq_of_last_command(busy)
    assert busy.rows("SELECT status, state FROM command_inbox") == [["done", "normal"]]


@pytest.mark.req("G10")
def test_a_kill_before_the_first_run_is_found_by_it(busy: Project) -> None:
    ordered = busy.types("kill", "on", "--reason", "not before Monday")
    assert ordered.exit_code == 0
    assert "the next look of a run finds the file" in ordered.stdout
    assert busy.types(*RUN, "--quiet").exit_code == 0
    assert busy.rows("SELECT count(*) FROM signals") == [[0]]


def test_a_pause_ends_with_resume_and_a_repeated_order_changes_nothing(busy: Project) -> None:
    """Orders wait in the inbox while no run is alive and are obeyed in order by the next."""
    assert busy.types("pause").exit_code == 3
    assert busy.types(*RUN, "--iterations", "500", "--quiet").exit_code == 0
    for _ in range(2):
        assert "waits for the next start" in busy.types("pause", "--reason", "lunch", "--by", "bob").stdout
    assert busy.types(*RUN, "--iterations", "800", "--quiet").exit_code == 0
    assert busy.rows("SELECT verb, status FROM command_inbox ORDER BY id") == [
        ["pause", "done"],
        ["pause", "unchanged"],
    ]
    paused_at = seq_of_last_command(busy)
    assert busy.rows(f"SELECT count(*) FROM signals WHERE journal_seq > {paused_at}") == [[0]]
    assert busy.types("resume").exit_code == 0
    assert busy.types(*RUN, "--quiet").exit_code == 0
    assert busy.rows(f"SELECT count(*) > 0 FROM signals WHERE journal_seq > {seq_of_last_command(busy)}") == [[1]]
    assert busy.types("replay", "--verify").exit_code == 0


@pytest.mark.req("HZ30")
def test_a_live_run_answers_before_its_next_candle(busy: Project) -> None:
    """A real hour passes between two candles of the SIMULATED market; the answer comes in a moment."""
    process = begun(busy, "run", "--feed", "stream", "--provider", "simulated", "-p", "BTC/USDT", "-i", "1h",
                    "--speed", "1", "--execution", "paper", "--allow-unproven")  # fmt: skip
    try:
        heard(process, "SIMULATED|subscribed")
        order = busy.types("pause", "--wait", "20", "--json").document["order"]
        assert (order["alive"], order["answered"], order["result"]) == (True, True, "done")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
