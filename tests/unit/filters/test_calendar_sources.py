"""Calendars from files and a feed: what is read, what is refused, and that a failure never means a quiet day."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import scene
from tests.cli_runner import run_cli
from tests.fakes.transport import InProcessTransport
from tests.shared_data import shared
from tradewind.adapters.calendar.feed import CalendarFeed
from tradewind.adapters.calendar.rows import events_of, rows_of_json
from tradewind.adapters.calendar.shelf import CalendarShelf
from tradewind.adapters.sim_clock import ManualClock
from tradewind.app.config import load_config
from tradewind.app.news_calendar import calendar_for, fetched, imported, newest, upcoming
from tradewind.app.recordings import material_for, with_calendar
from tradewind.app.workspace import Workspace
from tradewind.errors import Corrupt, Misconfigured, Retryable, TradewindError, Unavailable
from tradewind.model.calendar import TAKEN_AS, NewsCalendar, NewsEvent
from tradewind.model.timeframe import DAY, HOUR, SECOND, Timeframe
from tradewind.ports.transport import Response

NOW = 1_780_660_800 * SECOND  # 2026-06-05 12:00 UTC
ROWS = [
    {"title": "CPI y/y", "country": "GBP", "date": "2026-06-10T06:00:00+00:00", "impact": "High"},
    {"title": "Non-Farm Employment Change", "country": "USD", "date": "2026-06-05T08:30:00-04:00", "impact": "High"},
    {"title": "Bank Holiday", "country": "AUD", "date": "2026-06-08T00:00:00+00:00", "impact": "Holiday"},
]


def feed(status: int, body: bytes, seen: list | None = None) -> InProcessTransport:
    def answer(method, url, headers):
        if seen is not None:
            seen.append((method, url, headers))
        return Response(status, {}, body)

    return InProcessTransport(answer)


def configured(tmp_path: Path, **news):
    overrides = {"filters": {"news": {"url": "http://calendar.test/week.json", **news}}}
    environment = {"NEWS_API_KEY": "canary-key"}  # pragma: allowlist secret
    return load_config(environment=environment, overrides=overrides, folder=tmp_path)


@pytest.mark.req("M01")
async def test_the_feed_is_asked_for_high_impact_and_gives_releases_sorted_in_utc(tmp_path: Path) -> None:
    """A bearer key in the header and never in the URL; the next 24 hours hold the one release due."""
    seen: list = []
    calendar = await fetched(
        configured(tmp_path), feed(200, json.dumps(ROWS).encode(), seen), ManualClock(NOW), tmp_path
    )
    method, url, headers = seen[0]
    assert method == "GET"
    assert "impact=high" in url
    assert "from=2026-06-04" in url
    assert "to=2026-06-19" in url
    assert headers["Authorization"] == "Bearer canary-key"
    assert "canary" not in url
    assert [one.currency for one in calendar.events] == ["USD", "GBP"]
    due = upcoming(calendar, NOW, 24)
    assert [(one.title, one.ts - NOW) for one in due] == [("Non-Farm Employment Change", HOUR // 2)]
    assert newest(configured(tmp_path), NOW, tmp_path) == msgspec.structs.replace(calendar, ts=NOW)


@pytest.mark.req("M04", "HZ09")
@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, b"", Retryable),
        (401, b"", Unavailable),
        (200, b"<html>maintenance</html>", Corrupt),
        (200, b"null", Corrupt),
        (200, b'[{"title": "CPI"}]', Corrupt),
    ],
)
async def test_an_answer_that_is_none_changes_nothing_that_was_known(tmp_path: Path, status, body, error) -> None:
    """What was kept before is kept, also when the feed answers with an empty list."""
    config = configured(tmp_path)
    await fetched(config, feed(200, json.dumps(ROWS).encode()), ManualClock(NOW), tmp_path)
    with pytest.raises(error):
        await fetched(config, feed(status, body), ManualClock(NOW + HOUR), tmp_path)
    await fetched(config, feed(200, b"[]"), ManualClock(NOW + HOUR), tmp_path)
    kept = newest(config, NOW + HOUR, tmp_path)
    assert kept is not None
    assert kept.fetched_at == NOW


async def test_a_list_of_days_that_are_over_does_not_replace_what_is_still_to_come(tmp_path: Path) -> None:
    """A feed that got stuck answers with success and news of three weeks ago: what was known goes on counting."""
    config = configured(tmp_path)
    await fetched(config, feed(200, json.dumps(ROWS).encode()), ManualClock(NOW), tmp_path)
    old = [row | {"date": "2026-05-14T08:30:00-04:00"} for row in ROWS]
    await fetched(config, feed(200, json.dumps(old).encode()), ManualClock(NOW + HOUR), tmp_path)
    kept = newest(config, NOW + HOUR, tmp_path)
    assert kept is not None
    assert [one.title for one in upcoming(kept, NOW, 24)] == ["Non-Farm Employment Change"]


@pytest.mark.req("M02")
async def test_without_a_key_the_refusal_says_which_one_is_needed(tmp_path: Path) -> None:
    """403 without a key: its name, and that rules block meanwhile."""
    with pytest.raises(Unavailable, match=r"a key is needed.*NEWS_API_KEY.*rules"):
        await CalendarFeed("http://calendar.test", "", feed(403, b""), ManualClock(NOW)).fetch()


def test_a_real_history_is_read_whole_and_a_run_is_told_its_own_part() -> None:
    """Ten thousand rows of three collections; a month of it for a run of a month."""
    calendar, rows, quiet = imported(Path(shared("data/calendar/forexfactory.parquet")), NOW)
    assert rows == 10559
    assert len(calendar.events) + quiet <= rows
    assert list(calendar.events) == sorted(calendar.events)
    assert {event.tier for event in calendar.events} == {1, 2, 3}


def test_a_run_outside_what_a_calendar_covers_is_told_of_none(tmp_path: Path) -> None:
    """And one inside it of the releases around it, stamped with its first bar."""
    calendar, _, _ = imported(_csv(tmp_path), NOW)
    CalendarShelf(tmp_path / "data" / "calendar").write("history", calendar)
    config = load_config(environment={}, folder=tmp_path)
    assert calendar_for(config, NOW - 900 * DAY, NOW - 800 * DAY, tmp_path) is None
    told = calendar_for(config, NOW - DAY, NOW + DAY, tmp_path)
    assert told is not None
    assert (told.ts, [one.currency for one in told.events]) == (NOW - DAY, ["USD"])


def test_a_file_of_another_kind_and_a_damaged_shelf_name_themselves(tmp_path: Path) -> None:
    """The ending is named with what is allowed; the damaged file with what to do."""
    (tmp_path / "calendar.ics").write_text("BEGIN:VCALENDAR")
    with pytest.raises(Misconfigured, match=r"\.csv, \.json, \.parquet"):
        imported(tmp_path / "calendar.ics", NOW)
    with pytest.raises(Unavailable, match=r"none\.csv"):
        imported(tmp_path / "none.csv", NOW)
    shelf = CalendarShelf(tmp_path / "kept")
    shelf.write("feed", imported(_csv(tmp_path), NOW)[0])
    (tmp_path / "kept" / "feed.json").write_bytes(b"{")
    with pytest.raises(Corrupt, match=r"feed\.json"):
        shelf.read("feed")


def test_times_are_read_in_every_usual_form() -> None:
    """ISO with a zone in it or beside it, seconds, milliseconds, a date beside a time."""
    forms = [
        {"date": "2026-06-05T08:30:00-04:00"}, {"datetime": "2026-06-05 12:30Z"}, {"timestamp": 1780662600},
        {"timestamp": 1780662600000}, {"date": "2026-06-05", "time": "12:30+00:00"},
        {"date": "2026-06-05", "time": "08:30", "timezone": "America/New_York"},
    ]  # fmt: skip
    read = [events_of([{**form, "currency": "usd", "impact": "3", "event": "CPI"}], "x").events[0].ts for form in forms]
    assert set(read) == {NOW + HOUR // 2}


HEAD = "time,currency,impact,event\n"
ZONELESS = "2026-06-05 08:30,USD,high,Non-Farm Employment Change\n"


@pytest.mark.req("M01", "M03")
@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_a_time_without_a_zone_is_refused_until_somebody_says_the_zone(tmp_path: Path, kind: str) -> None:
    """Payrolls of 08:30 New York read as UTC would leave 12:30 UTC open: exit 2, nothing kept; --zone helps."""
    row = {
        "time": datetime.fromisoformat("2026-06-05 08:30"),
        "currency": "USD",
        "impact": "high",
        "event": "Non-Farm Payrolls",
    }
    file = tmp_path / f"week.{kind}"
    if kind == "csv":
        file.write_text(HEAD + ZONELESS)
    elif kind == "json":
        file.write_text(json.dumps([{**row, "time": "2026-06-05 08:30"}]))
    else:
        pl.DataFrame([row]).write_parquet(file)
    config = tmp_path / "tradewind.toml"
    config.write_text(f'paths.data = "{tmp_path}/data"\n')
    refused = run_cli("calendar", "import", str(file), "--config", str(config))
    assert refused.exit_code == 2
    assert "row 1: 2026-06-05 08:30 names no zone" in refused.stderr
    assert "--zone" in refused.stderr
    assert not (tmp_path / "data").exists()
    read = run_cli("calendar", "import", str(file), "--zone", "America/New_York", "--config", str(config))
    assert read.exit_code == 0
    (event,) = CalendarShelf(tmp_path / "data" / "calendar").read("history").events
    assert event.ts == NOW + HOUR // 2


@pytest.mark.req("M01", "M04")
async def test_a_feed_whose_times_name_no_zone_is_refused_unless_its_zone_is_set(tmp_path: Path) -> None:
    """Nothing of the answer is kept, so rules block; filters.news.zone says what the provider means."""
    body = json.dumps([{**ROWS[1], "date": "2026-06-05T08:30:00"}]).encode()
    with pytest.raises(Corrupt, match="names no zone"):
        await fetched(configured(tmp_path), feed(200, body), ManualClock(NOW), tmp_path)
    assert newest(configured(tmp_path), NOW, tmp_path) is None
    said = configured(tmp_path, zone="America/New_York")
    (event,) = (await fetched(said, feed(200, body), ManualClock(NOW), tmp_path)).events
    assert event.ts == NOW + HOUR // 2
    with pytest.raises(Misconfigured, match=r"filters\.news\.zone"):
        configured(tmp_path, zone="New York")


@pytest.mark.req("M04", "HZ09")
def test_what_is_not_understood_of_a_release_keeps_out_and_is_said(tmp_path: Path) -> None:
    """A misspelt impact counts as high, a currency nobody knows as every currency, with a warning and in the title."""
    file = tmp_path / "week.csv"
    file.write_text(
        HEAD
        + "2026-06-05T12:30:00Z,USD,Hgih,Non-Farm Employment Change\n2026-06-05T14:00:00Z,DOLLAR,high,ISM\n"
        + "2026-06-06T14:00:00Z,All,high,OPEC Meetings\n2026-06-06T15:00:00Z,USD,Non-Economic,Speech\n"
    )
    config = tmp_path / "tradewind.toml"
    config.write_text(f'paths.data = "{tmp_path}/data"\n')
    ran = run_cli("calendar", "import", str(file), "--config", str(config))
    assert ran.exit_code == 0
    assert "2 releases were not understood" in ran.stderr
    events = CalendarShelf(tmp_path / "data" / "calendar").read("history").events
    assert [(one.currency, one.tier) for one in events] == [("USD", 1), ("*", 2), ("*", 2)]
    assert [TAKEN_AS in one.title for one in events] == [True, True, False]
    at = ("calendar", "show", "--symbol", "EUR/GBP", "--config", str(config), "--json", "--at")
    assert run_cli(*at, "2026-06-05T14:05Z").document["pairs"][0]["blocked"]


def test_nobody_is_called_free_where_the_news_filter_is_off(tmp_path: Path) -> None:
    """Free would say that the filter looked: a warning and `not filtered` instead."""
    config = tmp_path / "tradewind.toml"
    config.write_text(f'paths.data = "{tmp_path}/data"\nfilters.enabled = []\n')
    ran = run_cli("calendar", "show", "--symbol", "EUR/USD", "--config", str(config))
    assert "the news filter is switched off" in ran.stderr
    assert "not filtered" in ran.stdout
    assert "free" not in ran.stdout


@pytest.mark.parametrize("text", ["a,b\n1,2\n", HEAD + "soon,USD,high,CPI\n", HEAD + "2026-06-05T12:30Z,USD,low,CPI\n"])
def test_a_file_that_is_no_calendar_is_wrong_input(tmp_path: Path, text: str) -> None:
    """Exit 2 as the table of exit codes says, whatever is wrong with it."""
    (tmp_path / "week.csv").write_text(text)
    assert run_cli("calendar", "import", str(tmp_path / "week.csv")).exit_code == 2


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_make_the_reader_do_anything_but_read_or_refuse(body: bytes) -> None:
    """Any answer: releases, or an error of ours."""
    try:
        events_of(rows_of_json(body, "x"), "x")
    except TradewindError:
        return


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["title", "country", "date", "impact", "time"]),
            st.none() | st.text(max_size=30) | st.integers() | st.floats() | st.lists(st.integers(), max_size=2),
        ),
        max_size=3,
    )
)
def test_no_row_makes_the_reader_do_anything_but_read_or_refuse(rows: list) -> None:
    """Fields of any type."""
    try:
        events_of(rows, "x")
    except TradewindError:
        return


def test_the_hash_of_bars_that_a_proof_rests_on_knows_no_calendar(tmp_path: Path) -> None:
    """An imported calendar changes what a run is made of, and no bars."""
    config = load_config(environment={}, folder=tmp_path)
    workspace = Workspace(config, tmp_path)
    columns = scene.market("EUR/USD", 300)[0]
    workspace.candles.write("EUR/USD", Timeframe.H1, columns, "test")
    before = material_for(workspace, ("EUR/USD",))
    events = (NewsEvent(int(columns.ts_close[100]), "EUR", 1, "CPI"),)
    start, end = int(columns.ts_open[0]), int(columns.ts_close[-1])
    CalendarShelf(tmp_path / "data" / "calendar").write(
        "history", NewsCalendar(NOW, NOW, start, end, "file", "x", events)
    )
    assert material_for(workspace, ("EUR/USD",)).data_hash == before.data_hash
    told = with_calendar(workspace, before)
    assert told.data_hash != before.data_hash
    assert told.calendar is not None
    assert told.calendar.events == events


def _csv(folder: Path) -> Path:
    lines = ["time,currency,impact,event", "2026-06-05T12:30:00Z,USD,high,Non-Farm Employment Change"]
    lines += ["2026-06-15T12:30:00Z,CAD,high,CPI m/m"]
    path = folder / "history.csv"
    path.write_text("\n".join(lines))
    return path
