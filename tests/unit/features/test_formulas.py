"""What TA-Lib has no answer for, against numpy, the calendar, and the formulas of the sweep benchmark."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tests.unit.features.market import random_bars
from tradewind.features.bank import FeatureBank
from tradewind.features.spec import Indicator, hour, weekday
from tradewind.model.bar import BarColumns


def column(bars: BarColumns, key: str, seeding: str = "sma") -> np.ndarray:
    return FeatureBank([Indicator.parse(key)], seeding).batch(bars)[:, 0]  # type: ignore[arg-type]


def windows(values: np.ndarray, n: int) -> np.ndarray:
    return np.lib.stride_tricks.sliding_window_view(values, n)


BARS = random_bars(900, seed=5)


def test_percentile_rank_is_the_share_at_or_below() -> None:
    """pct_rank(atr(14),500), this bar included, as the volatility filter reads it."""
    atr = column(BARS, "atr(14)")
    ours = column(BARS, "pct_rank(atr(14),500)")
    seen = windows(atr[14:], 500)
    np.testing.assert_array_equal(ours[513:], 100.0 * (seen <= seen[:, -1:]).sum(axis=1) / 500)
    assert np.isnan(ours[:513]).all()


@pytest.mark.parametrize("q", [0.0, 0.05, 0.5, 0.95, 1.0])
def test_rolling_quantile_equals_numpy(q: float) -> None:
    """Linear interpolation, numpy's default."""
    ours = column(BARS, f"quantile(rsi(7),60,{q})")
    wanted = np.quantile(windows(column(BARS, "rsi(7)")[7:], 60), q, axis=1)
    np.testing.assert_allclose(ours[66:], wanted, rtol=0, atol=1e-11)


def test_order_statistics_hold_with_many_equal_values() -> None:
    """Ties are dropped from the window one at a time."""
    ours = column(BARS, "pct_rank(hour,30)")
    seen = windows(column(BARS, "hour"), 30)
    np.testing.assert_array_equal(ours[29:], 100.0 * (seen <= seen[:, -1:]).sum(axis=1) / 30)


def test_realised_volatility_is_the_sample_deviation_of_log_returns() -> None:
    """ddof 1, per bar."""
    returns = np.diff(np.log(BARS.close))
    wanted = windows(returns, 20).std(axis=1, ddof=1)
    np.testing.assert_allclose(column(BARS, "rvol(20)")[20:], wanted, rtol=1e-10)


def test_zscore_deviation_and_returns_equal_numpy() -> None:
    """Population deviation; simple and log returns over n bars."""
    close = BARS.close
    seen = windows(close, 20)
    wanted = (close[19:] - seen.mean(axis=1)) / seen.std(axis=1)
    np.testing.assert_allclose(column(BARS, "zscore(20)")[19:], wanted, rtol=0, atol=1e-8)
    np.testing.assert_allclose(column(BARS, "change(3)")[3:], close[3:] / close[:-3] - 1.0, rtol=0, atol=1e-15)
    np.testing.assert_allclose(column(BARS, "log_return(3)")[3:], np.log(close[3:] / close[:-3]), rtol=0, atol=1e-15)
    np.testing.assert_array_equal(column(BARS, "lag(rsi(14),2)")[16:], column(BARS, "rsi(14)")[14:-2])


def test_efficiency_and_bands_equal_numpy() -> None:
    """Net move over path; bandwidth and %b by their definitions."""
    close = BARS.close
    seen = windows(close, 11)
    path = np.abs(np.diff(seen, axis=1)).sum(axis=1)
    np.testing.assert_allclose(column(BARS, "er(10)")[10:], np.abs(seen[:, -1] - seen[:, 0]) / path, atol=1e-12)
    mean, deviation = windows(close, 20).mean(axis=1), windows(close, 20).std(axis=1)
    lower = mean - 2.0 * deviation
    np.testing.assert_allclose(column(BARS, "bbands(20,2).bandwidth")[19:], 4.0 * deviation / mean, atol=1e-12)
    np.testing.assert_allclose(
        column(BARS, "bbands(20,2).percent_b")[19:], (close[19:] - lower) / (4.0 * deviation), rtol=0, atol=1e-8
    )


def test_hour_and_weekday_are_those_of_the_close_in_utc() -> None:
    """Every hour of 60 days, with times around midnight and before 1970."""
    bank = FeatureBank([hour(), weekday()])
    for start in (datetime(2024, 2, 20, tzinfo=UTC), datetime(1969, 12, 20, tzinfo=UTC)):
        for step in range(60 * 24):
            moment = start + timedelta(hours=step)
            ns = int(moment.timestamp()) * 1_000_000_000
            bank.step(ns, 1.0, 1.0, 1.0, 1.0, 1.0)
            assert bank.values.tolist() == [moment.hour, moment.weekday()]
            bank.step(ns - 1, 1.0, 1.0, 1.0, 1.0, 1.0)
            assert bank.values.tolist() == [(moment.hour - 1) % 24, (moment - timedelta(microseconds=1)).weekday()]


def test_seeding_first_is_the_recurrence_of_the_sweep_workload() -> None:
    """EMA from the first close, RSI from the first change, ATR from the first range; bit-equal once warm."""
    high, low, close = BARS.high, BARS.low, BARS.close
    ema = np.empty(900)
    rsi = np.empty(900)
    atr = np.empty(900)
    mean, gain, loss, span = close[0], 0.0, 0.0, high[0] - low[0]
    ema[0], rsi[0], atr[0] = mean, 50.0, span
    for i in range(1, 900):
        mean = mean + 2.0 / 21.0 * (close[i] - mean)
        change = close[i] - close[i - 1]
        up, down = max(change, 0.0), max(-change, 0.0)
        gain, loss = (up, down) if i == 1 else (gain + (up - gain) / 14.0, loss + (down - loss) / 14.0)
        true_range = max(high[i] - low[i], abs(high[i] - close[i - 1]), abs(low[i] - close[i - 1]))
        span = span + (true_range - span) / 14.0
        ema[i], rsi[i], atr[i] = mean, 100.0 * gain / (gain + loss), span
    np.testing.assert_array_equal(column(BARS, "ema(20)", "first")[19:], ema[19:])
    np.testing.assert_array_equal(column(BARS, "rsi(14)", "first")[14:], rsi[14:])
    np.testing.assert_allclose(column(BARS, "atr(14)", "first")[13:], atr[13:], rtol=1e-13)


def test_both_seedings_forget_where_they_started() -> None:
    """After 600 bars nothing is left of the seed."""
    for key in ("ema(20)", "rsi(14)", "atr(14)", "adx(14)", "macd(12,26,9).histogram", "kc(20,10,2).upper"):
        np.testing.assert_allclose(column(BARS, key)[600:], column(BARS, key, "first")[600:], rtol=0, atol=1e-7)
