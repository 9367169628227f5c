"""Who may talk to the bot, and what each may do: by user id alone, never by chat."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Final

import msgspec

from tradewind.app.settings.people import TelegramSettings
from tradewind.app.settings.root import AppConfig
from tradewind.errors import Misconfigured
from tradewind.model.notice import Notice
from tradewind.model.timeframe import SECOND

LOOK_EVERY: Final = 30 * SECOND


class Role(IntEnum):
    """What somebody may do; each may also do what stands before it."""

    NOBODY = 0
    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3


class AccessList(msgspec.Struct, frozen=True):
    """User ids. Nobody outside ``allowed`` may do anything; an empty list allows nobody."""

    allowed: frozenset[int] = frozenset()
    admins: frozenset[int] = frozenset()
    operators: frozenset[int] = frozenset()

    def role(self, user_id: int) -> Role:
        """The role of a user; where no roles are given out, every allowed user is the owner."""
        if user_id not in self.allowed:
            return Role.NOBODY
        if user_id in self.admins or not (self.admins or self.operators):
            return Role.ADMIN
        return Role.OPERATOR if user_id in self.operators else Role.VIEWER


def access_of(settings: TelegramSettings) -> AccessList:
    """The list of a configuration."""
    lists = (settings.allowed_users, settings.admins, settings.operators)
    return AccessList(*(frozenset(int(user) for user in users if user.isdigit()) for users in lists))


class Access:
    """The list as it is now. ``reload`` reads the configuration again; it is asked at most every 30 seconds.

    A list that was emptied denies everybody, and ``alarm`` hears of it. A configuration that cannot be read leaves the
    list as it was: a slip of the pen elsewhere must not take the kill switch out of anybody's hand.
    """

    def __init__(
        self, first: AccessList, reload: Callable[[], AppConfig], alarm: Callable[[Notice], None], now: int
    ) -> None:
        self.current = first
        self._reload = reload
        self._alarm = alarm
        self._looked = now

    def look(self, now: int) -> None:
        """Reads the list again; that it was emptied is an alarm whether or not anybody writes."""
        before, self._looked = self.current, now
        self.current = self._read()
        if before.allowed and not self.current.allowed:
            self._alarm(Notice("telegram_nobody_allowed", now, "critical"))

    def role(self, user_id: int, now: int) -> Role:
        """The role of a user at ``now``."""
        if now - self._looked >= LOOK_EVERY:
            self._looked = now
            self.current = self._read()
        if not self.current.allowed:
            self._alarm(Notice("telegram_nobody_allowed", now, "critical"))
        return self.current.role(user_id)

    def _read(self) -> AccessList:
        try:
            return access_of(self._reload().telegram)
        except Misconfigured as fault:
            if any("TELEGRAM_ALLOWED_USERS" in one for one in (*fault.faults, str(fault))):
                return AccessList()
            return self.current
