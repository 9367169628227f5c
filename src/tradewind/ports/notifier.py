"""Telling people. Called only after what is told is durable."""

from __future__ import annotations

from typing import Protocol

from tradewind.model.decision import Signal
from tradewind.model.outcome import Trade


class Notifier(Protocol):
    """Says things to people; may fail without harming the decision it speaks of.

    ``repeated`` marks what a restart found untold, or told without a note of it: it may have been heard before, and the
    words must say so.
    """

    def signal(self, signal: Signal, *, missed: bool, repeated: bool = False) -> None:
        """A new signal; ``missed`` when its validity had passed before it could be told."""
        ...

    def trade_opened(self, line: str, *, repeated: bool = False) -> None:
        """A paper or live execution, as one line."""
        ...

    def trade_closed(self, trade: Trade, *, repeated: bool = False) -> None:
        """A closed round trip."""
        ...
