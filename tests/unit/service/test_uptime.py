"""Uptime from heartbeats: known outages come out as they were; two figures about errors; one number, four lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.adapters.store.heartbeats import Figures, HeartbeatBook
from tradewind.adapters.store.life_spans import spans
from tradewind.adapters.store.store import Store
from tradewind.app.uptime import uptime
from tradewind.model.timeframe import DAY, HOUR, MINUTE, SECOND

START = 1_700_000_000 * SECOND // HOUR * HOUR


def beaten(
    store: Store, start: int, end: int, *, why: str = "", healthy: bool = True, each: Figures | None = None
) -> None:
    """A life of the service from ``start`` to ``end`` with a beat a minute."""
    book, ts, number = HeartbeatBook(store.writer, 7), start, 0
    while ts <= end:
        found = each or Figures()
        counted = Figures(found.operations * number, found.failed * number, found.errors * number)
        book.beat(ts, counted, healthy=healthy)
        ts, number = ts + MINUTE, number + 1
    if why:
        book.end(why)


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "x.db", START) as opened:
        yield opened


@pytest.mark.req("O18")
def test_a_known_outage_comes_out_as_it_was(store: Store) -> None:
    """Ten hours, then one of outage after a kill, then nine: 19 of 20 hours."""
    beaten(store, START, START + 10 * HOUR)
    beaten(store, START + 11 * HOUR, START + 20 * HOUR)
    found = uptime(spans(store.database, 0), START + 20 * HOUR)
    assert found.uptime == pytest.approx(0.95)
    assert (found.outages, found.longest_s, found.planned_s) == (1, 3600.0, 0.0)
    assert {one.name: one.met for one in found.lines} == {
        "alert": True, "phase 3": False, "target": False, "expectation": False,
    }  # fmt: skip


def test_the_age_of_a_process_does_not_hide_what_was_before(store: Store) -> None:
    beaten(store, START, START + HOUR)
    beaten(store, START + 99 * HOUR, START + 100 * HOUR)
    assert uptime(spans(store.database, 0), START + 100 * HOUR).uptime == pytest.approx(0.02)


def test_a_dead_service_keeps_losing(store: Store) -> None:
    """Nobody has to notice the outage for it to count."""
    beaten(store, START, START + HOUR)
    assert uptime(spans(store.database, 0), START + 4 * HOUR).uptime == pytest.approx(0.25)


def test_an_unhealthy_hour_is_no_uptime_and_a_planned_stop_is_named(store: Store) -> None:
    beaten(store, START, START + 2 * HOUR, why="stopped")
    beaten(store, START + 3 * HOUR, START + 4 * HOUR - MINUTE, healthy=False)
    beaten(store, START + 4 * HOUR, START + 5 * HOUR)
    found = uptime(spans(store.database, 0), START + 5 * HOUR)
    assert found.up_s == 3 * 3600.0
    assert (found.planned_s, found.outages) == (0.0, 1)
    again = uptime(spans(store.database, 0)[:3], START + 3 * HOUR)
    assert again.planned_s == 3600.0


def test_only_the_window_counts(store: Store) -> None:
    beaten(store, START - 40 * DAY, START - 40 * DAY + HOUR)
    beaten(store, START, START + 10 * HOUR)
    found = uptime(spans(store.database, START - 20 * DAY), START + 10 * HOUR)
    assert found.uptime == pytest.approx(1.0)
    assert uptime([], START) is None


def test_errors_are_two_figures(store: Store) -> None:
    """5% of operations failed, and 12 logged errors an hour: neither stands for the other (DIS33)."""
    beaten(store, START, START + 10 * HOUR, each=Figures(operations=20, failed=1))
    with store.writer.transaction() as cursor:
        cursor.execute("UPDATE heartbeats SET errors = 12 WHERE beats > 1")
    found = uptime(spans(store.database, 0), START + 10 * HOUR)
    assert found.operations == 600 * 20
    assert found.error_share == pytest.approx(0.05)
    assert found.errors_per_hour == pytest.approx(12.0)


def test_counters_are_split_over_the_hours_without_loss(store: Store) -> None:
    beaten(store, START + 30 * MINUTE, START + 5 * HOUR, each=Figures(operations=3, failed=2, errors=1))
    rows = store.database.query("SELECT sum(operations), sum(failed), sum(errors), count(*) FROM heartbeats")[1]
    assert rows == [(810, 540, 270, 6)]


def test_the_table_grows_by_the_hour_whatever_the_beats(store: Store) -> None:
    """INV-21: 90 days are 2,160 rows; what is older than the kept days goes with the hourly pruning."""
    book = HeartbeatBook(store.writer, 7)
    for hour in range(90 * 24):
        for ts in (hour * HOUR, hour * HOUR + 30 * MINUTE) if hour < 4 else (hour * HOUR,):
            book.beat(START + ts, Figures(), healthy=True)
    count = store.database.query("SELECT count(*) FROM heartbeats")[1][0][0]
    assert count == 90 * 24 + 4  # and a row for each silence of half an hour


def test_a_clock_that_jumps_begins_a_new_row_and_never_makes_more_than_there_was(store: Store) -> None:
    book = HeartbeatBook(store.writer, 7)
    for ts in (0, 60, 120, -3600, -3540, 7200, 7260):
        book.beat(START + ts * SECOND, Figures(), healthy=True)
    found = uptime(spans(store.database, 0), START + 7260 * SECOND)
    assert found.up_s == 60 + 120 + 60
    assert found.uptime <= 1.0


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(0, 300)), min_size=1, max_size=12))
def test_up_and_down_add_up(lives) -> None:
    """Against adding by hand: lives of so many minutes, each after so many minutes of nothing."""
    from tradewind.adapters.store.life_spans import Span

    now, found, up, first = START, [], 0, None
    for minutes, gap in lives:
        now += gap * MINUTE
        first = now if first is None else first
        found.append(Span(now, now + minutes * MINUTE, True, ""))
        now += minutes * MINUTE
        up += minutes
    measured = uptime(found, now)
    assert measured.up_s == pytest.approx(up * 60.0)
    assert measured.up_s + measured.down_s == pytest.approx((now - first) / SECOND)
