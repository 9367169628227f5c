"""Where orders go. The simulated broker and a real one answer to the same calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tradewind.model.bar import Bar
from tradewind.model.order import Charge, Fill, Leg, OrderIntent, Refusal


class Broker(Protocol):
    """Takes intents, moves with the market, reports what happened."""

    def submit(self, intent: OrderIntent) -> None:
        """Accepts an intent for the next tradable price; the same ``client_id`` twice is one order."""
        ...

    def on_bar(self, bar: Bar) -> Sequence[Fill | Charge | Refusal]:
        """What the bar did to resting orders and open positions, in order."""
        ...

    def cancel(self, client_id: str) -> bool:
        """Withdraws an intent not yet filled; False when there is nothing to withdraw."""
        ...

    def close(self, signal_id: str, leg: Leg, since: int = 0) -> bool:
        """Leaves the position of a signal at the next tradable price; False when there is none.

        ``since`` is when it was asked, in UTC nanoseconds: a price of before is not traded at.
        """
        ...

    def amend(self, signal_id: str, stop_ticks: int) -> bool:
        """Moves the stop of a signal's open position; False when there is none."""
        ...

    def snapshot(self) -> bytes:
        """Resting orders and open positions; empty for a broker that keeps its own truth elsewhere."""
        ...

    def restore(self, state: bytes) -> None:
        """Continues from ``snapshot``."""
        ...
