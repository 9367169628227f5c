"""Snapshots: believed only when whole and of this history."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.fakes.session_script import START, bar_closed, signal
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.store import Store
from tradewind.errors import Misconfigured


def with_snapshots(path: Path, count: int) -> None:
    with Store.open(path, START) as store:
        for index in range(count):
            store.journal.append(bar_closed(index), encode_outputs([signal(index)]))
            store.journal.commit()
            store.snapshots.save(index + 1, store.journal.head.digest, "cfg", b"state %d" % index)


def change(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)


def test_the_newest_usable_one_is_given(tmp_path: Path) -> None:
    """By configuration and position; the three newest are kept."""
    path = tmp_path / "t.db"
    with_snapshots(path, 5)
    with Store.read(path) as store:
        digest = [entry.digest for entry in store.journal.read()]
        assert store.snapshots.latest("cfg", 99) == (5, digest[4], b"state 4")
        assert store.snapshots.latest("cfg", 4) == (4, digest[3], b"state 3")
        assert store.snapshots.latest("cfg", 2) is None
        assert store.snapshots.latest("other", 99) is None
        assert store.snapshots.notes == []
        assert store.database.query("SELECT count(*) FROM snapshots")[1] == [(3,)]


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("damage", "note"),
    [
        ("UPDATE snapshots SET state = X'00' WHERE seq = 3", "snapshot at entry 3 is damaged"),
        ("UPDATE snapshots SET config_hash = 'cfg', seq = 4 WHERE seq = 3", "snapshot at entry 4 is damaged"),
        ("UPDATE journal SET digest = zeroblob(32) WHERE seq = 3", "entry 3 belongs to another history"),
    ],
)
def test_a_bad_one_is_passed_over_with_a_note(tmp_path: Path, damage: str, note: str) -> None:
    """Damage costs time, never truth: the older snapshot is taken and the note says why."""
    path = tmp_path / "t.db"
    with_snapshots(path, 3)
    change(path, damage)
    with Store.read(path) as store:
        found = store.snapshots.latest("cfg", 99)
        assert found is not None
        assert (found[0], found[2]) == (2, b"state 1")
        assert note in store.snapshots.notes[0]


@pytest.mark.sqlite
def test_all_bad_means_the_whole_journal(tmp_path: Path) -> None:
    """None is an answer: replay from the first entry."""
    path = tmp_path / "t.db"
    with_snapshots(path, 3)
    change(path, "UPDATE snapshots SET checksum = X'00'")
    with Store.read(path) as store:
        assert store.snapshots.latest("cfg", 99) is None
        assert len(store.snapshots.notes) == 3


def test_a_snapshot_ahead_of_the_journal_is_refused(tmp_path: Path) -> None:
    """A state may be stored only after the entries it rests on are durable."""
    with Store.open(tmp_path / "t.db", START) as store:
        entry = store.journal.append(bar_closed(0), b"[]")
        with pytest.raises(Misconfigured, match="entry 1 is not durable"):
            store.snapshots.save(1, entry.digest, "cfg", b"state")
        store.journal.commit()
        store.snapshots.save(1, entry.digest, "cfg", b"state")
