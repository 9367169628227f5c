"""The person who looks after the service: once an hour, and never without a reason."""

from __future__ import annotations

from typing import Final

from tradewind.fleetsim.exchange import Exchange
from tradewind.fleetsim.service import Service
from tradewind.model.event import Command

NAME: Final = "the operator"
PEOPLES: Final = ("kill", "reduce", "liquidate", "rollback")


def look(service: Service | None, exchange: Exchange, now: int) -> bool:
    """What is not ours is traded away by hand; then trading is resumed where an alarm or a limit stopped it.

    True where something was done. What people have ordered is left as it is.
    """
    if service is None or not service.warmed or service.engine.orders is None:
        return False
    engine, book = service.engine, service.engine.orders.book
    if book.external:
        for key, steps in book.external.items():
            exchange.by_hand(key.split(" ")[0], -1 if steps > 0 else 1, abs(steps), now)
        return True
    if book.external_orders or not book.adds_risk or any(cause in engine.guard.latches for cause in PEOPLES):
        return False
    limits = [cause for cause, latch in engine.guard.latches.items() if not latch.until]
    if engine.paused or limits:
        service.put(Command("resume", NAME, 0, "stopped" if limits else "", reason="looked at it, all is well"))
        service.session.obey()
        return True
    return False
