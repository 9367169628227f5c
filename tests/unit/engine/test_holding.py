"""The engine's own trades under a stop that follows and a vote for the other side beside its shadow."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tests.fakes.desk import new_york
from tradewind.adapters.replay_feed import Recording
from tradewind.app.backtest import Backtest
from tradewind.app.config import load_config
from tradewind.app.wiring import plan_for
from tradewind.features.rule import Exits, member_of
from tradewind.model.bar import BarColumns
from tradewind.model.timeframe import HOUR, Timeframe
from tradewind.strategies import family

LOOSE = {
    "timeframes": {"intervals": [{"interval": "1h", "weight": 1.0}]},
    "filters": {"enabled": []},
    "ensemble": {"quorum": 1, "min_record": 2, "min_confidence": 0.0, "min_agreement": 0.5},
    "risk": {"min_stop": "0 pips", "max_cost_to_risk": 1.0},
}


def hours(count: int) -> BarColumns:
    """A random walk of hours around the clock on the tick grid."""
    walk = np.random.default_rng(5)
    start = new_york("2026-05-11 00:00")
    ts_open = start + np.arange(count, dtype=np.int64) * HOUR
    moves = np.cumsum(walk.normal(0.0, 0.0009, count))
    close = np.round(50_000.0 * np.exp(moves), 2)
    open_ = np.concatenate(([50_000.0], close[:-1]))
    up, down = walk.exponential(20.0, (2, count))
    high, low = np.round(np.maximum(open_, close) + up, 2), np.round(np.minimum(open_, close) - down, 2)
    return BarColumns(ts_open, ts_open + HOUR, open_, high, low, close, np.ones(count), np.full(count, np.nan))


@pytest.mark.parametrize(
    ("changes", "legs"),
    [
        ({"trail_r": 1.0}, {"stop", "target", "time"}),
        ({"exit_on_opposite": True}, {"stop", "target", "time", "close"}),
        ({"trail_r": 0.75, "exit_on_opposite": True}, {"stop", "close"}),
    ],
)
def test_the_account_leaves_as_the_member_does(changes: dict[str, object], legs: set[str]) -> None:
    """Rule: the trade in the account ends for the same reason in the same bar as the shadow trade, ticks apart."""
    cross = family("EMA_Crossover")
    exits = Exits(stop_mode="pct", stop_pct=0.003, target_r=2.0, time_stop_bars=15, min_stop_costs=0.0)
    params = cross.Params(fast=5, slow=12, gate=0.0, exits=msgspec.structs.replace(exits, **changes))
    member = member_of(cross, Timeframe.H1, params, 1)
    plan = plan_for(
        load_config(environment={}, overrides=LOOSE), {"BTC/USD": Timeframe.H1}, executes=True, members=[member]
    )
    backtest = Backtest(plan, [Recording("BTC/USD", Timeframe.H1, hours(6000), "test", 0)])
    backtest.run()
    shadow = {one.ts_entry: one for one in backtest.engine.desks["BTC/USD"].series[Timeframe.H1].shadow.closed(0)}
    trades = backtest.summary.trades
    both = [(shadow[one.ts_entry], one) for one in trades if one.ts_entry in shadow]
    assert len(both) > 150
    same = [(theirs, mine) for theirs, mine in both if str(theirs.leg) == mine.exit_leg]
    assert len(same) >= 0.97 * len(both)
    assert legs <= {mine.exit_leg for _, mine in same}
    assert max(abs(theirs.ts_exit - mine.ts_exit) for theirs, mine in same) <= HOUR
    if plan.symbols[0].members[0].rule.exits.trail_r:
        assert any(mine.r > 0.1 and mine.exit_leg == "stop" for _, mine in same)
