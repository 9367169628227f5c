"""Black box: the store is locked or its server gone for a while: the service waits, says so, and goes on by itself."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress

import pytest

from tests.acceptance.project import Project
from tests.acceptance.test_live_run import CONFIG, begun, decided, heard, series, words
from tests.acceptance.test_service import asked
from tests.acceptance.test_telegram import ADMIN, settings, telegram
from tests.fakes.tcp_proxy import proxy, to_port
from tests.fakes.venue import START, in_background
from tests.ports import free_port
from tradewind.model.timeframe import HOUR, MINUTE


def waits(found: Callable[[], object], within_s: float = 60.0) -> None:
    until = time.monotonic() + within_s
    while not found():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.05)


def page(port: int, path: str) -> tuple[int, str]:
    """A page of the health server, however busy the machine is."""
    found: list[tuple[int, str]] = []

    def answered() -> bool:
        with suppress(OSError):
            found.append(asked(port, path))
        return bool(found)

    waits(answered)
    return found[0]


@pytest.mark.req("R03", "O15", "HZ36")
def test_a_locked_store_is_waited_for_told_and_costs_no_bar(project: Project) -> None:
    """Somebody holds a write transaction: people and monitors hear why, nothing blocks, the run goes on after it."""
    port = free_port()
    with telegram() as bot, in_background([series()], now=START + 300 * HOUR + MINUTE, bars_per_s=5) as venue:
        project.configured(CONFIG + settings(bot.url) + f"[monitoring]\nhealth_port = {port}\n")
        process = begun(project, *words(venue, "stream", "--json"))
        try:
            heard(process, "Candle closed")
            waits(lambda: page(port, "/readyz")[0] == 200)
            with closing(sqlite3.connect(project.folder / "data" / "tradewind.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                waits(lambda: any("The store does not answer" in text for text in bot.api.said_in(ADMIN)))
                for path in ("/healthz", "/readyz"):
                    status, body = page(port, path)
                    assert status == 503
                    assert "locked by another process" in body
                assert page(port, "/metrics")[0] == 200
                assert process.poll() is None
                other.execute("ROLLBACK")
            waits(lambda: any("The store answers again" in text for text in bot.api.said_in(ADMIN)))
            waits(lambda: page(port, "/healthz")[0] == 200)
            heard(process, "Candle closed")
        finally:
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["service"]["lives"] >= 2
    found = decided(project)
    assert found == list(range(found[0], found[-1] + HOUR, HOUR))
    assert project.types("replay", "--verify").exit_code == 0
    assert project.types("db", "check").exit_code == 0


@pytest.mark.req("R03", "O15", "HZ36")
def test_a_store_that_is_locked_at_the_first_start_is_waited_for_as_later(project: Project) -> None:
    """Nothing has run yet: health says why, people hear of it without a store, and it begins by itself."""
    port = free_port()
    assert project.types("db", "init").exit_code == 0
    with telegram() as bot, in_background([series()], now=START + 300 * HOUR + MINUTE, bars_per_s=5) as venue:
        project.configured(CONFIG + settings(bot.url) + f"[monitoring]\nhealth_port = {port}\n")
        with closing(sqlite3.connect(project.folder / "data" / "tradewind.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            process = begun(project, *words(venue, "stream", "--json"))
            try:
                assert "nothing is decided until it is over" in heard(process, "WARNING.*locked by another process")
                for path in ("/healthz", "/readyz"):
                    status, body = page(port, path)
                    assert (status, "locked by another process" in body) == (503, True)
                assert page(port, "/metrics")[0] == 503
                waits(lambda: any("cannot begin" in text for text in bot.api.said_in(ADMIN)))
                beat = json.loads((project.folder / "data" / "tradewind.db.beat").read_text())
                assert (beat["state"], beat["pid"]) == ("waiting", process.pid)
                other.execute("ROLLBACK")
                heard(process, "Candle closed")
                waits(lambda: any("The store answers again" in text for text in bot.api.said_in(ADMIN)))
                waits(lambda: page(port, "/healthz")[0] == 200)
            finally:
                process.send_signal(signal.SIGTERM)
                out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["service"]["lives"] >= 2
    assert project.types("replay", "--verify").exit_code == 0


@pytest.mark.req("C15", "O15")
def test_a_signal_while_a_run_waits_for_its_store_ends_it_in_order(project: Project) -> None:
    """Somebody asked it to stop, and it tells where the run stands: exit 0, as at any other moment."""
    with in_background([series()], now=START + 300 * HOUR + MINUTE, bars_per_s=5) as venue:
        project.configured(CONFIG)
        process = begun(project, *words(venue, "stream", "--json"))
        heard(process, "Candle closed")
        with closing(sqlite3.connect(project.folder / "data" / "tradewind.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            heard(process, "WARNING.*locked by another process")
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=60)
            other.execute("ROLLBACK")
    assert process.returncode == 0, err
    told = json.loads(out)
    assert told["loop"]["stopped"] == "asked"
    assert told["head_seq"] == project.rows("SELECT max(seq) FROM journal")[0][0]
    assert json.loads(project.types("status", "--json").stdout)["service"]["state"] == "stopped"
    assert project.types("replay", "--verify").exit_code == 0


@pytest.mark.req("C15", "O15")
def test_a_signal_before_there_was_a_run_is_130(project: Project) -> None:
    """The store was never there: nothing can be said of a run."""
    assert project.types("db", "init").exit_code == 0
    with in_background([series()], now=START + 300 * HOUR + MINUTE) as venue:
        project.configured(CONFIG)
        with closing(sqlite3.connect(project.folder / "data" / "tradewind.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            process = begun(project, *words(venue, "stream", "--json"))
            heard(process, "WARNING.*locked by another process")
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err


@pytest.mark.req("R03", "R08", "O15")
def test_a_venue_that_is_away_when_a_later_life_begins_is_waited_for(project: Project) -> None:
    """The store was away, and when it came back the venue was: the process stays, says so, and goes on after both."""
    port = free_port()
    background = in_background([series()], now=START + 300 * HOUR + MINUTE, bars_per_s=5)
    with background as venue, proxy(to_port(int(venue.url.rpartition(":")[2]))) as link:
        project.configured(CONFIG + f"[monitoring]\nhealth_port = {port}\n")
        typed = words(venue, "stream", "--json")
        typed = tuple(f"http://127.0.0.1:{link.port}" if word == venue.url else word for word in typed)
        process = begun(project, *typed)
        try:
            heard(process, "Candle closed")
            with closing(sqlite3.connect(project.folder / "data" / "tradewind.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                heard(process, "WARNING.*locked by another process")
                link.cut()
                other.execute("ROLLBACK")
            assert "nothing is decided until it is over" in heard(process, "WARNING: market data: .*unreachable")
            status, body = page(port, "/healthz")
            assert (status, "unreachable" in body) == (503, True)
            link.mend()
            heard(process, "Candle closed")
        finally:
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["service"]["lives"] >= 2
    found = decided(project)
    assert found == list(range(found[0], found[-1] + HOUR, HOUR))
    assert project.types("replay", "--verify").exit_code == 0
