"""What the engine remembers of the one open trade of a symbol, to move its stop and to end it in time."""

from __future__ import annotations

from typing import Protocol

import msgspec

from tradewind.kernels.matching import trailed_stop
from tradewind.model.bar import Bar
from tradewind.model.decision import Signal
from tradewind.model.instrument import Instrument
from tradewind.model.order import Leg
from tradewind.model.timeframe import Timeframe


class Leaving(Protocol):
    """What a trade needs to be left or protected: a broker, or who follows prices without one."""

    def close(self, signal_id: str, leg: Leg) -> bool:
        """Leaves what the signal holds at the next open."""

    def amend(self, signal_id: str, stop_ticks: int) -> bool:
        """Moves its stop, from the next bar on."""


class Holding(msgspec.Struct):
    """One trade: ``left`` bars of ``timeframe`` once it was filled (0: no time stop), a stop at ``stop`` that follows
    ``trail`` behind (price units, 0: it stays), and the member whose vote for the other side ends it ("": none).
    """

    signal_id: str
    timeframe: Timeframe
    side: int
    left: int
    stop: float
    trail: float = 0.0
    leaves_with: str = ""
    filled: bool = False

    @classmethod
    def of(cls, signal: Signal) -> Holding:
        """The trade of a signal, before its entry was filled."""
        bracket = signal.bracket
        return cls(
            signal.id,
            signal.timeframe,
            bracket.side,
            bracket.time_stop_bars,
            bracket.stop,
            bracket.trail,
            bracket.leaves_with,
        )

    def over(self, bar: Bar, instrument: Instrument, broker: Leaving) -> None:
        """One more bar is over: with the last one the trade leaves at the next open, else its stop may follow.

        A moved stop is rounded to the tick away from the price, and holds from the next bar on.
        """
        if not self.filled or bar.timeframe is not self.timeframe:
            return
        if self.left:
            self.left -= 1
            if not self.left:
                broker.close(self.signal_id, Leg.TIME)
        moved = trailed_stop(self.side, self.stop, bar.high, bar.low, self.trail)
        if moved != self.stop:
            ticks = instrument.to_ticks(moved)
            if self.side * (instrument.to_price(ticks) - moved) > 0.0:
                ticks -= self.side
            self.stop = moved
            broker.amend(self.signal_id, ticks)

    def turned(self, side: int, broker: Leaving) -> None:
        """The vote of the member it follows; one for the other side ends the trade at the next open."""
        if self.filled and side == -self.side:
            broker.close(self.signal_id, Leg.CLOSE)
