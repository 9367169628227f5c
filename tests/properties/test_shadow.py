"""Random markets, votes and exits: the shadow book against a plain retelling of its rules."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.members import voter
from tradewind.ensemble.shadow import ShadowBook
from tradewind.features.rule import Exits
from tradewind.model.bar import BarColumns
from tradewind.model.instrument import CostModel
from tradewind.model.timeframe import HOUR

COSTS = CostModel(spread_fraction=0.0002, slippage_fraction=0.0001, commission_fraction=0.00005)
PER_SIDE = 0.00015

exits = st.builds(
    Exits,
    stop_mode=st.sampled_from(("pct", "atr", "wider_of")),
    stop_pct=st.sampled_from((0.01, 0.02)),
    stop_atr=st.sampled_from((1.0, 2.0)),
    target_r=st.sampled_from((0.5, 1.0, 2.0)),
    time_stop_bars=st.sampled_from((0, 1, 2, 5)),
    min_stop_costs=st.sampled_from((0.0, 30.0)),
)
ticks = st.integers(96, 104)
bars = st.tuples(
    ticks, ticks, ticks, ticks, st.sampled_from((math.nan, 0.0, 0.05)), st.sampled_from((0.5, 1.0, math.nan))
)


@st.composite
def markets(draw):
    """Bars on a coarse grid (levels are touched exactly), some hours missing, spreads and ranges at times unknown."""
    rows = draw(st.lists(bars, min_size=2, max_size=40))
    hours = np.cumsum(draw(st.lists(st.sampled_from((1, 1, 1, 3, 50)), min_size=len(rows), max_size=len(rows))))
    prices = np.array([row[:4] for row in rows], dtype=float)
    ts_open = hours.astype(np.int64) * HOUR
    columns = BarColumns(
        ts_open,
        ts_open + HOUR,
        prices[:, 0],
        prices.max(axis=1),
        prices.min(axis=1),
        prices[:, 1],
        np.ones(len(rows)),
        np.array([row[4] for row in rows]),
    )
    return columns, np.array([row[5] for row in rows])


def told(columns: BarColumns, atr, votes, out: Exits):
    """One member's trades ``(ts_entry, ts_exit, side, entry, exit, net, r)``, told slowly."""
    trades, trade, wish = [], None, None
    for i, open_ in enumerate(columns.open):
        high, low = columns.high[i], columns.low[i]
        spread = columns.spread[i]
        cost = PER_SIDE + (0.0002 if math.isnan(spread) else spread / 2 / open_)
        if trade is None and wish is not None:
            side, range_ = wish
            parts = {"pct": [out.stop_pct * open_], "atr": [out.stop_atr * range_]}
            parts["wider_of"] = [*parts["pct"], *parts["atr"], out.min_stop_costs * 2 * cost * open_]
            distances = parts[out.stop_mode]
            if not any(map(math.isnan, distances)):
                stop = max(distances)
                levels = (open_ - side * stop, open_ + side * out.target_r * stop)
                trade = (side, i, open_, *levels, open_ * (1 + side * cost), stop / open_)
        wish = None
        if trade is not None:
            side, since, entry, stop_level, target_level, fill, risk = trade
            worst, best = (low, high) if side > 0 else (high, low)
            leave = None
            if (out.time_stop_bars and i == since + out.time_stop_bars) or side * open_ <= side * stop_level:
                leave = open_
            elif side * worst <= side * stop_level:
                leave = stop_level
            elif side * open_ >= side * target_level:
                leave = open_
            elif side * best >= side * target_level:
                leave = target_level
            if leave is not None:
                net = side * (leave * (1 - side * cost) - fill) / fill
                trades.append((columns.ts_open[since], columns.ts_close[i], side, entry, leave, net, net / risk))
                trade = None
        if trade is None and votes[i]:
            wish = (votes[i], atr[i])
    return trades


def book_of(columns, atr, votes, members) -> ShadowBook:
    book = ShadowBook([voter(out, k) for k, out in enumerate(members)], COSTS)
    book.run(columns, votes, np.repeat(atr[:, None], len(members), axis=1))
    return book


@given(markets(), st.lists(exits, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_every_member_trades_as_its_rules_say(market, members, chance):
    """Rule: same trades, prices, net returns and R as the slow telling, whoever else is in the book."""
    columns, atr = market
    votes = np.array([[chance.choice((-1, 0, 1)) for _ in members] for _ in columns.open], dtype=np.int8)
    book = book_of(columns, atr, votes, members)
    for k, out in enumerate(members):
        expected = told(columns, atr, votes[:, k].tolist(), out)
        found = book.closed(k)
        assert [trade[:3] for trade in found] == [trade[:3] for trade in expected]
        np.testing.assert_allclose(
            [(t.entry, t.exit, t.net, t.r) for t in found], [trade[3:] for trade in expected], rtol=1e-12, atol=1e-12
        )


@given(markets(), st.lists(exits, min_size=2, max_size=4), st.randoms(use_true_random=False))
def test_members_do_not_touch_each_other(market, members, chance):
    """Rule: a member's trades and record are the same alone and in company."""
    columns, atr = market
    votes = np.array([[chance.choice((-1, 0, 1)) for _ in members] for _ in columns.open], dtype=np.int8)
    together = book_of(columns, atr, votes, members)
    for k, out in enumerate(members):
        alone = book_of(columns, atr, votes[:, [k]], [out])
        assert alone.closed(0) == together.closed(k)
        assert alone.record(0) == together.record(k)


@given(markets(), exits, st.integers(0, 40), st.randoms(use_true_random=False))
def test_a_restart_at_any_bar_changes_nothing(market, out, cut, chance):
    """Rule: snapshot and restore after any bar, then continue: the same bytes as without."""
    columns, atr = market
    n = len(columns.open)
    cut = min(cut, n)
    votes = np.array([[chance.choice((-1, 0, 1))] for _ in range(n)], dtype=np.int8)
    whole = book_of(columns, atr, votes, [out])
    half = book_of(columns.slice(0, cut), atr[:cut], votes[:cut], [out])
    resumed = ShadowBook([voter(out, 0)], COSTS)
    resumed.restore(half.snapshot())
    resumed.run(columns.slice(cut, n), votes[cut:], atr[cut:, None])
    assert resumed.snapshot() == whole.snapshot()
