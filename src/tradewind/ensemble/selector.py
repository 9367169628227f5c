"""Which members deserve more weight, from what all of them showed in the shadow.

Every member can be followed in the shadow, so the results of all are known and nobody has to be tried: fixed share
(Herbster and Warmuth 1998) tracks the best member while it changes.

    v_i = w_i exp(eta g_i) / sum_j w_j exp(eta g_j),   w_i <- (1 - alpha) v_i + alpha / K

``g_i`` is the result of member i in a round, in R, cut to ``[-CUT, CUT]``; who did not trade has 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

import msgspec

CUT: Final = 2.0
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class SelectorParams(msgspec.Struct, frozen=True):
    """How members are weighed. ``weighs``: the weights multiply those of the votes; else they are only logged.

    ``rate`` is eta a unit of R, ``share`` is alpha: how much weight is spread anew each round. ``step``, ``explore``
    and ``entries`` are of the table that ``q_learning`` keeps.
    """

    method: Literal["fixed_share", "q_learning"] = "fixed_share"
    weighs: bool = False
    rate: Annotated[float, msgspec.Meta(gt=0.0, le=10.0)] = 0.2
    share: Share = 0.004
    step: Share = 0.1
    explore: Share = 0.1
    entries: Annotated[int, msgspec.Meta(ge=1)] = 10_000
    seed: int = 1


class FixedShare(msgspec.Struct):
    """Weights of named members, summing to 1; equal at first."""

    weights: dict[str, float]
    rounds: int = 0

    @classmethod
    def of(cls, names: Sequence[str]) -> FixedShare:
        """Equal weights."""
        return cls({name: 1.0 / len(names) for name in names})

    def update(self, results: Mapping[str, float], params: SelectorParams) -> None:
        """One round: the R that each member made in it; members without a result made 0, unknown names are left out.

        A result that is no number counts as 0.
        """
        grown = {}
        for name, weight in self.weights.items():
            gain = results.get(name, 0.0)
            gain = min(CUT, max(-CUT, gain)) if math.isfinite(gain) else 0.0
            grown[name] = weight * math.exp(params.rate * gain)
        total = math.fsum(grown.values())
        even = params.share / len(grown)
        self.weights = {name: (1.0 - params.share) * one / total + even for name, one in grown.items()}
        self.rounds += 1

    @property
    def multipliers(self) -> dict[str, float]:
        """Each weight as a multiple of the equal one: 1.0 for everybody at first."""
        return {name: weight * len(self.weights) for name, weight in self.weights.items()}

    @property
    def best(self) -> str:
        """Who has the largest weight, the first of several."""
        return max(self.weights, key=lambda name: self.weights[name])
