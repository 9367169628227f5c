"""``tradewind telegram test``: three alerts and what became of them."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tradewind.adapters.http_transport import HttpTransport
from tradewind.adapters.notify.stand_in.bot_api import BotApi, Chat, Message
from tradewind.adapters.notify.stand_in.in_process import StandInTransport
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.people.self_test import SelfTest, tested
from tradewind.app.people.stand_in_bot import PERSON, TOKEN, serve_bot
from tradewind.app.settings.people import TelegramSettings
from tradewind.cli.contract import DONE, NEGATIVE, Report, table, tell
from tradewind.cli.overrides import configured
from tradewind.errors import Misconfigured


def answer(config: Path | None, stand_in: bool) -> Report:
    """Sends them to the configured chats, or to the stand-in."""
    settings = configured(config).telegram
    if not settings.enabled:
        raise Misconfigured(
            "the bot is off",
            where="telegram.enabled",
            next_step="set TELEGRAM_ENABLED=true, TELEGRAM_BOT_TOKEN, TELEGRAM_CHAT_ID and TELEGRAM_ALLOWED_USERS in"
            " .env; docs/telegram.md tells where they come from",
        )
    found = asyncio.run(_imitated(settings) if stand_in else _real(settings))
    rows = [(one.alert, one.chat, one.delivered, one.delivery_id or None, one.detail or None) for one in found.alerts]
    server = "a stand-in in this process" if stand_in else found.server
    note = f"Bot @{found.bot} on {server}. " + (
        "All three arrived." if found.delivered else "Next: open the chat, press Start or add the bot, and test again."
    )
    shown = table("Test alerts", ["alert", "chat", "delivered", "delivery id", "why not"], rows, note=note)
    return Report(found, human=shown, exit_code=DONE if found.delivered else NEGATIVE)


async def _real(settings: TelegramSettings) -> SelfTest:
    transport = HttpTransport()
    try:
        return await tested(settings, transport, WallClock())
    finally:
        await transport.close()


async def _imitated(settings: TelegramSettings) -> SelfTest:
    """The configured token and chats against a Bot API that knows exactly them."""
    clock = WallClock()
    token = settings.bot_token.reveal() if settings.bot_token is not None else ""
    names = {int(name) for name in (settings.chat_id, settings.admin_chat_id) if name.lstrip("-").isdigit()}
    chats = tuple(Chat(name, "private" if name > 0 else "group") for name in names)
    return await tested(settings, StandInTransport(BotApi(token, clock.now, chats)), clock)


def stand_in_answer(config: Path | None, port: int) -> Report:
    """Serves the stand-in until somebody ends it; of the configuration it needs nothing but that it is sound."""
    configured(config)
    api = asyncio.run(serve_bot(port, WallClock(), _opened, _said))
    said = len(api.messages)
    return Report({"calls": api.calls, "messages": said}, f"Answered {api.calls} calls and showed {said} messages.")


def _opened(url: str) -> None:
    sys.stderr.write(
        f"A stand-in for Telegram at {url}. What you type is written to the bot; Ctrl+C ends it. In another shell:\n"
        f"  export TELEGRAM_ENABLED=true TELEGRAM_BASE_URL={url} TELEGRAM_BOT_TOKEN={TOKEN}"
        f" TELEGRAM_CHAT_ID={PERSON} TELEGRAM_ALLOWED_USERS={PERSON}\n"
        "  tradewind telegram test\n"
    )
    sys.stderr.flush()


def _said(message: Message) -> None:
    buttons = "".join(f" [{label}]" for label, _ in message.buttons)
    tell(f"{message.text}{' (with a picture)' if message.photo else ''}{buttons}")
