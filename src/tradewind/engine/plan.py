"""What one engine is to do: symbols, timeframes, members, vetoes, limits. Built by the wiring, frozen afterwards."""

from __future__ import annotations

import msgspec

from tradewind.engine.learning_plan import LearningParams
from tradewind.engine.mode_plan import ModeSeat
from tradewind.engine.orders.params import OrderParams
from tradewind.engine.seat import SeatPlan
from tradewind.ensemble.params import EnsembleParams
from tradewind.features.graph import Seeding
from tradewind.features.rule import Member
from tradewind.model.instrument import Instrument
from tradewind.model.stamp import SIMULATED, UNPROVEN, says
from tradewind.model.timeframe import Timeframe
from tradewind.ports.plugins import Filter
from tradewind.risk.guard_params import GuardParams
from tradewind.risk.params import RiskParams


class SymbolPlan(msgspec.Struct, frozen=True):
    """One symbol: ``base`` is the bars' timeframe, ``timeframes`` those decided on (base or higher, shortest first).

    ``unheard`` are ids of members that vote in the shadow: their votes and outcomes are put out, and no decision
    depends on them. ``reserve`` are proven ones that wait for a seat, best first: they could be heard at once, and are
    not. ``seats`` are where models may speak, at most one on a timeframe; their members are among ``members``.
    """

    instrument: Instrument
    base: Timeframe
    timeframes: tuple[Timeframe, ...]
    members: tuple[Member, ...]
    filters: tuple[Filter, ...] = ()
    unheard: tuple[str, ...] = ()
    reserve: tuple[str, ...] = ()
    seats: tuple[SeatPlan, ...] = ()

    @property
    def speaks(self) -> bool:
        """Whether anybody on this symbol is heard."""
        return any(member.id not in self.unheard for member in self.members)

    def seat_on(self, timeframe: Timeframe) -> SeatPlan | None:
        """Where models may speak on ``timeframe``."""
        return next((seat for seat in self.seats if seat.timeframe is timeframe), None)

    @property
    def built(self) -> tuple[Timeframe, ...]:
        """Timeframes made from base bars: those decided on, and those that models look at; shortest first."""
        looked = (longer for seat in self.seats for longer in seat.schema.higher)
        found = {one for one in (*self.timeframes, *looked) if one.rank > self.base.rank}
        return tuple(sorted(found, key=lambda one: one.rank))

    def members_of(self, timeframe: Timeframe) -> tuple[Member, ...]:
        """Members that vote on ``timeframe``, in their configured order."""
        return tuple(member for member in self.members if member.timeframe is timeframe)


class EnginePlan(msgspec.Struct, frozen=True):
    """Everything decisions depend on apart from the events.

    ``validity_bars`` is how long a signal may be acted on, in bars of its timeframe. ``frozen_bars`` identical bars in
    a row count as a stale feed. ``calendar_age`` (ns) is how old a calendar of news may be before people hear of it, 0
    where none is asked for. ``guard`` limits the account as a whole, None where there is none to guard. ``seeding`` is
    that of the feature bank. ``stamp`` is put on every signal. Without ``learning`` no outcome is followed and nothing
    is learnt. ``orders`` is how orders are handled where a venue with its own truth is behind the broker, None
    elsewhere. ``modes`` are the seats of models that may be in TRADING or LEARNING.
    """

    symbols: tuple[SymbolPlan, ...]
    ensemble: EnsembleParams
    risk: RiskParams
    account_currency: str
    opening_balance: float
    config_hash: str
    validity_bars: int = 1
    frozen_bars: int = 3
    seeding: Seeding = "sma"
    stamp: str = ""
    executes: bool = True
    learning: LearningParams | None = None
    calendar_age: int = 0
    guard: GuardParams | None = None
    orders: OrderParams | None = None
    modes: tuple[ModeSeat, ...] = ()

    def asks_for(self, what: str) -> bool:
        """Whether a veto on any symbol, a rule of the firm or a model needs ``what``: calendar, closes, articles."""
        firm = None if self.guard is None else self.guard.firm
        if what == "calendar" and firm is not None and firm.keeps_out_of_news:
            return True
        if what == "articles" and any(seat.schema.reads_news for symbol in self.symbols for seat in symbol.seats):
            return True
        return any(what in one.needs for symbol in self.symbols for one in symbol.filters)

    @property
    def simulated(self) -> bool:
        """Whether the bars are made, not received."""
        return says(self.stamp, SIMULATED)

    @property
    def unproven(self) -> bool:
        """Whether strategies are heard that no verdict speaks for."""
        return says(self.stamp, UNPROVEN)
