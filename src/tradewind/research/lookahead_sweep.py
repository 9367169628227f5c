"""The sweep under the look-ahead examination: the trades that a search is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tradewind.ensemble.shadow import ShadowColumns
from tradewind.features.rule import Member
from tradewind.model.bar import BarColumns
from tradewind.model.instrument import CostModel
from tradewind.research.lookahead_trace import TRADE, Trace
from tradewind.research.sweep import Sweep

SweptTrades = Callable[[Sequence[Member], BarColumns, CostModel], Sequence[ShadowColumns]]
"""Closed trades of every member, oldest first."""

FAR: Final = 1e6
"""How many times away from the last price the extremes of the closing bar are: no stop stands there."""


def swept(members: Sequence[Member], columns: BarColumns, costs: CostModel) -> Sequence[ShadowColumns]:
    """By the product's own sweep."""
    return Sweep(members, columns, costs).trades()


class SweepSubject:
    """Members through ``research.sweep``: trades alone, ``ID trades``, since it keeps no column of anything else.

    The sweep tells of closed trades only. So one bar is put after the last one that touches every bracket; what it
    closes was open, and what it opens is left out. ``trades_of`` may be another sweep.
    """

    first = 1

    def __init__(
        self,
        members: Sequence[Member],
        *,
        costs: CostModel | None = None,
        name: str = "",
        trades_of: SweptTrades = swept,
    ) -> None:
        self.members = tuple(members)
        self.costs = CostModel() if costs is None else costs
        self.name = name or (self.members[0].id if len(self.members) == 1 else f"{len(self.members)} strategies")
        self.name += " in the sweep"
        self._trades_of = trades_of

    def trace(self, columns: BarColumns) -> Trace:
        """The sweep over whole columns."""
        found = self._trades_of(self.members, closed_after(columns), self.costs)
        end = int(columns.ts_close[-1])
        return Trace({}, {f"{m.id} trades": _until(own, end) for m, own in zip(self.members, found, strict=True)})

    def streamed(self, columns: BarColumns) -> Trace | None:
        """A sweep has no bar by bar; the engine, which has, makes the same trades."""
        return None


def closed_after(columns: BarColumns) -> BarColumns:
    """``columns`` and a bar that goes so far up and down that no bracket outlives it."""
    start = int(columns.ts_close[-1])
    last = columns.close[-1]
    added = {
        "ts_open": start,
        "ts_close": start + int(columns.ts_close[-1] - columns.ts_open[-1]),
        "open": last,
        "high": last * FAR,
        "low": last / FAR,
        "close": last,
        "volume": columns.volume[-1],
        "spread": columns.spread[-1],
    }
    return BarColumns(*(np.append(column, added[name]) for name, column in columns._asdict().items()))


def _until(own: ShadowColumns, end: int) -> NDArray[Any]:
    """Trades entered before ``end``; what left after it is open."""
    trades = np.zeros(len(own.side), dtype=TRADE)
    for field in ("ts_entry", "ts_exit", "side", "entry", "exit"):
        trades[field] = getattr(own, field)
    late = trades["ts_exit"] > end
    trades["ts_exit"][late] = 0
    trades["exit"][late] = 0.0
    return trades[trades["ts_entry"] < end]
