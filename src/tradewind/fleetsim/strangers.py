"""Who writes to the bot: people who may, and everybody else. What each update must do is known here, not asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tradewind.adapters.notify.webhook_gate import WebhookGate
from tradewind.app.config import load_config
from tradewind.app.people.access import Access, AccessList
from tradewind.app.people.bot_desk import BotDesk
from tradewind.app.people.command_table import Said
from tradewind.fleetsim.chat import TOKEN
from tradewind.fleetsim.clock import VirtualClock
from tradewind.fleetsim.service import Service
from tradewind.model.event import Command
from tradewind.model.heard import Heard
from tradewind.model.timeframe import MINUTE

ADMIN: Final = 7
VIEWER: Final = 8
STRANGER: Final = 666
SECRET: Final = "canary-" + 26 * "s"
NOTE: Final = "bot_update"
FLOOD: Final = 300


class _Asked:
    """Answers nothing of interest."""

    pairs: tuple[str, ...] = ("BTC/USDT",)

    async def read(self, command: Said) -> Sequence[str]:
        """One line."""
        return [f"/{command.name}"]


class _Inbox:
    """Orders as the shell gives them, without waiting for the answer."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.given: list[str] = []

    async def order(self, verb: str, argument: str, actor: str, reason: str) -> Sequence[str]:
        """A row of the inbox."""
        self.given.append(verb)
        self._service.put(Command(verb, actor, 0, argument, "", reason))
        return [f"{verb}: ordered"]

    async def report(self, words: tuple[str, ...], actor: str) -> Sequence[str]:
        """Nobody reports here."""
        return []

    async def waiting(self, name: str) -> Sequence[str]:
        """Nothing waits for a person here."""
        return []


class Visitors:
    """All updates the bot ever got; ids grow over every life."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._update = 0
        self.audits: list[str] = []

    async def visit(self, service: Service, share: float, size: int) -> list[str]:
        """A row of updates, most of them with no right to anything; what is wrong with what came of them."""
        now = service.session.clock.now()
        inbox, alarms, audits = _Inbox(service), [0], list[str]()
        config = load_config(environment={}, overrides={})
        people = AccessList(frozenset({ADMIN, VIEWER}), frozenset({ADMIN}))

        def alarm(_: object) -> None:
            alarms[0] += 1

        last = int(service.store.noted(NOTE) or 0)
        desk = BotDesk(
            Access(people, lambda: config, alarm, now), _Asked(), inbox, service.session.clock, lambda: "123456",
            audit=audits.append, alarm=alarm, mark=lambda update: service.store.note(NOTE, str(update)),
            last_update=last,
        )  # fmt: skip
        told: list[str] = []
        for heard, obeyed in self._updates(now, size if share < 0.8 else FLOOD, last):
            before = len(inbox.given)
            told += (await desk.answer(heard)).lines
            done = len(inbox.given) - before
            if done != obeyed:
                return [f"INV-23 {heard} led to {done} orders, {obeyed} are due"]
        broken = [f"INV-22 the token stands in {one!r}" for one in (*told, *audits) if TOKEN in one or SECRET in one]
        return [*broken, *_forged(now)]

    def _updates(self, now: int, strangers: int, last: int) -> Iterator[tuple[Heard, int]]:
        """Updates with how many orders each may lead to."""

        def made(user: int, text: str, **other: object) -> Heard:
            self._update += 1
            return Heard(self._update, user, user, "private", text, now, **other)  # type: ignore[arg-type]  # fields of Heard

        for _ in range(strangers):
            yield made(STRANGER, "/pause"), 0
        group = made(ADMIN, "/pause")
        yield Heard(group.update_id, ADMIN, -100, "supergroup", "/pause", now), 0
        yield made(ADMIN, "/pause", edited=True), 0
        yield made(ADMIN, "/pause", forwarded=True), 0
        yield made(VIEWER, "/pause"), 0
        old = made(ADMIN, "/pause")
        yield Heard(old.update_id, ADMIN, ADMIN, "private", "/pause", now - 20 * MINUTE), 0
        paused = made(ADMIN, "/pause")
        yield paused, 1
        yield paused, 0
        if last:
            yield Heard(last, ADMIN, ADMIN, "private", "/pause", now), 0
        yield made(ADMIN, "/kill_off because"), 0  # asks for a code first
        yield made(ADMIN, "/confirm 999999"), 0
        yield made(ADMIN, "/resume"), 1


def _forged(now: int) -> Iterator[str]:
    """Updates that come by the webhook without its secret."""
    body = b'{"update_id": 1}'
    for given in ({}, {"x-telegram-bot-api-secret-token": "guess"}, {"x-telegram-bot-api-secret-token": ""}):
        status = WebhookGate("/hook", SECRET).judge("POST", "/hook", given, body, now).status
        if status != 403:
            yield f"INV-23 an update without the secret was answered with {status}"
