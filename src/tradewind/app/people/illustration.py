"""The picture that goes with a signal, drawn from the store's own candles in a thread beside the event loop."""

from __future__ import annotations

import asyncio
from typing import Final

from tradewind.adapters.notify.chart import SHOWN, bars_of, draw
from tradewind.adapters.store.database import Database
from tradewind.adapters.store.outbox import Parcel
from tradewind.app.people.posts import Posts
from tradewind.engine.plan import EnginePlan
from tradewind.errors import TradewindError
from tradewind.model.bar import Bar
from tradewind.model.decision import Signal
from tradewind.model.timeframe import Timeframe

_BARS: Final = (
    "SELECT ts_open, ts_close, open, high, low, close FROM candles WHERE symbol = ? AND timeframe = ? AND ts_close <= ?"
    " ORDER BY ts_open DESC LIMIT ?"
)


class Illustrator:
    """A signal without its picture is still a signal: what fails here is left out, never waited for."""

    def __init__(self, database: Database, plan: EnginePlan, posts: Posts) -> None:
        self._database = database
        self._posts = posts
        self._plans = {one.instrument.symbol: one for one in plan.symbols}

    async def picture(self, parcel: Parcel) -> bytes:
        """A PNG; empty for everything that is no signal of this run."""
        signal = self._posts.signal_of(parcel)
        plan = self._plans.get(signal.symbol) if signal is not None else None
        if signal is None or plan is None:
            return b""
        try:
            bars = self._stored(signal, plan.base)
        except TradewindError:
            return b""
        return await asyncio.to_thread(draw, bars_of(bars, signal.timeframe), signal, plan.instrument.digits)

    def _stored(self, signal: Signal, base: Timeframe) -> list[Bar]:
        count = SHOWN * max(1, signal.timeframe.ns // base.ns)
        _, rows = self._database.query(_BARS, (signal.symbol, base.value, signal.ts, count))
        return [
            Bar(signal.symbol, base, start, end, first, high, low, last, 0.0)
            for start, end, first, high, low, last in reversed(rows)
        ]
