"""What strategies that nobody hears do: their votes, and what became of each. For the journal, never for people."""

from __future__ import annotations

import msgspec

from tradewind.model.order import Leg
from tradewind.model.timeframe import Timeframe


class ShadowVotes(msgspec.Struct, frozen=True, tag="shadow_votes", gc=False):
    """Who voted unheard at the bar that closed at ``ts``: ``member id -> side``."""

    symbol: str
    timeframe: Timeframe
    ts: int
    votes: dict[str, int]


class ShadowOutcome(msgspec.Struct, frozen=True, tag="shadow_outcome", gc=False):
    """A closed trade of an unheard member's own bracket, net of costs per side; sizes and swaps have no part in it.

    ``ts_entry`` is the open of its entry bar, ``ts_exit`` the close of its exit bar; ``r`` is ``net`` in multiples of
    the risk. One whose entry lies before the first bar decided on was opened while the run warmed up.
    """

    member: str
    symbol: str
    timeframe: Timeframe
    ts_entry: int
    ts_exit: int
    side: int
    entry: float
    exit: float
    r: float
    net: float
    leg: Leg
    ambiguous: bool
