"""Data quality: known faults of real files are found, injected ones too, each with its time and its kind."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest

from tests.shared_data import shared
from tests.unit.candles.bars import rows, walk
from tradewind.adapters.market.quality import QualityReport, inspect
from tradewind.model.bar import BarColumns
from tradewind.model.instruments import resolve
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import DAY, HOUR, Timeframe


def real(name: str) -> tuple[BarColumns, QualityReport]:
    """A shared file as columns, and what is found in it."""
    symbol, interval = name.split("-")
    frame = pl.read_parquet(shared(f"data/bars/{name}.parquet"))
    instrument, timeframe = resolve(symbol), Timeframe.parse(interval)
    opens = frame["time"].cast(pl.Datetime("ns", "UTC")).cast(pl.Int64).to_numpy()
    prices = [frame[column].to_numpy() for column in ("open", "high", "low", "close", "volume")]
    columns = BarColumns(opens, opens + timeframe.ns, *prices, np.full(len(opens), np.nan))
    return columns, inspect(columns, instrument.symbol, timeframe, calendar_of(instrument.calendar))


def crypto(columns: BarColumns) -> QualityReport:
    return inspect(columns, "BTC/USDT", Timeframe.M1, calendar_of("crypto"))


def ns(text: str) -> int:
    return int(np.datetime64(text, "ns").astype(np.int64))


def spans(report: QualityReport, kind: str) -> list[tuple[int, int, int]]:
    return [(each.ts, each.ts_until, each.bars) for each in report.of(kind)]


def test_the_binance_outage_of_march_2023_is_found_with_its_times() -> None:
    """72 flat minutes without volume from 11:28, then no bars from 12:40 to 14:00."""
    _, report = real("BTCUSDT-1m")
    flat = (ns("2023-03-24T11:28"), ns("2023-03-24T12:40"), 72)
    assert spans(report, "zero_volume") == [flat]
    assert spans(report, "frozen") == [flat]
    assert spans(report, "outage") == [(ns("2023-03-24T12:40"), ns("2023-03-24T14:00"), 80)]
    assert report.missing == 80


_ROW = re.compile(r"\| bars/(\S+)\.parquet \| (\d+) \|.*\| (\d+) \| ([\d.]+ h|-) \| (\d+) \| [\d.]+ \|")


@pytest.mark.parametrize(
    "name",
    ["BTCUSD-1m", "BTCUSDT-1h", "BTCUSDT-1m", "BTCUSDT-5m", "DOGEUSDT-1h", "ETHUSD-1m", "EURUSD-1h", "SOLUSDT-1h"],
)
def test_gaps_of_real_files_are_as_many_as_their_description_says(name: str) -> None:
    """The description counts steps longer than the interval, those from Friday over the week-end left out."""
    described = {
        row[1]: (int(row[2]), int(row[3]), int(row[5]))
        for row in map(_ROW.match, shared("data/README.md").read_text().splitlines())
        if row is not None
    }
    number, gaps, silent = described[name]
    columns, report = real(name)
    found = [each for each in report.findings if each.kind in ("outage", "holiday", "daily_pause")]
    if name.startswith("EUR"):
        before = columns.ts_open[np.searchsorted(columns.ts_open, [each.ts for each in found]) - 1]
        friday = (before // DAY + 3) % 7 == 4
        long = np.array([each.value or 0.0 for each in found]) > 24
        found = [each for each, left_out in zip(found, friday & long, strict=True) if not left_out]
    assert (report.rows, len(found)) == (number, gaps)
    assert int((columns.volume == 0).sum()) == silent


@pytest.mark.parametrize("name", ["EURUSD-1h", "XAUUSD-1h", "GBPUSD-1h", "BTCUSDT-1h"])
def test_missing_bars_are_those_the_calendar_expects_and_the_file_lacks(name: str) -> None:
    """Counted a second way: the calendar's whole list of bars minus the bars there are."""
    columns, report = real(name)
    calendar = calendar_of(resolve(name.split("-")[0]).calendar)
    expected = calendar.expected_closes(int(columns.ts_open[0]), int(columns.ts_close[-1]), Timeframe.H1)
    lacking = {start for start, _ in expected} - set(columns.ts_open.tolist())
    assert report.missing == len(lacking)
    assert {each.ts for each in report.of("outage")} <= lacking


def test_closures_of_the_market_are_typed_and_are_no_faults() -> None:
    """Week-ends, the daily pause of gold and holidays are facts; only outages are faults."""
    _, gold = real("XAUUSD-1h")
    assert gold.counts()["daily_pause"] > 1000
    assert gold.counts()["weekend"] > 300
    assert not any(each.fault for kind in ("weekend", "daily_pause", "holiday") for each in gold.of(kind))
    good_friday = ns("2018-03-30T12:00")
    assert any(each.ts <= good_friday < each.ts_until for each in gold.of("holiday"))
    assert all(each.fault for each in gold.of("outage"))


def test_real_series_of_the_main_pairs_can_be_relied_on() -> None:
    """Genuine panics (Brexit night, the flash crash of August 2015, March 2020) are spikes but no bad ticks."""
    for name in ("EURUSD-1h", "GBPUSD-1h", "XAUUSD-1h", "BTCUSDT-1m"):
        _, report = real(name)
        assert report.faults_that_matter() == ()
    _, pound = real("GBPUSD-1h")
    night = [each for each in pound.of("spike") if ns("2016-06-23T20:00") <= each.ts <= ns("2016-06-24T06:00")]
    assert len(night) >= 5
    assert not any(each.fault for each in night)


@pytest.mark.req("A19")
def test_injected_faults_are_each_reported_with_their_time() -> None:
    """A gap, a repeat, a 10 sigma spike and a bar out of order, put into real bars."""
    columns, before = real("ETHUSDT-1h")
    sigma = float(np.median(np.abs(np.diff(np.log(columns.close))))) * 1.4826
    close = columns.close.copy()
    quiet = 5000
    close[quiet] *= np.exp(12 * sigma)
    high = np.maximum(columns.high, close)
    dirty = columns._replace(close=close, high=high)
    order = [*range(1000), *range(1003, 2000), 1999, *range(2000, 3000), 3001, 3000, *range(3002, len(close))]
    report = inspect(rows(dirty, order), "ETH/USDT", Timeframe.H1, calendar_of("crypto"))
    t = columns.ts_open
    new = set(report.findings) - set(before.findings)
    assert ("outage", t[1000], 3) in {(each.kind, each.ts, each.bars) for each in new}
    assert ("duplicate", t[1999]) in {(each.kind, each.ts) for each in new}
    assert ("out_of_order", t[3000]) in {(each.kind, each.ts) for each in new}
    spike = next(each for each in new if each.kind == "spike" and each.ts == t[quiet])
    assert spike.value is not None
    assert spike.value > 10
    assert {each.kind for each in new} == {"outage", "duplicate", "out_of_order", "spike"}


def test_a_bad_tick_is_a_fault_and_a_move_that_stays_is_not() -> None:
    """What the next bar takes back out of a calm market is a bad tick; news stays."""
    columns = walk(2000)
    tick = rows(columns, slice(None))
    tick.close[700] *= 1.01
    tick.high[700] *= 1.01
    (found,) = [each for each in crypto(tick).of("spike") if each.fault]
    assert found.ts == columns.ts_open[700]
    assert "taken back by the next bar" in found.detail
    news = BarColumns(*(np.array(column) for column in columns))
    for column in (news.open, news.high, news.low, news.close):
        column[701:] *= 1.01
    news.high[700] *= 1.01
    news.close[700] *= 1.01
    report = crypto(news)
    assert [each.ts for each in report.of("spike")] == [columns.ts_open[700]]
    assert report.faults_that_matter() == ()


def test_a_price_a_hundred_times_too_large_is_a_fault() -> None:
    """A venue's wrong scale in one field."""
    columns = walk(500)
    columns.high[100] *= 100
    (found,) = crypto(columns).of("spike")
    assert found.fault
    assert found.ts == columns.ts_open[100]
    assert found.value == pytest.approx(100, rel=0.01)


def test_a_frozen_feed_is_found_and_a_quiet_market_is_not() -> None:
    """Equal bars are counted against how often the series has them by nature."""
    columns = walk(3000)
    for column in (columns.open, columns.high, columns.low, columns.close):
        column[1200:1210] = column[1200]
    assert spans(crypto(columns), "frozen") == [(columns.ts_open[1200], columns.ts_close[1209], 10)]
    generator = np.random.default_rng(3)
    still = np.flatnonzero(generator.random(3000) < 0.5)
    quiet = walk(3000)
    for row in still[still > 0]:
        for column in (quiet.open, quiet.high, quiet.low, quiet.close):
            column[row] = column[row - 1]
    assert crypto(quiet).of("frozen") == ()


def test_unsound_bars_are_reported_by_what_is_wrong_with_them() -> None:
    """Zero, negative and NaN prices, a close above the high, NaN volume, an ask below the bid."""
    columns = walk(100, spread=0.1)
    columns.low[10] = 0.0
    columns.high[11] = np.nan
    columns.close[20] = columns.high[20] * 1.001
    columns.volume[30] = np.nan
    columns.spread[40:43] = [-0.1, -0.3, -0.2]
    report = crypto(columns)
    t = columns.ts_open
    assert spans(report, "bad_price") == [(t[10], columns.ts_close[11], 2)]
    assert spans(report, "bad_ohlc") == [(t[20], columns.ts_close[20], 1)]
    assert spans(report, "bad_volume") == [(t[30], columns.ts_close[30], 1)]
    assert spans(report, "bad_spread") == [(t[40], columns.ts_close[42], 3)]
    assert report.of("bad_spread")[0].value == -0.3
    reasons = " ".join(report.faults_that_matter())
    assert "bad price: 2 bars in 1 places" in reasons
    assert "bad spread" in reasons
    assert "bad spread" not in " ".join(report.faults_that_matter(tolerance=0.05))


def test_outages_count_beyond_the_tolerance_only() -> None:
    """A bad hour of a venue does not condemn a year; a missing month does."""
    columns = walk(1000)
    some = crypto(rows(columns, [*range(500), *range(515, 1000)]))
    assert (some.missing, some.missing_share) == (15, 0.015)
    assert some.faults_that_matter() == ()
    assert some.faults_that_matter(tolerance=0.01) == ("1.50% of the expected bars are missing",)


def test_short_empty_and_synthetic_series_are_answered_too() -> None:
    """No bars, one bar, and the share of made bars."""
    assert crypto(walk(0)).findings == ()
    assert crypto(walk(1)).findings == ()
    report = inspect(walk(200), "BTC/USDT", Timeframe.M1, calendar_of("crypto"), synthetic=10)
    assert report.synthetic_share == 0.05
    assert (report.has_volume, report.has_spread) == (True, False)


def test_a_session_calendar_with_clock_changes_makes_no_false_outages() -> None:
    """Fifteen months of perfect hourly currency bars have closures only."""
    calendar = calendar_of("fx")
    expected = np.array(calendar.expected_closes(ns("2023-01-01"), ns("2024-04-01"), Timeframe.H1))
    base = walk(len(expected))._replace(ts_open=expected[:, 0], ts_close=expected[:, 1])
    report = inspect(base, "EUR/USD", Timeframe.H1, calendar)
    assert set(report.counts()) - {"spike"} == {"weekend", "holiday"}


@pytest.mark.parametrize("hours", [-2, -1, 1, 3])
def test_a_wrong_time_zone_shows_itself_by_bars_in_the_week_end(hours: int) -> None:
    """Real bars moved by a whole number of hours; as they are, nothing is said."""
    columns, before = real("EURUSD-1h")
    assert "weekend_bars" not in before.counts()
    moved = columns._replace(ts_open=columns.ts_open + hours * HOUR, ts_close=columns.ts_close + hours * HOUR)
    report = inspect(moved, "EUR/USD", Timeframe.H1, calendar_of("fx"))
    assert any("is the time zone right?" in reason for reason in report.faults_that_matter())
