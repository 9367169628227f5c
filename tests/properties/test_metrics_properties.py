"""Properties of the measures for any trades and returns."""

from __future__ import annotations

import math
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.validation.metrics import return_metrics, trade_metrics
from tradewind.validation.significance import binomial_p, holm, wilson

trades = st.lists(st.floats(-5.0, 10.0, allow_subnormal=False), max_size=60).map(lambda r: np.array(r, dtype=float))
returns = st.lists(st.floats(-0.5, 0.5, allow_subnormal=False), max_size=60).map(lambda r: np.array(r, dtype=float))


@given(trades, returns)
def test_no_measure_is_ever_infinite_or_nan(r, daily):
    """Undefined is None."""
    for measured in (trade_metrics(r), return_metrics(daily, periods_per_year=252)):
        for name, value in msgspec.structs.asdict(measured).items():
            assert not isinstance(value, float) or math.isfinite(value), name


def test_tiny_returns_have_a_shape_too():
    """Returns whose third power is no longer a number keep Sharpe, skew and kurtosis."""
    tiny = return_metrics(1e-150 * np.array([1.0, -2.0, 0.5, 3.0]), periods_per_year=252)
    normal = return_metrics(1e-3 * np.array([1.0, -2.0, 0.5, 3.0]), periods_per_year=252)
    assert tiny.skew == pytest.approx(normal.skew)
    assert tiny.kurtosis == pytest.approx(normal.kurtosis)
    assert tiny.sharpe == pytest.approx(normal.sharpe)


@given(trades)
def test_expectancy_is_what_win_rate_and_payoff_make(r):
    """mean R = W * mean win - L * mean loss, and the profit factor agrees with its sign."""
    m = trade_metrics(r)
    if m.mean_win is None or m.mean_loss is None:
        return
    assert m.expectancy == pytest.approx((m.wins * m.mean_win - m.losses * m.mean_loss) / m.n, abs=1e-9)
    assert (m.profit_factor is not None and m.profit_factor > 1.0 + 1e-9) <= (m.expectancy > 0.0)


@given(trades)
def test_the_break_even_is_where_these_trades_earn_nothing(r):
    """At the break-even win rate, wins and losses of these sizes cancel."""
    m = trade_metrics(r)
    if m.breakeven is not None and m.mean_win is not None and m.mean_loss is not None:
        assert m.breakeven * m.mean_win == pytest.approx((1 - m.breakeven) * m.mean_loss, abs=1e-9, rel=1e-9)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_wilson_interval_holds_the_win_rate(count):
    """low <= wins / n <= high, both inside [0, 1]."""
    wins, n = count
    low, high = wilson(wins, n)
    assert 0.0 <= low <= wins / n + 1e-12
    assert wins / n - 1e-12 <= high <= 1.0


@given(st.integers(1, 200), st.floats(0.01, 0.99))
def test_the_tail_falls_with_every_win(n, rate):
    """P(K >= k) never rises in k and starts at 1."""
    tail = [binomial_p(k, n, rate) for k in range(n + 1)]
    assert tail[0] == 1.0
    assert all(b <= a + 1e-12 for a, b in pairwise(tail))


@given(st.lists(st.floats(0.0, 1.0), max_size=20))
def test_holm_is_never_below_the_raw_value_and_keeps_the_ranking(p):
    """Adjusted >= raw, at most 1, same order."""
    adjusted = holm(p)
    assert all(a >= raw and a <= 1.0 for a, raw in zip(adjusted, p, strict=True))
    order = np.argsort(p, kind="stable")
    assert all(np.diff(np.array(adjusted)[order]) >= 0) if p else True
