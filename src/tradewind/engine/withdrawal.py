"""Taking risk away: waiting entries are withdrawn, positions leave at the next tradable price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from tradewind.engine.holding import Holding
from tradewind.engine.identity import client_id
from tradewind.engine.portfolio import Portfolio
from tradewind.model.decision import Signal
from tradewind.model.order import Leg, Refusal
from tradewind.model.outcome import Outcome, Trade
from tradewind.ports.broker import Broker

CLOSING: Final = ("liquidate", "rollback")
"""Orders after which nothing is to be held."""


class HoldsOne(Protocol):
    """A symbol's place for its one open trade."""

    holding: Holding | None


def withdraw(
    desks: Mapping[str, HoldsOne], broker: Broker, portfolio: Portfolio, ts: int, why: str
) -> list[Refusal | Trade | Outcome]:
    """Withdraws every entry that waits for its fill, and the rest of one that was filled in parts.

    What the broker has filled meanwhile stays a position.
    """
    outputs: list[Refusal | Trade | Outcome] = []
    for symbol, desk in desks.items():
        holding = desk.holding
        if holding is None:
            continue
        if broker.cancel(client_id(holding.signal_id, "entry")) and not holding.filled:
            refusal = _refusal(holding.signal_id, symbol, "withdrawn", ts, why)
            desk.holding = None
            outputs += [refusal, *portfolio.on_refusal(refusal)]
    return outputs


def close_all(broker: Broker, portfolio: Portfolio, ts: int) -> tuple[str, ...]:
    """Asks to leave every position at the first price that can be traded from ``ts`` on; the symbols concerned."""
    held = portfolio.positions()
    for position in held:
        for signal in position.signal_ids:
            broker.close(signal, Leg.CLOSE, ts)
    return tuple(position.symbol for position in held)


def what_was_done(withdrawn: Sequence[object], closing: Sequence[str]) -> str:
    """``3 positions leave at the next tradable price: EUR/USD, GBP/USD, XAU/USD; 1 waiting order withdrawn``."""
    orders = sum(isinstance(one, Refusal) for one in withdrawn)
    parts = []
    if closing:
        many = "position leaves" if len(closing) == 1 else "positions leave"
        parts.append(f"{len(closing)} {many} at the next tradable price: {', '.join(closing)}")
    if orders:
        parts.append(f"{orders} waiting order{'s' if orders > 1 else ''} withdrawn")
    return "; ".join(parts)


def without_stop(signal: Signal) -> Refusal | None:
    """The refusal of an order whose signal has no stop on the losing side of its entry; None where it has one."""
    bracket = signal.bracket
    if bracket.stop > 0.0 and bracket.side * (bracket.entry - bracket.stop) > 0.0:
        return None
    return _refusal(signal.id, signal.symbol, "no_stop", signal.ts, f"stop {bracket.stop:g}, entry {bracket.entry:g}")


def _refusal(signal: str, symbol: str, code: str, ts: int, why: str) -> Refusal:
    return Refusal(client_id(signal, "entry"), signal, symbol, ts, code, why)
