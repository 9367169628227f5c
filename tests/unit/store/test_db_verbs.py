"""``tradewind db``: what an operator sees and what a shell gets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli_runner import run_cli
from tests.fakes.session_script import START, session
from tests.shared_data import shared
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.store import Store


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, without settings from the caller's environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("DB_URL", "TRADEWIND__DATABASE__URL", "TRADEWIND__PATHS__DATA"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def fill(path: Path) -> None:
    with Store.open(path, START) as store:
        for event, outputs in session(40):
            store.journal.append(event, encode_outputs(outputs))  # type: ignore[arg-type]
        store.journal.commit()


@pytest.mark.sqlite
@pytest.mark.req("R03", "R06")
def test_init_then_selftest(project: Path) -> None:
    """R06: from nothing to a working store with two verbs; init twice is harmless; nothing is left behind."""
    first = run_cli("db", "init", "--json")
    assert (first.exit_code, first.document["changed"]) == (0, True)
    assert (project / "data" / "tradewind.db").is_file()
    assert run_cli("db", "init", "--json").document["changed"] is False
    tried = run_cli("db", "selftest", "--json")
    assert (tried.exit_code, tried.document["ok"]) == (0, True)
    assert {"commit", "second writer", "foreign key", "reopen"} <= {c["check"] for c in tried.document["checks"]}
    assert not list((project / "data").glob(".selftest-*"))
    names = run_cli("db", "sql", "--json", "SELECT name FROM sqlite_master WHERE type = 'table'").document["rows"]
    wanted = "strategies signals candles positions trade_outcomes retraining_history confidence_history learning_states"
    assert {name for (name,) in names} >= {*wanted.split(), "error_log"}


@pytest.mark.sqlite
@pytest.mark.req("R05")
def test_check_says_ok_or_names_the_damage(project: Path) -> None:
    """R05: a whole store exits 0; an overwritten page exits 1 and the table names the check that failed."""
    path = project / "data" / "tradewind.db"
    fill(path)
    whole = run_cli("db", "check")
    assert whole.exit_code == 0
    assert "integrity_check ok" in whole.stdout
    content = bytearray(path.read_bytes())
    place = content.index(b'"type":"no_trade"') // 4096 * 4096
    content[place : place + 200] = b"\xff" * 200
    path.write_bytes(bytes(content))
    damaged = run_cli("db", "check", "--json")
    assert (damaged.exit_code, damaged.document["ok"]) == (1, False)
    assert "pages" in {c["check"] for c in damaged.document["checks"] if not c["ok"]}


@pytest.mark.sqlite
def test_check_without_a_database_exits_3(project: Path) -> None:
    """A needed thing is not there; nothing is created by asking."""
    ran = run_cli("db", "check")
    assert ran.exit_code == 3
    assert re.search(r"there is no database.*tradewind db init", ran.stderr)
    assert not (project / "data").exists()


@pytest.mark.sqlite
@pytest.mark.req("R04")
def test_the_operators_statements_run_unmodified(project: Path) -> None:
    """R04: the 13 statements of the source documents, word for word."""
    fill(project / "data" / "tradewind.db")
    block = re.search(r"### 6\.1 .*?```sql\n(.*?)```", shared("spec/REQUIREMENTS.md").read_text(), re.S)
    assert block is not None
    statements = block[1].strip().splitlines()
    assert len(statements) == 13
    for statement in statements:
        ran = run_cli("db", "sql", statement, "--json")
        assert ran.exit_code == 0, (statement, ran.stdout)
        assert ran.document["columns"]


@pytest.mark.parametrize(
    "statement", ["DELETE FROM signals", "WITH x AS (SELECT 1) DELETE FROM signals", "selct 1", " "]
)
def test_sql_only_reads(project: Path, statement: str) -> None:
    """A writing or broken statement is a usage fault; the rows stay."""
    fill(project / "data" / "tradewind.db")
    ran = run_cli("db", "sql", statement)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "error:" in ran.stderr
    assert run_cli("db", "sql", "SELECT count(*) FROM signals", "--json").document["rows"] == [[5]]


def test_sql_prints_a_table_for_people(project: Path) -> None:
    """JSON columns stay readable, hashes are hexadecimal, nothing is a dash."""
    fill(project / "data" / "tradewind.db")
    ran = run_cli("db", "sql", "SELECT seq, kind, event, hash, NULL AS empty FROM journal WHERE seq = 1")
    assert '{"type":"started"' in ran.stdout.replace("\n", "")
    assert "rows: 1" in ran.stdout


def test_the_database_of_the_configuration_is_used(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """W14: DB_URL names another file; a server that is not there is exit 3, without its password."""
    monkeypatch.setenv("DB_URL", f"sqlite:///{project}/elsewhere/trading.db")
    assert run_cli("db", "init").exit_code == 0
    assert (project / "elsewhere" / "trading.db").is_file()
    monkeypatch.setenv("DB_URL", "postgresql://trader:hunter2@127.0.0.1:9/trading")
    refused = run_cli("db", "init")
    assert refused.exit_code == 3
    assert "postgresql://trader@127.0.0.1:9/trading: the server cannot be reached" in refused.stderr
    assert "hunter2" not in refused.stdout + refused.stderr


def test_init_beside_a_running_writer_is_harmless(project: Path) -> None:
    """The schema is current, so nothing needs the lease."""
    with Store.open(project / "data" / "tradewind.db", START):
        assert run_cli("db", "init").exit_code == 0
        assert run_cli("db", "check").exit_code == 0
