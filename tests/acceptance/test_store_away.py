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
from tests.acceptance.test_service import asked, free_port
from tests.acceptance.test_telegram import ADMIN, settings, telegram
from tests.fakes.venue import START, in_background
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
