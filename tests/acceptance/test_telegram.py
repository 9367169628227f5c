"""Black box: a live run with its bot on a strict Bot API server, and what an owner and a stranger get out of it."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.project import Project
from tests.acceptance.test_live_run import CONFIG, begun, heard, series, words
from tests.acceptance.test_service import asked
from tests.fakes.venue import START, in_background
from tests.ports import free_port
from tests.unit.people.bot import ADMIN, CHAT, OWNER, TOKEN
from tradewind.adapters.notify.stand_in.bot_api import BotApi, Chat
from tradewind.adapters.notify.stand_in.in_process import StandInTransport
from tradewind.adapters.notify.stand_in.server import StandInServer
from tradewind.adapters.wall_clock import WallClock
from tradewind.model.timeframe import HOUR, MINUTE

STRANGER = 666
LOOSE = """
[timeframes]
intervals = [{ interval = "1h", weight = 1 }]
[filters]
enabled = []
[ensemble]
quorum = 1
min_record = 5
min_confidence = 0.3
min_agreement = 0.5
"""


class Telegram:
    """The server in a thread of its own; ``api`` is its truth, ``way`` what leads to it, ``url`` where it listens."""

    def __init__(self, api: BotApi, way: StandInTransport, url: str) -> None:
        self.api = api
        self.way = way
        self.url = url

    def asks(self, user: int, text: str, within_s: float = 20.0) -> str:
        """What the bot answers; fails where nothing comes."""
        before = len(self.api.said_in(user))
        self.api.person_writes(user, text)
        until = time.monotonic() + within_s
        while len(self.api.said_in(user)) == before:
            assert time.monotonic() < until, f"no answer to {text}"
            time.sleep(0.02)
        time.sleep(0.05)
        return "\n".join(self.api.said_in(user)[before:])

    def waits(self, found: Callable[[], object], within_s: float = 30.0) -> None:
        until = time.monotonic() + within_s
        while not found():
            assert time.monotonic() < until, "it never came"
            time.sleep(0.05)


@pytest.fixture
def little_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of sixteen megabytes; skips where mounting is not allowed."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(place)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"needs the right to mount a small file system: {made.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def telegram(host: str = "127.0.0.1") -> Iterator[Telegram]:
    api = BotApi(TOKEN, WallClock().now, (Chat(CHAT), Chat(ADMIN)))
    started, stop = threading.Event(), threading.Event()
    found: list[Telegram] = []

    async def run() -> None:
        async with StandInServer(api, WallClock(), host) as server:
            found.append(Telegram(api, server.transport, server.url))
            started.set()
            while not stop.is_set():
                await asyncio.sleep(0.02)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert started.wait(20)
    try:
        yield found[0]
    finally:
        stop.set()
        thread.join()


def settings(url: str) -> str:
    return (
        f'[telegram]\nenabled = true\nbot_token = "{TOKEN}"\nchat_id = "{CHAT}"\nadmin_chat_id = "{ADMIN}"\n'
        f'allowed_users = ["{OWNER}"]\nbase_url = "{url}"\nmin_confidence = 0.3\n'
    )


@pytest.mark.req("N01", "N02", "N03", "N04", "N05", "N06", "N07", "N12", "N13", "A10", "E12", "Q20", "T02")
def test_a_run_tells_its_chats_and_obeys_its_owner_alone(project: Project) -> None:
    """Signals with a picture to the chat, the start to the admin, answers to the owner, nothing to anybody else."""
    with telegram() as bot, in_background([series()], now=START + 300 * HOUR + MINUTE, bars_per_s=20) as venue:
        project.configured(CONFIG + LOOSE + settings(bot.url))
        process = begun(project, *words(venue, "stream"))
        try:
            heard(process, "subscribed|polled")
            assert bot.asks(STRANGER, "/status") == "Not authorised."
            begun_at = time.monotonic()
            assert "is alive; the run is running" in bot.asks(OWNER, "/start")
            assert time.monotonic() - begun_at < 10.0
            assert "/report <signal_id> <profit|loss> <amount>" in bot.asks(OWNER, "/help")
            assert "BTC/USDT" in bot.asks(OWNER, "/signal BTC/USDT")
            assert "BTC/USDT: " in bot.asks(OWNER, "/status")
            assert bot.asks(OWNER, "/report s1 profit") == "Usage: /report <signal_id> <profit|loss> <amount>"
            assert "neither profit nor loss" in bot.asks(OWNER, "/report s1 gain 5")
            assert "is no amount" in bot.asks(OWNER, "/report s1 profit five")
            bot.waits(lambda: any("SIGNAL" in text for text in bot.api.said_in(CHAT)))
            assert "there is no signal 'nope'" in bot.asks(OWNER, "/report nope profit 5")
            assert "pause: done" in bot.asks(OWNER, "/pause lunch")
            assert "PAUSED" in bot.asks(OWNER, "/status")
            assert "resume: done" in bot.asks(OWNER, "/resume")
            assert "kill_on: done. The run is halted" in bot.asks(OWNER, "/kill prices look wrong")
            bot.waits(lambda: "guard_halted" in bot.asks(OWNER, "/signal BTC/USDT"))
            bot.waits(lambda: any("set by telegram 7: prices look wrong" in text for text in bot.api.said_in(ADMIN)))
        finally:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert TOKEN not in out + err
    started = [text for text in bot.api.said_in(ADMIN) if "The service has started" in text]
    assert len(started) == 1
    shown = next(message for message in bot.api.messages if message.chat_id == CHAT and "SIGNAL" in message.text)
    assert shown.photo.startswith(b"\x89PNG")
    assert project.rows("SELECT count(*) FROM command_inbox WHERE actor = 'telegram 7'") == [[3]]
    states = dict(project.rows("SELECT state, count(*) FROM deliveries GROUP BY state"))
    heard_of = len(bot.api.said_in(CHAT)) + len(bot.api.said_in(ADMIN))
    accepted = states.get("sent", 0) + states.get("missed", 0)
    assert "failed" not in states
    assert accepted <= heard_of <= accepted + states.get("ambiguous", 0) + states.get("sending", 0)


@pytest.mark.req("T02")
def test_the_bot_does_not_start_with_an_empty_list_of_users(project: Project) -> None:
    """Enabled and nobody allowed: exit 2 before anything runs."""
    project.configured(settings("http://127.0.0.1:1").replace(f'["{OWNER}"]', "[]"))
    ran = project.types("run", "--feed", "stream", "--allow-unproven")
    assert ran.exit_code == 2
    assert "TELEGRAM_ALLOWED_USERS is not set" in ran.stderr


@pytest.mark.req("N08", "N11", "DIS25")
def test_the_self_test_sends_three_alerts_and_shows_where_they_arrived(project: Project) -> None:
    """Signal to the chat, drift and error to the admin, each with the id it has there; then to a chat that is gone."""
    with telegram() as bot:
        project.configured(settings(bot.url).replace("bot_token", "#"))
        (project.folder / ".env").write_text(f"TELEGRAM_TOKEN={TOKEN}\n")
        ran = project.types("telegram", "test", "--json")
        assert ran.exit_code == 0, ran.stderr
        alerts = ran.document["alerts"]
        assert [(one["alert"], one["chat"]) for one in alerts] == [
            ("signal", "100"),
            ("drift", "200"),
            ("error", "200"),
        ]
        arrived = {str(message.id): message.text for message in bot.api.messages}
        assert all(f"TEST {one['alert']} alert" in arrived[one["delivery_id"]] for one in alerts)
        bot.api.chats[ADMIN].blocked = True
        ran = project.types("telegram", "test")
        assert ran.exit_code == 4
        assert "blocked" in ran.stdout
        assert TOKEN not in ran.stdout + ran.stderr
        bot.api.token = TOKEN[:-1] + "y"
        ran = project.types("telegram", "test")
        assert ran.exit_code == 2
        assert "TELEGRAM_BOT_TOKEN" in ran.stderr
        assert TOKEN not in ran.stderr


@pytest.mark.req("N08")
def test_the_self_test_needs_no_network_with_the_stand_in_and_says_when_the_bot_is_off(project: Project) -> None:
    """Everything but the network is checked; a bot that is off is a setting, not a success."""
    project.configured(settings("http://127.0.0.1:1"))
    assert project.types("telegram", "test", "--stand-in").exit_code == 0
    assert project.types("telegram", "test").exit_code == 3
    project.configured("")
    ran = project.types("telegram", "test", "--stand-in")
    assert ran.exit_code == 2
    assert "the bot is off" in ran.stderr


@pytest.mark.req("H07", "T02")
def test_the_owner_lets_an_order_go_with_two_presses_and_the_rest_expires(project: Project) -> None:
    """`run --execution approve`: the question with its buttons, yes, the position; what nobody answers is told."""
    waits = (
        "[orders]\napproval_ttl = 604800\n[risk]\nvalid_bars = 1000\nentry_zone = 0.05\n"
        'entry_zone_of_stop = 1.0\nmin_stop = "5%"\n'
    )
    with (
        telegram() as bot,
        in_background([series()], label="SIMULATED", now=START + 300 * HOUR + MINUTE, bars_per_s=10) as venue,
    ):
        project.configured(CONFIG + LOOSE + waits + settings(bot.url).replace(f'"{ADMIN}"', f'"{OWNER}"'))
        typed = [*words(venue, "stream"), "--execution", "approve"]
        process = begun(project, *typed)
        try:
            heard(process, "subscribed|polled")
            bot.api.person_writes(OWNER, "/start")
            bot.waits(lambda: any("is alive" in text for text in bot.api.said_in(OWNER)))
            pressed: set[int] = set()

            def press(label: str) -> bool:
                """Presses the newest button of that name that was not pressed before."""
                for one in reversed(bot.api.messages):
                    if label in dict(one.buttons) and one.id not in pressed:
                        pressed.add(one.id)
                        bot.api.person_presses(OWNER, one.id, label)
                        return True
                return False

            def opened() -> bool:
                if not press("Yes, do it"):
                    press("Approve")
                time.sleep(0.3)
                return any("Position opened" in text for text in bot.api.said_in(CHAT))

            bot.waits(opened, within_s=90.0)
            bot.api.person_writes(OWNER, "/whitelist")
            bot.waits(lambda: "Pairs\nBTC/USDT" in bot.api.said_in(OWNER))
            bot.api.person_writes(OWNER, "/show_config")
            bot.waits(lambda: any("execution approve" in text for text in bot.api.said_in(OWNER)))
            decided = "was approved and leaves as soon as it may (by telegram 7)"
            bot.waits(lambda: any(decided in text for text in bot.api.said_in(OWNER)))
            assert "unanswered it expires" in "\n".join(bot.api.said_in(OWNER))
            bot.api.person_writes(OWNER, "/approve nope")
            bot.waits(lambda: any("there is no order 'nope' that waits" in text for text in bot.api.said_in(OWNER)))
        finally:
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    entries = project.rows("SELECT signal_id FROM orders WHERE leg = 'entry' AND filled > 0")
    approved = project.rows("SELECT DISTINCT argument FROM command_inbox WHERE verb = 'approve' AND status = 'done'")
    assert 1 <= len(entries) <= len(approved)
    assert project.rows("SELECT count(*) FROM command_inbox WHERE verb = 'approve' AND actor <> 'telegram 7'") == [[0]]
    assert project.types("replay", "--verify").exit_code == 0


@pytest.mark.req("O03")
def test_a_full_disk_stops_decisions_is_told_directly_and_heals_when_there_is_room(
    project: Project, little_disk: Path
) -> None:
    """FLT-28: the process stays, the admin hears it although nothing can be written, and what was missed is made up."""
    store = little_disk / "tradewind.db"
    filler = little_disk / "filler"
    with telegram() as bot, in_background([series()], now=START + 300 * HOUR + MINUTE, bars_per_s=10) as venue:
        port = free_port()
        project.configured(CONFIG + LOOSE + settings(bot.url) + f"[monitoring]\nhealth_port = {port}\n")
        process = begun(project, *words(venue, "stream"), "--store", str(store))
        try:
            heard(process, "subscribed|polled")
            bot.waits(lambda: any("service has started" in text for text in bot.api.said_in(ADMIN)))
            with suppress(OSError), filler.open("wb", buffering=0) as file:
                while True:
                    file.write(b"\0" * 4096)
            bot.waits(lambda: any("The disk is full" in text for text in bot.api.said_in(ADMIN)), 60.0)
            assert process.poll() is None
            bot.waits(lambda: sick(port, "the disk is full"))
            filler.unlink()
            bot.waits(lambda: any("The disk has room again" in text for text in bot.api.said_in(ADMIN)), 60.0)
            before = decisions(store)
            bot.waits(lambda: decisions(store) > before, 60.0)
        finally:
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    found = [ts for (ts,) in rows_of(store, "SELECT ts FROM decisions WHERE timeframe = '1h' ORDER BY ts")]
    assert found == list(range(found[0], found[-1] + HOUR, HOUR))
    assert rows_of(store, "PRAGMA integrity_check") == [("ok",)]


def sick(port: int, why: str) -> bool:
    """Whether health is answered, with 503 and the reason."""
    with suppress(OSError):
        status, body = asked(port, "/healthz")
        return status == 503 and why in body
    return False


def rows_of(store: Path, statement: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        return connection.execute(statement).fetchall()


def decisions(store: Path) -> int:
    return int(rows_of(store, "SELECT count(*) FROM decisions")[0][0])
