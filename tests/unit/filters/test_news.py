"""The embargo against the published cases, a real history of releases, and the clocks of both continents."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tests.fakes.said_desk import SaidDesk
from tests.shared_data import shared
from tradewind.filters.news import NewsFilter
from tradewind.model.calendar import NewsCalendar, NewsEvent, by_rule, calendar_span, event_of
from tradewind.model.decision import Consensus
from tradewind.model.feature_row import FeatureRow
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import DAY, HOUR, MINUTE, SECOND

LONG = Consensus(1, 1.0, ("A", "B"), 2, 2.0, None, None, None, None, "")
ROW: FeatureRow = None  # type: ignore[assignment]  # the filter reads no feature


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp()) * SECOND


def calendar(*events: NewsEvent, start: int | None = None, until: int | None = None) -> NewsCalendar:
    first, last = calendar_span(events)
    start, until = first if start is None else start, last if until is None else until
    return NewsCalendar(start, start, start, until, "file", "test", tuple(sorted(events)))


def judged(at: int, known: NewsCalendar | None, symbol: str = "EUR/USD", filter_: NewsFilter | None = None):
    desk = SaidDesk(instrument=resolve(symbol), ts=at, calendar=known)
    return (filter_ or NewsFilter()).judge(LONG, ROW, (), desk)


@pytest.mark.req("F04", "M05")
def test_the_published_edges_of_the_embargo_are_inclusive_to_the_second() -> None:
    """Offsets of -1801, -1800 .. 1800, 1801 seconds from a release, as the reference has them."""
    import json

    cases = json.loads(Path(shared("ground_truth/calendar.json")).read_text("utf-8"))["embargo_cases"]
    assert len(cases) == 9
    for case in cases:
        event = NewsEvent(ns(case["event"]), "USD", 1, "Non-Farm Employment Change")
        assert (judged(ns(case["t"]), calendar(event)) is not None) == case["default_30_30"]
        two = NewsFilter(tier_1=2)
        assert (judged(ns(case["t"]), calendar(event), filter_=two) is not None) == case["ftmo_2min"]


@pytest.mark.req("M03", "M04")
def test_without_a_calendar_every_real_payrolls_release_is_still_blocked() -> None:
    """The rules are wide enough for each of the sourced release dates, also those that moved by holidays."""
    import json

    truth = json.loads(Path(shared("ground_truth/calendar.json")).read_text("utf-8"))
    for release in truth["nfp"]:
        reason = judged(ns(release["utc"]), None)
        assert reason is not None
        assert "fallback" in reason.detail
    for meeting in truth["fomc"]:
        for at in (meeting["utc"], meeting["press_conference_utc"]):
            assert judged(ns(at), None, "XAU/USD") is not None


@pytest.mark.req("HZ09")
def test_an_empty_answer_is_not_taken_for_a_quiet_day() -> None:
    """A calendar without events covers nothing, so the rules go on blocking."""
    release = ns("2026-06-05T12:30:00Z")
    assert judged(release, calendar()) is not None


def test_the_rules_follow_the_clock_of_the_office_and_not_utc() -> None:
    """08:30 New York is 13:30 UTC in winter and 12:30 in summer, on a Tuesday."""
    winter, summer = ns("2026-01-13T13:30:00Z"), ns("2026-07-14T12:30:00Z")
    assert any(by_rule(winter))
    assert any(by_rule(summer))
    assert not any(by_rule(winter - HOUR))
    assert not any(by_rule(summer + HOUR))
    assert any(event.currency == "EUR" for event in by_rule(ns("2026-03-12T13:15:00Z")))
    assert any(event.currency == "EUR" for event in by_rule(ns("2026-06-11T12:15:00Z")))


@pytest.mark.req("M04")
def test_a_stale_calendar_blocks_by_what_it_knows_and_by_the_rules() -> None:
    """Eight days after the fetch both count; seven days after it only what it says."""
    known = NewsEvent(ns("2026-06-10T09:00:00Z"), "EUR", 1, "Main Refinancing Rate")
    start = ns("2026-06-02T00:00:00Z")
    stale = calendar(known, start=start, until=start + 30 * DAY)
    assert judged(known.ts, stale) is not None
    by_rule_only = ns("2026-06-10T12:30:00Z")
    assert judged(by_rule_only, stale) is not None
    fresh = NewsCalendar(start, by_rule_only - 7 * DAY, start, start + 30 * DAY, "feed", "test", (known,))
    assert judged(by_rule_only, fresh) is None


def test_a_release_concerns_every_pair_with_its_currency_and_the_dollar_gold() -> None:
    """Pairs without the currency, and coins unless asked, are left alone."""
    at = ns("2026-06-10T12:30:00Z")
    known = calendar(event_of(at, "usd", "High", "CPI m/m"))
    assert [judged(at, known, symbol) is not None for symbol in ("EUR/USD", "USD/JPY", "XAU/USD")] == [True] * 3
    assert judged(at, known, "BTC/USDT") is None
    assert judged(at, known, "BTC/USDT", NewsFilter(crypto=True)) is not None
    assert judged(at, calendar(event_of(at, "GBP", "high", "CPI y/y"), event_of(at, "CAD", "high", "GDP"))) is None


def test_a_rate_decision_blocks_until_its_press_conference_is_over() -> None:
    """14:00 to 15:30 New York and no minute more."""
    statement = ns("2026-06-17T18:00:00Z")
    known = calendar(event_of(statement, "USD", "high", "FOMC Statement"))
    assert judged(statement - 30 * MINUTE, known) is not None
    assert judged(statement + 90 * MINUTE, known) is not None
    assert judged(statement + 90 * MINUTE + SECOND, known) is None


def test_other_high_impact_releases_block_ten_minutes_and_medium_ones_nothing() -> None:
    """Tiers 2 and 3."""
    at = ns("2026-06-11T14:00:00Z")
    claims = calendar(event_of(at, "USD", "high", "Existing Home Sales"))
    assert judged(at - 10 * MINUTE, claims) is not None
    assert judged(at - 10 * MINUTE - SECOND, claims) is None
    assert event_of(at, "USD", "low", "Beige Book") is None
    assert judged(at, calendar(event_of(at, "USD", "medium", "Wholesale Inventories m/m"))) is None


@pytest.mark.req("F11")
def test_a_real_month_blocks_about_as_many_hours_as_expected() -> None:
    """Every hourly decision of EUR/USD in 2022 against the real releases: some a month, never most of the day."""
    frame = pl.read_parquet(shared("data/calendar/forexfactory.parquet")).filter(pl.col("time").dt.year() == 2022)
    found = [
        event_of(int(row["time"].timestamp()) * SECOND, row["currency"], row["impact"], row["event"])
        for row in frame.iter_rows(named=True)
    ]
    known = calendar(*[one for one in found if one is not None])
    known = NewsCalendar(known.ts, known.valid_until, known.valid_from, known.valid_until, "file", "test", known.events)
    start, hours = ns("2022-02-01T00:00:00Z"), 28 * 24
    blocked = sum(judged(start + hour * HOUR, known) is not None for hour in range(hours))
    assert 5 <= blocked <= 60
