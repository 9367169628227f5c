"""What the account guard says: the state it is in, what changed it, and the answer to a person's order."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec


class GuardState(StrEnum):
    """What may still be done. Reducing risk is allowed in every state.

    NORMAL: everything. REDUCING: positions may only shrink. HALTED: no new risk; what is open keeps its stops.
    STOPPED: everything was closed, or is being closed at the next tradable price, and stays so.
    """

    NORMAL = "normal"
    REDUCING = "reducing"
    HALTED = "halted"
    STOPPED = "stopped"

    @property
    def rank(self) -> int:
        """0 for NORMAL up to 3 for STOPPED: the strictest of several holds."""
        return _RANKS[self]


_RANKS = {GuardState.NORMAL: 0, GuardState.REDUCING: 1, GuardState.HALTED: 2, GuardState.STOPPED: 3}


class GuardChanged(msgspec.Struct, frozen=True, tag="guard", gc=False):
    """A latch was set or cleared. ``cause`` names it; ``value`` met ``limit`` where a number did it.

    ``before`` and ``after`` are the states that hold with all latches together; they are equal where another latch
    holds the same. ``state`` is that of the latch itself, ``until`` when it ends by itself (0: a person must clear it).
    """

    ts: int
    before: GuardState
    after: GuardState
    cause: str
    cleared: bool = False
    value: float | None = None
    limit: float | None = None
    actor: str = ""
    reason: str = ""
    state: GuardState = GuardState.NORMAL
    until: int = 0


class Answered(msgspec.Struct, frozen=True, tag="answer", gc=False):
    """What became of an order that somebody waits for: ``id`` is that of its ``Command``.

    ``detail`` is what a person needs beside the result: which positions, which orders, why not.
    """

    id: str
    ts: int
    verb: str
    result: Literal["done", "unchanged", "refused"]
    state: GuardState
    detail: str = ""


class AccountMark(msgspec.Struct, frozen=True, tag="account", gc=False):
    """The account when its day began or a trade was closed: ``kind`` day or trade. Money in account currency.

    ``day`` is the account's own date (the firm's, where one has rules), over at ``day_end``; ``day_equity`` and
    ``day_balance`` are those at its begin. ``peak`` is the highest equity, ``best_day`` a share of the total profit.
    Floors are null and ``verdict`` is empty without a firm.
    """

    ts: int
    kind: str
    balance: str
    equity: float
    day: str
    day_equity: float
    day_balance: float
    day_end: int
    peak: float
    daily_floor: float | None = None
    total_floor: float | None = None
    trading_days: int = 0
    best_day: float | None = None
    verdict: str = ""
