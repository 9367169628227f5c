"""Black box: the service as a process: health, restarts, signals, watchdog, versions of its configuration, secrets."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.acceptance.project import Project
from tests.acceptance.test_live_run import CONFIG, begun, heard, patience, series, words
from tests.fakes.news_server import publishing
from tests.fakes.venue import START, in_background
from tests.ports import free_port
from tests.unit.news.feeds import rss_item
from tradewind.app.uptime import LINES
from tradewind.model.timeframe import HOUR, MINUTE

CANARY = "canary-93f1c0a77b52"
BOT_CANARY = "987654321:AAcanaryCANARYcanaryCANARYcanary-93f"  # pragma: allowlist secret


def asked(port: int, path: str) -> tuple[int, str]:
    """Status and body of a page of the health server."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


@contextmanager
def served(project: Project, *, more: str = "", environment: dict[str, str] | None = None) -> Iterator[tuple[Any, int]]:
    """A live run that is ready, and the port of its health server; it is killed at the end where it still lives."""
    port = free_port()
    project.configured(f"{CONFIG}{more}\n[monitoring]\nhealth_port = {port}\n")
    with in_background([series()], now=START + 300 * HOUR + MINUTE, bars_per_s=5) as server:
        process = begun(project, *words(server, "stream", "--json"), environment=environment)
        try:
            waited = project.types_outside("status", "--wait", "90", "--json", environment=environment)
            assert waited.returncode == 0, waited.stdout
            yield process, port
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate(timeout=30)


@pytest.mark.req("O01", "O04", "O09", "O15", "Q22", "Q21", "O18")
def test_the_running_service_tells_its_tasks_its_health_and_what_it_uses(project: Project) -> None:
    """One service, seen three ways: over HTTP, by `status`, and by its files."""
    with served(project) as (process, port):
        status, body = asked(port, "/healthz")
        health = json.loads(body)
        assert status == 200, body
        names = {"market", "heartbeat", "auto-signals", "learning-cycle", "health-check", "schedule", "health-server"}
        assert names <= health["tasks"].keys()
        assert all(task["beat_age_s"] < 60 for task in health["tasks"].values())
        assert health["breakers"]["binance"]["state"] == "closed"
        assert asked(port, "/readyz")[0] == 200
        assert asked(port, "/else")[0] == 404
        metrics = asked(port, "/metrics")[1]
        for name in (
            'tradewind_decisions_total{kind="no_decision"}', "tradewind_equity ", "tradewind_journal_seq ",
            'tradewind_task_beat_age_seconds{task="market"}', 'tradewind_feed_age_seconds{symbol="BTC/USDT"}',
        ):  # fmt: skip
            assert name in metrics
        seen = project.types_outside("status", "--resources", "--json")
        found = json.loads(seen.stdout)["service"]
        assert found["state"] == "running"
        assert {task["name"] for task in found["tasks"]} >= names
        assert all(task["last_beat_s"] is not None for task in found["tasks"])
        used = found["resources"]
        assert used["rss"] > 50_000_000
        assert used["connections"] >= 1
        assert min(used[name] for name in ("cpu_s", "open_files", "disk_free", "database", "received")) > 0
        lines = json.loads(seen.stdout)["uptime"]["lines"]
        assert [line["name"] for line in lines] == [name for name, _ in LINES]
        assert "Resources" in project.types_outside("status", "--resources").stdout
        bound = Path(f"/proc/{process.pid}/net/tcp").read_text()
        assert f"0100007F:{port:04X}" in bound  # loopback alone
        assert f"00000000:{port:04X}" not in bound


@pytest.mark.req("O12", "Q18")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_service_in_order_with_its_report_and_its_logs(project: Project, number: int) -> None:
    with served(project) as (process, port):
        heard(process, "Candle closed")
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
        report = json.loads(out)
        assert (report["loop"]["stopped"], report["service"]["restarts"], report["service"]["lives"]) == ("asked", 0, 1)
        with pytest.raises(OSError):
            asked(port, "/healthz")
    assert project.rows("SELECT ended FROM heartbeats ORDER BY id DESC LIMIT 1") == [["stopped"]]
    logs = project.folder / "logs"
    lines = [json.loads(line) for line in (logs / "trading_bot.log").read_text().splitlines()]
    assert lines[-1]["event"] == "service stopped"
    assert any("Candle closed" in line["event"] for line in lines)
    assert (logs / "error.log").read_text() == ""
    assert list(logs.glob("runtime_*.log"))
    found = json.loads(project.types_outside("status", "--json").stdout)["service"]
    assert (found["state"], found["fresh"]) == ("stopped", False)


@pytest.mark.req("O07", "O09", "O20")
def test_after_a_kill_the_service_goes_on_and_a_second_one_is_refused_without_a_trace(project: Project) -> None:
    """kill -9, start again: the same run goes on, each close decided once; beside it nobody else starts."""
    with served(project) as (process, _):
        beat = project.folder / "data" / "tradewind.db.beat"
        mine = json.loads(beat.read_text())["pid"]
        with in_background([series()], now=START + 300 * HOUR + MINUTE) as other:
            second = project.types_outside(*words(other, "stream", "--json"))
        assert second.returncode == 3
        assert f"pid {process.pid}" in second.stdout
        assert json.loads(beat.read_text())["pid"] == mine
        process.kill()
        process.wait(30)
        timed_out = project.types_outside("status", "--wait", "1")
        assert timed_out.returncode == 5, timed_out.stderr
    before = project.rows("SELECT max(seq) FROM journal")[0][0]
    with served(project) as (process, _):
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
        assert json.loads(out)["recovery"]["head_seq"] >= before
    ts = [row[0] for row in project.rows("SELECT ts FROM decisions ORDER BY ts")]
    assert ts == sorted(set(ts))
    assert len(project.rows("SELECT DISTINCT fencing FROM heartbeats")) == 2


@pytest.mark.req("X24", "HZ36")
def test_a_killed_service_is_reported_by_another_process_and_a_stopped_one_is_not(project: Project) -> None:
    """The watchdog shares nothing with the service but a file; it tells an address of its own."""
    told: list[dict[str, Any]] = []

    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    desk = HTTPServer(("127.0.0.1", 0), Desk)
    Thread(target=desk.serve_forever, daemon=True).start()
    environment = {"WATCHDOG_URL": f"http://127.0.0.1:{desk.server_port}/alarm"}
    watch = ("watchdog", "--after", "8", "--every", "0.2", "--alarms", "1", "--json")
    with served(project, environment=environment) as (process, _):
        dog = subprocess.Popen(
            [sys.executable, "-m", "tradewind", *watch], cwd=project.folder,
            env=project.variables(environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        heard(dog, "Watching")
        time.sleep(1.0)
        assert dog.poll() is None
        died = time.monotonic()
        process.kill()
        out, _ = dog.communicate(timeout=60 * patience())
        took = time.monotonic() - died
    desk.shutdown()
    desk.server_close()
    assert dog.returncode == 4
    assert json.loads(out)["alarms"][0]["kind"] == "silent"
    assert [alarm["kind"] for alarm in told] == ["silent"]
    assert str(process.pid) in told[0]["detail"]
    assert took < 300


def test_a_watchdog_that_nobody_would_hear_is_refused(project: Project) -> None:
    ran = project.types_outside("watchdog")
    assert ran.returncode == 3
    assert "nobody to tell" in ran.stderr


@pytest.mark.req("W20")
def test_every_configuration_the_service_met_is_a_version(project: Project) -> None:
    """A start, a change of the file while it runs, a secret: diff, who and when, and no secret."""
    environment = {"OANDA_API_KEY": CANARY}
    with served(project, environment=environment) as (process, _):
        file = project.folder / "tradewind.toml"
        file.write_text(file.read_text() + 'log_level = "debug"\n')
        heard(process, "the configuration changed")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    ran = project.types_outside("config", "history", "--json")
    newest, first = json.loads(ran.stdout)["versions"]
    assert newest["changes"] == {"monitoring.log_level": ["info", "debug"]}
    assert (first["origin"], newest["origin"]) == ("start", "file")
    assert first["actor"]
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$", newest["timestamp"])
    assert first["settings"]["credentials.oanda_api_key"].startswith("secret #")
    assert CANARY not in ran.stdout
    assert "monitoring.log_level" in project.types_outside("config", "history").stdout


@pytest.mark.req("W20")
def test_a_change_of_execution_is_seen_though_the_settings_hash_stays(project: Project) -> None:
    """The settings hash leaves execution out and a run's own hash has it: each says which it is, history lists it."""
    with served(project) as (process, _):
        file = project.folder / "tradewind.toml"
        file.write_text('execution = "approve"\n' + file.read_text())
        heard(process, r"the configuration changed \(execution\)")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    newest, first = project.types("config", "history", "--json").document["versions"]
    assert newest["changes"] == {"execution": ["none", "approve"]}
    checked = project.types("config", "check")
    assert newest["config_hash"] == first["config_hash"]
    assert f"Settings hash {first['config_hash']}" in checked.stdout
    assert "settings hash" in project.types("config", "history").stdout
    (run_hash,) = project.rows("SELECT json_extract(event, '$.config_hash') FROM journal ORDER BY seq LIMIT 1")[0]
    assert run_hash != first["config_hash"]


@pytest.mark.req("T01", "HZ14", "O16")
def test_planted_secrets_are_in_no_output_of_the_service(project: Project, tracker_sink) -> None:
    """Logs, console, store, beat file, pages, metrics, verbs, the tracker: none of them holds a canary."""
    dsn, envelopes = tracker_sink
    key = dsn.replace("publickey", CANARY)
    environment = {
        "OANDA_API_KEY": CANARY, "COINBASE_API_SECRET": CANARY, "ALPHA_VANTAGE_API_KEY": CANARY, "SENTRY_DSN": key,
        "AWS_SECRET_ACCESS_KEY": CANARY, "TELEGRAM_BOT_TOKEN": BOT_CANARY,
        "HEARTBEAT_URL": f"http://127.0.0.1:9/ping/{CANARY}",
    }  # fmt: skip
    texts: dict[str, str] = {}
    with served(project, environment=environment) as (process, port):
        heard(process, "dead-man")
        for path in ("/healthz", "/readyz", "/metrics"):
            texts[path] = asked(port, path)[1]
        for verb in (("status", "--json"), ("config", "show", "--json"), ("config", "show"), ("doctor", "--json"),
                     ("config", "history", "--json"), ("status", "--resources"), ("schedule", "list")):  # fmt: skip
            ran = project.types_outside(*verb, environment=environment)
            texts[" ".join(verb)] = ran.stdout + ran.stderr
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
        texts |= {"stdout": out, "stderr": err}
    for path in project.folder.rglob("*"):
        if path.is_file():
            texts[path.name] = path.read_bytes().decode("utf-8", "replace")
    texts |= {f"envelope {n}": text for n, text in enumerate(envelopes)}
    found = {name for name, text in texts.items() if CANARY in text or BOT_CANARY in text}
    assert found == set()
    assert envelopes, "the failed heartbeat address should have reached the tracker"
    assert "dead-man" in texts["trading_bot.log"]
    assert len(project.rows("SELECT * FROM error_log WHERE origin = 'dead-man'")) >= 1


@pytest.mark.req("O02", "J15", "J18", "O13", "O19", "V01", "V02", "O10", "O03")
def test_a_day_of_simulated_service_does_every_pass_and_says_what_it_used(project: Project) -> None:
    project.configured('[auto_signals]\npairs = ["EUR/USD", "GBP/USD", "XAU/USD"]\n[timeframes]\nbase = "5m"\n')
    ran = project.types_outside("soak", "--hours", "24", "--symbol", "EURUSD,GBPUSD,XAUUSD", "--json")
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert (found["hours"], found["passes"]["auto-signals"]) == (24.0, 24)
    assert found["pair_passes"] == dict.fromkeys(("EUR/USD", "GBP/USD", "XAU/USD"), found["passes"]["auto-signals"])
    assert found["passes"]["learning-cycle"] == 24
    assert found["passes"]["health-check"] == 24 * 60
    assert (found["restarts"], found["errors"], found["failed"]) == (0, 0, {})
    assert found["late"]["peak_rss"] < 1_500_000_000
    assert found["cpu"] < 0.5
    assert found["late"]["open_files"] <= found["early"]["open_files"] + 2
    assert found["late"]["logs"] <= 200_000_000
    assert found["late"]["database"] > 0
    lines = (project.folder / "soak" / "logs" / "trading_bot.log").read_text()
    assert "Health check passed (3 consecutive)" in lines
    again = project.types_outside("soak", "--hours", "24", "--symbol", "EURUSD,GBPUSD,XAUUSD", "--json")
    assert again.returncode == 2
    assert "new folder" in json.loads(again.stdout)["error"]["message"]


@pytest.mark.req("J18")
def test_the_schedule_is_listed(project: Project) -> None:
    found = {job["name"]: job for job in project.types("schedule", "list", "--json").document["jobs"]}
    assert found["auto-signals"]["cadence"] == "every 3600 s"
    assert {"weekly-review", "monthly-retraining", "quarterly-optimization", "learning-cycle"} <= found.keys()
    assert all(job["last"] is None and job["next"] > 0 for job in found.values())
    assert "quarterly, day 1" in project.types("schedule", "list").stdout


def test_a_taken_health_port_ends_nothing(project: Project) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        project.configured(f"{CONFIG}\n[monitoring]\nhealth_port = {port}\n")
        with in_background([series()], now=START + 300 * HOUR + MINUTE, bars_per_s=20) as server:
            ran = project.types_outside(*words(server, "stream", "--iterations", "5", "--json"))
    assert ran.returncode == 0, ran.stderr
    assert "no health server yet" in ran.stderr
    assert os.environ.get("HEALTH_PORT") is None


@pytest.mark.req("M07", "O01")
def test_a_running_service_reads_its_feeds_and_keeps_going_when_one_is_hostile(project: Project) -> None:
    """Rule: new articles are journaled and in the table; a bomb and a dead feed are said and stop nothing."""
    bomb = b'<!DOCTYPE l [<!ENTITY a "aaaa">]><rss><channel><item><title>&a;</title></item></channel></rss>'
    with publishing() as publisher:
        publisher.bodies = {
            "/good": rss_item("Bitcoin rallies strongly", time="Mon, 05 Jan 2015 10:00:00 GMT"),
            "/bomb": bomb,
            "/dead": 500,
        }
        feeds = ", ".join(f'"{publisher.address}{path}"' for path in publisher.bodies)
        with served(project, more=f"\n[sentiment]\nfeeds = [{feeds}]\n") as (process, port):
            wanted = "SELECT title, published < seen, ts = seen FROM articles"
            while process.poll() is None and not project.rows(wanted):
                time.sleep(0.5)
            assert project.rows(wanted) == [["Bitcoin rallies strongly", 1, 1]]
            assert json.loads(asked(port, "/healthz")[1])["tasks"]["articles"]["beat_age_s"] < 120
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0
        assert project.rows("SELECT count(*) FROM journal WHERE kind = 'news'") == [[1]]
        (told,) = project.rows("SELECT count(*) FROM error_log WHERE origin LIKE 'news feed of 127.0.0.1%'")
        assert told[0] >= 2
