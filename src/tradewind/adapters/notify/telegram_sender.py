"""One chat of the bot as a channel of the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tradewind.ports.sender import Button, Post


class Chats(Protocol):
    """What speaks to chats: the client of the Bot API."""

    async def send(
        self, chat_id: str, text: str, html: str, picture: bytes = b"", buttons: Sequence[Button] = ()
    ) -> str:
        """One message; its id. Raises as ``ports.sender.Sender``."""
        ...


class TelegramSender:
    """Implements ``ports.sender.Sender``."""

    def __init__(self, client: Chats, chat_id: str) -> None:
        self._client = client
        self._chat_id = chat_id

    async def send(self, post: Post) -> str:
        """One message, with its picture where it has one."""
        return await self._client.send(self._chat_id, post.text, post.html, post.picture, post.buttons)
