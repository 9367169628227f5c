"""Orders beside the engine, as a person meets them: what was sent, what was filled, what waits for approval."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests import scene
from tests.acceptance.project import Project
from tradewind.adapters.execution.hostile import HostileVenue
from tradewind.app import venues
from tradewind.app.order_desk import SteppedDesk

RUN = ("run", "--allow-unproven", "--feed", "replay", "--execution", "paper", "--quiet", "--json")
STEPS = ("--iterations", "1500")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder with candles; each test copies it."""
    folder = tmp_path_factory.mktemp("orders")
    scene.store_candles(folder, scene.planted().recordings)
    return folder


def project_with(market: Path, folder: Path, orders: str) -> Project:
    """The project with a section ``[orders]``."""
    import shutil

    shutil.copytree(market, folder / "project")
    made = Project(folder / "project")
    configuration = made.folder / "tradewind.toml"
    before = configuration.read_text() if configuration.exists() else ""
    configuration.write_text(f"{before}\n[orders]\n{orders}\n")
    return made


def document(project: Project, *words: str, code: int = 0) -> Any:
    ran = project.types(*words, "--json")
    assert ran.exit_code == code, ran.stdout + ran.stderr
    return json.loads(ran.stdout)


def rows(project: Project, statement: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(project.folder / "data" / "tradewind.db") as connection:
        return connection.execute(statement).fetchall()


@pytest.mark.req("H14", "G09")
def test_every_execution_is_held_against_what_was_intended(market: Path, tmp_path: Path) -> None:
    """A run on the paper account: nothing unmatched, every position behind a stop of its size, the books whole."""
    project = project_with(market, tmp_path, 'venue = "paper"\nreconcile_every = 86400')
    assert project.types(*RUN, *STEPS).exit_code == 0
    report = document(project, "orders", "reconcile")["report"]
    assert report["unmatched"] == []
    assert report["differences"] == []
    assert report["entries"] >= 10
    assert report["whole"] + report["unfilled"] == report["entries"]
    listed = document(project, "orders", "list")["orders"]
    told = " ".join(project.types("orders", "list").stdout.split())
    assert ("is no overfill" in told) == any(one["filled"] > one["intended"] for one in listed)
    entries = [one for one in listed if one["leg"] == "entry" and one["filled"]]
    stops = {one["signal_id"]: one for one in listed if one["leg"] == "stop"}
    assert all(stops[one["signal_id"]]["intended"] == one["filled"] for one in entries)
    assert rows(project, "SELECT count(*) FROM venue_requests WHERE answer = ''") == [(0,)]
    assert project.types("db", "check").exit_code == 0


@pytest.mark.req("H14")
def test_a_stop_that_is_not_of_the_size_of_its_position_is_an_unmatched_line(market: Path, tmp_path: Path) -> None:
    """A mismatch written into the table is found and named, and the verb ends with 4."""
    project = project_with(market, tmp_path, 'venue = "paper"\nreconcile_every = 86400')
    assert project.types(*RUN, *STEPS).exit_code == 0
    with sqlite3.connect(project.folder / "data" / "tradewind.db") as connection:
        connection.execute("DELETE FROM orders WHERE leg <> 'entry' AND signal_id IN (SELECT signal_id FROM orders"
                           " WHERE leg = 'entry' AND filled > 0 LIMIT 1)")  # fmt: skip
    report = document(project, "orders", "reconcile", code=4)["report"]
    assert "stop_size" in {one["code"] for one in report["unmatched"]}


@pytest.mark.req("X15")
def test_a_position_nobody_opened_is_flagged_and_trading_pauses(
    market: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account holds something before the run begins: one notice, no signal after it, the report names it."""
    real = venues._venue

    def with_an_orphan(engine: Any, kept: str, keep: Any) -> Any:
        made = real(engine, kept, keep)
        assert isinstance(made, HostileVenue)
        made.by_hand("EUR/USD", 1, 7, 0)
        return made

    monkeypatch.setattr(venues, "_venue", with_an_orphan)
    project = project_with(market, tmp_path, 'venue = "hostile"\nreconcile_every = 86400')
    assert project.types(*RUN, "--iterations", "600").exit_code == 0
    assert rows(project, "SELECT count(*) FROM signals") == [(0,)]
    report = document(project, "orders", "reconcile")["report"]
    assert [one["code"] for one in report["differences"]].count("external_position") == 1
    paused = rows(project, "SELECT summary FROM decisions WHERE kind = 'no_trade' AND summary LIKE '%paused%'")
    assert paused


@pytest.mark.req("X14")
def test_a_rehearsal_against_everything_that_goes_wrong_sends_no_order_twice(market: Path, tmp_path: Path) -> None:
    """Lost answers, pages, late orders, parts, refusals: one entry for each signal, never more than was intended."""
    project = project_with(market, tmp_path, 'venue = "hostile"\nreconcile_every = 3600')
    assert project.types(*RUN, *STEPS).exit_code == 0
    placed = rows(project, "SELECT client_id, count(*) FROM venue_requests WHERE action = 'place' AND client_id IN"
                  " (SELECT client_id FROM orders WHERE leg = 'entry') GROUP BY client_id")  # fmt: skip
    assert len(placed) >= 10
    assert {count for _, count in placed} == {1}
    assert rows(project, "SELECT count(*) FROM orders WHERE filled > intended AND leg = 'entry'") == [(0,)]
    assert project.types("db", "check").exit_code == 0
    assert project.types("replay", "--verify", "--json").exit_code == 0


@pytest.mark.req("H07")
def test_an_entry_waits_for_approval_and_expires_without_it(market: Path, tmp_path: Path) -> None:
    """`orders.approval = required`: nothing leaves by itself."""
    project = project_with(
        market, tmp_path, 'venue = "paper"\napproval = "required"\napproval_ttl = 60\nreconcile_every = 86400'
    )
    assert project.types(*RUN, "--iterations", "700").exit_code == 0
    states = {state for (state,) in rows(project, "SELECT state FROM orders")}
    assert states <= {"expired", "waiting"}
    assert "expired" in states
    assert rows(project, "SELECT count(*) FROM venue_requests WHERE action = 'place'") == [(0,)]
    assert rows(project, "SELECT count(*) FROM positions") == [(0,)]


@pytest.mark.req("H07")
def test_a_person_lets_an_entry_go_from_another_shell(
    market: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`orders approve SIGNAL` reaches the waiting entry through the inbox; `orders list --open` shows what waits."""
    project = project_with(
        market, tmp_path, 'venue = "paper"\napproval = "required"\napproval_ttl = 86400\nreconcile_every = 86400'
    )
    given: list[str] = []
    real = SteppedDesk.take

    def approving(self: SteppedDesk, outputs: Any) -> None:
        real(self, outputs)
        waiting = [one for one in self.manager.book.own.values() if one.phase == "waiting"]
        for one in waiting if not given else ():
            given.append(one.signal_id)
            assert project.types("orders", "list", "--open", "--json").exit_code == 0
            asked = project.types("orders", "approve", one.signal_id, "--by", "ann", "--wait", "0", "--json")
            assert asked.exit_code == 0, asked.stderr

    monkeypatch.setattr(SteppedDesk, "take", approving)
    assert project.types(*RUN, "--iterations", "700").exit_code == 0
    assert len(given) == 1
    filled = rows(project, "SELECT signal_id, filled > 0 FROM orders WHERE leg = 'entry' AND filled > 0")
    assert filled == [(given[0], 1)]


APPROVE = ("run", "--allow-unproven", "--feed", "replay", "--execution", "approve", "--quiet", "--json")


@pytest.mark.req("H07")
def test_execution_approve_sends_nothing_by_itself_and_says_what_became_of_each_question(
    market: Path, tmp_path: Path
) -> None:
    """The flag alone: every entry is asked for, expires unanswered, is told as expired; a replay finds the same."""
    project = project_with(market, tmp_path, "reconcile_every = 86400")
    ran = project.types(*APPROVE, "--iterations", "700")
    assert ran.exit_code == 0, ran.stderr
    assert rows(project, "SELECT count(*) FROM venue_requests WHERE action = 'place'") == [(0,)]
    told = [
        key.split()[-1] for (key,) in rows(project, "SELECT key FROM outbox WHERE key LIKE 'approval %' ORDER BY id")
    ]
    asked = sum(word not in ("expired", "withdrawn") for word in told)
    assert asked >= 2
    assert told.count("expired") == len(rows(project, "SELECT 1 FROM orders WHERE detail = 'not_approved'")) > 0
    assert rows(project, "SELECT DISTINCT status FROM signals WHERE status <> 'new'") == [("expired",)]
    assert project.types("replay", "--verify", "--json").exit_code == 0
    assert document(project, "status")["run"]["execution"] == "approve"


@pytest.mark.req("H07")
def test_execution_auto_sends_to_the_paper_venue_what_the_engines_own_broker_would_fill(
    market: Path, tmp_path: Path
) -> None:
    """Orders leave by themselves, and every fill is that of the engine, price for price."""
    sent = project_with(market, tmp_path / "sent", "reconcile_every = 86400")
    filled = project_with(market, tmp_path / "filled", "")
    words = ("run", "--allow-unproven", "--feed", "replay", "--quiet", "--iterations", "900", "--execution")
    assert sent.types(*words, "auto").exit_code == 0
    assert filled.types(*words, "paper").exit_code == 0
    trades = "SELECT symbol, ts_entry, entry, exit_leg, pnl_absolute FROM trade_outcomes ORDER BY ts_exit, symbol"
    assert rows(sent, trades) == rows(filled, trades) != []
    assert rows(sent, "SELECT count(*) FROM venue_requests WHERE action = 'place'")[0][0] > 0


@pytest.mark.req("H07")
def test_the_shell_says_why_an_order_cannot_be_let_go(market: Path, tmp_path: Path) -> None:
    """Unknown, expired, and a run that asks nobody: refused in words by the run itself."""
    project = project_with(market, tmp_path, "reconcile_every = 86400")
    assert project.types(*APPROVE, "--iterations", "700").exit_code == 0
    ((expired,),) = rows(project, "SELECT signal_id FROM orders WHERE detail = 'not_approved' ORDER BY ts LIMIT 1")
    requests = []
    for name in (expired, "nope"):
        given = document(project, "orders", "approve", name, "--by", "ann", "--wait", "0")
        requests.append(given["order"]["request"])
    assert project.types(*APPROVE, "--iterations", "1").exit_code == 0
    answers = dict(rows(project, "SELECT id, status || ': ' || answer FROM command_inbox"))
    assert answers[int(requests[0])].startswith(f"refused: {expired} does not wait: expired at ")
    assert "nobody approved it in time" in answers[int(requests[0])]
    assert answers[int(requests[1])] == "refused: there is no order of nope that waits"


AUTO = ("run", "--allow-unproven", "--feed", "replay", "--execution", "auto", "--quiet", "--json")


@pytest.mark.req("G16", "G03", "H18")
def test_a_run_that_fell_too_far_goes_on_on_paper_until_a_person_starts_it_again(market: Path, tmp_path: Path) -> None:
    """Positions closed, no order after the stop, paper trades told, a restart stays on paper, resume sends again."""
    project = project_with(market, tmp_path, "[risk]\nmax_drawdown = 0.01\ndrawdown_alert = 0")
    assert project.types(*AUTO, "--iterations", "1000").exit_code == 0
    ((stopped,),) = rows(project, "SELECT ts FROM guard_state WHERE cause = 'drawdown_limit'")
    entries = (
        "SELECT count(*) FROM venue_requests WHERE action = 'place' AND client_id IN"
        " (SELECT client_id FROM orders WHERE leg = 'entry')"
    )
    assert rows(project, f"{entries} AND ts <= {stopped}")[0][0] > 0
    assert rows(project, f"{entries} AND ts > {stopped}") == [(0,)]
    assert rows(project, "SELECT count(*) FROM positions WHERE status = 'open'") == [(0,)]
    assert rows(project, "SELECT count(*) FROM venue_requests WHERE answer = 'refused'") == [(0,)]
    told = "SELECT count(*) FROM outbox WHERE topic = 'trade' AND key LIKE 'paper closed %'"
    before = rows(project, told)[0][0]
    assert before > 0
    assert rows(project, "SELECT count(*) FROM outbox WHERE key LIKE 'paper_fallback%' AND topic = 'guard'") == [(1,)]
    again = project.types(*AUTO[:-2], "--iterations", "200")
    assert again.exit_code == 0
    assert "no order leaves, signals are followed on paper" in again.stderr
    assert rows(project, told)[0][0] > before
    status = document(project, "status")["run"]
    assert status["paper"]["cause"] == "drawdown_limit"
    assert status["paper"]["trades"] == rows(project, told)[0][0]
    assert "paper since" in project.types("status").stdout
    assert project.types("resume", "--stopped", "--reason", "reviewed", "--wait", "0").exit_code == 0
    assert project.types(*AUTO, "--iterations", "400").exit_code == 0
    assert rows(project, f"{entries} AND ts > {stopped}")[0][0] > 0
    assert project.types("replay", "--verify", "--json").exit_code == 0
