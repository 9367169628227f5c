"""The bot: hears by polling or through the webhook, answers in the same chat inside the rate budgets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from tradewind.adapters.notify.pace import Pace
from tradewind.app.people.bot_desk import BotDesk
from tradewind.app.people.channels import chat_limits
from tradewind.app.people.chat_text import html_of, split
from tradewind.app.people.command_table import COMMANDS
from tradewind.errors import Misconfigured, Rejected, Retryable
from tradewind.model.channel import Limit
from tradewind.model.heard import Heard
from tradewind.model.notice import Notice
from tradewind.model.timeframe import SECOND
from tradewind.ports.clock import Clock
from tradewind.ports.sender import Button, Doubtful, Refused, Undeliverable

POLL_S: Final = 25
_LIMIT: Final = 3800
"""Plain characters a page: escaping makes the marks longer, and marks do not count."""
_ATTEMPTS: Final = 4
_WAIT_CONFLICT: Final = 30 * SECOND
_WAIT_TOKEN: Final = 45 * SECOND
_WAIT_SILENT: Final = 2 * SECOND


class Client(Protocol):
    """What the bot needs of the Bot API."""

    async def updates(self, offset: int, timeout_s: int) -> list[Heard]:
        """What people wrote; see ``TelegramClient.updates``."""
        ...

    async def send(
        self, chat_id: str, text: str, html: str, picture: bytes = b"", buttons: Sequence[Button] = ()
    ) -> str:
        """One message; see ``TelegramClient.send``."""
        ...

    async def tapped(self, tap: str, text: str) -> None:
        """Ends the waiting sign on a pressed button."""
        ...

    async def take_buttons(self, chat_id: str, message_id: int) -> None:
        """Takes the buttons off a message."""
        ...

    async def offer(self, commands: Sequence[tuple[str, str]]) -> None:
        """The menu of commands."""
        ...

    async def listen_at(self, url: str, secret: str) -> None:
        """Switches between webhook and polling."""
        ...


class Bot:
    """``pace`` is shared with the couriers: answers and alerts are counted against the same limits.

    ``last_update`` is the newest update an earlier life acted on.
    """

    def __init__(
        self,
        client: Client,
        desk: BotDesk,
        pace: Pace,
        clock: Clock,
        *,
        alarm: Callable[[Notice], None],
        say: Callable[[str], None],
        last_update: int = 0,
    ) -> None:
        self._client = client
        self._desk = desk
        self._pace = pace
        self._clock = clock
        self._alarm = alarm
        self._say = say
        self._next = last_update + 1 if last_update else 0
        self._fault: type[Exception] | None = None

    async def poll(self, stop: Callable[[], bool], beat: Callable[[], None], *, timeout_s: int = POLL_S) -> None:
        """Hears and answers until ``stop``; a slow answer holds up nobody else's command."""
        async with asyncio.TaskGroup() as answers:
            ready = False
            while not stop():
                beat()
                ready = ready or await self._begun("", "")
                if ready:
                    for heard in await self._heard(timeout_s):
                        self._next = max(self._next, heard.update_id + 1)
                        answers.create_task(self.take(heard))
                await asyncio.sleep(0)  # answers begin before the next poll, however fast that one is

    async def begin_webhook(self, url: str, secret: str) -> bool:
        """Has updates delivered to ``url``; whether Telegram agreed."""
        return await self._begun(url, secret)

    async def take(self, heard: Heard) -> None:
        """Answers one update; buttons stand under the last page, and leave the message that was pressed."""
        reply = await self._desk.answer(heard)
        if heard.tap:
            await self._asked(self._client.tapped(heard.tap, reply.lines[0] if reply.lines else ""))
        pages = list(split(reply.lines, _LIMIT))
        for number, page in enumerate(pages, start=1):
            buttons = reply.buttons if number == len(pages) else ()
            if not await self._reply(str(heard.chat_id), "\n".join(page), html_of(page), buttons):
                return
        if heard.tap and reply.settled:
            await self._free(chat_limits(str(heard.chat_id)))
            await self._asked(self._client.take_buttons(str(heard.chat_id), heard.message_id))

    async def _asked(self, work: Awaitable[None]) -> None:
        """What only tidies up: where it fails, nothing is lost, and the answer was given."""
        try:
            await work
        except (Retryable, Rejected, Misconfigured) as fault:
            self._say(f"WARNING: Telegram: {fault.found}; a button stands where none is needed")

    async def _begun(self, url: str, secret: str) -> bool:
        """Says where updates go, and offers the menu; False after a wait where Telegram did not take it."""
        try:
            await self._client.listen_at(url, secret)
            await self._client.offer([(one.name, one.help) for one in COMMANDS])
        except (Retryable, Rejected, Misconfigured) as fault:
            await self._waited(fault)
            return False
        return True

    async def _heard(self, timeout_s: int) -> list[Heard]:
        try:
            found = await self._client.updates(self._next, timeout_s)
        except (Retryable, Rejected, Misconfigured) as fault:
            await self._waited(fault)
            return []
        if self._fault is not None:
            self._fault = None
            self._say("Telegram answers again")
        return found

    async def _waited(self, fault: Retryable | Rejected | Misconfigured) -> None:
        """Waits as the fault asks; what a person must put right is an alarm."""
        now = self._clock.now()
        if isinstance(fault, Retryable):
            wait = _WAIT_SILENT if fault.retry_after_s is None else round(fault.retry_after_s * SECOND)
        elif isinstance(fault, Rejected):
            wait = _WAIT_CONFLICT
            self._alarm(Notice("telegram_conflict", now, "critical", detail=fault.found))
        else:
            wait = _WAIT_TOKEN
            self._alarm(Notice("telegram_token", now, "critical", detail=fault.found))
        if self._fault is not type(fault):  # an outage of an hour would be two thousand lines
            self._say(f"WARNING: Telegram: {fault.found}; asked again every {wait / SECOND:g} s")
        self._fault = type(fault)
        await self._clock.sleep_until(self._clock.monotonic() + wait)

    def _held(self) -> int:
        return self._pace.held_until("telegram")

    async def _free(self, limits: Sequence[Limit]) -> None:
        """Waits until one more request fits into ``limits``, and counts it."""
        while (at := max(self._pace.earliest(limits, now := self._clock.now()), self._held())) > now:
            await self._clock.sleep_until(self._clock.monotonic() + at - now)
        self._pace.took(limits, now)  # nothing is awaited since the last look, so nobody came in between

    async def _reply(self, chat_id: str, text: str, html: str, buttons: Sequence[Button]) -> bool:
        """Sends one page; an answer is no promise, so a doubtful one is not sent again."""
        limits = chat_limits(chat_id)
        for _ in range(_ATTEMPTS):
            await self._free(limits)
            try:
                await self._client.send(chat_id, text, html, b"", buttons)
            except Refused as refusal:
                wait = _WAIT_SILENT if refusal.retry_after_s is None else round(refusal.retry_after_s * SECOND)
                self._pace.hold("telegram", self._clock.now() + wait)
            except (Doubtful, Undeliverable) as fault:
                self._say(f"WARNING: an answer did not arrive: {fault.found}")
                return False
            else:
                return True
        return False
