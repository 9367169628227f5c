"""Carries what people order into a run that is going on: the rows of the inbox and the kill file.

The kill file is for the moment in which nothing else can be reached: its being there is an order, its going away is
none. Only ``kill_off`` with a reason clears the latch, and not while the file is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from tradewind.adapters.store.database import Database
from tradewind.adapters.store.inbox import waiting
from tradewind.app.control.free_text import legible
from tradewind.engine.guard import KILL, Guard
from tradewind.engine.mode_orders import CANCEL, RETRAIN, WITHDRAWN
from tradewind.errors import TradewindError
from tradewind.model.event import Command
from tradewind.model.guard import Answered

KILL_FILE: Final = "KILL"
FILE_ACTOR: Final = "kill file"
BY: Final = "by "
UNSAID: Final = "no reason given"


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
        orders = [self._checked(order) if there else order for order in taken_back(found)]
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


def taken_back(orders: Sequence[Command]) -> list[Command]:
    """The waiting orders, oldest first; a training and what takes it back before anybody heard of it know each other.

    Without that the first would begin what the second is to prevent.
    """
    found = list(orders)
    for place, order in enumerate(orders):
        if order.verb != CANCEL:
            continue
        earlier = [one for one in range(place) if _takes_back(order, found[one])]
        for one in (*earlier, *([place] if earlier else [])):
            found[one] = msgspec.structs.replace(found[one], argument=f"{found[one].argument} {WITHDRAWN}")
    return found


def _takes_back(order: Command, one: Command) -> bool:
    waits = one.verb == RETRAIN and not one.argument.endswith(f" {WITHDRAWN}")
    return waits and f"{one.argument} ".startswith(f"{order.argument} ")


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
