"""Sweeps that were made to look ahead are named; the product's own is not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.fakes.leaky_code import gapped_bars
from tradewind.ensemble.shadow import ShadowColumns
from tradewind.features.rule import Member
from tradewind.model.bar import BarColumns
from tradewind.model.instrument import CostModel
from tradewind.model.timeframe import Timeframe
from tradewind.research.lookahead import LookaheadReport, examine
from tradewind.research.lookahead_sweep import SweepSubject, SweptTrades, closed_after, swept
from tradewind.strategies import default_members

BARS = gapped_bars(700)
MEMBERS = [
    one
    for one in default_members([Timeframe.H1])
    if one.family in ("EMA_Crossover", "Donchian_Breakout", "RSI_Reversion")
][:4]


def fills_on_the_bar_of_the_vote(
    members: Sequence[Member], columns: BarColumns, costs: CostModel
) -> list[ShadowColumns]:
    """Entered at the open of the bar whose close decides."""
    made = []
    for own in swept(members, columns, costs):
        rows = np.searchsorted(columns.ts_open, own.ts_entry) - 1
        made.append(own._replace(ts_entry=columns.ts_open[rows], entry=columns.open[rows]))
    return made


def fills_at_the_close_of_the_vote(
    members: Sequence[Member], columns: BarColumns, costs: CostModel
) -> list[ShadowColumns]:
    """Entered at the next open, at the price of the close before it."""
    made = []
    for own in swept(members, columns, costs):
        rows = np.searchsorted(columns.ts_open, own.ts_entry) - 1
        made.append(own._replace(entry=columns.close[rows]))
    return made


def reads_closes_one_bar_early(members: Sequence[Member], columns: BarColumns, costs: CostModel) -> object:
    """Indicators over closes that are one bar early."""
    return swept(members, columns._replace(close=np.append(columns.close[1:], columns.close[-1])), costs)


def drops_the_trades_that_lose(members: Sequence[Member], columns: BarColumns, costs: CostModel) -> list[ShadowColumns]:
    """Drops the trades that lose, from their entry on."""
    made = []
    for own in swept(members, columns, costs):
        keeps = (own.r > 0.0) | (own.ts_exit == columns.ts_close[-1])
        made.append(own._replace(**{name: column[keeps] for name, column in own._asdict().items()}))
    return made


def examined(trades_of: SweptTrades) -> LookaheadReport:
    return examine(SweepSubject(MEMBERS, trades_of=trades_of), BARS, np.random.default_rng(4), rewritings=4)


@pytest.mark.req("X01")
def test_the_products_sweep_is_clean_on_these_bars() -> None:
    """Rule: no false alarm, and there was something to find."""
    report = examined(swept)
    assert report.clean, str(report)
    assert report.trades > 60
    assert report.fills >= 30
    assert report.subject == f"{len(MEMBERS)} strategies in the sweep"


@pytest.mark.req("X01")
@pytest.mark.parametrize(
    "doctored",
    [
        fills_on_the_bar_of_the_vote,
        fills_at_the_close_of_the_vote,
        reads_closes_one_bar_early,
        drops_the_trades_that_lose,
    ],
    ids=lambda one: one.__name__,
)
def test_a_doctored_sweep_is_named_for_every_strategy(doctored: SweptTrades) -> None:
    """Rule: fills on the vote's own bar, at a price that was gone, early features, and trades chosen by their end."""
    report = examined(doctored)
    assert {leak.column for leak in report.leaks} == {f"{one.id} trades" for one in MEMBERS}
    assert all(leak.bar > 0 for leak in report.leaks)


def test_the_closing_bar_is_one_bar_after_the_last_one() -> None:
    """Rule: the bars before it are untouched; it begins where they end and reaches every stop."""
    made = closed_after(BARS)
    assert len(made.close) == len(BARS.close) + 1
    assert all(np.array_equal(one[:-1], two, equal_nan=True) for one, two in zip(made, BARS, strict=True))
    assert made.ts_open[-1] == BARS.ts_close[-1]
    assert made.low[-1] < 0.001 * BARS.low.min()
    assert made.high[-1] > 1000.0 * BARS.high.max()
