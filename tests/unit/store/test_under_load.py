"""Many at once, for long: nobody meets a locked database, nothing is leaked, a full disk costs nothing committed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fakes.session_script import START, bar_closed
from tradewind.adapters.store.inbox import Inbox
from tradewind.adapters.store.opening import database_at
from tradewind.adapters.store.reader import StoreReader
from tradewind.adapters.store.sqlite import SqliteDatabase
from tradewind.adapters.store.store import Store
from tradewind.errors import Retryable, Unavailable

WRITER = """
import sys, time
from tradewind.adapters.store.inbox import Inbox
until, done = time.monotonic() + float(sys.argv[2]), 0
with Inbox(sys.argv[1]) as inbox:
    while time.monotonic() < until:
        inbox.put("note", argument="x" * 200, actor="load", now=done)
        done += 1
print(done)
"""
READER = """
import sys, time
from pathlib import Path
from tradewind.adapters.store.reader import StoreReader
until, done = time.monotonic() + float(sys.argv[2]), 0
while time.monotonic() < until:
    with StoreReader(Path(sys.argv[1])) as reader:
        for _ in range(20):
            reader.query("SELECT count(*), sum(length(event)) FROM journal")
            reader.query("SELECT count(*) FROM command_inbox WHERE status = 'waiting'")
            done += 2
print(done)
"""


@pytest.mark.sqlite
@pytest.mark.req("O17", "HZ07", "FLT-27")
@pytest.mark.parametrize("seconds", [2, pytest.param(60, marks=pytest.mark.soak)])
def test_four_writers_and_four_readers_meet_no_locked_database(tmp_path: Path, seconds: int) -> None:
    """O17: the journal's writer and three other processes write, four read; everything that was said done is there."""
    path = tmp_path / "t.db"
    with Store.open(path, START) as store:
        others = [
            subprocess.Popen(
                [sys.executable, "-c", program, str(path), str(seconds)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for program in (*(WRITER,) * 3, *(READER,) * 4)
        ]
        commits = 0
        while any(other.poll() is None for other in others):
            store.journal.append(bar_closed(commits), b"[]")
            store.journal.commit()
            commits += 1
        said = [other.communicate() for other in others]
        assert [text for _, text in said] == [""] * 7
        counts = [int(text) for text, _ in said]
        print(f"{seconds} s: {commits} commits, {counts[:3]} orders, {counts[3:]} reads")
        assert min(counts) > 0
        assert store.database.query("SELECT count(*) FROM command_inbox")[1] == [(sum(counts[:3]),)]
        assert sum(1 for _ in store.journal.read()) == commits
        assert "ok" in store.database.check_pages()


@pytest.mark.sqlite
@pytest.mark.req("O14", "HZ07")
def test_ten_thousand_operations_open_no_more_files_than_the_first(tmp_path: Path) -> None:
    """O14: queries, orders, snapshots of readers; also those that fail."""
    path = tmp_path / "t.db"
    with Store.open(path, START) as store, Inbox(path) as inbox:
        database = store.database
        seen: list[int] = []
        for number in range(5_000):
            database.query("SELECT count(*) FROM meta")
            if number % 50 == 0:
                inbox.put("note", actor="a", now=number)
                with StoreReader(path) as reader:
                    reader.query("SELECT 1")
            with pytest.raises(Exception, match="no such table"):
                database.query("SELECT * FROM no_table")
            if number in (100, 4_999):
                seen.append(len(list(Path("/proc/self/fd").iterdir())))
        assert seen[1] <= seen[0]


@pytest.mark.sqlite
@pytest.mark.req("FLT-27")
def test_a_foreign_transaction_delays_a_commit_and_loses_nothing(tmp_path: Path) -> None:
    """A dashboard holds the write lock: the commit says so, keeps its batch, and goes through afterwards."""
    path = tmp_path / "t.db"
    with Store.open(SqliteDatabase(path, busy_timeout_s=0.1), START) as store:
        dashboard = sqlite3.connect(path, isolation_level=None)
        dashboard.execute("BEGIN IMMEDIATE")
        store.journal.append(bar_closed(1), b"[]")
        with pytest.raises(Retryable, match="locked by another process"):
            store.journal.commit()
        assert store.journal.pending == 1
        assert database_at(path).query("SELECT count(*) FROM journal")[1] == [(0,)]  # reads have their own view
        dashboard.execute("ROLLBACK")
        dashboard.close()
        store.journal.commit()
        assert store.journal.head.seq == 1


@pytest.mark.req("FLT-28")
@pytest.mark.sqlite
def test_a_full_disk_refuses_loses_nothing_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    """The commit raises, the batch is kept, readers read on; with room again the same call writes everything once."""
    path = tmp_path / "t.db"
    with Store.open(path, START) as store:
        assert store.writer is not None
        with store.writer.transaction() as cursor:
            pages = cursor.execute("PRAGMA page_count").fetchone()[0]
            cursor.execute(f"PRAGMA max_page_count = {pages + 8}").fetchall()
        written = until_refused(store)
        assert written > 0
        assert store.journal.pending == 1
        assert store.database.query("SELECT count(*) FROM journal")[1] == [(written,)]
        with store.writer.transaction() as cursor:  # room again
            cursor.execute("PRAGMA max_page_count = 1073741823").fetchall()
        store.journal.commit()
        assert [entry.seq for entry in store.journal.read()] == list(range(1, written + 2))


@pytest.mark.req("R04", "HZ29")
def test_stored_times_sort_against_sqlites_own_clock(tmp_path: Path) -> None:
    """A row of ten hours ago is outside of the last six; the form that ISO writers use would not be."""
    path = tmp_path / "t.db"
    now = time.time_ns()
    with Store.open(path, START) as store:
        for hours in (10, 7, 5, 1):
            store.log_error(now - hours * 3_600 * 10**9, "a", str(hours))
        recent = "SELECT message FROM error_log WHERE timestamp > datetime('now', '-6 hours') ORDER BY timestamp DESC"
        assert store.database.query(recent)[1] == [("1",), ("5",)]


def until_refused(store: Store) -> int:
    """Entries that were committed before the disk was full."""
    for number in range(1, 2_000):
        store.journal.append(bar_closed(number), b"[]")
        try:
            store.journal.commit()
        except Unavailable as fault:
            return number - 1 if "the disk is full" in str(fault) else 0
    raise AssertionError("the disk never filled")
