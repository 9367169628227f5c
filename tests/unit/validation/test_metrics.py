"""Measures against an independent computation of the same definitions, and against hand-made small cases."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.shared_data import shared
from tradewind.errors import Corrupt
from tradewind.model.instrument import AssetClass
from tradewind.validation.metrics import annualisation, daily_returns, metrics, return_metrics, trade_metrics

RETURN_NAMES = {
    "total_return": "total_return",
    "cagr_252": "cagr",
    "ann_vol": "volatility",
    "sharpe": "sharpe",
    "sortino": "sortino",
    "max_drawdown": "max_drawdown",
    "calmar": "calmar",
    "omega_0": "omega",
    "ulcer_index": "ulcer",
    "upi_martin": "upi",
    "skew_pop": "skew",
    "kurt_pop_nonexcess": "kurtosis",
    "tail_ratio": "tail_ratio",
    "var95_hist": "value_at_risk",
    "cvar95_hist": "expected_shortfall",
    "drawdown_longest_bars": "drawdown_longest",
    "psr0": "psr0",
}
TRADE_NAMES = {
    "n": "n",
    "wins": "wins",
    "win_rate": "win_rate",
    "avg_win": "mean_win",
    "avg_loss": "mean_loss",
    "payoff": "payoff",
    "breakeven_wr": "breakeven",
    "profit_factor": "profit_factor",
    "expectancy": "expectancy",
    "sqn": "sqn",
    "sqn100": "sqn100",
    "kelly": "kelly",
    "mdd_R": "max_drawdown_r",
    "max_losing_streak": "longest_losing_streak",
    "max_winning_streak": "longest_winning_streak",
    "trade_sharpe_per_trade": "sharpe_per_trade",
}


@pytest.fixture(scope="module")
def truth() -> dict:
    return json.loads(shared("ground_truth/metrics.json").read_text())


@pytest.fixture(scope="module")
def measured(truth):
    return metrics(np.array(truth["returns"]["values"]), np.array(truth["trades_R"]), periods_per_year=252)


@pytest.mark.req("C04")
@pytest.mark.parametrize(("theirs", "ours"), RETURN_NAMES.items())
def test_return_measure_equals_the_independent_value(truth, measured, theirs, ours):
    """Tolerance 1e-9 on every measure of the 126-day series."""
    assert getattr(measured.returns, ours) == pytest.approx(truth["own"][theirs], abs=1e-9, rel=1e-9)


@pytest.mark.req("C04", "X19")
@pytest.mark.parametrize(("theirs", "ours"), TRADE_NAMES.items())
def test_trade_measure_equals_the_independent_value(truth, measured, theirs, ours):
    """Tolerance 1e-9 on every measure of the 40-trade list."""
    assert getattr(measured.trades, ours) == pytest.approx(truth["own_trades"][theirs], abs=1e-9, rel=1e-9)


def test_the_win_rate_carries_its_wilson_interval(truth, measured):
    """26 wins of 40."""
    low, high = truth["own_trades"]["wilson95"]
    assert measured.trades.win_rate_low == pytest.approx(low, abs=1e-9)
    assert measured.trades.win_rate_high == pytest.approx(high, abs=1e-9)


def test_sharpe_agrees_with_three_other_packages(truth, measured):
    """empyrical, quantstats and vectorbt (252) give the same Sharpe and Sortino."""
    for package in (truth["empyrical"], truth["quantstats"]):
        assert measured.returns.sharpe == pytest.approx(package["sharpe"], abs=1e-9)
        assert measured.returns.sortino == pytest.approx(package["sortino"], abs=1e-9)
    assert measured.returns.sharpe == pytest.approx(truth["vectorbt"]["year_252"]["sharpe_ratio"], abs=1e-9)


def test_the_year_is_an_argument(truth):
    """The same series at 365 days a year equals vectorbt with its year of 365."""
    measured = return_metrics(np.array(truth["returns"]["values"]), periods_per_year=365)
    assert measured.sharpe == pytest.approx(truth["vectorbt"]["year_365_default"]["sharpe_ratio"], abs=1e-9)
    assert annualisation(AssetClass.CRYPTO) == 365
    assert annualisation(AssetClass.FX) == annualisation(AssetClass.METAL) == 252


def test_no_losses_leave_the_profit_factor_undefined():
    """Never infinite, never 999: None and a flag that says why."""
    measured = trade_metrics(np.array([1.0, 2.0]))
    assert measured.profit_factor is None
    assert measured.payoff is None
    assert measured.breakeven is None
    assert measured.flags == ("no_losses",)
    assert measured.false_signal_rate == 0.0


def test_no_trades_measure_nothing():
    """Everything undefined is None, everything counted is 0."""
    measured = trade_metrics(np.empty(0))
    assert (measured.n, measured.win_rate, measured.expectancy, measured.flags) == (0, None, None, ("no_trades",))
    assert measured.max_drawdown_r == 0.0


def test_no_wins_have_a_profit_factor_of_zero():
    """Losses alone: profit factor 0, Kelly undefined, false signal rate 1."""
    measured = trade_metrics(np.array([-1.0, -1.0]))
    assert measured.profit_factor == 0.0
    assert measured.kelly is None
    assert measured.sqn is None
    assert measured.false_signal_rate == 1.0


def test_equal_returns_have_no_sharpe():
    """A series without variation has no ratio, not an infinite one."""
    measured = return_metrics(np.full(10, 0.001), periods_per_year=252)
    assert measured.sharpe is None
    assert measured.sortino is None
    assert measured.max_drawdown == 0.0
    assert measured.calmar is None


def test_the_start_value_counts_as_a_peak():
    """A curve that only falls has its whole fall as drawdown."""
    assert return_metrics(np.array([-0.1, -0.1]), periods_per_year=252).max_drawdown == pytest.approx(-0.19)


@pytest.mark.req("C13")
def test_a_scratch_trade_is_neither_win_nor_false_signal():
    """False signal rate = trades that closed at a loss / all closed."""
    measured = trade_metrics(np.array([1.0, -1.0, 0.0, 2.0]))
    assert measured.false_signal_rate == 0.25
    assert measured.win_rate == 0.5


def test_a_number_that_is_not_finite_stops_the_measure():
    """A NaN must not turn into a measure."""
    with pytest.raises(Corrupt, match="not finite"):
        trade_metrics(np.array([1.0, np.nan]))
    with pytest.raises(Corrupt, match="not finite"):
        return_metrics(np.array([0.1, np.inf]), periods_per_year=252)


def test_days_without_a_trade_stay_in_the_daily_returns():
    """The last mark of a day is its equity; a flat day returns 0."""
    day = np.array([1, 1, 2, 3, 3])
    returns = daily_returns(day, np.array([101.0, 102.0, 102.0, 103.0, 99.96]), 100.0)
    assert returns == pytest.approx([0.02, 0.0, -0.02])
