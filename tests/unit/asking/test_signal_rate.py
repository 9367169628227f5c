"""Signals are counted over the time the markets are open, so that a week-end is no silence."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tradewind.app.signal_rate import open_time, signal_rate
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import HOUR, SECOND


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


FX, METALS, CRYPTO = calendar_of("fx"), calendar_of("metals"), calendar_of("crypto")


@pytest.mark.parametrize(("calendar", "hours"), [(FX, 120), (METALS, 115), (CRYPTO, 168)])
def test_a_week_has_the_open_hours_of_its_market(calendar, hours):
    """Sunday 17:00 to Friday 17:00 New York, less the metals' daily hour; crypto never closes."""
    assert open_time(calendar, utc("2024-01-14"), utc("2024-01-21")) == hours * HOUR


def test_a_stretch_inside_one_session_is_itself():
    assert open_time(FX, utc("2024-01-16 10:00"), utc("2024-01-16 12:30")) == int(2.5 * HOUR)
    assert open_time(FX, utc("2024-01-20"), utc("2024-01-21")) == 0


@pytest.mark.req("E13")
def test_no_signal_in_24_open_hours_is_an_alert_and_a_week_end_is_not():
    """From Friday 20:00 to Monday 02:00 UTC the currency market is open for six hours only."""
    friday = utc("2024-01-19 20:00")
    quiet = signal_rate([friday], utc("2024-01-15"), utc("2024-01-22 02:00"), [FX])
    assert (quiet.silence, quiet.alert) == (6.0, False)
    silent = signal_rate([friday], utc("2024-01-15"), utc("2024-01-22 20:00"), [FX])
    assert (silent.silence, silent.alert) == (24.0, True)
    assert "WARNING: none in the last 24 market-open hours" in silent.text()


@pytest.mark.req("E13")
def test_thirty_days_print_the_signals_of_a_market_open_day():
    """90 signals in 30 days of crypto are three a day."""
    start = utc("2024-01-01")
    times = [start + hour * HOUR for hour in range(8, 720, 8)] + [start + 720 * HOUR]
    rate = signal_rate(times, start, start + 720 * HOUR, [CRYPTO, FX])
    assert (rate.signals, rate.open_hours, rate.per_open_day, rate.longest_silence) == (90, 720.0, 3.0, 8.0)
    assert rate.text() == "3.00 per market-open day (90 in 720 open hours); longest silence 8 open hours"


def test_an_empty_span_has_no_rate():
    assert signal_rate([], 0, 0, [CRYPTO]).per_open_day is None
