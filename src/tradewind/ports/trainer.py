"""Trains models beside a run, without standing in its way."""

from __future__ import annotations

from typing import Protocol

from tradewind.model.mode import RetrainAsked
from tradewind.model.training import TrainingEnd


class Trainer(Protocol):
    """One training at a time; who asks looks in again."""

    @property
    def busy(self) -> bool:
        """Whether a training runs."""
        ...

    def start(self, asked: RetrainAsked) -> None:
        """Begins; only where none runs. Whatever goes wrong is an end with a fault, not an error."""
        ...

    def ended(self) -> TrainingEnd | None:
        """What became of it, once; None while it runs."""
        ...

    def wait(self) -> None:
        """Returns when ``ended`` has something to say; for runs whose time does not pass by itself."""
        ...

    def stop(self) -> None:
        """Ends it without waiting for a result."""
        ...
