"""Three test alerts to the configured chats: proof that what matters will arrive, before it matters."""

from __future__ import annotations

from html import escape
from typing import Final

import msgspec

from tradewind.adapters.notify.pace import Pace
from tradewind.app.people.channels import chat_limits
from tradewind.app.people.telegram_link import client_of
from tradewind.app.settings.people import TelegramSettings
from tradewind.model.timeframe import SECOND
from tradewind.ports.clock import Clock
from tradewind.ports.sender import Doubtful, Refused, Undeliverable
from tradewind.ports.transport import Transport

ALERTS: Final = (
    ("signal", "TEST signal alert: nothing to act on. Signals of this chat look like this one, with their numbers."),
    ("drift", "TEST drift alert: no strategy is meant. Alarms about strategies come to this chat."),
    ("error", "TEST error alert: nothing is wrong. Restarts, crashes and fatal errors come to this chat."),
)
_ATTEMPTS: Final = 3


class Tested(msgspec.Struct, frozen=True):
    """One test alert: the chat, the id of the message there, or why it has none."""

    alert: str
    chat: str
    delivered: bool
    delivery_id: str
    detail: str


class SelfTest(msgspec.Struct, frozen=True):
    """What came of the test. ``delivered`` is whether all three arrived."""

    bot: str
    server: str
    delivered: bool
    alerts: tuple[Tested, ...]


async def tested(settings: TelegramSettings, transport: Transport, clock: Clock) -> SelfTest:
    """Asks the bot for its name and sends the three alerts, a second apart where they go to one chat.

    Raises:
        Misconfigured: there is no token, it is none, or Telegram does not know it.
        Unavailable: the server does not answer.
    """
    client = client_of(settings, transport).client
    name = await client.name()
    pace, found = Pace(), []
    for alert, text in ALERTS:
        chat = settings.chat_id if alert == "signal" else settings.admin_chat_id or settings.chat_id
        limits, detail, message = chat_limits(chat), "", ""
        for _ in range(_ATTEMPTS):
            now = clock.now()
            wait = max(pace.earliest(limits, now), pace.held_until("telegram")) - now
            await clock.sleep_until(clock.monotonic() + wait)
            pace.took(limits, clock.now())
            try:
                message = await client.send(chat, text, escape(text, quote=False))
            except Refused as refusal:
                detail = refusal.found
                pace.hold("telegram", clock.now() + round((refusal.retry_after_s or 1.0) * SECOND))
            except (Undeliverable, Doubtful) as fault:
                detail = fault.found
                break
            else:
                detail = ""
                break
        found.append(Tested(alert, chat, bool(message), message, detail))
    return SelfTest(name, settings.base_url, all(one.delivered for one in found), tuple(found))
