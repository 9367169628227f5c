"""Naive alternatives against small hand-made markets."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from tests.unit.html_report.sample import report_data, trades_of
from tradewind.model.bar import BarColumns
from tradewind.model.outcome import Trade
from tradewind.model.timeframe import DAY, HOUR, Timeframe
from tradewind.validation.baselines import baselines, exposure
from tradewind.validation.metrics import cost_to_risk, metrics_of_trades


def market(close: np.ndarray) -> BarColumns:
    n = close.size
    ts = np.arange(n, dtype=np.int64) * HOUR
    opened = np.concatenate((close[:1], close[:-1]))
    empty = np.zeros(n)
    return BarColumns(ts, ts + HOUR, opened, np.maximum(opened, close), np.minimum(opened, close), close, empty, empty)


def trade(first: int, last: int, side: int, **changes) -> Trade:
    costs = {"gross": "10", "spread_cost": "1", "slippage_cost": "2", "commission": "0.5", "swap": "-0.5"}
    fields = {**costs, "net": "6", "r": 0.6, **changes}
    return Trade(
        signal_id="s", symbol="EUR/USD", timeframe=Timeframe.H1, side=side, lots=1.0, ts_entry=first * HOUR,
        ts_exit=(last + 1) * HOUR, entry=1.0, exit=1.0, exit_leg="time", mae_r=0.0, mfe_r=0.0, **fields,
    )  # fmt: skip


def test_exposure_is_the_net_side_of_open_trades():
    """Bars 2 to 4 long, 4 to 6 short: they cancel in bar 4."""
    columns = market(np.full(10, 1.0))
    held = exposure(columns, [trade(2, 4, 1), trade(4, 6, -1)])
    assert held.tolist() == [0, 0, 1, 1, 0, -1, -1, 0, 0, 0]


@pytest.mark.req("X20")
def test_buy_and_hold_earns_the_market_and_flat_earns_nothing():
    """Total return from the first open to the last close; zero for doing nothing."""
    close = np.array([1.0, 1.1, 1.2, 1.05, 1.3])
    columns = market(close)
    hold, random, flat = baselines(
        columns, columns.ts_open // DAY, [trade(1, 2, 1)], np.random.default_rng(0), periods_per_year=252
    )
    assert hold.total_return == pytest.approx(0.3)
    assert (flat.total_return, flat.sharpe, flat.max_drawdown) == (0.0, None, 0.0)
    assert random.name == "Random entry"


def test_perfect_timing_beats_every_random_entry():
    """Long in each rising bar: no turn of the same exposure does as well, and the note counts it."""
    generator = np.random.default_rng(5)
    moves = generator.normal(0.0, 0.01, 400)
    columns = market(np.cumprod(1.0 + moves))
    trades = [trade(bar, bar, 1) for bar in range(1, 400) if moves[bar] > 0]
    random = baselines(columns, columns.ts_open // DAY, trades, generator, periods_per_year=252)[1]
    assert "; 0 of 200 did at least as well" in random.note


@pytest.mark.req("C08")
def test_cost_to_risk_is_all_costs_over_the_cash_risked():
    """Costs 1 + 2 + 0.5 and swap paid 0.5 on a risk of 6 / 0.6 = 10: 40%; a scratch tells no risk."""
    assert cost_to_risk([trade(0, 1, 1)]) == pytest.approx(0.4)
    assert cost_to_risk([trade(0, 1, 1), trade(2, 3, 1, net="0", r=0.0)]) == pytest.approx(0.4)
    assert cost_to_risk([]) is None


def test_round_trips_are_measured_in_order_of_exit():
    """Counts, ambiguous share and cost to risk of the sample trades, whatever order they come in."""
    data = report_data(bars=2000)
    trades = trades_of(data.charts[0].columns, "XAU/USD", 20, 5)
    measured = metrics_of_trades(list(reversed(trades)))
    assert measured == metrics_of_trades(trades)
    assert measured.ambiguous_share == sum(t.ambiguous for t in trades) / len(trades)
    expected = [float((Decimal(8)) / (Decimal(t.net) / Decimal(str(t.r)))) for t in trades if t.r]
    assert measured.cost_to_risk == pytest.approx(np.mean(expected))
