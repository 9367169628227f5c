"""The broker against the shadow book: two implementations of the same trade."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fakes.desk import Desk, bar, new_york
from tradewind.ensemble.shadow import ShadowBook
from tradewind.features.rule import Exits, Rule, member_of, value
from tradewind.features.spec import price
from tradewind.model.bar import Bar
from tradewind.model.instrument import CostModel
from tradewind.model.timeframe import HOUR, Timeframe
from tradewind.strategies import family

EXITS = Exits(stop_mode="pct", stop_pct=0.002, target_r=1.5, time_stop_bars=12)
COSTS = CostModel(spread_fraction=0.0001, slippage_fraction=0.0002)


def hours(count: int) -> list[Bar]:
    """A random walk of hours on the tick grid."""
    walk = np.random.default_rng(11)
    start = new_york("2026-05-11 00:00")
    made, last = [], 1.1
    for i in range(count):
        open_ = round(last, 5)
        close = round(open_ * float(np.exp(walk.normal(0.0, 0.0009))), 5)
        up, down = walk.exponential(0.0004, 2).tolist()
        made.append(
            bar(start + i * HOUR, open_, round(max(open_, close) + up, 5), round(min(open_, close) - down, 5), close)
        )
        last = close + float(walk.normal(0.0, 0.0002))
    return made


@pytest.mark.parametrize("side", [1, -1])
def test_the_broker_and_the_shadow_book_make_the_same_trades(side: int) -> None:
    """A member that always votes one way: the same entries and exits, the same R but for rounding to ticks."""
    bars = hours(2_500)
    cross = family("EMA_Crossover")
    member = member_of(cross, Timeframe.H1, cross.Params(), 1)
    never = value(price("close")) < 0.0
    member = type(member)(
        member.id, member.family, member.timeframe, member.params, member.weight, Rule(~never, never, EXITS)
    )
    book = ShadowBook([member], COSTS)
    for one in bars:
        book.step(one, np.array([side], dtype=np.int8), np.array([np.nan]))
    desk = Desk(COSTS)
    for i, one in enumerate(bars[:-1]):
        desk.show(one)
        if desk.broker.holdings("EUR/USD"):
            continue
        entry = bars[i + 1].open
        desk.order(
            f"s{i}",
            side,
            1.0,
            ts=one.ts_close,
            stop=entry * (1.0 - side * 0.002),
            target=entry * (1.0 + side * 0.003),
            until=one.ts_close + 12 * HOUR,
            risk=entry * 0.002 * 100_000,
        )
    desk.show(bars[-1])
    shadow = book.closed(0)
    assert len(desk.trades) > 150
    assert {trade.exit_leg for trade in desk.trades} == {"stop", "target", "time"}
    entered = {trade.ts_entry: trade for trade in shadow}
    both = [(entered[trade.ts_entry], trade) for trade in desk.trades if trade.ts_entry in entered]
    same = [(theirs, mine) for theirs, mine in both if theirs.leg == mine.exit_leg]
    # A level between two ticks may be met by one book a bar later; the books then meet again within a trade or two.
    assert len(same) >= 0.97 * max(len(desk.trades), len(shadow))
    for theirs, mine in same:
        assert mine.r == pytest.approx(theirs.r, abs=0.02)
