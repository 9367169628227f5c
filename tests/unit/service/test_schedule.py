"""What is due when: grids, clock changes, missed passes, closed markets; months in simulated time."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.app.config import built_in
from tradewind.app.service import jobs
from tradewind.app.service.cadence import Calendar, Every
from tradewind.app.service.duties import DUTIES
from tradewind.app.service.jobs import jobs_of
from tradewind.app.service.timetable import Job, Timetable
from tradewind.model.timeframe import DAY, HOUR, MINUTE, SECOND


def at(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * SECOND


def shown(ts: int) -> str:
    return datetime.fromtimestamp(ts // SECOND, UTC).strftime("%Y-%m-%d %H:%M")


def gone_through(table: Timetable, start: int, end: int, step: int = MINUTE) -> dict[str, list[int]]:
    """Every job's passes between two times, looked at once a step."""
    passes: dict[str, list[int]] = {name: [] for name in table.jobs}
    now = start
    while now < end:
        now += step
        for job in table.due(now):
            table.begun(job.name, now)
            passes[job.name].append(now)
    return passes


@pytest.mark.req("O02")
def test_a_day_has_24_automatic_passes_over_three_pairs() -> None:
    config = built_in().config
    auto = msgspec.structs.replace(config.auto_signals, pairs=("EUR/USD", "GBP/USD", "XAU/USD"))
    table = Timetable(jobs_of(msgspec.structs.replace(config, auto_signals=auto)), at("2026-03-03"))
    passes = gone_through(table, at("2026-03-03"), at("2026-03-04"))
    assert len(passes[jobs.AUTO_SIGNALS]) == 24
    assert len(passes[jobs.LEARNING]) == 24
    assert "EUR/USD, GBP/USD, XAU/USD" in table.jobs[jobs.AUTO_SIGNALS].meaning


def test_automatic_passes_can_be_switched_off() -> None:
    config = built_in().config
    off = msgspec.structs.replace(config, auto_signals=msgspec.structs.replace(config.auto_signals, enabled=False))
    assert jobs.AUTO_SIGNALS not in {job.name for job in jobs_of(off)}


@pytest.mark.req("J18")
def test_a_quarter_fires_every_review_retraining_and_optimization() -> None:
    """April to June 2026: 13 Saturdays, three months, one quarter."""
    table = Timetable(jobs_of(built_in().config), at("2026-03-31 12:00"))
    passes = gone_through(table, at("2026-03-31 12:00"), at("2026-06-30 12:00"), step=10 * MINUTE)
    assert [shown(ts) for ts in passes[jobs.RETRAIN]] == ["2026-04-01 03:00", "2026-05-01 03:00", "2026-06-01 03:00"]
    assert [shown(ts) for ts in passes[jobs.OPTIMIZE]] == ["2026-04-01 04:00"]
    assert len(passes[jobs.REVIEW]) == 13
    assert passes[jobs.REVIEW][0] == at("2026-04-04 06:00")


def test_every_job_has_its_duty() -> None:
    assert {job.name for job in jobs_of(built_in().config)} == set(DUTIES)


@pytest.mark.parametrize(
    ("zone", "clock", "day", "utc"),
    [
        ("Europe/Prague", time(2, 30), "2026-03-29", "2026-03-29 01:30"),  # left out: an hour later by the wall
        ("Europe/Prague", time(2, 30), "2026-10-25", "2026-10-25 00:30"),  # comes twice: the first time
        ("America/New_York", time(17, 0), "2026-03-08", "2026-03-08 21:00"),
        ("America/New_York", time(17, 0), "2026-11-01", "2026-11-01 22:00"),
    ],
)
def test_clock_changes_neither_lose_nor_repeat_a_day(zone: str, clock: time, day: str, utc: str) -> None:
    cadence = Calendar("daily", clock, zone)
    ts, found = at(day, zone) - 3 * DAY, []
    while len(found) < 6:
        ts = cadence.next_after(ts)
        found.append(ts)
    assert shown(next(one for one in found if one >= at(day, zone))) == utc
    days = [datetime.fromtimestamp(one // SECOND, ZoneInfo(zone)).date() for one in found]
    assert days == [days[0] + timedelta(days=n) for n in range(6)]


def test_weekly_means_one_weekday_and_monthly_one_day() -> None:
    assert shown(Calendar("weekly", time(6, 0), day=5).next_after(at("2026-11-21 06:00"))) == "2026-11-28 06:00"
    assert shown(Calendar("monthly", time(3, 0), day=1).next_after(at("2026-12-31"))) == "2027-01-01 03:00"
    assert shown(Calendar("monthly", time(3, 0), day=31).next_after(at("2026-02-01"))) == "2026-03-31 03:00"
    assert shown(Calendar("quarterly", time(4, 0), day=1).next_after(at("2026-11-21"))) == "2027-01-01 04:00"


@given(st.integers(0, 4 * 10**18), st.integers(1, 10**6), st.integers(0, 10**5))
def test_the_grid_is_hit_exactly_once_between_two_lines(ts: int, seconds: int, offset: int) -> None:
    due = Every(seconds, offset).next_after(ts)
    assert ts < due <= ts + seconds * SECOND
    assert (due - offset * SECOND) % (seconds * SECOND) == 0


def test_a_job_of_a_market_waits_for_its_week() -> None:
    """Nothing between Friday 17:00 and Sunday 17:00 New York; crypto knows no weekend."""
    fx = Job("x", Every(3600.0), "", ("fx",))
    assert shown(fx.next_after(at("2026-11-20 21:59"))) == "2026-11-22 22:00"
    assert shown(Job("x", Every(3600.0), "", ("fx", "crypto")).next_after(at("2026-11-20 21:59"))) == "2026-11-20 22:00"
    week = gone_through(Timetable([fx], at("2026-11-16")), at("2026-11-16"), at("2026-11-23"))
    assert len(week["x"]) == 24 * 7 - 48


def test_what_was_missed_is_made_up_for_once() -> None:
    start = at("2026-03-03 10:30")
    table = Timetable([Job("x", Every(3600.0), "")], start, {"x": start - 3 * DAY})
    passes = gone_through(table, start, start + HOUR)
    assert [shown(ts) for ts in passes["x"]] == ["2026-03-03 10:31", "2026-03-03 11:00"]
    assert table.last() == {"x": at("2026-03-03 11:00")}


def test_a_first_start_makes_up_for_nothing() -> None:
    table = Timetable(jobs_of(built_in().config), at("2026-03-03 10:30"))
    assert table.due(at("2026-03-03 10:30")) == []


@pytest.mark.parametrize("step", [-DAY, -HOUR, HOUR, DAY])
def test_a_step_of_the_clock_repeats_nothing_and_stops_nothing(step: int) -> None:
    """INV-17: after a step back the job goes on by the new clock; after one forward it runs once, not 24 times."""
    start = at("2026-03-03 10:30")
    table = Timetable([Job("x", Every(600.0), "")], start)
    before = gone_through(table, start, start + HOUR)["x"]
    after = gone_through(table, start + HOUR + step, start + 2 * HOUR + step)["x"]
    assert len(before) == 6
    assert 6 <= len(after) <= 7
    assert min(b - a for a, b in pairwise(after)) >= 9 * MINUTE
