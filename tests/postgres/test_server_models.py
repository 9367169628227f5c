"""Models on a server: forecasts, modes, confidences, trainings and articles are the rows of a file, read by the same
verbs, and move there with everything else."""

from __future__ import annotations

import json
from contextlib import chdir, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.project import Project, simulated
from tests.fakes.shelved_models import seated, shelved
from tradewind.adapters.store.backup import take
from tradewind.adapters.store.inspection import inspect
from tradewind.adapters.store.moving import move
from tradewind.adapters.store.opening import database_at
from tradewind.adapters.store.seat import PostgresSeat
from tradewind.app.config import load_config
from tradewind.app.models.promotion import Promotions
from tradewind.app.models.review import review_of
from tradewind.app.workspace import Workspace
from tradewind.model.timeframe import SECOND, Timeframe

SETTINGS = """
symbols = ["BTC/USDT"]
[timeframes]
intervals = [{ interval = "1h", weight = 1 }]
[filters]
enabled = []
[ensemble]
quorum = 1
[strategies]
members = [{ family = "RSI_Reversion", timeframe = "1h" }]
[[predictors]]
name = "follower"
news = true
[continuous_learning.confidence]
trading_threshold = 0.60
min_events = 30
window = 60
return_evidence = 1
[continuous_learning.retraining]
interpreter = "/bin/false"
calibration_limit = 1
min_interval_hours = 240
"""
RUN = ("run", "--feed", "replay", "--symbol", "BTC/USDT", "--interval", "1h", "--allow-unproven", "--learn", "--quiet",
       "--execution", "paper")  # fmt: skip
TABLES = {
    "forecasts": "symbol, timeframe, seat, ts, timestamp, version, sha256, p, outcomes, side, acted, lower, upper,"
    " ts_end, went, missed, journal_seq",
    "learning_states": "timestamp, state, reason, symbol, timeframe, confidence, version, detail, journal_seq",
    "confidence_history": "timestamp, symbol, timeframe, confidence_score, journal_seq, source, detail",
    "retraining_history": "triggered_at, trigger_reason, symbol, timeframe, detail, ended_at, version, fault, passed,"
    " promoted, journal_seq",
    "articles": "ts, timestamp, title, subjects",
    "signals": "id, ts, summary",
}
COUNTED = ("learning_states", "confidence_history", "retraining_history")
NOW = 1_700_000_000 * SECOND


def ran(folder: Path) -> Project:
    """A run whose model trades, asks for trainings that fail, and is ordered one."""
    folder.mkdir()
    project = Project(folder).configured(SETTINGS)
    bars = simulated("BTC/USDT", 1600)
    project.imports(bars, "BTC/USDT")
    told = [
        {"title": f"Bitcoin rallies, {number}", "published": datetime.fromtimestamp(ts // SECOND, UTC).isoformat(),
         "id": str(number)}
        for number, ts in enumerate(bars.ts_close[::12].tolist())
    ]  # fmt: skip
    (folder / "told.jsonl").write_text("\n".join(map(json.dumps, told)))
    assert project.types("news", "import", "told.jsonl").exit_code == 0
    workspace = Workspace(load_config(folder=folder, environment={}), folder)
    scores = tuple(0.3 + number / 1000 for number in range(60))
    shelved(workspace, "v1", weights={"return_1": 1.0, "above_ema_10": 0.5}, news=True, scores=scores)
    seated(workspace, "v1")
    first = project.types(*RUN, "--iterations", "1500")
    assert first.exit_code == 0, first.stderr
    ordered = project.types("learning", "retrain", "BTCUSDT", "--now", "--by", "olga", "--reason", "new fees")
    assert ordered.exit_code == 0, ordered.stderr
    second = project.types(*RUN)
    assert second.exit_code == 0, second.stderr
    return project


def rows_of(project: Project, table: str) -> list[list[Any]]:
    columns = TABLES[table]
    key = "id" if table in COUNTED else columns
    return [[_plain(one) for one in row] for row in project.rows(f"SELECT {columns} FROM {table} ORDER BY {key}")]


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value


@pytest.mark.req("R08", "J13", "J14", "I14", "M07")
@pytest.mark.timeout(600)
def test_models_on_a_server_leave_the_rows_they_leave_in_a_file(
    seat: PostgresSeat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every table of what learns is equal, column by column; status, history and review are equal documents; the server
    is found whole and repeats its run byte for byte."""
    found, shown, reviews = {}, {}, {}
    for name in ("lite", "server"):
        if name == "server":
            monkeypatch.setenv("DB_URL", seat.url)
        project = ran(tmp_path / name)
        found[name] = {table: rows_of(project, table) for table in TABLES}
        shown[name] = {
            verb: json.loads(project.types(*verb, "--json").stdout)
            for verb in (("learning", "status"), ("learning", "history"))
        }
        place = seat if name == "server" else project.folder / "data" / "tradewind.db"
        workspace = Workspace(load_config(folder=project.folder, environment={}), project.folder)
        with chdir(project.folder), closing(database_at(place)) as database:
            days = (Timeframe.H1, 40.0, database)
            seen = review_of(workspace, Promotions(workspace), "BTC/USDT", *days)
        reviews[name] = seen._replace(champion=None)  # when it was seated is the clock's
        assert project.types("replay", "--verify").exit_code == 0
        assert project.types("db", "check").exit_code == 0
    lite, server = found["lite"], found["server"]
    for table, rows in lite.items():
        assert rows, table
        assert server[table] == rows, table
    triggers = [row[1] for row in lite["retraining_history"]]
    assert triggers[-1] == "manual"
    assert json.loads(lite["retraining_history"][-1][4])["by"] == "olga: new fees"
    assert all("exit 1" in row[7] for row in lite["retraining_history"])
    assert "TRADING" in [row[1] for row in lite["learning_states"]]
    for verb, document in shown["lite"].items():
        assert _timeless(shown["server"][verb]) == _timeless(document), verb
    assert reviews["lite"] == reviews["server"]
    assert reviews["server"].came_from == "as served"


def _timeless(document: Any) -> Any:
    """Without what a clock says of a training."""
    if isinstance(document, dict):
        return {key: _timeless(one) for key, one in document.items() if key != "duration_s"}
    return [_timeless(one) for one in document] if isinstance(document, list) else document


@pytest.mark.req("R07", "R13")
@pytest.mark.timeout(600)
def test_what_models_left_in_a_file_moves_to_a_server(seat: PostgresSeat, tmp_path: Path) -> None:
    """Equal counts and hashes of every table, found whole there."""
    project = ran(tmp_path / "lite")
    path = project.folder / "data" / "tradewind.db"
    with closing(database_at(path)) as database:
        backup = take(database, tmp_path / "backups", "pre-migration", NOW)
    moved = move(path, seat, [backup], NOW)
    assert moved.changed
    with closing(database_at(path)) as one, closing(database_at(seat)) as two:
        for table, columns in TABLES.items():
            asked = f"SELECT {columns} FROM {table} ORDER BY {'id' if table in COUNTED else columns}"
            here, there = ([list(map(_plain, row)) for row in each.query(asked)[1]] for each in (one, two))
            assert here, table
            assert there == here, table
        assert {each.check: each.detail for each in inspect(two) if not each.ok} == {}
