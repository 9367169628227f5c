"""A round trip and what became of a signal."""

from __future__ import annotations

from typing import Literal

import msgspec

from tradewind.model.timeframe import Timeframe


class Trade(msgspec.Struct, frozen=True, tag="trade", gc=False):
    """A closed round trip in account currency. Money is decimal text; ``r`` = net P&L / cash risked at entry.

    ``mae_r`` and ``mfe_r`` are the worst and best excursion of the bar extremes, in R.
    """

    signal_id: str
    symbol: str
    timeframe: Timeframe
    side: int
    lots: float
    ts_entry: int
    ts_exit: int
    entry: float
    exit: float
    exit_leg: str
    gross: str
    spread_cost: str
    slippage_cost: str
    commission: str
    swap: str
    net: str
    r: float
    mae_r: float
    mfe_r: float
    ambiguous: bool = False

    @property
    def won(self) -> bool:
        """Whether money was made after all costs."""
        return float(self.net) > 0.0

    @property
    def return_fraction(self) -> float:
        """``side * (exit - entry) / entry`` between the fills, so spread and slippage are in it, commission is not."""
        return self.side * (self.exit - self.entry) / self.entry


class Outcome(msgspec.Struct, frozen=True, tag="outcome", gc=False):
    """How a signal ended: won, lost, or expired before it could be entered."""

    signal_id: str
    ts: int
    result: str
    r: float | None


class SignalOutcome(msgspec.Struct, frozen=True, tag="signal_outcome", gc=False):
    """What became of a signal, whether or not anybody followed it; every signal gets one.

    ``source`` is ``prices`` (the bracket met later bars, net of costs per side as in the shadow book), ``trade`` (the
    account traded it) or ``report`` (a person said so, which overrides the others). ``result`` is won, lost, or
    expired: it could not be entered while it was valid. ``leg`` says how it ended; empty for expired ones and reports.
    ``r`` is the result in multiples of the risk, None where nothing was risked. ``member`` is whose bracket it was.
    ``overrides`` is the result that a report replaced, ``amount`` what it said, decimal text in account currency.
    """

    signal_id: str
    symbol: str
    timeframe: Timeframe
    ts: int
    source: Literal["prices", "trade", "report"]
    result: Literal["won", "lost", "expired"]
    member: str
    r: float | None = None
    leg: str = ""
    ts_entry: int = 0
    entry: float | None = None
    exit: float | None = None
    ambiguous: bool = False
    overrides: str = ""
    amount: str = ""
    actor: str = ""
    reason: str = ""
    request: str = ""
