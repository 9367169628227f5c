"""The same conversation by polling and through the webhook, and what the webhook lets in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest

from tests.unit.people.bot import OWNER, TOKEN, bot_and_api
from tests.unit.people.test_bot_desk import REFUSAL, STRANGER
from tests.unit.people.test_bot_desk import Scene as DeskScene
from tradewind.adapters.http_transport import HttpTransport
from tradewind.adapters.notify.pace import Pace
from tradewind.adapters.notify.stand_in.bot_api import BotApi
from tradewind.adapters.notify.telegram_client import heard_of
from tradewind.adapters.notify.webhook_gate import LARGEST_BODY, WebhookGate
from tradewind.adapters.notify.webhook_server import WebhookServer
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.people.access import AccessList
from tradewind.app.people.bot import Bot
from tradewind.app.people.command_table import COMMANDS, Said
from tradewind.errors import Unavailable
from tradewind.model.timeframe import SECOND

SECRET = "s" * 40
SCRIPT = [(OWNER, "/start"), (OWNER, "/status"), (STRANGER, "/status"), (OWNER, "/pause"), (OWNER, "/nonsense")]


class Scene:
    """A bot in virtual time; ``hears`` brings it what people wrote."""

    def __init__(self) -> None:
        self.client, self.network, self.clock = bot_and_api()
        self.desk = DeskScene(AccessList(frozenset({OWNER})))
        self.desk.clock = self.clock
        self.desk.desk = self.desk.made()
        self.said: list[str] = []
        self.bot = Bot(self.client, self.desk.desk, Pace(), self.clock, alarm=self.desk.alarms.append,
                       say=self.said.append)  # fmt: skip

    @property
    def api(self) -> BotApi:
        return self.network.api

    async def polls(self, times: int) -> None:
        left = [times]

        def stop() -> bool:
            left[0] -= 1
            return left[0] < 0

        await self.bot.poll(stop, lambda: None, timeout_s=0)


async def by_polling(scene: Scene) -> None:
    await scene.polls(2)


async def by_webhook(scene: Scene) -> None:
    """Delivers every update to the socket, the way Telegram does, some of them twice."""
    transport = HttpTransport()
    answers: list[dict[str, object]] = []

    async def take(update: dict[str, object]) -> None:
        answers.append(update)
        heard = heard_of(update)
        assert heard is not None
        await scene.bot.take(heard)

    try:
        async with WebhookServer(WebhookGate("/bot", SECRET), take, WallClock(), 0) as server:
            for update in [*scene.api.updates, *scene.api.updates]:
                body = json.dumps(update).encode()
                headers = {"x-telegram-bot-api-secret-token": SECRET}
                url = f"http://127.0.0.1:{server.port}/bot"
                assert (await transport.request("POST", url, headers=headers, body=body)).status == 200
            for headers in ({}, {"x-telegram-bot-api-secret-token": SECRET[:-1]}):
                answer = await transport.request("POST", url, headers=headers, body=b'{"update_id": 1}')
                assert answer.status == 403
    finally:
        await transport.close()
    assert len(answers) == 2 * len(SCRIPT)


@pytest.mark.req("N10", "T05", "N04")
@pytest.mark.parametrize("way", [by_polling, by_webhook])
async def test_the_same_conversation_by_polling_and_through_the_webhook(way) -> None:
    """Same words in, same words out; what is delivered twice is answered once."""
    scene = Scene()
    for user, text in SCRIPT:
        scene.api.person_writes(user, text)
    await way(scene)
    assert sorted(scene.api.said_in(OWNER)) == sorted(
        ["answer to start", "answer to status", "pause: done", "There is no /nonsense; /help lists all commands."]
    )
    assert scene.api.said_in(STRANGER) == [REFUSAL]
    assert len(scene.desk.run.ordered) == 1


async def test_every_command_answers_and_the_menu_lists_them_all():
    """A scripted conversation through the whole table; the menu is taken by the strict server."""
    scene = Scene()
    for one in COMMANDS:
        scene.api.person_writes(OWNER, f"/{one.name} x")
    await scene.polls(2)
    assert len(scene.api.said_in(OWNER)) == len(COMMANDS)
    assert [one["command"] for one in scene.api.commands] == [one.name for one in COMMANDS]


async def test_a_slow_answer_holds_up_nobody_elses_kill_switch():
    """A backtest takes minutes; /kill must not wait for it."""
    scene = Scene()
    waiting = asyncio.Event()

    async def slow(command: Said) -> Sequence[str]:
        await waiting.wait()
        return ["done at last"]

    scene.desk.run.read = slow  # type: ignore[method-assign]
    scene.api.person_writes(OWNER, "/backtest EUR/USD")
    scene.api.person_writes(OWNER, "/kill now")
    left = [200]

    def stop() -> bool:
        left[0] -= 1
        if scene.desk.run.ordered and not waiting.is_set():
            assert scene.api.said_in(OWNER) in ([], ["kill_on: done"])
            waiting.set()
        return left[0] < 0 or len(scene.api.said_in(OWNER)) == 2

    await scene.bot.poll(stop, lambda: None, timeout_s=0)
    assert scene.api.said_in(OWNER) == ["kill_on: done", "done at last"]


async def test_a_long_answer_comes_in_pages_that_the_server_takes():
    """Ten thousand characters and marks that are text: nothing is lost, nothing is refused."""
    scene = Scene()

    async def long(command: Said) -> Sequence[str]:
        return [f"line {number}: a < b & c > d" for number in range(400)]

    scene.desk.run.read = long  # type: ignore[method-assign]
    scene.api.person_writes(OWNER, "/status")
    await scene.polls(2)
    said = "\n".join(scene.api.said_in(OWNER))
    assert said.splitlines() == [f"line {number}: a < b & c > d" for number in range(400)]
    assert scene.api.refused == 0


async def test_two_instances_on_one_token_alarm_and_do_not_fight():
    """409 is an alarm for a person and a long wait, not a race."""
    scene = Scene()
    scene.api.webhook = {"url": "https://elsewhere.example", "secret_token": ""}

    async def left_alone(url: str, secret: str) -> None:
        return None

    scene.client.listen_at = left_alone  # type: ignore[method-assign]
    before = scene.clock.monotonic()
    await scene.polls(3)
    assert [alarm.code for alarm in scene.desk.alarms] == ["telegram_conflict"] * 3
    assert scene.clock.monotonic() - before >= 90 * SECOND


@pytest.mark.req("T05")
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200),
        ({"headers": {}}, 403),
        ({"headers": {"x-telegram-bot-api-secret-token": ""}}, 403),
        ({"headers": {"x-telegram-bot-api-secret-token": SECRET + "x"}, "path": "/elsewhere"}, 403),
        ({"path": "/elsewhere"}, 404),
        ({"method": "GET"}, 405),
        ({"body": b"x" * (LARGEST_BODY + 1)}, 413),
        ({"body": b"not json"}, 400),
        ({"body": b"[1]"}, 400),
    ],
)
def test_the_gate_tells_nobody_without_the_secret_anything_else(change: dict[str, object], status: int) -> None:
    """403 comes before every other answer; then path, method, size, pace and form."""
    asked: dict[str, object] = {
        "method": "POST", "path": "/bot", "headers": {"x-telegram-bot-api-secret-token": SECRET}, "body": b"{}",
    } | change  # fmt: skip
    assert WebhookGate("/bot", SECRET).judge(**asked, now=0).status == status  # type: ignore[arg-type]


def test_a_flood_with_the_secret_is_slowed_and_an_empty_secret_admits_nobody():
    """30 a second; a gate without a secret is closed, not open."""
    gate = WebhookGate("/bot", SECRET)
    headers = {"x-telegram-bot-api-secret-token": SECRET}
    found = [gate.judge("POST", "/bot", headers, b"{}", 0).status for _ in range(31)]
    assert found == [200] * 30 + [429]
    assert gate.judge("POST", "/bot", headers, b"{}", SECOND).status == 200
    assert WebhookGate("/bot", "").judge("POST", "/bot", {}, b"{}", 0).status == 403
    empty = {"x-telegram-bot-api-secret-token": ""}
    assert WebhookGate("/bot", "").judge("POST", "/bot", empty, b"{}", 0).status == 403


async def test_a_port_that_is_taken_is_said_with_its_setting():
    """The operator learns which key to change."""

    async def take(update: dict[str, object]) -> None:
        return None

    async with WebhookServer(WebhookGate("/bot", SECRET), take, WallClock(), 0) as first:
        with pytest.raises(Unavailable, match=r"telegram\.webhook_port"):
            async with WebhookServer(WebhookGate("/bot", SECRET), take, WallClock(), first.port):
                pass


def test_the_token_of_a_test_is_none_of_a_person():
    """Made up, and shaped like a real one."""
    assert TOKEN.startswith("123456:stand-in-token-")
