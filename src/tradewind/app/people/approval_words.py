"""An entry that waits for a person, in lines and in buttons: asked, about to be let go, decided."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from tradewind.model.instrument import Instrument
from tradewind.model.order import ApprovalAsked, ApprovalEnded
from tradewind.model.timeframe import SECOND
from tradewind.ports.sender import Button

_ENDS: Final = {
    "approved": "was approved and leaves as soon as it may",
    "rejected": "was rejected and never leaves",
    "expired": "expired: nobody approved it in time, it never leaves",
    "withdrawn": "was withdrawn before anybody decided, it never leaves",
}


def asked_lines(asked: ApprovalAsked, instrument: Instrument) -> list[str]:
    """What is to be sent, until when a person may say so, and how."""
    return [
        f"Approve? {order_text(asked, instrument)}",
        *order_lines(asked, instrument),
        f"Waits until {moment(asked.until)}; unanswered it expires",
        f"Order        {asked.client_id}",
        f"Signal       {asked.signal_id}",
        f"Or type      /approve {asked.client_id}",
    ]


def order_text(asked: ApprovalAsked, instrument: Instrument) -> str:
    """``BUY 0.1 lots EUR/USD at market``."""
    side = "BUY" if asked.side > 0 else "SELL"
    return f"{side} {instrument.to_lots(asked.steps):g} lots {asked.symbol} at market"


def order_lines(asked: ApprovalAsked, instrument: Instrument) -> list[str]:
    """Zone, stop and target in prices."""

    def price(ticks: int) -> str:
        return f"{instrument.to_price(ticks):.{instrument.digits}f}"

    low, high = asked.zone
    zone = [f"Entry zone   {price(low)} - {price(high)}"] if high else []
    target = [f"Target       {price(asked.target_ticks)}"] if asked.target_ticks else []
    return [*zone, f"Stop         {price(asked.stop_ticks)}", *target]


def ended_lines(ended: ApprovalEnded) -> list[str]:
    """What became of it, and who said so."""
    who = f" (by {ended.actor})" if ended.actor else ""
    return [f"The order for {ended.symbol} {_ENDS.get(ended.how, ended.how)}{who}", f"Signal       {ended.signal_id}"]


def asked_buttons(asked: ApprovalAsked) -> tuple[Button, ...]:
    """Data of 41 bytes at most: the order's id is 32 hex digits, whatever the symbol is called."""
    return Button("Approve", f"approve:{asked.client_id}"), Button("Reject", f"reject:{asked.client_id}")


def moment(ts: int) -> str:
    """``2024-01-08 13:00:05 UTC``."""
    return datetime.fromtimestamp(ts // SECOND, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
