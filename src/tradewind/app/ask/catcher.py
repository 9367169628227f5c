"""Watches an engine at work and keeps the chain of the one decision that was asked for."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tradewind.engine.inspection import Chain, inspect
from tradewind.engine.pipeline import Engine
from tradewind.model.bar import Bar
from tradewind.model.decision import Decision, NoDecision, NoTrade, Signal
from tradewind.model.event import BarClosed, InputEvent
from tradewind.model.output import Output
from tradewind.model.timeframe import Timeframe


class Caught(msgspec.Struct, frozen=True):
    """A chain, and where the last base bar in it came from: ``source`` is the provider, ``cause`` why it was final."""

    chain: Chain
    source: str
    cause: str


class ChainCatcher:
    """Give ``watch`` every event with its outputs, right after the engine took it.

    ``caught`` is the last decision of the series with ``first <= ts <= last``, None while there was none.
    """

    def __init__(self, engine: Engine, symbol: str, timeframe: Timeframe, first: int, last: int) -> None:
        self.caught: Caught | None = None
        self._engine = engine
        self._symbol = symbol
        self._timeframe = timeframe
        self._first = first
        self._last = last
        self._parts: list[Bar] = []
        self._came_from = ("", "")

    def watch(self, event: InputEvent, outputs: Sequence[Output]) -> None:
        """Takes one event."""
        if isinstance(event, BarClosed) and event.bar.symbol == self._symbol and not event.bar.fault():
            self._parts.append(event.bar)
            self._came_from = (event.source, event.cause)
        for output in outputs:
            if not isinstance(output, Signal | NoTrade | NoDecision):
                continue
            if output.symbol == self._symbol and output.timeframe is self._timeframe:
                if self._first <= output.ts <= self._last:
                    chain = inspect(self._engine, output, self._bar(output), outputs)
                    self.caught = Caught(chain, *self._came_from)
                self._parts = [bar for bar in self._parts if bar.ts_close > output.ts]

    def _bar(self, decision: Decision) -> Bar | None:
        """The bar decided on: the last one, or the fold of those since the decision before."""
        parts = [bar for bar in self._parts if bar.ts_close <= decision.ts]
        if not parts:
            return None
        if parts[-1].timeframe is self._timeframe:
            return parts[-1]
        spreads = [bar.spread for bar in parts if bar.spread is not None]
        return Bar(
            symbol=self._symbol,
            timeframe=self._timeframe,
            ts_open=parts[0].ts_open,
            ts_close=decision.ts,
            open=parts[0].open,
            high=max(bar.high for bar in parts),
            low=min(bar.low for bar in parts),
            close=parts[-1].close,
            volume=sum(bar.volume for bar in parts),
            spread=spreads[-1] if spreads else None,
            synthetic=next((bar.synthetic for bar in parts if bar.synthetic), ""),
        )
