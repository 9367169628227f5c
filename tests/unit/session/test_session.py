"""Calendars against zoneinfo, published change dates and real bar files."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from tests.shared_data import shared
from tradewind.errors import Misconfigured
from tradewind.model.session import CALENDARS, calendar_of, easter
from tradewind.model.timeframe import DAY, HOUR, MINUTE, SECOND, Timeframe

NEW_YORK = ZoneInfo("America/New_York")
# Second Sunday of March and first Sunday of November; last Sundays of March and October.
UNITED_STATES = ["2018-03-11", "2018-11-04", "2020-03-08", "2020-11-01", "2026-03-08", "2026-11-01"]
EUROPE = ["2018-03-25", "2018-10-28", "2020-03-29", "2020-10-25", "2026-03-29", "2026-10-25"]


def at(text: str, zone: ZoneInfo | None = None) -> int:
    """Nanoseconds of a wall time, UTC unless a zone is given."""
    moment = datetime.fromisoformat(text).replace(tzinfo=zone or UTC)
    return int(moment.timestamp()) * SECOND


def new_york(ts: int) -> datetime:
    return datetime.fromtimestamp(ts // SECOND, UTC).astimezone(NEW_YORK)


@pytest.mark.parametrize("change", UNITED_STATES + EUROPE)
def test_days_and_four_hour_bars_follow_the_new_york_clock_over_every_change(change: str) -> None:
    """Hour by hour, ten days around a change: day bounds read 17:00 in New York, 4h bars count from them."""
    calendar = calendar_of("fx")
    first = at(change) - 5 * DAY
    for ts in range(first, first + 10 * DAY, HOUR):
        local = new_york(ts)
        opened = local.date() if local.hour >= 17 else local.date() - timedelta(days=1)
        start = at(f"{opened} 17:00", NEW_YORK)
        end = at(f"{opened + timedelta(days=1)} 17:00", NEW_YORK)
        assert calendar.bucket(ts, Timeframe.D1) == (start, end)
        assert calendar.trading_day(ts) == opened + timedelta(days=1)
        four = start + (ts - start) // (4 * HOUR) * 4 * HOUR
        assert calendar.bucket(ts, Timeframe.H4) == (four, min(four + 4 * HOUR, end))
        assert calendar.bucket(ts + 7 * MINUTE, Timeframe.M15) == (ts, ts + 15 * MINUTE)
        weekday = (opened + timedelta(days=1)).weekday()
        assert calendar.is_open(ts) == (weekday < 5)


@pytest.mark.req("X08")
def test_the_change_days_last_twenty_three_and_twenty_five_hours() -> None:
    """The last 4h bar of a short day is 3 h, that of a long day is followed by one of 1 h."""
    calendar = calendar_of("fx")
    spring = calendar.bucket(at("2026-03-08 12:00"), Timeframe.D1)
    autumn = calendar.bucket(at("2026-11-01 12:00"), Timeframe.D1)
    assert spring[1] - spring[0] == 23 * HOUR
    assert autumn[1] - autumn[0] == 25 * HOUR
    short = calendar.bucket(spring[1] - 1, Timeframe.H4)
    assert short[1] - short[0] == 3 * HOUR
    extra = calendar.bucket(autumn[1] - 1, Timeframe.H4)
    assert extra[1] - extra[0] == HOUR


def test_the_week_runs_from_sunday_to_friday_seventeen_new_york() -> None:
    """Open and closed to the nanosecond, in winter and in summer."""
    calendar = calendar_of("fx")
    for sunday, friday in (("2026-01-11", "2026-01-16"), ("2026-07-12", "2026-07-17")):
        opening = at(f"{sunday} 17:00", NEW_YORK)
        closing = at(f"{friday} 17:00", NEW_YORK)
        assert calendar.closed_kind(opening - 1) == "weekend"
        assert calendar.is_open(opening)
        assert calendar.is_open(closing - 1)
        assert calendar.closed_kind(closing) == "weekend"
        assert calendar.next_open(closing) == closing + 48 * HOUR
        assert len(calendar.expected_closes(opening, closing, Timeframe.H1)) == 120
        assert len(calendar.expected_closes(opening, closing, Timeframe.H4)) == 30
        assert len(calendar.expected_closes(opening, closing, Timeframe.D1)) == 5


def test_europe_changing_first_moves_nothing_in_new_york() -> None:
    """Between the two changes London is 4 h ahead; the FX day still turns at 21:00 UTC."""
    assert calendar_of("fx").bucket(at("2026-03-20 12:00"), Timeframe.D1)[0] == at("2026-03-19 21:00")
    assert calendar_of("fx").bucket(at("2026-10-28 12:00"), Timeframe.D1)[0] == at("2026-10-27 21:00")


def test_metals_pause_for_an_hour_a_day() -> None:
    """17:00-18:00 New York is closed, and no hourly bar is expected there."""
    calendar = calendar_of("metals")
    pause = at("2026-05-12 17:00", NEW_YORK)
    assert calendar.closed_kind(pause) == "daily_pause"
    assert calendar.closed_kind(pause - 1) == ""
    assert calendar.is_open(pause + HOUR)
    assert calendar.next_open(pause) == pause + HOUR
    assert len(calendar.expected_closes(pause, pause + DAY, Timeframe.H1)) == 23
    assert len(calendar.expected_closes(pause, pause + DAY, Timeframe.H4)) == 6


def test_holidays_are_typed_and_expect_no_bar() -> None:
    """25 December and 1 January for both; Good Friday and the observed Monday for metals only."""
    noon = at("2024-12-25 12:00", NEW_YORK)
    assert calendar_of("fx").closed_kind(noon) == "holiday"
    assert calendar_of("fx").expected_closes(noon - HOUR, noon + HOUR, Timeframe.H1) == []
    assert calendar_of("metals").closed_kind(at("2024-03-29 12:00", NEW_YORK)) == "holiday"
    assert calendar_of("fx").is_open(at("2024-03-29 12:00", NEW_YORK))
    assert calendar_of("metals").closed_kind(at("2016-12-26 12:00", NEW_YORK)) == "holiday"
    assert calendar_of("fx").is_open(at("2016-12-26 12:00", NEW_YORK))
    assert calendar_of("crypto").is_open(noon)


def test_easter_matches_published_dates() -> None:
    """Dates from church calendars."""
    published = {
        2000: (4, 23),
        2008: (3, 23),
        2011: (4, 24),
        2016: (3, 27),
        2019: (4, 21),
        2024: (3, 31),
        2038: (4, 25),
    }
    assert {year: (easter(year).month, easter(year).day) for year in published} == published


def test_crypto_days_are_utc_dates_without_a_pause() -> None:
    """4h and 1d bars count from midnight UTC."""
    calendar = calendar_of("crypto")
    ts = at("2026-03-08 07:30")
    assert calendar.bucket(ts, Timeframe.H4) == (at("2026-03-08 04:00"), at("2026-03-08 08:00"))
    assert calendar.bucket(ts, Timeframe.D1) == (at("2026-03-08"), at("2026-03-09"))
    assert calendar.trading_day(ts) == date(2026, 3, 8)
    assert len(calendar.expected_closes(at("2026-03-01"), at("2026-03-31"), Timeframe.H1)) == 720


@pytest.mark.parametrize("name", sorted(CALENDARS))
@pytest.mark.parametrize("timeframe", list(Timeframe))
def test_the_array_form_gives_the_same_buckets(name: str, timeframe: Timeframe) -> None:
    """`buckets` equals `bucket` at irregular moments across both changes of a year."""
    calendar = calendar_of(name)
    moments = np.sort(np.random.default_rng(7).integers(at("2026-03-01"), at("2026-11-10"), 500))
    starts, ends = calendar.buckets(moments, timeframe)
    assert [(int(a), int(b)) for a, b in zip(starts, ends, strict=True)] == [
        calendar.bucket(int(ts), timeframe) for ts in moments
    ]


@pytest.mark.parametrize("name", sorted(CALENDARS))
@pytest.mark.parametrize("timeframe", [Timeframe.M30, Timeframe.H1, Timeframe.H4, Timeframe.D1])
def test_expected_closes_agree_with_a_walk_through_open_moments(name: str, timeframe: Timeframe) -> None:
    """A bar is expected exactly when some half hour of it is open; splitting the span changes nothing."""
    calendar = calendar_of(name)
    after, until = at("2026-10-28 03:30"), at("2026-11-04 19:00")
    walked = {
        calendar.bucket(ts, timeframe) for ts in range(after - 2 * DAY, until, 30 * MINUTE) if calendar.is_open(ts)
    }
    wanted = sorted(bounds for bounds in walked if after < bounds[1] <= until)
    assert calendar.expected_closes(after, until, timeframe) == wanted
    middle = at("2026-11-01 09:15")
    halves = calendar.expected_closes(after, middle, timeframe) + calendar.expected_closes(middle, until, timeframe)
    assert halves == wanted
    assert calendar.expected_closes(until, after, timeframe) == []


@pytest.mark.parametrize(
    ("file", "name", "missing_at_most", "pause_bars"),
    [
        ("EURUSD", "fx", 0.001, 0),
        ("GBPUSD", "fx", 0.006, 0),
        ("USDJPY", "fx", 0.006, 0),
        ("XAUUSD", "metals", 0.012, 26),
    ],
)
def test_real_bar_files_keep_the_sessions(file: str, name: str, missing_at_most: float, pause_bars: int) -> None:
    """Eight years of hourly bars: nearly every expected bar is there, nearly none outside the sessions."""
    calendar = calendar_of(name)
    opens = pl.read_parquet(shared(f"data/bars/{file}-1h.parquet"))["time"].dt.timestamp("ns").to_list()
    expected = {ts for ts, _ in calendar.expected_closes(opens[0], opens[-1] + HOUR, Timeframe.H1)}
    assert len(expected - set(opens)) / len(expected) <= missing_at_most
    outside = [calendar.closed_kind(ts) for ts in opens if not calendar.is_open(ts)]
    assert outside.count("weekend") <= 30  # weeks in which the source's server clock changed on another date
    assert outside.count("daily_pause") == pause_bars


def test_an_unknown_calendar_is_refused_with_the_known_ones() -> None:
    """The message lists what there is."""
    with pytest.raises(Misconfigured, match="crypto, fx, metals"):
        calendar_of("forex")
