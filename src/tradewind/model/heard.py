"""What somebody wrote to the bot, apart from any library."""

from __future__ import annotations

import msgspec


class Heard(msgspec.Struct, frozen=True):
    """One update. ``chat_kind`` is private, group, supergroup or channel; ``ts`` when it was written, UTC ns."""

    update_id: int
    user_id: int
    chat_id: int
    chat_kind: str
    text: str
    ts: int
    edited: bool = False
    forwarded: bool = False
