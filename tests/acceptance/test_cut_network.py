"""Black box: the service in a network of its own whose only cable is pulled and put back; venue and chat keep count."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable

import pytest

from tests.acceptance.project import Project
from tests.acceptance.test_live_run import CONFIG, decided, series, words
from tests.acceptance.test_telegram import ADMIN, CHAT, LOOSE, settings, telegram
from tests.cut_link import cable
from tests.fakes.venue import START, in_background
from tradewind.adapters.market.stand_in.faults import Fault
from tradewind.adapters.market.stand_in.server import StandInServer
from tradewind.model.timeframe import HOUR, MINUTE

BEFORE, DURING, AFTER = 40, 3, 40
PATIENCE_S = 240.0
OWED = "SELECT count(*) FROM deliveries WHERE state IN ('pending', 'sending', 'ambiguous')"


def waits(found: Callable[[], object], what: str, process: subprocess.Popen[str]) -> None:
    """For a state, not for a time."""
    until = time.monotonic() + PATIENCE_S
    while not found():
        assert process.poll() is None, f"the service ended with {process.returncode}"
        assert time.monotonic() < until, what
        time.sleep(0.2)


def drained(project: Project, process: subprocess.Popen[str]) -> None:
    """Nothing is owed any more; a chat takes one message a second, so as long as it gets fewer there is patience."""
    owed = project.rows(OWED)[0][0]
    while owed:
        before = owed
        waits(lambda before=before: project.rows(OWED)[0][0] < before, "the outbox does not empty", process)  # type: ignore[misc]
        owed = project.rows(OWED)[0][0]


def moves(server: StandInServer, bars: int) -> None:
    """The market makes so many bars, each when its client has read the one before, or cannot."""
    order = json.dumps({"advance": bars}).encode()
    urllib.request.urlopen(f"{server.url}/control", order, timeout=PATIENCE_S).close()


def last(project: Project) -> int:
    """How many bars after the first of the run are decided."""
    found = decided(project)
    return (found[-1] - START) // HOUR - 300 if found else 0


@pytest.mark.req("INV-06", "INV-12", "INV-15", "N05", "A14", "A20")
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "half_open", [False, pytest.param(True, marks=pytest.mark.soak)], ids=["silent", "forgotten by the venue"]
)
def test_a_cut_network_loses_nothing_sends_nothing_twice_unmarked_and_heals_by_itself(
    project: Project, half_open: bool
) -> None:
    """Every close is decided once, every message arrives once or once more as a marked repeat, no task has died.

    With ``half_open`` the venue drops the connection while nobody can tell the service: its own silence guard must.
    """
    with (
        cable() as link,
        telegram(link.here) as bot,
        in_background([series()], now=START + 300 * HOUR + MINUTE, host=link.here) as venue,
    ):
        project.configured(CONFIG + LOOSE + settings(bot.url))
        with (project.folder / "said.txt").open("w") as said:
            process = subprocess.Popen(
                [*link.inside, sys.executable, "-m", "tradewind", *words(venue, "stream", "--json")],
                cwd=project.folder, env=project.variables(), stdout=subprocess.PIPE, stderr=said, text=True,
            )  # fmt: skip
        try:
            waits(venue.venue.audience, "it never subscribed", process)
            moves(venue, BEFORE)
            waits(lambda: last(project) == BEFORE and bot.api.said_in(ADMIN), "it never began", process)
            link.cut()
            before = len(bot.api.messages)
            if half_open:
                venue.venue.faults.arm(Fault("disconnect", bars=1, seconds=1.0))
            moves(venue, DURING)
            assert (last(project), len(bot.api.messages)) == (BEFORE, before)
            link.mend()
            if half_open:  # what the venue makes before it is asked again is fetched, not heard
                waits(lambda: venue.venue.counters.streams > 1, "it never subscribed again", process)
            moves(venue, AFTER)
            waits(lambda: last(project) == BEFORE + DURING + AFTER, "bars are lost", process)
            drained(project, process)
        finally:
            process.send_signal(signal.SIGTERM)
            out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, (project.folder / "said.txt").read_text()[-2000:]
    report = json.loads(out)["service"]
    assert (report["restarts"], report["lives"]) == (0, 1)
    found = decided(project)
    assert found == list(range(found[0], found[-1] + HOUR, HOUR))
    everything_arrived_once(project, [message.text for message in bot.api.messages if message.chat_id in (CHAT, ADMIN)])
    assert project.types("db", "check").exit_code == 0
    assert project.types("replay", "--verify").exit_code == 0


def everything_arrived_once(project: Project, texts: list[str]) -> None:
    """What the chats show against what the outbox says of it."""
    rows = project.rows("SELECT state, doubts, repeat FROM deliveries")
    assert {state for state, *_ in rows} <= {"sent", "missed"}
    doubts = sum(doubts for _, doubts, _ in rows)
    assert sum(repeat for *_, repeat in rows) <= doubts
    assert len(rows) <= len(texts) <= len(rows) + doubts
    assert set(Counter(texts).values()) == {1}, "a repeat says that it is one"
