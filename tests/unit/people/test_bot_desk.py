"""Who may make the bot do something, and how often the same message does it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.fakes.clock import VirtualClock
from tradewind.app.config import InvalidConfiguration
from tradewind.app.people.access import Access, AccessList, Role
from tradewind.app.people.bot_desk import REFUSAL, BotDesk
from tradewind.app.people.command_table import COMMANDS, Said, said
from tradewind.app.settings.people import TelegramSettings
from tradewind.app.settings.root import AppConfig
from tradewind.errors import Rejected
from tradewind.model.heard import Heard
from tradewind.model.notice import Notice
from tradewind.model.timeframe import MINUTE, SECOND

OWNER, OPERATOR, VIEWER, STRANGER = 7, 8, 9, 666
ROLES = AccessList(frozenset({OWNER, OPERATOR, VIEWER}), frozenset({OWNER}), frozenset({OPERATOR}))
CHANGING = [one.name for one in COMMANDS if one.verb]


class Run:
    """What the desk asks and orders, remembered."""

    pairs = ("EUR/USD",)

    def __init__(self) -> None:
        self.ordered: list[tuple[str, str, str, str]] = []
        self.read_: list[Said] = []
        self.over: set[str] = set()

    async def read(self, command: Said) -> Sequence[str]:
        self.read_.append(command)
        return [f"answer to {command.name}"]

    async def order(self, verb: str, argument: str, actor: str, reason: str) -> Sequence[str]:
        self.ordered.append((verb, argument, actor, reason))
        return [f"{verb}: done"]

    async def waiting(self, name: str) -> Sequence[str]:
        if name in self.over:
            raise Rejected(f"{name} does not wait any more: expired, nobody approved it in time")
        return [f"Send it? {name}"]

    async def report(self, words: tuple[str, ...], actor: str) -> Sequence[str]:
        self.ordered.append(("report", " ".join(words), actor, ""))
        return ["reported"]


class Scene:
    def __init__(self, access: AccessList = ROLES) -> None:
        self.clock = VirtualClock()
        self.run = Run()
        self.audit: list[str] = []
        self.alarms: list[Notice] = []
        self.marked: list[int] = []
        self.config = AppConfig(telegram=TelegramSettings(allowed_users=("7", "8", "9"), admins=("7",)))
        self.access = Access(access, self.reload, self.alarms.append, self.clock.now())
        self.update = 0
        self.desk = self.made()

    def made(self, last: int = 0) -> BotDesk:
        return BotDesk(
            self.access, self.run, self.run, self.clock, lambda: "123456", audit=self.audit.append,
            alarm=self.alarms.append, mark=self.marked.append, last_update=last,
        )  # fmt: skip

    def reload(self) -> AppConfig:
        return self.config

    async def says(self, user: int, text: str, *, chat: str = "private", age: int = 0, **marks: bool) -> list[str]:
        self.update += 1
        return (await self.desk.answer(self.heard(user, text, chat, age, **marks))).lines

    def heard(self, user: int, text: str, chat: str = "private", age: int = 0, **marks: bool) -> Heard:
        return Heard(self.update, user, user, chat, text, self.clock.now() - age, **marks)


@pytest.mark.parametrize("name", [one.name for one in COMMANDS])
async def test_a_stranger_is_refused_whatever_they_type_and_learns_nothing(name: str) -> None:
    """One word, no name of the product, no list of commands; the attempt is logged and an alarm is raised."""
    scene = Scene()
    assert await scene.says(STRANGER, f"/{name} x y z") == [REFUSAL]
    assert scene.run.ordered == []
    assert scene.run.read_ == []
    assert scene.audit == ["telegram 666 refused: not on the list"]
    assert [alarm.code for alarm in scene.alarms] == ["telegram_stranger"]


async def test_a_stranger_cannot_make_the_bot_talk():
    """A flood of messages gets one refusal in ten minutes."""
    scene = Scene()
    answers = [await scene.says(STRANGER, "/start") for _ in range(50)]
    assert [one for one in answers if one] == [[REFUSAL]]


@pytest.mark.parametrize("name", CHANGING)
@pytest.mark.parametrize("user", [VIEWER, OPERATOR, STRANGER])
async def test_nobody_below_its_role_changes_anything(name: str, user: int) -> None:
    """Every command that changes something, by everybody who may not: no order leaves, not even for a code."""
    scene = Scene()
    needed = next(one.role for one in COMMANDS if one.name == name)
    await scene.says(user, f"/{name} s1 profit 5")
    await scene.says(user, "/confirm 123456")
    if scene.access.current.role(user) < needed:
        assert scene.run.ordered == []


@pytest.mark.parametrize(
    "how", [{"edited": True}, {"forwarded": True}, {"chat": "group"}, {"chat": "supergroup"}, {"chat": "channel"}]
)
async def test_edited_forwarded_and_group_messages_command_nothing_even_from_the_owner(how: dict[str, object]) -> None:
    """What somebody else may have caused is not the owner's word; there is no answer either."""
    scene = Scene()
    assert await scene.says(OWNER, "/kill", **how) == []  # type: ignore[arg-type]
    assert scene.run.ordered == []


async def test_the_same_update_is_obeyed_once_also_by_the_next_process():
    """Delivered twice, or again after a death: one order."""
    scene = Scene()
    scene.update = 5
    for _ in range(3):
        await scene.desk.answer(scene.heard(OWNER, "/kill"))
    assert scene.marked == [5]
    again = scene.made(last=scene.marked[-1])
    assert (await again.answer(scene.heard(OWNER, "/kill"))).lines == []
    assert scene.run.ordered == [("kill_on", "", "telegram 7", "/kill in Telegram")]


async def test_what_cannot_be_taken_back_needs_a_code_that_works_once_for_a_minute_for_the_same_person():
    """Wrong code, somebody else's code, too late: nothing is done, and the code is gone."""
    scene = Scene()

    async def asked() -> None:
        (_, line) = await scene.says(OWNER, "/liquidate all of it")
        assert line.endswith("/confirm 123456")

    await asked()
    await scene.says(OPERATOR, "/confirm 123456")
    await scene.says(OWNER, "/confirm 000000")
    await scene.says(OWNER, "/confirm 123456")
    await asked()
    scene.clock.advance(MINUTE + SECOND)
    await scene.says(OWNER, "/confirm 123456")
    assert scene.run.ordered == []
    await asked()
    assert await scene.says(OWNER, "/confirm 123456") == ["liquidate: done"]
    assert scene.run.ordered == [("liquidate", "", "telegram 7", "all of it")]
    await scene.says(OWNER, "/confirm 123456")
    assert len(scene.run.ordered) == 1


async def test_clearing_the_kill_switch_needs_a_reason_and_a_code_and_setting_it_needs_neither():
    """Stopping is easy, starting again is not."""
    scene = Scene()
    assert await scene.says(OPERATOR, "/kill") == ["kill_on: done"]
    assert "REASON" in (await scene.says(OWNER, "/kill off"))[0]
    assert "needs the role admin" in (await scene.says(OPERATOR, "/kill off all is well"))[0]
    await scene.says(OWNER, "/kill off feed is back")
    await scene.says(OWNER, "/confirm 123456")
    assert scene.run.ordered[-1] == ("kill_off", "", "telegram 7", "feed is back")


def test_a_list_emptied_while_nobody_writes_alarms_once_at_the_next_look() -> None:
    """Whoever watches the configuration asks; an alarm needs no message of anybody's."""
    scene = Scene()
    scene.access.look(scene.clock.now())
    assert scene.alarms == []
    scene.config = AppConfig(telegram=TelegramSettings())
    for _ in range(3):
        scene.access.look(scene.clock.now())
    assert [(alarm.code, alarm.severity) for alarm in scene.alarms] == [("telegram_nobody_allowed", "critical")]


async def test_a_list_emptied_while_the_bot_runs_denies_everybody_and_alarms():
    """Fails closed: an empty list allows nobody, the owner included."""
    scene = Scene()

    def emptied() -> AppConfig:
        raise InvalidConfiguration(("TELEGRAM_ALLOWED_USERS is not set",), "tradewind.toml")

    scene.access._reload = emptied
    assert await scene.says(OWNER, "/kill") == ["kill_on: done"]
    scene.clock.advance(MINUTE)
    assert await scene.says(OWNER, "/kill") == [REFUSAL]
    assert len(scene.run.ordered) == 1
    assert "telegram_nobody_allowed" in [alarm.code for alarm in scene.alarms]


async def test_a_slip_elsewhere_in_the_configuration_takes_nothing_out_of_the_owners_hand():
    """A file that cannot be read leaves the list as it was."""
    scene = Scene()

    def broken() -> AppConfig:
        raise InvalidConfiguration(("risk.max_drawdown must be at most 1, got 7",), "tradewind.toml")

    scene.access._reload = broken
    scene.clock.advance(MINUTE)
    assert await scene.says(OWNER, "/kill") == ["kill_on: done"]


async def test_somebody_taken_off_the_list_is_refused_within_half_a_minute():
    """The list is read again while the bot runs."""
    scene = Scene()
    scene.config = AppConfig(telegram=TelegramSettings(allowed_users=("9",)))
    scene.clock.advance(30 * SECOND)
    assert await scene.says(OWNER, "/pause") == [REFUSAL]


async def test_an_order_that_lay_around_is_not_obeyed():
    """Telegram was down for an hour: yesterday's /resume is not today's."""
    scene = Scene()
    (line,) = await scene.says(OWNER, "/resume", age=60 * MINUTE)
    assert "60 minutes ago" in line
    assert scene.run.ordered == []
    assert await scene.says(OWNER, "/status", age=60 * MINUTE) == ["answer to status"]


def test_without_roles_every_allowed_user_is_the_owner_and_with_them_the_rest_only_read():
    """Five minutes of set-up for one person; least privilege as soon as roles are given out."""
    alone = AccessList(frozenset({7, 8}))
    assert (alone.role(7), alone.role(8), alone.role(9)) == (Role.ADMIN, Role.ADMIN, Role.NOBODY)
    assert [ROLES.role(user) for user in (OWNER, OPERATOR, VIEWER, STRANGER)] == [
        Role.ADMIN, Role.OPERATOR, Role.VIEWER, Role.NOBODY,
    ]  # fmt: skip
    assert AccessList(frozenset(), frozenset({7})).role(7) is Role.NOBODY


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/signal EUR/USD", Said("signal", ("EUR/USD",))),
        ("/Status@tradewind_bot", Said("status", ())),
        ("/drift_report_20251103", Said("drift_report", ("20251103",))),
        ("/kill off because", Said("kill_off", ("because",))),
        ("hello", None),
        ("", None),
    ],
)
def test_commands_are_read_as_people_type_them(text: str, command: Said | None) -> None:
    """Capitals, the bot's own name, a day in the name."""
    assert said(text) == command
