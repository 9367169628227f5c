"""Carries what people order into a run that is going on: the rows of the inbox and the kill file.

The kill file is for the moment in which nothing else can be reached: its being there is an order, its going away is
none. Only ``kill_off`` with a reason clears the latch, and not while the file is there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from tradewind.adapters.store.database import Database
from tradewind.adapters.store.inbox import waiting
from tradewind.engine.guard import KILL, Guard
from tradewind.errors import TradewindError
from tradewind.model.event import Command
from tradewind.model.guard import Answered

KILL_FILE: Final = "KILL"
FILE_ACTOR: Final = "kill file"
BY: Final = "by "
UNSAID: Final = "no reason given"
_LONGEST: Final = 200


def kill_file(database: Path) -> Path:
    """The kill file that belongs to a store: ``KILL`` in the same folder."""
    return database.with_name(KILL_FILE)


class ControlDesk:
    """What people want of the run on ``database`` and ``guard`` does not do yet."""

    def __init__(self, database: Database, say: Callable[[str], None] = lambda _: None) -> None:
        self._database = database
        self._file = kill_file(database.path)
        self._say = say
        self._blind = False

    def due(self, guard: Guard, ts: int) -> list[Command]:
        """The orders nobody has answered yet, stamped ``ts``, and a kill where the file is there.

        A store that cannot be read for a moment, which is said once, orders nothing; the file is heard without it.
        """
        there = self._file.exists()
        found = self._waiting(ts)
        orders = [self._checked(order) if there else order for order in found]
        if there and KILL not in guard.latches and not any(order.verb == "kill_on" for order in found):
            reason, actor = _written(self._file)
            orders.insert(0, Command("kill_on", actor, ts, str(self._file), reason=reason))
        return orders

    def _waiting(self, ts: int) -> list[Command]:
        try:
            found = waiting(self._database, ts)
        except TradewindError as error:
            if not self._blind:
                self._say(f"WARNING: the inbox cannot be read, orders wait in it: {error}")
            self._blind = True
            return []
        if self._blind:
            self._say("The inbox can be read again.")
        self._blind = False
        return found

    def _checked(self, order: Command) -> Command:
        """Names the file that would set the latch again at once, so that the answer says so."""
        return msgspec.structs.replace(order, argument=str(self._file)) if order.verb == "kill_off" else order


def answered_line(answer: Answered) -> str:
    """``kill_on: done, halted; 1 waiting order withdrawn``."""
    return f"{answer.verb}: {answer.result}, {answer.state}" + (f"; {answer.detail}" if answer.detail else "")


def _written(path: Path) -> tuple[str, str]:
    """What somebody wrote into the kill file: the reason on its first line, on the second who, as ``kill on`` does."""
    try:
        lines = path.read_text("utf-8", "replace").strip().split("\n")
    except OSError:
        lines = []
    reason, by = (*lines, "", "")[:2]
    actor = legible(by.removeprefix(BY)) if by.startswith(BY) else ""
    return legible(reason) or "the file is there", actor or FILE_ACTOR


def legible(text: str) -> str:
    """What a terminal can show of a text, on one line and cut to size."""
    return "".join(one for one in text if one.isprintable())[:_LONGEST].strip()
