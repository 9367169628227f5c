"""What is old goes, what is owed or unanswered stays, and the check of the store still holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.session_script import START, SYMBOL, bar_closed, signal
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.heartbeats import Figures, HeartbeatBook
from tradewind.adapters.store.inbox import Inbox
from tradewind.adapters.store.inspection import inspect
from tradewind.adapters.store.learning_schema import drift_checks
from tradewind.adapters.store.outbox_rows import OutboxRows
from tradewind.adapters.store.retention import AGED, COUNTED, KEPT_FOR_GOOD, prune
from tradewind.adapters.store.schema import metadata, utc_text
from tradewind.adapters.store.store import Store
from tradewind.model.channel import Channel
from tradewind.model.drift import LearningCycle, SelectorChoice
from tradewind.model.timeframe import DAY, HOUR

SERIES = [(SYMBOL, "1h")]
CHAT = Channel("chat", "chat", ("signal",))
DAYS, KEPT = 60, 31


@pytest.fixture
def store(tmp_path: Path):
    """Sixty days of a signal a day, each told to a chat; the last answer to the oldest of them is not known."""
    with Store.open(tmp_path / "t.db", START, outbox=OutboxRows((CHAT,))) as opened:
        for day in range(DAYS):
            ts = START + day * DAY
            outputs = [
                signal(24 * day),
                LearningCycle(ts, day, 1, 0, 0, 5_000.0, 0, {}),
                SelectorChoice(ts, SYMBOL, "calm", "fixed_share", "a", 0.5, False, False, {"a": 1.0}),
            ]
            opened.journal.append(bar_closed(24 * day), encode_outputs(outputs))  # type: ignore[arg-type]
            opened.log_error(ts, "Broken", f"on day {day}")
        opened.journal.commit()
        assert opened.writer is not None
        book = HeartbeatBook(opened.writer, 1)
        for day in range(DAYS):
            book.beat(START + day * DAY, Figures(), healthy=True)
        yield opened


def rows(store: Store, table: str) -> int:
    return int(store.database.query(f"SELECT count(*) FROM {table}")[1][0][0])


def pruned(store: Store) -> dict[str, int]:
    assert store.writer is not None
    now = START + DAYS * DAY
    return prune(store.writer, SERIES, now - KEPT * DAY, now - KEPT * DAY)


def test_every_table_either_ages_or_counts_or_is_kept_for_good() -> None:
    """A new table must be given a place before it can grow for years unseen."""
    assert drift_checks.name in metadata.tables
    assert sorted((*AGED, *COUNTED, *KEPT_FOR_GOOD)) == sorted(metadata.tables)


@pytest.mark.req("O13", "R15", "INV-21")
def test_rows_older_than_the_kept_days_go_and_the_store_is_still_whole(store: Store) -> None:
    """Thirty-one days stay of all that ages; journal and signals stay whole; a second pass finds nothing."""
    outbox = store.outbox(START)
    now = START
    while (parcel := outbox.due(now)) is not None:
        outbox.sending(parcel.id, now)
        outbox.sent(parcel.id, "1", now)
    gone = pruned(store)
    old = DAYS - KEPT
    expected = ("decisions", "confidence_history", "selector_choices", "learning_cycles", "error_log", "heartbeats",
                "outbox", "deliveries")  # fmt: skip
    assert {name: gone[name] for name in expected} == dict.fromkeys(expected, old)
    assert (rows(store, "journal"), rows(store, "signals")) == (DAYS, DAYS)
    assert pruned(store) == {}
    assert [one for one in inspect(store.database) if not one.ok] == []


def test_what_a_channel_is_still_owed_stays_however_old_it_is(store: Store) -> None:
    """Nothing was sent for two months: every message is still there to be told as missed."""
    pruned(store)
    assert (rows(store, "outbox"), rows(store, "deliveries")) == (DAYS, DAYS)


def test_an_order_that_nobody_answered_stays_and_no_id_is_given_twice(store: Store) -> None:
    """Answered orders age, the newest row stays whatever it is, and the next id is a new one."""
    with Inbox(store.database) as inbox:
        for day in (0, 1, 2):
            inbox.put("note", actor="me", now=START + day * DAY)
        assert store.writer is not None
        with store.writer.transaction() as cursor:
            cursor.execute("UPDATE command_inbox SET status = 'done' WHERE id <> 2")
        assert pruned(store)["command_inbox"] == 1
        assert store.database.query("SELECT id FROM command_inbox ORDER BY id")[1] == [(2,), (3,)]
        assert inbox.put("note", actor="me", now=START) == "4"


def test_a_market_of_another_year_is_pruned_by_its_own_time(store: Store) -> None:
    """The host's clock stands years later; what follows from bars goes by the time of the bars."""
    assert store.writer is not None
    later = START + 1_000 * DAY
    gone = prune(store.writer, SERIES, later - KEPT * DAY, START - HOUR)
    assert {"decisions", "learning_cycles", "selector_choices", "outbox"}.isdisjoint(gone)
    assert gone["error_log"] == DAYS - 1
    last = store.database.query("SELECT max(timestamp) FROM error_log")[1]
    assert last == [(utc_text(START + (DAYS - 1) * DAY),)]


def test_a_row_that_the_journal_does_not_give_is_found_among_those_that_are_kept(store: Store) -> None:
    """Retention explains missing old rows, not a hole behind them."""
    pruned(store)
    assert store.writer is not None
    with store.writer.transaction() as cursor:
        cursor.execute("DELETE FROM decisions WHERE ts = ?", (START + (DAYS - 5) * DAY + HOUR,))
    found = {one.check: one for one in inspect(store.database)}
    assert not found["tables"].ok
    assert "decisions does not follow" in found["tables"].detail
