"""What can be examined for look-ahead: members of the product, and functions somebody wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tradewind.engine.series import Series
from tradewind.ensemble.shadow import ShadowBook
from tradewind.features.bank import FeatureBank
from tradewind.features.graph import Seeding
from tradewind.features.indicator import Indicator
from tradewind.features.rule import Member
from tradewind.features.rule_program import RuleProgram, indicators_of
from tradewind.model.bar import Bar, BarColumns
from tradewind.model.instrument import CostModel
from tradewind.model.timeframe import Timeframe
from tradewind.research.lookahead_trace import TRADE, Trace, checked_columns, checked_trades


class Subject(Protocol):
    """Something that computes columns and trades from bars."""

    @property
    def name(self) -> str:
        """What it is called in a report."""
        ...

    @property
    def first(self) -> int:
        """The fewest bars it can work on."""
        ...

    def trace(self, columns: BarColumns) -> Trace:
        """Everything it computes over ``columns``."""
        ...

    def streamed(self, columns: BarColumns) -> Trace | None:
        """The same, handed bar by bar; None where there is no such way."""
        ...


class MemberSubject:
    """Members and further indicators on one series, through the product's own drivers.

    Columns are the indicators by key, then ``ID vote`` and ``ID stop range`` of every member; trades are ``ID trades``,
    the shadow trades. ``streamed`` goes through ``engine.series.Series``, which the engine steps with every bar.
    """

    first = 1

    def __init__(
        self,
        members: Sequence[Member],
        *,
        indicators: Sequence[Indicator] = (),
        costs: CostModel | None = None,
        seeding: Seeding = "sma",
        name: str = "",
    ) -> None:
        self.members = tuple(members)
        self.indicators = tuple(dict.fromkeys((*indicators_of(self.members), *indicators)))
        self.costs = CostModel() if costs is None else costs
        self.seeding: Seeding = seeding
        self.name = name or (self.members[0].id if len(self.members) == 1 else f"{len(self.members)} strategies")

    def trace(self, columns: BarColumns) -> Trace:
        """Bank, rule program and shadow book over whole columns."""
        bank = FeatureBank(self.indicators, self.seeding)
        features = bank.batch(columns)
        sides, ranges = RuleProgram(self.members, bank.index).run(features)
        book = ShadowBook(self.members, self.costs)
        book.run(columns, sides, ranges)
        return self._trace(features, sides, ranges, book)

    def streamed(self, columns: BarColumns) -> Trace | None:
        """Bar by bar, as the engine takes them."""
        series = Series(
            "", Timeframe.H1, self.members, self.indicators, self.costs, self.seeding, keep_shadow=True
        )  # the timeframe only says how long votes stand, which is not looked at
        n = len(columns.close)
        features = np.empty((n, len(self.indicators)))
        sides = np.empty((n, len(self.members)), dtype=np.int8)
        ranges = np.empty((n, len(self.members)))
        rows = zip(*(column.tolist() for column in columns), strict=True)
        for row, (ts_open, ts_close, open_, high, low, close, volume, spread) in enumerate(rows):
            known = None if np.isnan(spread) else spread
            series.step(Bar("", Timeframe.H1, ts_open, ts_close, open_, high, low, close, volume, known))
            features[row], sides[row], ranges[row] = series.bank.values, series.sides, series.program.atr
        return self._trace(features, sides, ranges, series.shadow)

    def _trace(
        self, features: NDArray[np.float64], sides: NDArray[np.int8], ranges: NDArray[np.float64], book: ShadowBook
    ) -> Trace:
        named: dict[str, NDArray[Any]] = {one.key: features[:, k] for k, one in enumerate(self.indicators)}
        for k, member in enumerate(self.members):
            named |= {f"{member.id} vote": sides[:, k], f"{member.id} stop range": ranges[:, k]}
        return Trace(named, {f"{member.id} trades": _shadow_trades(book, k) for k, member in enumerate(self.members)})


class CodeSubject:
    """Functions somebody wrote: ``features`` makes an array or a mapping of arrays from bars, ``trades`` makes trades.

    A column is what is known at the close of its bar. Trades are ``(ts_entry, ts_exit, side, entry, exit)`` with times
    in UTC nanoseconds and prices before costs; a trade that is still open is listed with ``ts_exit`` 0. Every call gets
    bars of its own, so code that writes into them harms nobody. ``first`` is the fewest bars the code can work on.
    """

    def __init__(
        self,
        name: str,
        *,
        features: Callable[[BarColumns], object] | None = None,
        trades: Callable[[BarColumns], object] | None = None,
        first: int = 1,
    ) -> None:
        self.name = name
        self.first = first
        self._features = features
        self._trades = trades

    def trace(self, columns: BarColumns) -> Trace:
        """Both functions over copies of ``columns``.

        Raises:
            Misconfigured: what they give is no column or no trade.
        """
        made: dict[str, NDArray[Any]] = {}
        trades: dict[str, NDArray[Any]] = {}
        if self._features is not None:
            made = checked_columns(self._features(_copy(columns)), len(columns.close), self.name)
        if self._trades is not None:
            trades = {f"{self.name} trades": checked_trades(self._trades(_copy(columns)), self.name)}
        return Trace(made, trades)

    def streamed(self, columns: BarColumns) -> Trace | None:
        """There is only the one way."""
        return None


def _copy(columns: BarColumns) -> BarColumns:
    return BarColumns._make(column.copy() for column in columns)


def _shadow_trades(book: ShadowBook, member: int) -> NDArray[Any]:
    """Closed shadow trades and the one that is open."""
    closed = book.columns(member)
    held = book.open_trade(member)
    trades = np.zeros(len(closed.side) + (held is not None), dtype=TRADE)
    for field in ("ts_entry", "ts_exit", "side", "entry", "exit"):
        trades[field][: len(closed.side)] = getattr(closed, field)
    if held is not None:
        trades[-1] = (held[0], 0, held[1], held[2], 0.0)
    return trades
