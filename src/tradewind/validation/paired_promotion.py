"""When a challenger has earned the champion's place: bets on paired outcomes that may be looked at after every one.

Both models speak of the same unseen events; ``d = challenger's score - champion's score`` of each, in [-1, 1] (1 and 0
for right and wrong give -1, 0 or 1). ``E = mean_k prod (1 + s_k d)`` is a test martingale where the challenger is no
better (Waudby-Smith and Ramdas 2023): whoever promotes at ``E >= 20`` promotes an equal or worse one with probability
at most 1/20, however often it is looked at.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tradewind.errors import Misconfigured

STAKES: Final = (0.1, 0.2, 0.4, 0.6)
PROMOTES: Final = 20.0
"""Evidence at which the place changes: one false promotion in twenty at most."""
MARGIN: Final = 0.1
"""Difference in score that is still not worse beside a drifted champion; equals show it in some 150 events."""
CAP: Final = 1e12


class PairedEvidence(msgspec.Struct):
    """Evidence that the challenger is better, and that it is at most ``margin`` worse; both from 1 on."""

    margin: float = MARGIN
    better: list[float] = msgspec.field(default_factory=lambda: [1.0] * len(STAKES))
    not_worse: list[float] = msgspec.field(default_factory=lambda: [1.0] * len(STAKES))
    n: int = 0
    total: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.margin < 1.0:
            raise Misconfigured(f"a margin of {self.margin}", where="paired_promotion", allowed="from 0 to below 1")

    def step(self, difference: float) -> None:
        """Takes one event's difference in score.

        Raises:
            Misconfigured: a difference outside [-1, 1], or none.
        """
        if not -1.0 <= difference <= 1.0:
            raise Misconfigured(f"a difference of {difference}", where="paired_promotion", allowed="from -1 to 1")
        moved = (difference + self.margin) / (1.0 + self.margin)
        self.better = [min(CAP, e * (1.0 + stake * difference)) for e, stake in zip(self.better, STAKES, strict=True)]
        self.not_worse = [min(CAP, e * (1.0 + stake * moved)) for e, stake in zip(self.not_worse, STAKES, strict=True)]
        self.n += 1
        self.total += difference

    @property
    def mean(self) -> float | None:
        """Mean difference; None before the first event."""
        return self.total / self.n if self.n else None

    @property
    def of_better(self) -> float:
        """E against "no better"."""
        return sum(self.better) / len(self.better)

    @property
    def of_not_worse(self) -> float:
        """E against "worse by more than the margin"."""
        return sum(self.not_worse) / len(self.not_worse)

    def promotes(self, *, champion_drifted: bool, looks: int = 1) -> str:
        """Why the challenger takes the place now: ``better``, ``champion drifted``, or empty: it does not.

        ``looks`` counts the challengers that were tried on any of these events, this one included: the best of many
        needs as much more evidence (Bonferroni).
        """
        asked = PROMOTES * looks
        if self.of_better >= asked:
            return "better"
        return "champion drifted" if champion_drifted and self.of_not_worse >= asked else ""
