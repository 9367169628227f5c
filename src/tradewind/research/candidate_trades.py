"""One candidate's closed trades over one market: on time, a bar late, at other costs, and day by day.

The trades are the shadow book's: the same votes, brackets, matching and costs as in the engine, one position a
candidate, without ensemble, filters or limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.ensemble.shadow import ShadowBook, ShadowColumns
from tradewind.features.bank import FeatureBank
from tradewind.features.graph import Seeding
from tradewind.features.rule import Member
from tradewind.features.rule_program import RuleProgram, indicators_of
from tradewind.model.bar import BarColumns
from tradewind.model.instrument import CostModel, Instrument
from tradewind.model.report import Window
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import HOUR, Timeframe
from tradewind.validation.return_metrics import Floats, annualisation
from tradewind.validation.sample import TradeSample


class Market(NamedTuple):
    """Bars of one symbol at the candidates' timeframe, the trading day of each bar, and what trading it costs.

    ``day`` int64 ``(n_bars,)`` never decreases. ``risk`` is the fraction of equity lost at the stop, which turns R into
    returns.
    """

    columns: BarColumns
    day: NDArray[np.int64]
    costs: CostModel
    periods_per_year: float
    risk: float = 0.01

    @classmethod
    def of(cls, columns: BarColumns, instrument: Instrument, risk: float = 0.01) -> Market:
        """The market of an instrument, its days by its session calendar."""
        days, _ = calendar_of(instrument.calendar).buckets(columns.ts_open, Timeframe.D1)
        return cls(columns, days, instrument.costs, float(annualisation(instrument.asset_class)), risk)

    def within(self, window: Window) -> Market:
        """The bars that open and close inside ``window``."""
        first = int(np.searchsorted(self.columns.ts_open, window.start, side="left"))
        last = int(np.searchsorted(self.columns.ts_close, window.end, side="right"))
        return self._replace(
            columns=self.columns.slice(first, max(first, last)), day=self.day[first : max(first, last)]
        )


class Runs(NamedTuple):
    """One candidate's closed trades: as they are, and with every vote executed one bar later."""

    own: ShadowColumns
    delayed: ShadowColumns


def run_members(members: Sequence[Member], market: Market, *, seeding: Seeding = "sma") -> tuple[Runs, ...]:
    """The shadow trades of ``members`` over all bars of ``market``, on time and one bar late."""
    bank = FeatureBank(indicators_of(members), seeding)
    program = RuleProgram(members, bank.index)
    sides, ranges = program.run(bank.batch(market.columns))
    late_sides, late_ranges = np.zeros_like(sides), np.full_like(ranges, np.nan)
    late_sides[1:], late_ranges[1:] = sides[:-1], ranges[:-1]
    on_time, late = ShadowBook(members, market.costs), ShadowBook(members, market.costs)
    on_time.run(market.columns, sides, ranges)
    late.run(market.columns, late_sides, late_ranges)
    return tuple(Runs(on_time.columns(k), late.columns(k)) for k in range(len(members)))


def sample_of(trades: ShadowColumns) -> TradeSample:
    """Closed trades as a sample."""
    return TradeSample(trades.ts_entry, trades.ts_exit, trades.r)


def repriced(trades: ShadowColumns, market: Market, factor: float) -> Floats:
    """Net R of the same trades at ``factor`` times spread and slippage, shape ``(n,)``; commission stays.

    Brackets are matched on prices, so costs move no exit; only the distance floor of ``min_stop_costs`` is left as it
    was, since the stop was placed at the costs of the day.
    """
    columns, costs = market.columns, market.costs
    entered = np.searchsorted(columns.ts_open, trades.ts_entry)
    left = np.searchsorted(columns.ts_close, trades.ts_exit)
    by_hour = np.array([costs.spread_fraction * one for one in costs.spread_by_hour])[columns.ts_open // HOUR % 24]
    spread = np.where(np.isnan(columns.spread), by_hour, 0.5 * columns.spread / columns.open)
    cost = factor * (spread + costs.slippage_fraction) + costs.commission_fraction
    fill = trades.entry * (1.0 + trades.side * cost[entered])
    net = trades.side * (trades.exit * (1.0 - trades.side * cost[left]) - fill) / fill
    r: Floats = net / _risk_of(trades)
    return r


def cost_in_r(trades: ShadowColumns) -> Floats:
    """What each trade paid, in R, shape ``(n,)``."""
    gross = trades.side * (trades.exit - trades.entry) / trades.entry
    paid: Floats = gross / _risk_of(trades) - trades.r
    return paid


def daily_returns_of(trades: ShadowColumns, market: Market) -> Floats:
    """Mark-to-market net return of each trading day of ``market``, flat days kept, shape ``(days,)``.

    ``risk`` times the change of the trades' R over the day. An open trade is marked at the close of every bar, half of
    its costs paid at the entry; at its exit its R is its own. The trades must lie inside the market's bars.
    """
    columns = market.columns
    n = columns.ts_open.size
    if n == 0:
        return np.empty(0)
    entered = np.searchsorted(columns.ts_open, trades.ts_entry)
    left = np.searchsorted(columns.ts_close, trades.ts_exit)
    realised = np.zeros(n)
    np.add.at(realised, left, trades.r)
    held = left - entered  # bars marked: from the entry bar to the one before the exit
    which = np.repeat(np.arange(held.size), held)
    bar = np.arange(which.size) - np.repeat(np.cumsum(held) - held, held) + entered[which]
    gross = trades.side[which] * (columns.close[bar] - trades.entry[which]) / trades.entry[which]
    marks = np.zeros(n)
    np.add.at(marks, bar, gross / _risk_of(trades)[which] - 0.5 * cost_in_r(trades)[which])
    curve = np.cumsum(realised) + marks
    last = np.flatnonzero(np.append(np.diff(market.day) != 0, True))
    daily: Floats = market.risk * np.diff(curve[last], prepend=0.0)
    return daily


def inside_of(trades: ShadowColumns, window: Window) -> ShadowColumns:
    """The trades that enter and exit inside ``window``."""
    inside = (trades.ts_entry >= window.start) & (trades.ts_entry < window.end) & (trades.ts_exit <= window.end)
    first, n = int(inside.argmax()) if inside.size else 0, int(np.count_nonzero(inside))
    # of trades in order it is a stretch, which needs no copy
    keep = slice(first, first + n) if inside[first : first + n].all() else inside
    return ShadowColumns(
        trades.ts_entry[keep],
        trades.ts_exit[keep],
        trades.side[keep],
        trades.r[keep],
        trades.net[keep],
        trades.entry[keep],
        trades.exit[keep],
        trades.code[keep],
        trades.ambiguous[keep],
    )


def _risk_of(trades: ShadowColumns) -> Floats:
    """Stop distance as a fraction of the entry: net / R; infinite where a trade ended at exactly 0 and says nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        risk: Floats = np.where(trades.r == 0.0, np.inf, trades.net / trades.r)
    return risk
