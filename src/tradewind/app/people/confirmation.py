"""One-time codes for what cannot be taken back: asked for, typed once, by the same person, within a minute."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Final, NamedTuple

from tradewind.model.timeframe import MINUTE

GOOD_FOR: Final = MINUTE


class _Waiting(NamedTuple):
    code: str
    words: str
    until: int


class Confirmations:
    """``draw`` gives a new code. A wrong code ends the matter: there is no second guess."""

    def __init__(self, draw: Callable[[], str]) -> None:
        self._draw = draw
        self._waiting: dict[int, _Waiting] = {}

    def ask(self, user_id: int, words: str, now: int) -> str:
        """A code for ``words`` as the user typed them; it replaces the one before."""
        code = self._draw()
        self._waiting[user_id] = _Waiting(code, words, now + GOOD_FOR)
        return code

    def waits_for(self, user_id: int) -> bool:
        """Whether a code is expected of a user."""
        return user_id in self._waiting

    def take(self, user_id: int, typed: str, now: int) -> str | None:
        """What was confirmed; None where the code is wrong, too late or not expected. Either way it is used up."""
        waiting = self._waiting.pop(user_id, None)
        if waiting is None or now > waiting.until:
            return None
        return waiting.words if hmac.compare_digest(waiting.code.encode(), typed.encode()) else None
