"""What is traded on paper after orders to a venue were stopped: told, never sent."""

from __future__ import annotations

import msgspec

from tradewind.model.order import Fill
from tradewind.model.outcome import Trade


class PaperOpened(msgspec.Struct, frozen=True, tag="paper_opened"):
    """An entry that was filled on paper alone."""

    fill: Fill


class PaperClosed(msgspec.Struct, frozen=True, tag="paper_closed"):
    """A trade that was closed on paper alone; ``balance`` is that of the paper account after it."""

    trade: Trade
    balance: str
