"""The bot's client, loaded where the bot is on: the library costs 0.8 s and 37 MiB."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tradewind.app.settings.people import TelegramSettings
from tradewind.errors import Misconfigured
from tradewind.ports.transport import Transport

if TYPE_CHECKING:
    from tradewind.adapters.notify.telegram_client import TelegramClient


class TelegramLink(NamedTuple):
    """A client with the settings it was made from."""

    client: TelegramClient
    settings: TelegramSettings


def client_of(settings: TelegramSettings, transport: Transport) -> TelegramLink:
    """The client of the configured bot.

    Raises:
        Misconfigured: there is no token, or it is none.
    """
    if settings.bot_token is None:
        raise Misconfigured(
            "TELEGRAM_BOT_TOKEN is not set",
            where="telegram",
            next_step="ask @BotFather for a token and put it into .env",
        )
    from tradewind.adapters.notify.telegram_client import TelegramClient

    return TelegramLink(TelegramClient(settings.bot_token.reveal(), transport, settings.base_url), settings)
