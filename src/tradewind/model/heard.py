"""What somebody wrote to the bot, apart from any library."""

from __future__ import annotations

import msgspec


class Heard(msgspec.Struct, frozen=True):
    """One update. ``chat_kind`` is private, group, supergroup or channel; ``ts`` when it was written, UTC ns.

    ``tap`` is the id of a press of a button under the message ``message_id``, whose data is then ``text``. A press has
    no time of its own: ``ts`` is 0.
    """

    update_id: int
    user_id: int
    chat_id: int
    chat_kind: str
    text: str
    ts: int
    edited: bool = False
    forwarded: bool = False
    tap: str = ""
    message_id: int = 0
