"""Black box: the first minute. No network, no account, no question; verdicts are computed, whatever the seed."""

from __future__ import annotations

import json
import re
import shlex
import socket
from datetime import datetime
from pathlib import Path

import pytest

from tests.acceptance.project import Project
from tests.cli_runner import Ran
from tradewind.adapters.market.simulated_edge import EdgeKind, PlantedEdge
from tradewind.adapters.wall_clock import WallClock

ROOT = Path(__file__).resolve().parents[2]
SEEDS = (2, 7, 42)  # beside 1 and 3 below


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt to reach anything fails the test."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the demo reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Ran]:
    project = Project(tmp_path_factory.mktemp("demo"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "100")
        return project, project.types("demo")


def test_the_demo_refuses_what_has_no_edge_accepts_what_has_one_and_trades_it(shown: tuple[Project, Ran]) -> None:
    _, ran = shown
    assert ran.exit_code == 0, ran.stderr
    said = ran.stdout
    assert re.search(r"REFUSED\s+\w+: (FAIL|INSUFFICIENT)", said)
    assert re.search(r"ACCEPTED\s+\w+: PASS, 29/29 criteria", said)
    assert said.index("REFUSED") < said.index("ACCEPTED") < said.index("One week of paper trading")
    assert re.search(r"168 bars decided: \d+ signals, \d+ closed", said)
    assert "the same decisions, byte for byte" in said
    tables = [line for line in said.splitlines() if line.startswith(("SIMULATED", "   SIMULATED"))]
    assert len(tables) >= 5  # both markets, both gates, the signals


def test_what_the_readme_shows_of_the_demo_is_what_it_prints(shown: tuple[Project, Ran]) -> None:
    """Every line of the README's excerpt but those that end in dots; a changed figure fails here."""
    readme = (ROOT / "README.md").read_text("utf-8")
    excerpt = re.search(r"What `make demo` prints.*?```text\n(.*?)```", readme, re.DOTALL)[1]  # type: ignore[index]
    printed = [" ".join(line.split()) for line in shown[1].stdout.splitlines()]
    lines = [" ".join(line.split()) for line in excerpt.splitlines() if line.strip()]
    assert len(lines) > 8
    for line in lines:
        assert any(said.startswith(line.removesuffix(".")) for said in printed), line


def test_every_command_the_demo_names_for_its_folder_works_there(shown: tuple[Project, Ran]) -> None:
    """Each line below `Next` is typed as it stands."""
    project, ran = shown
    lines = ran.stdout[ran.stdout.index("Next, in the demo's folder") : ran.stdout.index("Then, with your own")]
    folder = Project(project.folder / re.search(r"cd (\S+)", lines)[1])  # type: ignore[index]
    typed = [re.split(r"\s{3,}", line.strip())[0] for line in lines.splitlines() if line.startswith("  tradewind")]
    assert len(typed) >= 3
    for command in (
        *typed,
        "tradewind signal BTC/USDT",
        "tradewind replay",
        "tradewind data list",
        "tradewind db check",
    ):
        done = folder.types(*shlex.split(command)[1:])
        assert done.exit_code == 0, (command, done.stderr)
    verified = folder.types("replay", "--verify", "--json")
    assert verified.document["run"]["byte_equal"] is True
    assert verified.document["run"]["simulated"] is True


def test_the_demo_s_writer_is_of_today_and_not_of_its_market(shown: tuple[Project, Ran]) -> None:
    """Its bars are of another year; who wrote the store, and when, is told by this machine's clock."""
    project, _ = shown
    since = Project(project.folder / "demo").types("status", "--json").document["writer"]["since"]
    assert abs(datetime.fromisoformat(since + "+00:00").timestamp() * 1e9 - WallClock().now()) < 3600e9


def test_the_report_has_the_week_and_both_markets_and_nothing_from_elsewhere(shown: tuple[Project, Ran]) -> None:
    project, _ = shown
    html = (project.folder / "demo" / "reports" / "demo.html").read_text("utf-8")
    text = re.sub(r"<(script|style).*?</\1>", "", html, flags=re.DOTALL)
    assert text.index("Market without an edge") < text.index("Market with a planted edge") < text.index("Signals and")
    assert "REJECTED" in text
    assert "APPROVED" in text
    assert "168 decisions" in text
    assert "20,000 bars before that only to warm up" in text
    assert text.count("SIMULATED") >= 3
    values = json.loads(re.search(r'<script id="values"[^>]*>(.*?)</script>', html, re.DOTALL)[1])  # type: ignore[index]
    assert len(values["charts"][0]["candles"]) == 268  # the week and a hundred bars before it
    assert len(values["equity"]["equity"]) <= 9
    assert values["charts"][0]["marks"]


def test_what_the_demo_prints_fits_a_hundred_columns_and_its_tables_eighty(
    shown: tuple[Project, Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [line for line in shown[1].stdout.splitlines() if len(line) > 100] == []
    monkeypatch.setenv("COLUMNS", "80")
    ran = Project(tmp_path).types("demo", "--seed", "3")
    assert ran.exit_code == 0, ran.stderr
    rows = [line for line in ran.stdout.splitlines() if re.match(r"[│┃]|\d\d-\d\d |train\.|sealed\.", line)]
    assert len(rows) > 12
    assert [line for line in rows if len(line) > 80] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_any_seed_gives_one_document_whose_exit_code_is_its_verdict(tmp_path: Path, seed: int) -> None:
    ran = Project(tmp_path).types("demo", "--seed", str(seed), "--json")
    document = ran.document
    passed = [one for one in document["with_edge"]["proofs"] if one["report"]["verdict"] == "PASS"]
    assert ran.exit_code == (0 if passed else 4)
    assert document["seed"] == seed
    assert len(document["without_edge"]["proofs"]) == len(document["with_edge"]["proofs"]) >= 20
    if passed:
        assert document["replayed_equal"] is True
        assert document["measured"]["counts"]["decisions"] == 168
        assert document["week"]["digest"] == document["measured"]["digest"]


def test_where_nothing_can_be_proven_nothing_is_traded_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planted edge too weak to be seen: exit 4, no journal, no report."""
    monkeypatch.setattr("tradewind.cli.answers.demo.EDGE", PlantedEdge(kind=EdgeKind.BREAKOUT, strength=0.001))
    ran = Project(tmp_path).types("demo")
    assert ran.exit_code == 4
    assert "No strategy could be proven on this market" in ran.stdout
    assert "ACCEPTED" not in ran.stdout
    assert not (tmp_path / "demo" / "reports").exists()
    demo = Project(tmp_path / "demo")
    assert demo.types("db", "sql", "SELECT count(*) FROM journal", "--json").document["rows"] == [[0]]


@pytest.mark.req("D24", "B10")
def test_what_is_traded_in_the_demo_is_what_a_signed_verdict_speaks_for(shown: tuple[Project, Ran]) -> None:
    """The voters of every signal have a PASS of the honest gates on file; without it the same run refuses to begin."""
    project, _ = shown
    folder = Project(project.folder / "demo")
    voters = {name for row in folder.rows("SELECT summary FROM signals") for name in voters_of(row[0])}
    passed = {
        one["verdict"]["strategy"]["id"]
        for one in map(json.loads, (path.read_text() for path in folder.folder.glob("data/verdicts/*.json")))
        if one["verdict"]["judgement"]["reports"][1]["verdict"] == "PASS"
    }
    assert voters
    assert voters <= passed
    assert len(list(folder.folder.glob("data/verdicts/*.json"))) > 20
    validated = folder.rows("SELECT id FROM strategies WHERE status = 'validated'")
    assert {row[0] for row in validated} == passed
    moved = folder.folder / "data" / "verdicts"
    moved.rename(folder.folder / "elsewhere")
    try:
        refused = folder.types("run", "--feed", "replay", "--store", "other.db")
    finally:
        (folder.folder / "elsewhere").rename(moved)
    assert refused.exit_code == 4
    assert "no strategy is proven on BTC/USDT" in refused.stderr
    assert not (folder.folder / "other.db").exists()


def voters_of(summary: str) -> list[str]:
    return json.loads(summary)["consensus"]["voters"]


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "precious.txt").write_text("mine")
    ran = Project(tmp_path).types("demo")
    assert ran.exit_code == 2
    assert "was not made by the demo" in ran.stderr
    assert (tmp_path / "demo" / "precious.txt").read_text() == "mine"
