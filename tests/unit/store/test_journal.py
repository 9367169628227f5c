"""The durable journal: chain, batches, reading back, refusing what does not fit."""

from __future__ import annotations

import hashlib
import os
import signal as signals
import sqlite3
import time
from pathlib import Path

import msgspec
import pytest

from tests.fakes.session_script import START, bar_closed, session, signal
from tradewind.adapters.store.codec import encode_event, encode_outputs
from tradewind.adapters.store.memory_journal import MemoryJournal
from tradewind.adapters.store.store import Store
from tradewind.errors import Corrupt, Misconfigured, Unavailable
from tradewind.model.bar import Bar
from tradewind.model.event import BarClosed
from tradewind.model.timeframe import Timeframe


def filled(path: Path, bars: int = 40) -> None:
    """A closed store holding a session."""
    with Store.open(path, START) as store:
        for event, outputs in session(bars):
            store.journal.append(event, encode_outputs(outputs))
            store.journal.commit()


def test_entries_come_back_as_they_were_appended(tmp_path: Path) -> None:
    """What was committed reads back equal, in order, after closing and opening again."""
    filled(tmp_path / "t.db")
    with Store.open(tmp_path / "t.db", START) as store:
        entries = list(store.journal.read())
        assert [(e.event, e.outputs) for e in entries] == [(e, encode_outputs(o)) for e, o in session(40)]
        assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
        assert store.journal.head == (entries[-1].seq, entries[-1].digest, entries[-1].hash)
        assert next(store.journal.read(10)).seq == 10
        assert list(store.journal.read(10_000)) == []


def test_the_chain_is_the_documented_one() -> None:
    """Digest and hash computed here from their definition alone equal the journal's."""
    journal = MemoryJournal()
    digest = hash_ = bytes(32)
    for seq, (event, outputs) in enumerate(session(30), start=1):
        out = encode_outputs(outputs)
        entry = journal.append(event, out)
        text = msgspec.json.encode(event)
        if outputs:
            digest = hashlib.sha256(digest + out).digest()
        hash_ = hashlib.sha256(hash_ + seq.to_bytes(8, "big") + len(text).to_bytes(8, "big") + text + out).digest()
        assert (entry.digest, entry.hash) == (digest, hash_)


def test_memory_and_disk_give_the_same_chain(tmp_path: Path) -> None:
    """A backtest's journal and a durable one of the same session have the same head."""
    filled(tmp_path / "t.db")
    memory = MemoryJournal()
    for event, outputs in session(40):
        memory.append(event, encode_outputs(outputs))
    assert memory.head.seq == 0
    memory.commit()
    with Store.read(tmp_path / "t.db") as store:
        assert store.journal.head == memory.head
        assert list(store.journal.read()) == list(memory.read())


def test_provenance_moves_the_hash_but_not_the_digest() -> None:
    """Source, cause and arrival time are vouched for, yet two runs with other provenance decide the same."""
    one, two = MemoryJournal(), MemoryJournal()
    event = bar_closed(1)
    out = encode_outputs([signal(1)])
    one.append(event, out)
    two.append(msgspec.structs.replace(event, source="other", cause="backfill", ts_recv=99), out)
    one.commit()
    two.commit()
    assert one.head.digest == two.head.digest
    assert one.head.hash != two.head.hash


@pytest.mark.parametrize("empty", [b"", b"[]"])
def test_entries_without_outputs_leave_the_digest(empty: bytes) -> None:
    """Empty bytes and an empty array are both no outputs."""
    journal = MemoryJournal()
    first = journal.append(bar_closed(1), encode_outputs([signal(1)]))
    assert journal.append(bar_closed(2), empty).digest == first.digest


def test_nothing_is_durable_before_commit(tmp_path: Path) -> None:
    """A reader beside the writer sees only committed batches."""
    with Store.open(tmp_path / "t.db", START) as store, Store.read(tmp_path / "t.db") as reader:
        store.journal.append(bar_closed(1), b"[]")
        assert reader.journal.head.seq == 0
        assert store.journal.head.seq == 0
        store.journal.commit()
        assert reader.journal.head == store.journal.head
        assert [e.seq for e in reader.journal.read()] == [1]


def test_a_bar_of_nan_and_infinities_is_journaled_as_it_came(tmp_path: Path) -> None:
    """Bad input must be on record too: NaN and infinities survive the JSON."""
    event = BarClosed(Bar("EUR/USD", Timeframe.H1, 0, 1, float("nan"), float("inf"), -float("inf"), 1.0, 0.0))
    assert encode_event(event).count(b'"NaN"') == 1
    with Store.open(tmp_path / "t.db", START) as store:
        store.journal.append(event, b"[]")
        store.journal.commit()
        (entry,) = store.journal.read()
        assert repr(entry.event) == repr(event)
        assert store.database.query("SELECT count(*) FROM candles")[1] == [(0,)]


def test_a_second_writer_is_refused_by_name_and_changes_nothing(tmp_path: Path) -> None:
    """INV-16: the second instance gets a clear error with the pid and leaves no trace."""
    path = tmp_path / "t.db"
    with Store.open(path, START) as store:
        before = store.database.query("SELECT * FROM lease")
        with pytest.raises(Unavailable, match=r"pid \d+\) is writing.*stop process"):
            Store.open(path, START)
        assert store.database.query("SELECT * FROM lease") == before
        store.journal.append(bar_closed(1), b"[]")
        store.journal.commit()
    with Store.open(path, START) as again:
        assert again.writer is not None
        assert again.writer.fencing == 2


@pytest.mark.sqlite
def test_an_overtaken_writer_cannot_commit(tmp_path: Path) -> None:
    """A raised fencing number stops the older writer although its lock file was deleted."""
    path = tmp_path / "t.db"
    first = Store.open(path, START)
    first.journal.append(bar_closed(1), b"[]")
    path.with_name("t.db.lock").unlink()
    with Store.open(path, START), pytest.raises(Unavailable, match="has taken this database over"):
        first.journal.commit()
    with Store.read(path) as reader:
        assert reader.journal.head.seq == 0
    first.close()


def test_a_worker_of_a_killed_writer_does_not_keep_the_lock(tmp_path: Path) -> None:
    """A forked child outlives its parent; the next writer must not wait for it."""
    path = tmp_path / "t.db"
    Store.open(path, START).close()
    said, say = os.pipe()
    writer = os.fork()
    if writer == 0:
        store = Store.open(path, START)
        worker = os.fork()
        if worker == 0:
            time.sleep(60)
            os._exit(0)
        os.write(say, b"%d %d" % (worker, store.journal.head.seq))
        time.sleep(60)
        os._exit(0)
    worker = int(os.read(said, 32).split()[0])
    try:
        with pytest.raises(Unavailable, match=rf"pid {writer}\)"):
            Store.open(path, START)
        os.kill(writer, signals.SIGKILL)
        os.waitpid(writer, 0)
        os.kill(worker, 0)  # still alive
        Store.open(path, START).close()
    finally:
        os.kill(worker, signals.SIGKILL)
        os.close(said)
        os.close(say)


DAMAGE = {
    "event": (
        "UPDATE journal SET event = CAST(replace(event, 'script', 'scripT') AS BLOB) WHERE seq = 9",
        "entry 9 is damaged: event or outputs do not give",
    ),
    "type": ("UPDATE journal SET event = 'text' WHERE seq = 9", "entry 9 is damaged: .*not bytes"),
    "outputs": ("UPDATE journal SET outputs = X'5B5D' WHERE seq = 8", "entry 8 is damaged"),
    "digest": ("UPDATE journal SET digest = zeroblob(32) WHERE seq = 9", "entry 9 .*digest"),
    "hash": ("UPDATE journal SET hash = zeroblob(32) WHERE seq = 9", "entry 9 is damaged"),
    "kind": ("UPDATE journal SET kind = 'feed' WHERE seq = 9", "entry 9 .*columns say feed"),
    "ts": ("UPDATE journal SET ts = ts + 1 WHERE seq = 9", "entry 9 .*columns say"),
    "missing": ("DELETE FROM journal WHERE seq = 9", "entry 9 is missing; the next stored one is 10"),
}


@pytest.mark.sqlite
@pytest.mark.parametrize("kind", sorted(DAMAGE))
def test_damage_is_found_and_named(tmp_path: Path, kind: str) -> None:
    """Any change of a stored entry is found by reading, with its number and what differs."""
    statement, message = DAMAGE[kind]
    filled(tmp_path / "t.db", bars=14)
    with sqlite3.connect(tmp_path / "t.db") as connection:
        connection.execute(statement)
    with Store.read(tmp_path / "t.db") as store, pytest.raises(Corrupt, match=message):
        list(store.journal.read())


def test_unreadable_outputs_are_refused_before_they_are_added(tmp_path: Path) -> None:
    """Outputs that are no output events cannot be projected; the journal stays as it was."""
    with Store.open(tmp_path / "t.db", START) as store:
        with pytest.raises(Corrupt, match="outputs of an entry cannot be read"):
            store.journal.append(bar_closed(1), b'[{"type":"unheard"}]')
        assert store.journal.append(bar_closed(1), b"[]").seq == 1


def test_a_reader_cannot_commit(tmp_path: Path) -> None:
    """A journal opened beside the writer says that it only reads."""
    filled(tmp_path / "t.db", bars=3)
    with Store.read(tmp_path / "t.db") as store:
        store.journal.append(bar_closed(9), b"[]")
        with pytest.raises(Misconfigured, match="opened to read"):
            store.journal.commit()


@pytest.mark.sqlite
def test_reading_a_database_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    """No file is made by reading; the message names the verb that makes one."""
    with pytest.raises(Unavailable, match=r"there is no database.*tradewind db init"):
        Store.read(tmp_path / "t.db")
    assert list(tmp_path.iterdir()) == []


def test_another_kind_of_server_is_refused_clearly() -> None:
    """SQLite files and PostgreSQL are served, and that is what the message says."""
    with pytest.raises(Misconfigured, match=r"mysql databases are not supported.*postgresql://USER"):
        Store.open("mysql://localhost/t", START)
