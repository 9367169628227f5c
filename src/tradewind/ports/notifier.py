"""Telling people. Called only after what is told is durable."""

from __future__ import annotations

from typing import Protocol

from tradewind.model.decision import Signal
from tradewind.model.outcome import Trade


class Notifier(Protocol):
    """Says things to people; may fail without harming the decision it speaks of."""

    def signal(self, signal: Signal, *, missed: bool) -> None:
        """A new signal; ``missed`` when its validity had passed before it could be told."""
        ...

    def trade_opened(self, line: str) -> None:
        """A paper or live execution, as one line."""
        ...

    def trade_closed(self, trade: Trade) -> None:
        """A closed round trip."""
        ...
