"""The broker of a signals-only system: a person executes."""

from __future__ import annotations

from collections.abc import Sequence

from tradewind.errors import Rejected
from tradewind.model.bar import Bar
from tradewind.model.order import Charge, Fill, Leg, OrderIntent, Refusal


class NullBroker:
    """Never fills and never holds anything; an intent that reaches it is a fault of the wiring."""

    def submit(self, intent: OrderIntent) -> None:
        """Refuses: with execution off no order may leave."""
        raise Rejected(f"an order for {intent.symbol} reached a signals-only system", allowed="execution = paper")

    def on_bar(self, bar: Bar) -> Sequence[Fill | Charge | Refusal]:
        """Nothing."""
        return ()

    def cancel(self, client_id: str) -> bool:
        """There is nothing to cancel."""
        return False

    def close(self, signal_id: str, leg: Leg, since: int = 0) -> bool:
        """There is nothing to close."""
        return False

    def amend(self, signal_id: str, stop_ticks: int) -> bool:
        """There is nothing to move."""
        return False

    def snapshot(self) -> bytes:
        """Empty: it holds nothing."""
        return b""

    def restore(self, state: bytes) -> None:
        """Nothing to restore."""
