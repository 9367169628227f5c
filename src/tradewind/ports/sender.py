"""One way to one peer: what is sent and how a send can end."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import msgspec

from tradewind.errors import TradewindError


class Button(NamedTuple):
    """Something to press under a message: what stands on it, and ``data``, which comes back (1 to 64 bytes)."""

    label: str
    data: str


class Post(msgspec.Struct, frozen=True):
    """What leaves: ``text`` in plain words, ``html`` the same with the marks of a chat, ``document`` for programs.

    ``subject`` heads a mail. ``picture`` is a PNG or empty. ``topic`` and ``key`` name it in the outbox. ``buttons``
    are for chats that have them; whatever they do can be typed too.
    """

    topic: str
    key: str
    subject: str
    text: str
    html: str
    document: bytes
    picture: bytes = b""
    buttons: tuple[Button, ...] = ()


class Refused(TradewindError):
    """The peer did not take it, or no byte reached it. ``retry_after_s`` is its own word where it gave one."""

    def __init__(self, found: str, retry_after_s: float | None = None) -> None:
        super().__init__(found)
        self.retry_after_s = retry_after_s


class Undeliverable(TradewindError):
    """The peer will never take it: the address is gone, the credentials are wrong, the content is impossible."""


class Doubtful(TradewindError):
    """Nobody knows whether the peer took it: the answer got lost."""


class Sender(Protocol):
    """Sends one post to one channel."""

    async def send(self, post: Post) -> str:
        """Sends it; the peer's own id of it.

        Raises:
            Refused: not taken; it may be sent again.
            Undeliverable: never to be taken.
            Doubtful: perhaps taken.
        """
        ...
