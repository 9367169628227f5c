"""What learning is held to; part of the engine's plan."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tradewind.ensemble.selector import SelectorParams
from tradewind.model.timeframe import DAY, HOUR
from tradewind.validation.drift import DriftLimits


class LearningParams(msgspec.Struct, frozen=True):
    """Times are nanoseconds. ``auto_action``: a confirmed CRITICAL decline takes the member off.

    ``fleet`` is what confirms it: ``limit``, a level of at most one false alarm a month among all members, or ``e_bh``,
    a false discovery rate of ``limits.alpha``. ``selector`` None: nothing is selected and nothing logged.
    """

    limits: DriftLimits = DriftLimits()
    lookback: Annotated[int, msgspec.Meta(gt=0)] = 30 * DAY
    cooldown: Annotated[int, msgspec.Meta(ge=0)] = 24 * HOUR
    cycle: Annotated[int, msgspec.Meta(gt=0)] = HOUR
    auto_action: bool = False
    fleet: Literal["limit", "e_bh"] = "limit"
    selector: SelectorParams | None = SelectorParams()
