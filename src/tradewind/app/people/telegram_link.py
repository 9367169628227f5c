"""The bot's client, loaded where the bot is on: the library costs 0.8 s and 37 MiB."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from tradewind.app.settings.people import TelegramSettings
from tradewind.errors import Misconfigured
from tradewind.model.heard import Heard
from tradewind.ports.transport import Transport

if TYPE_CHECKING:
    from tradewind.adapters.notify.telegram_client import TelegramClient


class TelegramLink(NamedTuple):
    """A client, and the reader of updates that a webhook delivers."""

    client: TelegramClient
    heard_of: Callable[[Mapping[str, Any]], Heard | None]


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
    from tradewind.adapters.notify.telegram_client import TelegramClient, heard_of

    return TelegramLink(TelegramClient(settings.bot_token.reveal(), transport, settings.base_url), heard_of)
