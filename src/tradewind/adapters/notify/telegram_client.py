"""The Bot API through python-telegram-bot, with its errors as ours: refused, undeliverable, doubtful."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
    TimedOut,
)

from tradewind.adapters.notify.telegram_request import Limited, TransportRequest, Unsent, without_token
from tradewind.errors import Misconfigured, Rejected, Retryable
from tradewind.model.heard import Heard
from tradewind.model.timeframe import SECOND
from tradewind.ports.sender import Button, Doubtful, Refused, Undeliverable
from tradewind.ports.transport import Transport

OFFICIAL: Final = "https://api.telegram.org"
CAPTION_LIMIT: Final = 1024
TEXT_LIMIT: Final = 4096
_KINDS: Final = ["message", "edited_message", "callback_query"]
_TOAST_LIMIT: Final = 200
_POLL_SLACK_S: Final = 10


class TelegramClient:
    """One bot. ``base_url`` is the server, for a local Bot API or the stand-in."""

    def __init__(self, token: str, transport: Transport, base_url: str = OFFICIAL) -> None:
        request = TransportRequest(transport)
        try:
            self._bot = Bot(
                token,
                base_url=f"{base_url}/bot",
                base_file_url=f"{base_url}/file/bot",
                request=request,
                get_updates_request=request,
            )
        except InvalidToken as error:
            raise Misconfigured(
                "it is no bot token",
                where="TELEGRAM_BOT_TOKEN",
                allowed="DIGITS:LETTERS as @BotFather gives it",
                next_step="ask @BotFather for /token and copy the whole line",
            ) from error

    async def send(
        self, chat_id: str, text: str, html: str, picture: bytes = b"", buttons: Sequence[Button] = ()
    ) -> str:
        """Sends one message, with a picture and a row of buttons where they are given; the message's id.

        Marks that the API cannot read are no reason to stay silent: it refused definitely, so the plain text follows.

        Raises:
            Refused: a rate limit, or no byte left.
            Undeliverable: the chat is gone or the bot was blocked there; the token is wrong.
            Doubtful: the answer got lost.
        """
        try:
            try:
                return await self._sent(chat_id, html, "HTML", picture, buttons)
            except BadRequest as error:
                if "parse entities" not in error.message.lower():
                    raise
                return await self._sent(chat_id, text, None, picture, buttons)
        except TelegramError as error:
            raise _told(error) from None

    async def _sent(self, chat_id: str, text: str, mode: str | None, picture: bytes, buttons: Sequence[Button]) -> str:
        row = [InlineKeyboardButton(one.label, callback_data=one.data) for one in buttons]
        keys = InlineKeyboardMarkup([row]) if row else None
        if picture:
            message = await self._bot.send_photo(
                chat_id, picture, caption=text, parse_mode=mode, filename="chart.png", reply_markup=keys
            )
        else:
            message = await self._bot.send_message(chat_id, text, parse_mode=mode, reply_markup=keys)
        return str(message.message_id)

    async def tapped(self, tap: str, text: str) -> None:
        """Ends the waiting sign on a pressed button; ``text`` is shown for a moment. Raises as ``updates``."""
        try:
            await self._bot.answer_callback_query(tap, text=text[:_TOAST_LIMIT] or None)
        except TelegramError as error:
            raise _asked(error) from None

    async def take_buttons(self, chat_id: str, message_id: int) -> None:
        """Takes the buttons off a message: what they stood for is settled. Raises as ``updates``."""
        try:
            await self._bot.edit_message_reply_markup(chat_id, message_id, reply_markup=None)
        except TelegramError as error:
            raise _asked(error) from None

    async def updates(self, offset: int, timeout_s: int) -> list[Heard]:
        """What people wrote from update ``offset`` on, after a long poll of at most ``timeout_s``.

        Raises:
            Retryable: the API did not answer, or asked for patience.
            Rejected: another process polls with this token, or a webhook is set.
            Misconfigured: the token is wrong.
        """
        try:
            found = await self._bot.get_updates(
                offset=offset, timeout=timeout_s, read_timeout=timeout_s + _POLL_SLACK_S, allowed_updates=_KINDS
            )
        except TelegramError as error:
            raise _asked(error) from None
        return [one for one in map(heard_in, found) if one is not None]

    async def name(self) -> str:
        """The bot's own name, which proves the token; raises as ``updates``."""
        try:
            return str((await self._bot.get_me()).username)
        except TelegramError as error:
            raise _asked(error) from None

    async def offer(self, commands: Sequence[tuple[str, str]]) -> None:
        """Puts the commands into the menu of the chat; raises as ``updates``."""
        try:
            await self._bot.set_my_commands(list(commands))
        except TelegramError as error:
            raise _asked(error) from None

    async def listen_at(self, url: str, secret: str) -> None:
        """Has updates delivered to ``url`` with ``secret`` in their header; an empty URL goes back to polling."""
        try:
            if url:
                await self._bot.set_webhook(url, secret_token=secret, allowed_updates=_KINDS)
            else:
                await self._bot.delete_webhook()
        except TelegramError as error:
            raise _asked(error) from None


def heard_of(document: Mapping[str, Any]) -> Heard | None:
    """An update as a webhook delivers it; None for those that hold no text of a person."""
    return heard_in(Update.de_json(dict(document), None))


def heard_in(update: Update) -> Heard | None:
    """An update of the library as our own value; None for those that hold no text of a person and no press."""
    if update.callback_query is not None:
        return _pressed(update)
    message = update.message or update.edited_message
    if message is None or message.from_user is None or not message.text:
        return None
    return Heard(
        update_id=update.update_id,
        user_id=message.from_user.id,
        chat_id=message.chat.id,
        chat_kind=str(message.chat.type),
        text=message.text,
        ts=int(message.date.timestamp()) * SECOND,
        edited=update.edited_message is not None,
        forwarded=message.forward_origin is not None,
    )


def _pressed(update: Update) -> Heard | None:
    """A press of a button; its data is what it would have been to type the same."""
    query = update.callback_query
    if query is None or query.message is None or not query.data:
        return None
    chat = query.message.chat
    return Heard(
        update.update_id, query.from_user.id, chat.id, str(chat.type), query.data, 0, tap=query.id,
        message_id=query.message.message_id,
    )  # fmt: skip


def _told(error: TelegramError) -> Refused | Undeliverable | Doubtful:
    """What a failed send means."""
    words = without_token(error.message)
    if isinstance(error, Limited):
        return Refused(words, error.wait_s)
    if isinstance(error, Unsent):
        return Refused(f"no connection ({words})")
    if isinstance(error, BadRequest | Forbidden | InvalidToken | ChatMigrated):
        return Undeliverable(words)
    return Doubtful(words)


def _asked(error: TelegramError) -> Retryable | Rejected | Misconfigured:
    """What a failed question means."""
    words = without_token(error.message)
    if isinstance(error, InvalidToken):
        return Misconfigured(
            f"Telegram does not know this token ({words})",
            where="TELEGRAM_BOT_TOKEN",
            next_step="copy the token from @BotFather again",
        )
    if isinstance(error, Conflict):
        return Rejected(
            words, where="Telegram", next_step="stop the other process that uses this token, or give it another bot"
        )
    wait = error.wait_s if isinstance(error, Limited) else None
    if isinstance(error, TimedOut | NetworkError) and not isinstance(error, BadRequest):
        return Retryable(words, where="Telegram", next_step="it is tried again", retry_after_s=wait)
    return Rejected(words, where="Telegram")
