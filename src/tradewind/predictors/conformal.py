"""Sets of outcomes that hold the true one as often as promised, whatever the model's probabilities are worth.

Split conformal prediction (Vovk, Gammerman and Shafer 2005) with the level adapted to what happened (Gibbs and Candes
2021, Adaptive conformal inference under distribution shift). Whoever acts on sets of one outcome only stays silent
where the model cannot tell.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Sequence
from typing import Final

import msgspec

from tradewind.errors import Misconfigured

WINDOW: Final = 1000
"""Scores that are remembered; older ones go."""
UP: Final = 1
DOWN: Final = -1


def quantile_score(ascending: Sequence[float], alpha: float) -> float:
    """The ``ceil((n + 1)(1 - alpha))``-th smallest score; infinite where there is none, -infinite at alpha >= 1."""
    n = len(ascending)
    k = math.ceil((n + 1) * (1.0 - alpha) - 1e-9)  # 1e-9: 20 * 0.95 must be the 19th, whatever its last bit
    if k < 1:
        return -math.inf
    return ascending[k - 1] if k <= n else math.inf


class Conformal(msgspec.Struct, dict=True):
    """Prediction sets over up and down for one model, adapted with every outcome that becomes known.

    The score of an outcome is ``1 - P(outcome)``; the set holds every outcome whose score is at most the quantile.
    ``alpha`` is the share of misses promised, ``level`` the one that is used now; ``gamma`` how fast it adapts:
    ``level <- level + gamma (alpha - missed)``. Over time the share of misses is alpha, whatever the market does.
    """

    alpha: float = 0.1
    gamma: float = 0.02
    level: float = 0.1
    recent: list[float] = msgspec.field(default_factory=list)
    seen: int = 0
    missed: int = 0
    singles: int = 0

    def __post_init__(self) -> None:
        if not (0.0 < self.alpha < 1.0 and 0.0 <= self.gamma <= 1.0):
            raise Misconfigured(
                f"alpha {self.alpha}, gamma {self.gamma}", where="conformal", allowed="alpha in (0, 1), gamma in [0, 1]"
            )
        self._ascending = sorted(self.recent)

    @classmethod
    def of(cls, alpha: float, gamma: float = 0.02, scores: Sequence[float] = ()) -> Conformal:
        """A fresh one at its promised level, with the scores of a calibration slice."""
        return cls(alpha, gamma, alpha, list(scores)[-WINDOW:])

    def outcomes(self, p_up: float) -> frozenset[int]:
        """The set for a probability of going up: of +1 and -1 none, one or both."""
        limit = quantile_score(self._ascending, self.level)
        return frozenset(side for side, p in ((UP, p_up), (DOWN, 1.0 - p_up)) if 1.0 - p <= limit)

    def side(self, p_up: float) -> int:
        """+1 or -1 where the set holds that alone, else 0: do not act."""
        found = self.outcomes(p_up)
        return next(iter(found)) if len(found) == 1 else 0

    def learn(self, p_up: float, went: int) -> bool:
        """Takes what became of a prediction, +1 or -1; whether the set missed it. NaN or another side raises.

        Raises:
            Misconfigured: a probability outside [0, 1], or an outcome that is neither +1 nor -1.
        """
        if not 0.0 <= p_up <= 1.0 or went not in (UP, DOWN):
            raise Misconfigured(f"p {p_up}, outcome {went}", where="conformal", allowed="p in [0, 1], outcome +1 or -1")
        found = self.outcomes(p_up)
        missed = went not in found
        self.seen += 1
        self.missed += missed
        self.singles += len(found) == 1
        self.level += self.gamma * (self.alpha - missed)
        score = 1.0 - (p_up if went == UP else 1.0 - p_up)
        self.recent.append(score)
        insort(self._ascending, score)
        if len(self.recent) > WINDOW:
            self._ascending.remove(self.recent.pop(0))
        return missed
