"""Black box: a run that is going on obeys orders from another shell, and finds them again after a death."""

from __future__ import annotations

import json
import signal
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from tests.acceptance.project import Project, reasons_of
from tests.acceptance.test_live_run import CONFIG, begun, heard, series, words
from tests.acceptance.test_telegram import ADMIN, settings, telegram
from tests.fakes.venue import START, in_background
from tradewind.model.timeframe import HOUR, MINUTE

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
    assert (order["answered"], order["state"], order["actor"]) == (True, "halted", "ann")
    assert order["result"] in ("done", "unchanged"), "the file that lies beside the order may be heard before it"
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


def the_kill_file(project: Project) -> str:
    """What stands in it; a text that no file has where there is none."""
    file = project.folder / "data" / "KILL"
    return file.read_text() if file.exists() else "(none)"


@pytest.mark.req("G10")
def test_the_kill_file_is_written_whatever_the_store_says(own_market: Project) -> None:
    """No page of it is one of a database: the file is there, and what could not be done is said."""
    store = own_market.folder / "data" / "tradewind.db"
    store.write_bytes(b"no database at all" * 100)
    ran = own_market.types("kill", "on", "--reason", "page one is gone", "--json")
    assert ran.exit_code == 0, ran.stdout
    assert "no database" in ran.document["inbox"]
    assert the_kill_file(own_market).startswith("page one is gone\nby ")
    assert store.read_bytes() == b"no database at all" * 100
    off = own_market.types("kill", "off", "--reason", "try")
    assert off.exit_code == 1
    assert the_kill_file(own_market).startswith("page one is gone\nby "), (
        "a store that cannot take the order keeps the file"
    )


@pytest.mark.req("G10")
def test_a_second_kill_without_a_reason_keeps_the_first_ones(own_market: Project) -> None:
    assert own_market.types("kill", "on", "--reason", "prices look wrong", "--by", "ann").exit_code == 0
    assert own_market.types("kill", "on").exit_code == 0
    assert the_kill_file(own_market) == "prices look wrong\nby ann\n"
    own_market.types("kill", "on", "--reason", "worse:\nno prices")
    assert the_kill_file(own_market).startswith("worse:no prices\nby ")


@pytest.mark.req("G10")
def test_a_disk_without_room_leaves_a_kill_file_that_counts_and_says_so(own_market: Project) -> None:
    """The folder takes a name and not a byte more: an empty file is an order too."""
    ran = own_market.types_outside("kill", "on", "--reason", "full", before="ulimit -f 0")
    assert ran.returncode == 0, ran.stderr
    assert "without the reason" in ran.stdout
    assert "counts all the same" in ran.stdout
    assert the_kill_file(own_market) == ""
    assert own_market.types(*RUN, "--iterations", "300", "--quiet").exit_code == 0
    assert [(one["verb"], one["reason"]) for one in commands(own_market)] == [("kill_on", "the file is there")]


@pytest.mark.req("G10")
def test_kill_on_leaves_an_emptied_store_as_it_is_and_nothing_begins_in_one(own_market: Project) -> None:
    """The mark beside it says that there was a run: no schema is made in its place, by whatever verb."""
    assert own_market.types(*RUN, "--iterations", "300", "--quiet").exit_code == 0
    store = own_market.folder / "data" / "tradewind.db"
    for end in ("-wal", "-shm"):
        store.with_name(store.name + end).unlink(missing_ok=True)
    store.write_bytes(b"")
    ran = own_market.types("kill", "on", "--reason", "r")
    assert ran.exit_code == 0
    assert "acknowledged" in ran.stdout
    assert the_kill_file(own_market).startswith("r\n")
    assert own_market.types("db", "init").exit_code == 1
    assert own_market.types(*RUN).exit_code == 1
    assert store.stat().st_size == 0
    store.unlink()
    assert own_market.types("db", "init").exit_code == 1
    assert not store.exists()


@pytest.mark.req("G10")
def test_kill_off_before_the_first_run_removes_the_file_and_says_that_there_is_no_more(own_market: Project) -> None:
    assert own_market.types("kill", "on").exit_code == 0
    ran = own_market.types("kill", "off", "--reason", "false alarm")
    assert ran.exit_code == 0
    assert "was removed" in ran.stdout
    assert the_kill_file(own_market) == "(none)"
    assert own_market.types("kill", "off", "--reason", "again").exit_code == 3


@pytest.mark.req("G10")
def test_kill_off_on_a_store_that_is_locked_says_that_the_file_is_gone_and_the_order_not_given(busy: Project) -> None:
    assert busy.types(*RUN, "--iterations", "300", "--quiet").exit_code == 0
    assert busy.types("kill", "on").exit_code == 0
    with closing(sqlite3.connect(busy.folder / "data" / "tradewind.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ran = busy.types("kill", "off", "--reason", "r")
        other.execute("ROLLBACK")
    assert ran.exit_code == 3
    assert "was removed" in ran.stdout
    assert "could not be given" in ran.stdout
    assert "locked" in ran.stdout


@pytest.mark.req("G10")
def test_a_rollback_that_was_cleared_before_anybody_obeyed_it_ends_no_run(busy: Project) -> None:
    """Ordered and cleared while no run was alive: the next one obeys both and goes on."""
    assert busy.types(*RUN, "--iterations", "300", "--quiet").exit_code == 0
    assert busy.types("rollback", "--reason", "venue closes").exit_code == 0
    assert busy.types("resume", "--stopped", "--reason", "it does not").exit_code == 0
    ran = busy.types(*RUN, "--iterations", "300", "--json")
    assert ran.exit_code == 0, ran.stderr
    assert [one["verb"] for one in commands(busy)] == ["rollback", "resume"]
    assert ran.document["loop"]["stopped"] == "iterations"
    assert busy.types("rollback", "--reason", "now").exit_code == 0
    assert busy.types(*RUN, "--json").document["loop"]["stopped"] == "asked"


def test_the_answer_to_a_pause_says_that_the_run_is_paused(busy: Project) -> None:
    """What holds the account is another question, and named as such."""
    process = begun(busy, "run", "--feed", "stream", "--provider", "simulated", "-p", "BTC/USDT", "-i", "1h",
                    "--speed", "1", "--execution", "paper", "--allow-unproven")  # fmt: skip
    try:
        heard(process, "SIMULATED|subscribed")
        assert "The run is paused; its account is normal" in busy.types("pause", "--wait", "20").stdout
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


@pytest.mark.req("G10", "N01")
def test_people_hear_of_a_rollback_that_ends_the_process_at_once(project: Project) -> None:
    """Ordered while the service was down: it obeys and ends within seconds, and the admin has heard of it by then."""
    with telegram() as bot, in_background([series()], now=START + 300 * HOUR + MINUTE, bars_per_s=5) as venue:
        project.configured(CONFIG + settings(bot.url))
        assert project.types_outside(*words(venue, "stream", "--iterations", "2")).returncode == 0
        assert project.types("kill", "on", "--reason", "first").exit_code == 0
        assert project.types("rollback", "--reason", "venue closes").exit_code == 0
        ran = project.types_outside(*words(venue, "stream"))
        told = "\n".join(bot.api.said_in(ADMIN))
    assert ran.returncode == 0, ran.stderr
    assert "venue closes" in told
    assert "first" in told
    assert project.rows("SELECT count(*) FROM deliveries WHERE state = 'pending'") == [[0]]
