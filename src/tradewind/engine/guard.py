"""What may still be done: the latches people and limits have set, and the state that follows from them.

The strictest latch holds. Latches are part of the engine's snapshot and follow from events alone, so a restart and a
replay find them as they were; those a person must clear are cleared by nothing else.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from tradewind.model.decision import Reason
from tradewind.model.event import Command
from tradewind.model.guard import Answered, GuardChanged, GuardState
from tradewind.model.notice import Notice, Severity

REMEMBERED: Final = 1024
"""How many obeyed requests are known again: one is repeated at once or never."""
KILL, REDUCE, LIQUIDATE, ROLLBACK = "kill", "reduce", "liquidate", "rollback"
_SETS: Final = {
    "kill_on": (KILL, GuardState.HALTED),
    "reduce": (REDUCE, GuardState.REDUCING),
    "liquidate": (LIQUIDATE, GuardState.REDUCING),
    "rollback": (ROLLBACK, GuardState.STOPPED),
}
STOPPED: Final = "stopped"
"""Argument of ``resume`` that clears what has stopped the account; it needs a reason."""


class Latch(msgspec.Struct, frozen=True):
    """One cause for a state, since ``ts``; ``actor`` is empty where a limit did it. ``value`` met ``limit``.

    ``until`` is when it ends by itself, 0 where a person must clear it; ``flat``: nothing may stay open.
    """

    state: GuardState
    ts: int
    actor: str = ""
    reason: str = ""
    value: float | None = None
    limit: float | None = None
    until: int = 0
    flat: bool = False


class _State(msgspec.Struct, frozen=True):
    latches: dict[str, Latch]
    obeyed: tuple[str, ...]


class Guard:
    """The latches of one engine. ``reasons`` are the standing objections to new risk, empty while there are none."""

    def __init__(self) -> None:
        self.latches: dict[str, Latch] = {}
        self.reasons: tuple[Reason, ...] = ()
        self._obeyed: dict[str, None] = {}

    @property
    def state(self) -> GuardState:
        """The strictest of all latches."""
        return max((one.state for one in self.latches.values()), key=lambda one: one.rank, default=GuardState.NORMAL)

    @property
    def wants_flat(self) -> bool:
        """Whether nothing may stay open."""
        return any(one.flat for one in self.latches.values())

    def first_heard(self, request: str) -> bool:
        """Whether a request was not obeyed before (the newest ``REMEMBERED`` are known); an empty one always is new."""
        if not request:
            return True
        if request in self._obeyed:
            return False
        self._obeyed[request] = None
        if len(self._obeyed) > REMEMBERED:
            del self._obeyed[next(iter(self._obeyed))]
        return True

    def latch(self, cause: str, latch: Latch) -> list[GuardChanged]:
        """Sets a latch; nothing where it is set already."""
        if cause in self.latches:
            return []
        before = self.state
        self.latches[cause] = latch
        self._follow()
        return [
            GuardChanged(
                latch.ts,
                before,
                self.state,
                cause,
                False,
                latch.value,
                latch.limit,
                latch.actor,
                latch.reason,
                latch.state,
                latch.until,
            )
        ]

    def clear(self, cause: str, ts: int, actor: str = "", reason: str = "") -> list[GuardChanged]:
        """Clears a latch; nothing where it is not set."""
        if cause not in self.latches:
            return []
        before = self.state
        del self.latches[cause]
        self._follow()
        return [GuardChanged(ts, before, self.state, cause, True, actor=actor, reason=reason)]

    def obey(self, order: Command) -> list[GuardChanged]:
        """Sets or clears what a person ordered; what he must not, by ``refusal``, changes nothing."""
        if order.verb in _SETS:
            cause, state = _SETS[order.verb]
            return self.latch(
                cause, Latch(state, order.ts, order.actor, order.reason, flat=cause in (LIQUIDATE, ROLLBACK))
            )
        if self.refusal(order):
            return []
        if order.verb == "kill_off":
            return self.clear(KILL, order.ts, order.actor, order.reason)
        if order.verb == "resume":
            changed: list[GuardChanged] = []
            for cause, latch in list(self.latches.items()):
                stopped = order.argument == STOPPED and latch.state is GuardState.STOPPED
                if stopped or (latch.state is GuardState.REDUCING and not latch.until):
                    changed += self.clear(cause, order.ts, order.actor, order.reason)
            return changed
        return []

    def refusal(self, order: Command) -> str:
        """Why an order is not obeyed; empty where it is."""
        if order.verb == "kill_off":
            if order.argument:
                return f"{order.argument} is still there"
            if not order.reason:
                return "a reason is needed"
        if order.verb == "resume" and order.argument == STOPPED and not order.reason:
            return "a reason is needed"
        return ""

    def answer(self, order: Command, *, changed: bool, detail: str, refused: str = "") -> Answered:
        """What became of a person's order; ``detail`` is what else is to be said, beside what still holds.

        ``refused`` is why another part of the engine did not obey.
        """
        refused = refused or self.refusal(order)
        said = [refused or detail, *(_held(cause, latch) for cause, latch in self._others(order))]
        result: Literal["done", "unchanged", "refused"] = "unchanged"
        if refused or changed:
            result = "refused" if refused else "done"
        return Answered(order.id, order.ts, order.verb, result, self.state, "; ".join(one for one in said if one))

    def snapshot(self) -> bytes:
        """The latches, as bytes that ``restore`` takes."""
        return msgspec.msgpack.encode(_State(self.latches, tuple(self._obeyed)))

    def restore(self, state: bytes) -> None:
        """Continues from a snapshot; empty bytes are those of an engine that had no guard yet."""
        if not state:
            return
        found = msgspec.msgpack.decode(state, type=_State)
        self.latches = dict(found.latches)
        self._obeyed = dict.fromkeys(found.obeyed)
        self._follow()

    def _others(self, order: Command) -> list[tuple[str, Latch]]:
        own = _SETS.get(order.verb, ("",))[0]
        return [(cause, latch) for cause, latch in self.latches.items() if cause != own]

    def _follow(self) -> None:
        self.reasons = tuple(_objection(cause, latch) for cause, latch in self.latches.items())


def _objection(cause: str, latch: Latch) -> Reason:
    detail = _held(cause, latch)
    if latch.state is GuardState.STOPPED:
        return Reason(code="guard_stopped", value=latch.value, limit=latch.limit, detail=detail)
    if latch.state is GuardState.HALTED:
        return Reason(code="guard_halted", value=latch.value, limit=latch.limit, detail=detail)
    return Reason(code="guard_reducing", value=latch.value, limit=latch.limit, detail=detail)


def _held(cause: str, latch: Latch) -> str:
    """``halted: kill by ann: the feed looks wrong``."""
    who = f" by {latch.actor}" if latch.actor else ""
    why = f": {latch.reason}" if latch.reason else ""
    return f"{latch.state}: {cause}{who}{why}"


def told_of(changed: GuardChanged) -> Notice:
    """What people hear of a latch that was set or cleared; its severity is that of the state."""
    who = changed.actor or "a limit"
    why = f": {changed.reason}" if changed.reason else ""
    detail = f"{'cleared' if changed.cleared else 'set'} by {who}{why}; the account is {changed.after}"
    severity: Severity = "info"
    if not changed.cleared:
        severity = "warning" if changed.state is GuardState.REDUCING else "critical"
    code = changed.cause if "_" in changed.cause else f"guard_{changed.cause}"
    subject = "cleared" if changed.cleared else ""
    return Notice(code, changed.ts, severity, subject, changed.value, changed.limit, detail)
