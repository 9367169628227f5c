"""How orders are handled. Times are nanoseconds."""

from __future__ import annotations

import msgspec

from tradewind.model.timeframe import MINUTE, SECOND


class OrderParams(msgspec.Struct, frozen=True):
    """``venue`` names where orders go. ``approval``: entries wait for a person, at most ``approval_ttl``. ``entry_ttl``
    (0: no limit) is how long an entry may wait to be sent, and how long one that is not filled whole may rest.

    ``protect_within`` is how long what is held may be without a proven stop of its size. A request without an answer
    is in doubt after ``answer_within``. ``visible_within`` is how long a venue may not show an order it has taken;
    ``resends`` says that it knows a repeated client id again. ``confirm_after`` is how long a difference in positions
    must last. ``netting``: one side per symbol; else signals are kept apart. ``attached``: stop and target go with the
    entry. ``look_back`` is how far back executions are asked for. ``dead_man`` (0: never) is after how much silence
    the venue shall cancel resting entries. ``falls_back``: a stopped account is followed on paper.
    """

    venue: str = ""
    approval: bool = False
    approval_ttl: int = 5 * MINUTE
    entry_ttl: int = MINUTE
    protect_within: int = 2 * SECOND
    answer_within: int = 10 * SECOND
    visible_within: int = MINUTE
    resends: bool = True
    reconcile_every: int = 5 * MINUTE
    confirm_after: int = 5 * SECOND
    look_back: int = 60 * MINUTE
    netting: bool = True
    attached: bool = False
    dead_man: int = 0
    falls_back: bool = False
