"""Every way out of a shadow trade against a plain-Python oracle, on bars and votes that mean nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.fakes.members import voter
from tests.shadow_workload import columns_of
from tests.sweep_oracle import oracle_trades
from tradewind.ensemble.shadow import ShadowBook
from tradewind.features.rule import Exits
from tradewind.kernels.matching import OPPOSITE, trailed_stop
from tradewind.model.bar import BarColumns
from tradewind.model.instrument import CostModel
from tradewind.model.timeframe import HOUR

COSTS = CostModel(spread_fraction=0.0001, slippage_fraction=0.0002)
BASES = (
    Exits(stop_mode="pct", stop_pct=0.004, target_r=2.0, time_stop_bars=20),
    Exits(stop_mode="atr", stop_atr=1.5, target_r=1.0, time_stop_bars=0),
    Exits(stop_mode="wider_of", stop_pct=0.002, stop_atr=1.0, target_r=3.0, time_stop_bars=48, min_stop_costs=5.0),
)
WAYS = [
    Exits(**{name: getattr(base, name) for name in base.__struct_fields__} | {"trail_r": trail, "exit_on_opposite": on})
    for base in BASES
    for trail in (0.0, 0.5, 1.0, 2.5)
    for on in (False, True)
]


def wandering(n: int, generator: np.random.Generator) -> BarColumns:
    steps = generator.standard_normal((n, 6)) * 0.0012
    path = 1.1 * np.exp(np.cumsum(steps.ravel())).reshape(n, 6)
    gaps = 1.0 + generator.standard_normal(n) * 0.0004
    open_ = path[:, 0] * gaps
    high, low = np.maximum(path.max(1), open_), np.minimum(path.min(1), open_)
    return columns_of(open_, high, low, path[:, -1].copy())


@pytest.mark.parametrize("exits", WAYS, ids=str)
def test_every_way_out_is_that_of_the_plain_rules(exits: Exits) -> None:
    """Rule: side, bars, reason, return and R of every trade equal those of the oracle, in order."""
    generator = np.random.default_rng(WAYS.index(exits))
    columns = wandering(4000, generator)
    sides = generator.choice(np.array([-1, 0, 1], dtype=np.int8), size=(4000, 1), p=[0.1, 0.8, 0.1])
    atr = generator.uniform(0.001, 0.006, (4000, 1)) if exits.needs_atr else np.zeros((4000, 1))
    book = ShadowBook([voter(exits)], COSTS)
    book.run(columns, sides, atr)
    expected = oracle_trades(columns, np.full(4000, 0.0003), sides[:, 0], atr[:, 0], exits)
    assert len(expected) > 100
    assert exits.exit_on_opposite == any(trade.code == OPPOSITE for trade in expected)
    closed = book.columns(0)
    assert closed.side.tolist() == [trade.side for trade in expected]
    assert (closed.ts_entry // HOUR - 24).tolist() == [trade.entry_bar for trade in expected]
    assert (closed.ts_exit // HOUR - 25).tolist() == [trade.exit_bar for trade in expected]
    assert closed.code.tolist() == [trade.code for trade in expected]
    assert closed.net.tolist() == pytest.approx([trade.net for trade in expected], rel=1e-12, abs=1e-15)
    assert closed.r.tolist() == pytest.approx([trade.r for trade in expected], rel=1e-12, abs=1e-12)


def test_a_trailing_stop_never_moves_back_and_never_without_a_distance() -> None:
    """Long it rises with the high, short it falls with the low; 0 leaves it alone."""
    assert trailed_stop(1, 1.00, 1.10, 1.05, 0.04) == pytest.approx(1.06)
    assert trailed_stop(1, 1.07, 1.10, 1.05, 0.04) == 1.07
    assert trailed_stop(-1, 1.20, 1.10, 1.05, 0.04) == pytest.approx(1.09)
    assert trailed_stop(-1, 1.08, 1.10, 1.05, 0.04) == 1.08
    assert trailed_stop(1, 1.00, 2.00, 1.05, 0.0) == 1.00
    assert math.isnan(trailed_stop(1, math.nan, 2.00, 1.05, 0.0))
