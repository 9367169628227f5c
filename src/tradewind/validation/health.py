"""How well a strategy stands today: five components from 0 to 100 and their weighted mean.

Each component is linear between the two numbers given and stays within 0 and 100; it is None where what it needs is
unknown. They look at evidence that exists; none of them can make up for a verdict that is missing.

==============  ======  ==============================  =============================================================
component       weight  0 at .. 100 at                  of
==============  ======  ==============================  =============================================================
evidence        0.20    0 .. 100 trades                 trades on the sealed window
margin          0.30    -10 .. +10 points               lower Wilson bound of the win rate - break-even win rate
decay           0.20    70% .. 100% kept                win rate on the sealed window / the one it was chosen on
drawdown room   0.15    all of it used .. none          1 - max drawdown / drawdown budget
recency         0.15    365 .. 30 days                  days since the evidence ended
==============  ======  ==============================  =============================================================
"""

from __future__ import annotations

from typing import Final

import msgspec

from tradewind.model.strategy import StoredStrategy
from tradewind.model.timeframe import DAY

WEIGHTS: Final = {"evidence": 0.20, "margin": 0.30, "decay": 0.20, "drawdown_room": 0.15, "recency": 0.15}
NEEDED: Final = ("evidence", "margin")
"""Components without which there is no score: the others alone would praise what was never shown."""


class HealthScore(msgspec.Struct, frozen=True):
    """``score`` is the weighted mean of the components that are known, None without evidence and margin."""

    score: float | None
    evidence: float | None
    margin: float | None
    decay: float | None
    drawdown_room: float | None
    recency: float | None

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the components that are unknown."""
        return tuple(name for name in WEIGHTS if getattr(self, name) is None)


def health_score(strategy: StoredStrategy, now: int, drawdown_budget: float) -> HealthScore:
    """The health of a strategy at ``now`` (UTC nanoseconds) under a drawdown budget (positive fraction of equity)."""
    low, breakeven, until = strategy.win_rate_low, strategy.breakeven, strategy.evidence_until
    room = None if strategy.max_drawdown is None else 1.0 - strategy.max_drawdown / drawdown_budget
    parts = {
        "evidence": _between(strategy.trades, 0.0, 100.0),
        "margin": _between(None if low is None or breakeven is None else low - breakeven, -0.10, 0.10),
        "decay": _between(strategy.retention, 0.70, 1.0),
        "drawdown_room": _between(room, 0.0, 1.0),
        "recency": _between(None if until is None else (now - until) / DAY, 365.0, 30.0),
    }
    known = {name: part for name, part in parts.items() if part is not None}
    score = None
    if all(name in known for name in NEEDED):
        score = sum(WEIGHTS[name] * part for name, part in known.items()) / sum(WEIGHTS[name] for name in known)
    return HealthScore(score, **parts)


def _between(value: float | None, worst: float, best: float) -> float | None:
    if value is None:
        return None
    return 100.0 * min(1.0, max(0.0, (value - worst) / (best - worst)))
