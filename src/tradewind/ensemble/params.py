"""Thresholds of the ensemble, each with its unit and the requirement it comes from."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tradewind.errors import Misconfigured

Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class EnsembleParams(msgspec.Struct, frozen=True):
    """When enough members agree, and how sure the answer must be. All shares and probabilities are in [0, 1].

    ``min_agreement`` is held against weight of the winning side / weight of the members that voted. ``quorum`` counts
    distinct voters of the winning side. ``min_confidence`` is held against the confidence (probability that the
    expectancy after costs is positive) or, with ``applies_to = "win_probability"``, against the win probability.
    ``min_record`` is the number of closed shadow trades below which a member's record says nothing.
    ``timeframe_weights`` maps an interval to its weight; the weights of the configured intervals sum to 1.
    ``missing_timeframe`` decides what happens when a configured interval has no current bar: ``renormalise`` the
    others' weights, or ``refuse`` to decide. Sources: REQUIREMENTS E01-E04, E06, E07, E10.
    """

    min_agreement: Share = 0.80
    quorum: Annotated[int, msgspec.Meta(ge=1)] = 2
    min_confidence: Share = 0.80
    applies_to: Literal["confidence", "win_probability"] = "confidence"
    min_record: Annotated[int, msgspec.Meta(ge=2)] = 30
    prior_strength: Annotated[float, msgspec.Meta(ge=0.0)] = 20.0
    timeframe_weights: dict[str, float] = {}
    missing_timeframe: Literal["renormalise", "refuse"] = "renormalise"
    tier_high: Share = 0.95
    tier_medium: Share = 0.90

    def __post_init__(self) -> None:
        weights = self.timeframe_weights
        if weights and abs(sum(weights.values()) - 1.0) > 1e-9:
            raise Misconfigured(
                f"timeframe weights sum to {sum(weights.values()):.6g}",
                where="timeframes.intervals",
                allowed="weights that sum to 1",
                next_step="scale " + ", ".join(f"{name} {value:g}" for name, value in weights.items()),
            )
        if self.tier_high < self.tier_medium:
            raise Misconfigured(
                f"tier_high {self.tier_high:g} is below tier_medium {self.tier_medium:g}",
                where="ensemble",
                allowed="high >= medium",
            )

    def tier(self, level: float) -> str:
        """``high``, ``medium`` or ``low`` for the number the threshold applies to (E10)."""
        if level >= self.tier_high:
            return "high"
        return "medium" if level >= self.tier_medium else "low"
