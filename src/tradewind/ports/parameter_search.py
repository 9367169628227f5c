"""Who proposes the next parameters of a search, knowing what the ones before were worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Proposal(NamedTuple):
    """Proposal ``number``: a share in [0, 1) of each parameter's ladder, in the order of the parameters."""

    number: int
    shares: tuple[float, ...]


class ParameterSearch(Protocol):
    """Deterministic: the same answers to the same proposals bring the same next ones."""

    def ask(self, n: int) -> Sequence[Proposal]:
        """``n`` proposals to be tried together."""
        ...

    def tell(self, number: int, score: float) -> None:
        """What proposal ``number`` was worth, more being better; finite."""
        ...
