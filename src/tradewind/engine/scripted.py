"""An engine that is told its signals instead of finding them: what else would the same signals have earned?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from tradewind.engine.pipeline import Engine
from tradewind.engine.plan import EnginePlan
from tradewind.engine.portfolio import Portfolio
from tradewind.engine.rates import Rates
from tradewind.engine.symbol_desk import SymbolDesk
from tradewind.model.bar import Bar
from tradewind.model.decision import Decision, NoTrade, Reason, Signal
from tradewind.ports.broker import Broker

_NOT_TOLD: Final = (Reason(code="no_trigger"),)


class ScriptedEngine(Engine):
    """Walks bars as ``Engine`` does and takes ``signals`` at the closes they were made at; nobody votes.

    A signal whose symbol still holds or awaits an earlier one is passed over; ``skipped`` counts those.
    """

    def __init__(
        self, plan: EnginePlan, broker: Broker, portfolio: Portfolio, rates: Rates, signals: Iterable[Signal]
    ) -> None:
        mute = tuple(msgspec.structs.replace(one, members=(), filters=()) for one in plan.symbols)
        super().__init__(msgspec.structs.replace(plan, symbols=mute, guard=None), broker, portfolio, rates)
        self.skipped = 0
        self._told = {(one.symbol, one.timeframe, one.ts): one for one in signals}

    def _decide(self, desk: SymbolDesk, bar: Bar, fired: int, *, history: bool) -> Decision:
        signal = self._told.get((bar.symbol, bar.timeframe, bar.ts_close))
        if signal is not None and desk.holding is None:
            return signal
        self.skipped += signal is not None
        return NoTrade(bar.symbol, bar.timeframe, bar.ts_close, _NOT_TOLD)
