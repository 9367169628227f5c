"""Those who are told: they remember every word, and whether it was true at the time."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tradewind.model.decision import Signal
from tradewind.model.outcome import Trade


class Telling(NamedTuple):
    """One thing said: ``key`` names it, ``durable`` is whether the journal held it on disk at that moment."""

    key: str
    durable: bool
    repeated: bool
    missed: bool


class People:
    """Implements ``ports.notifier.Notifier``; ``is_durable`` is asked at the very moment something is said."""

    def __init__(self, is_durable: Callable[[str], bool]) -> None:
        self.heard: list[Telling] = []
        self._is_durable = is_durable

    def signal(self, signal: Signal, *, missed: bool, repeated: bool = False) -> None:
        """Hears of a signal."""
        self._hear(f"signal {signal.id}", repeated, missed)

    def trade_opened(self, line: str, *, repeated: bool = False) -> None:
        """Hears of an execution; the line carries no name, so nothing can be looked up."""

    def trade_closed(self, trade: Trade, *, repeated: bool = False) -> None:
        """Hears of a closed trade."""
        self._hear(f"trade {trade.signal_id}", repeated, False)

    def _hear(self, key: str, repeated: bool, missed: bool) -> None:
        self.heard.append(Telling(key, self._is_durable(key), repeated, missed))
