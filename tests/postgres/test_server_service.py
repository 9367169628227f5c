"""The service itself on PostgreSQL: venue, chat, orders from another shell, a death, a backup, and what verbs see."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.acceptance.project import Project
from tests.acceptance.test_cut_network import drained, last, moves, waits
from tests.acceptance.test_live_run import CONFIG, begun, decided, words
from tests.acceptance.test_live_run import series as hours
from tests.acceptance.test_service import asked
from tests.acceptance.test_store_away import page
from tests.acceptance.test_telegram import ADMIN, CHAT, LOOSE, OWNER, settings, telegram
from tests.fakes.venue import START, in_background
from tests.ports import free_port
from tests.postgres_server import Server
from tradewind.adapters.store.seat import PostgresSeat
from tradewind.model.timeframe import HOUR, MINUTE

READS = (
    ("status",), ("why", "BTC/USDT"), ("risk", "status"), ("trades", "list"), ("trades", "worst"),
    ("orders", "list"), ("filters", "stats"), ("drift", "report"), ("selector", "state", "BTC/USDT"),
    ("config", "history"),
    ("db", "check"),
)  # fmt: skip


@pytest.mark.req("R08", "R09", "R10", "O01", "O04", "O07", "O09", "O18", "INV-05", "INV-06")
@pytest.mark.timeout(600)
def test_the_service_lives_on_a_server_dies_goes_on_and_is_seen_by_every_verb(
    seat: PostgresSeat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Statuses, heartbeats, schedule, inbox, outbox, doctor and backup work on the server as on the file."""
    monkeypatch.setenv("DB_URL", seat.url)
    project, port = Project(tmp_path), free_port()
    with telegram() as bot, in_background([hours()], now=START + 300 * HOUR + MINUTE) as venue:
        project.configured(CONFIG + LOOSE + settings(bot.url) + f"[monitoring]\nhealth_port = {port}\n")
        for death in (signal.SIGKILL, signal.SIGTERM):
            process = begun(project, *words(venue, "stream", "--quiet", "--json"))
            waits(venue.venue.audience, "it never subscribed", process)
            moves(venue, 25)
            waits(lambda: last(project) and last(project) % 25 == 0, "it stands still", process)
            drained(project, process)
            if death == signal.SIGTERM:
                seen_while_it_lives(project, port)
                assert "PAUSED" in bot.asks(OWNER, "/status")
            process.send_signal(death)
            out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["service"]["restarts"] == 0
    found = decided(project)
    assert found == list(range(found[0], START + 351 * HOUR, HOUR))
    told = [message for message in bot.api.messages if message.chat_id in (CHAT, ADMIN)]
    states = project.rows("SELECT state, count(*), sum(doubts) FROM deliveries GROUP BY state")
    owed = sum(count for _, count, _ in states)
    assert {state for state, *_ in states} <= {"sent", "missed"}
    assert owed <= len(told) <= owed + sum(doubts for *_, doubts in states)
    assert project.rows("SELECT count(*) FROM heartbeats WHERE ended = 'stopped'") == [[1]]
    assert project.rows("SELECT count(DISTINCT fencing) FROM heartbeats") == [[2]]
    assert project.types("db", "check").exit_code == 0
    assert project.types("replay", "--verify").exit_code == 0
    assert not (tmp_path / "data" / "tradewind.db").exists(), "the file was not used beside the server"


@pytest.mark.req("R08", "O15")
@pytest.mark.timeout(300)
def test_a_server_that_is_gone_for_a_while_is_waited_for_told_and_costs_no_bar(
    server: Server, seat: PostgresSeat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped until people have heard of it, then started: the same process goes on with what it missed."""
    monkeypatch.setenv("DB_URL", seat.url)
    project, port = Project(tmp_path), free_port()
    with telegram() as bot, in_background([hours()], now=START + 300 * HOUR + MINUTE) as venue:
        project.configured(CONFIG + settings(bot.url) + f"[monitoring]\nhealth_port = {port}\n")
        process = begun(project, *words(venue, "stream", "--quiet", "--json"))
        waits(venue.venue.audience, "it never subscribed", process)
        moves(venue, 5)
        waits(lambda: last(project) and last(project) % 5 == 0, "it stands still", process)
        server.stop()
        try:
            moves(venue, 5)
            told = lambda text: any(text in one for one in bot.api.said_in(ADMIN))  # noqa: E731  said twice below
            waits(lambda: told("The store does not answer"), "nobody was told", process)
            status, body = page(port, "/healthz")
        finally:
            server.revive()
        assert (status, "cannot be reached" in body) == (503, True)
        waits(lambda: told("The store answers again"), "it never came back", process)
        moves(venue, 5)
        waits(lambda: last(project) == 15, "it stands still", process)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["service"]["lives"] >= 2
    found = decided(project)
    assert found == list(range(found[0], START + 316 * HOUR, HOUR))
    assert project.types("replay", "--verify").exit_code == 0


def seen_while_it_lives(project: Project, port: int) -> None:
    """Every verb that looks at a running service, an order to it, and a backup of it."""
    waited = project.types("status", "--wait", "60", "--json")
    assert waited.exit_code == 0, waited.stdout
    view = project.types("status", "--resources", "--json").document
    assert view["service"]["state"] == "running"
    assert view["uptime"]["lines"]
    assert asked(port, "/healthz")[0] == 200
    metrics = asked(port, "/metrics")[1]
    assert "tradewind_outbox" in metrics
    assert "tradewind_journal_seq " in metrics
    jobs = {job["name"]: job for job in project.types("schedule", "list", "--json").document["jobs"]}
    assert jobs["health-check"]["next"] > 0
    paused = project.types("pause", "--reason", "lunch", "--json")
    assert paused.exit_code == 0, paused.stdout
    assert project.rows("SELECT verb, status FROM command_inbox") == [["pause", "done"]]
    answers = {typed: project.types(*typed, "--json") for typed in READS}
    assert {typed: ran.stdout + ran.stderr for typed, ran in answers.items() if ran.exit_code not in (0, 4)} == {}
    made = project.types("db", "backup", "--json")
    assert made.exit_code == 0, made.stdout
    doctor = project.types("doctor", "--json").document
    store = {one["name"]: one["state"] for one in doctor["findings"] if one["topic"] == "store"}
    assert store, doctor
    assert "fail" not in store.values(), store
