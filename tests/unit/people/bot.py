"""A bot on a strict stand-in in the same process, in virtual time."""

from __future__ import annotations

from tests.fakes.clock import VirtualClock
from tradewind.adapters.notify.stand_in.bot_api import BotApi, Chat
from tradewind.adapters.notify.stand_in.in_process import StandInTransport
from tradewind.adapters.notify.telegram_client import TelegramClient

TOKEN = "123456:" + "stand-in-token-" + "x" * 20
CHAT, ADMIN, OWNER = 100, 200, 7


def bot_and_api(*, polls: bool = False) -> tuple[TelegramClient, StandInTransport, VirtualClock]:
    clock = VirtualClock()
    api = BotApi(TOKEN, clock.now, (Chat(CHAT), Chat(ADMIN), Chat(OWNER)))
    transport = StandInTransport(api, clock if polls else None)
    return TelegramClient(TOKEN, transport, "http://stand-in"), transport, clock
