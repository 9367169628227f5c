"""Black box: a service over arriving bars whose model is trained beside it: hung trainers, orders, changed rules."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests.acceptance.project import Project
from tests.acceptance.test_live_run import begun, heard, series
from tests.acceptance.test_service import asked
from tests.fakes.shelved_models import seated, shelved
from tests.fakes.turning_market import turning
from tests.fakes.venue import START, in_background
from tests.ports import free_port
from tradewind.adapters.market.stand_in.market import Series
from tradewind.app.config import load_config
from tradewind.app.workspace import Workspace
from tradewind.model.timeframe import HOUR, MINUTE, Timeframe

SETTINGS = """
[market]
history_days = 25
requests_per_minute = 5000
[timeframes]
intervals = [{{ interval = "1h", weight = 1 }}]
[monitoring]
health_port = {port}
[[predictors]]
name = "follower"
symbols = ["BTC/USDT"]
[continuous_learning.confidence]
trading_threshold = {threshold}
hysteresis = {hysteresis}
[continuous_learning.retraining]
interpreter = "{interpreter}"
fetch = false
calibration_limit = 1
new_labels = 0
time_limit_seconds = {limit}
"""
STOPS = "#!/bin/sh\necho $$ > {folder}/trainer.part && mv {folder}/trainer.part {folder}/trainer.pid\nkill -STOP $$\n"
FOLLOW = {"return_1": 1.0, "above_ema_10": 0.5}


def waits(found: Callable[[], object]) -> None:
    """Until it is so; however slow the machine is."""
    until = time.monotonic() + 120.0
    while not found():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.05)


def configured(project: Project, port: int, **changes: object) -> None:
    """The file as it is written, whole at once."""
    given = {"threshold": 0.80, "hysteresis": 0.05, "limit": 600, "interpreter": project.folder / "stops", **changes}
    path = project.folder / "next.toml"
    path.write_text(SETTINGS.format(port=port, **given))
    path.replace(project.folder / "tradewind.toml")


@contextmanager
def serving(project: Project, hours: int) -> Iterator[subprocess.Popen[str]]:
    """A service over two pairs whose market has come to an hour; bars come quickly."""
    pairs = [series(), series(symbol="ETH/USDT")]
    with in_background(pairs, label="SIMULATED", now=START + hours * HOUR + MINUTE, bars_per_s=10) as server:
        process = begun(
            project, "run", "--feed", "stream", "--provider", "binance", "--gateway", server.url, "--symbol",
            "BTC/USDT,ETH/USDT", "--interval", "1h", "--execution", "paper", "--allow-unproven", "--json",
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate(timeout=60)


def prepared(project: Project, port: int) -> None:
    """A model on one of the pairs, and an interpreter that stops before it trains anything."""
    (project.folder / "stops").write_text(STOPS.format(folder=project.folder))
    (project.folder / "stops").chmod(0o755)
    configured(project, port)
    workspace = Workspace(load_config(folder=project.folder, environment={}), project.folder)
    shelved(workspace, "v1", weights=FOLLOW)
    seated(workspace, "v1")


def trainer_of(project: Project) -> int:
    """The process that trains, once it stands still."""
    path = project.folder / "trainer.pid"
    waits(lambda: path.exists() and _state(int(path.read_text())) == "T")
    return int(path.read_text())


def _state(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    return "gone"


def gauges(port: int, name: str) -> dict[str, float]:
    """The lines of a metric: its labels, its value."""
    lines = asked(port, "/metrics")[1].splitlines()
    found = [one.rsplit(" ", 1) for one in lines if one.startswith((f"{name} ", f"{name}{{"))]
    return {labels.removeprefix(name): float(value) for labels, value in found}


def changes(project: Project) -> list[tuple[str, dict[str, list[float]]]]:
    """Who changed which rules from what to what, in order."""
    rows = project.rows("SELECT reason, detail FROM learning_states WHERE state = 'rules' ORDER BY id")
    return [(reason, json.loads(detail)) for reason, detail in rows]


@pytest.mark.timeout(600)
@pytest.mark.req("J11", "J21", "J12", "J13", "J14")
def test_a_service_decides_on_beside_a_stopped_trainer_and_follows_rules_that_change_under_it(project: Project) -> None:
    """An order begins a training that never ends: every pair is decided on all the while, the limit that is lowered in
    the file ends it, with a fault on record. Thresholds edited meanwhile are journaled with both values, hold through a
    life that the store ended and through kill -9, and the whole of it is repeated byte for byte."""
    port = free_port()
    prepared(project, port)
    with serving(project, 700) as process:
        heard(process, "v1 .* serves as champion")
        heard(process, "Candle closed")
        ordered = project.types("learning", "retrain", "BTCUSDT", "--by", "olga", "--wait", "60", "--json")
        assert ordered.exit_code == 0, ordered.stderr
        assert ordered.document["order"]["result"] == "done"
        heard(process, r"Starting retraining \(reason: manual, by olga\)")
        pid = trainer_of(project)
        for _ in range(10):
            heard(process, "BTC/USDT @ 1h. Candle closed")
            heard(process, "ETH/USDT @ 1h. Candle closed")
        assert _state(pid) == "T", "it stands still all the while"
        assert gauges(port, "tradewind_trainings_waiting") == {"": 1.0}
        assert set(gauges(port, "tradewind_transitions_per_hour").values()) == {0.0}
        again = project.types("learning", "retrain", "BTCUSDT", "--now", "--wait", "60", "--json").document["order"]
        assert "is being trained (manual); this one is asked for afterwards" in again["detail"]
        back = project.types("learning", "cancel", "BTCUSDT", "--wait", "60", "--json")
        assert (back.exit_code, back.document["order"]["result"]) == (0, "done")
        assert project.types("learning", "retrain", "ETHUSDT", "--wait", "60").exit_code == 4

        configured(project, port, threshold=0.82, hysteresis=0.07, limit=1)
        line = heard(process, "Rules of modes and retraining changed")
        assert "trading_threshold 0.8 -> 0.82, hysteresis 0.05 -> 0.07" in line
        failed = heard(process, "Retraining failed after")
        assert "it took longer than 1 s and was ended" in failed
        waits(lambda: _state(pid) == "gone")
        heard(process, "ETH/USDT @ 1h. Candle closed")

        with closing(sqlite3.connect(project.folder / "data" / "tradewind.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waits(lambda: asked(port, "/healthz")[0] == 503)
            other.execute("ROLLBACK")
        waits(lambda: asked(port, "/healthz")[0] == 200)
        heard(process, "Candle closed")
        first, edited = changes(project)
        assert first[0] == "start"
        tuned = {"trading_threshold": [0.80, 0.82], "hysteresis": [0.05, 0.07]}
        assert edited[1] == tuned, "the next life goes on under what the file says"
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    status = project.types("learning", "status", "--json").document["seats"]
    with serving(project, 1100) as process:
        heard(process, "Candle closed")
        process.send_signal(signal.SIGTERM)
        err = process.communicate(timeout=60)[1]
    assert process.returncode == 0, err
    (manual,) = project.rows("SELECT trigger_reason, fault, version FROM retraining_history")
    assert manual[0] == "manual"
    assert "longer than 1 s" in manual[1]
    told = project.types("learning", "history", "--json").document
    assert [one["detail"] for one in told["transitions"] if one["state"] == "rules"] == [tuned, first[1]]
    assert project.types("learning", "status", "--json").document["seats"][0]["training"] == status[0]["training"]
    assert any("retraining_failed" in row[0] for row in project.rows("SELECT payload FROM outbox"))
    assert project.types("replay", "--verify").exit_code == 0


LED = """
symbols = ["BTC/USDT"]
[market]
history_days = 25
requests_per_minute = 5000
[timeframes]
intervals = [{ interval = "1h", weight = 1 }]
[ensemble]
quorum = 1
[filters]
enabled = []
[strategies]
members = [{ family = "RSI_Reversion", timeframe = "1h" }]
[[predictors]]
name = "hourly"
[continuous_learning.confidence]
min_events = 30
[continuous_learning.retraining]
fetch = false
calibration_limit = 1
"""


@pytest.mark.timeout(600)
@pytest.mark.req("J11", "J09", "I14", "J10")
def test_a_promoted_model_leads_a_service_and_what_is_trained_beside_it_challenges(project: Project) -> None:
    """train, promote, run over arriving bars (SIMULATED): TRADING, signals that it leads, a loss, a real training in
    another process, its candidate in the challenger's seat, forecasting at the same closes; repeated byte for byte."""
    bars = turning([(14_000, 0.85)], 5)
    project.configured(LED)
    project.imports(bars.take(slice(0, 4000)), "BTC/USDT")
    ran = project.types("train", "--symbol", "BTC/USDT", "--type", "logistic", "--json")
    assert ran.exit_code == 0, ran.stderr
    version = ran.document["version"]
    assert project.types("promote", "--model", version).exit_code == 0
    market = [Series("BTC/USDT", Timeframe.H1, bars)]
    with in_background(market, label="SIMULATED", now=int(bars.ts_close[4000]) + MINUTE, bars_per_s=15) as server:
        process = begun(
            project, "run", "--feed", "stream", "--provider", "binance", "--gateway", server.url, "--symbol",
            "BTC/USDT", "--interval", "1h", "--execution", "paper", "--allow-unproven", "--json",
        )  # fmt: skip
        try:
            heard(process, f"{version} .* serves as champion")
            heard(process, "Transitioned to TRADING mode")
            heard(process, r"Starting retraining \(reason: loss_immediate")
            heard(process, "Candle closed")
            heard(process, "Retraining successful! Confidence: ")
            heard(process, "shadows from now on")
            for _ in range(30):
                heard(process, "Candle closed")
            process.send_signal(signal.SIGTERM)
            err = process.communicate(timeout=60)[1]
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate(timeout=60)
    assert process.returncode == 0, err
    signals = [json.loads(row[0]) for row in project.rows("SELECT summary FROM signals ORDER BY ts")]
    led = [one for one in signals if one["consensus"]["voters"] == ["model:BTC-USDT:1h:champion"]]
    assert led
    assert all(check["detail"].startswith(f"{version} (") for one in led for check in one["checks"]
               if check["code"] == "model")  # fmt: skip
    (asked_at, reason, candidate, passed) = project.rows(
        "SELECT triggered_at, trigger_reason, version, passed FROM retraining_history ORDER BY id LIMIT 1"
    )[0]
    assert (reason, passed) == ("loss_immediate", 1)
    assert project.rows(f"SELECT count(*) FROM signal_outcomes WHERE r < 0 AND timestamp = '{asked_at}'")[0][0] == 1
    both = project.rows("SELECT seat, count(*), sum(acted) FROM forecasts WHERE ts IN (SELECT ts FROM forecasts"
                        f" WHERE version = '{candidate}') GROUP BY seat ORDER BY seat")  # fmt: skip
    assert [row[0] for row in both] == ["challenger", "champion"]
    assert both[0][1] <= both[1][1]
    assert both[0][2] == 0
    assert project.types("replay", "--verify").exit_code == 0
    assert project.types("db", "check").exit_code == 0
