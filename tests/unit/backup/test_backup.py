"""Backups: consistent while the store is written, verified before they are named, kept as long as configured."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tests.fakes.session_script import START, bar_closed, session
from tradewind.adapters.store.backup import Manifest, manifest_beside, name_of, take, verified
from tradewind.adapters.store.backup_shelf import FolderShelf, Keep, expired, growth, last_good
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.head_mark import HeadMark
from tradewind.adapters.store.opening import database_at
from tradewind.adapters.store.restored import restored_note
from tradewind.adapters.store.restoring import restore
from tradewind.adapters.store.store import Store
from tradewind.adapters.store.table_copy import sums
from tradewind.errors import Corrupt, Misconfigured, Unavailable
from tradewind.model.timeframe import DAY, HOUR


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "tradewind.db"
    with Store.open(path, START) as store:
        for event, outputs in session(80):
            store.journal.append(event, encode_outputs(outputs))
        store.journal.commit()
    return path


def backed_up(place: Path, folder: Path, kind: str = "daily", ts: int = START) -> Manifest:
    with closing(database_at(place)) as database:
        return take(database, folder, kind, ts)  # type: ignore[arg-type]


@pytest.mark.req("R10", "HZ11")
def test_a_backup_during_writes_is_whole_and_holds_what_was_there(place: Path, tmp_path: Path) -> None:
    """R10: integrity ok, rows at least those at the start, an unbroken chain; a file copy of the same moment is not."""
    stop = threading.Event()
    store = Store.open(place, START)
    before = store.journal.head.seq

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            store.journal.append(bar_closed(10_000 + number), b"[]")
            store.journal.commit()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        found = [backed_up(place, tmp_path / "b", "manual", START + n * 10**9) for n in range(5)]
    finally:
        stop.set()
        thread.join()
    assert store.journal.head.seq > before
    store.close()
    seqs = [one.seq for one in found]
    assert seqs == sorted(seqs)
    assert before <= seqs[0]
    for one in found:
        assert verified(tmp_path / "b" / one.name, unknown=False) == one
        assert one.tables["journal"].rows == one.seq


def test_a_file_copy_of_a_running_store_is_refused_as_an_older_one(place: Path, tmp_path: Path) -> None:
    """HZ11: ``cp`` of the file alone has lost what is in the log; with the mark beside it, the start refuses it."""
    with Store.open(place, START) as store:
        for number in range(200):
            store.journal.append(bar_closed(20_000 + number), b"[]")
            store.journal.commit()
        shutil.copyfile(place, tmp_path / "copy.db")
        shutil.copyfile(HeadMark(place).path, tmp_path / "copy.db.head")
        manifest = backed_up(place, tmp_path / "b")
    assert manifest.tables["journal"].rows == len(list(session(80))) + 200
    with pytest.raises(Corrupt, match=r"was acknowledged from (this file|it)"):
        Store.open(tmp_path / "copy.db", START)


@pytest.mark.sqlite
@pytest.mark.req("R05")
def test_a_corrupted_page_is_found_in_store_and_backup(place: Path, tmp_path: Path) -> None:
    """A damaged store gives no backup; a damaged backup is not restored; both say what and where."""
    good = backed_up(place, tmp_path / "b")
    file = tmp_path / "b" / good.name
    spoil(file)
    with pytest.raises(Corrupt, match="its bytes are not those"):
        verified(file)
    (tmp_path / "b" / f"{good.name}.json").unlink()
    with pytest.raises(Corrupt):
        verified(file)
    spoil(place)
    with pytest.raises(Corrupt):
        backed_up(place, tmp_path / "b", "manual")
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == [good.name]


@pytest.mark.req("R11")
def test_an_empty_host_gets_everything_back(place: Path, tmp_path: Path) -> None:
    """Same rows and hashes in every table; the store goes on from there; the next run has a word to say."""
    manifest = backed_up(place, tmp_path / "b")
    target = tmp_path / "new host" / "data" / "tradewind.db"
    found = restore(tmp_path / "b" / manifest.name, target, START + HOUR)
    assert found.rows == {name: one.rows for name, one in manifest.tables.items()}
    assert (found.lost, found.kept) == (None, "")
    with closing(database_at(target)) as database, database.reading() as cursor:
        there = sums(database, cursor)
        assert {name for name in there if there[name] != manifest.tables[name]} == {"meta"}
    with Store.open(target, START) as store:
        assert store.journal.head.seq == manifest.seq
        note = restored_note(store.database)
        assert note is not None
        assert "how many entries came after it is not known on this host" in note.words()
        store.journal.append(bar_closed(9_999), b"[]")
        store.journal.commit()


@pytest.mark.sqlite
@pytest.mark.req("FLT-30", "INV-05")
def test_an_older_copy_counts_only_where_the_restore_put_it(place: Path, tmp_path: Path) -> None:
    """Yesterday's file moved into place is refused; restored on purpose it is taken, and what is lost is counted."""
    manifest = backed_up(place, tmp_path / "b")
    with Store.open(place, START) as store:
        for number in range(30):
            store.journal.append(bar_closed(30_000 + number), b"[]")
        store.journal.commit()
    kept = tmp_path / "mine.db"
    for side in ("", "-wal", "-shm"):
        if place.with_name(place.name + side).exists():
            shutil.move(place.with_name(place.name + side), kept.with_name(kept.name + side))
    shutil.copyfile(tmp_path / "b" / manifest.name, place)
    with pytest.raises(Corrupt, match="an older copy was restored"):
        Store.open(place, START)
    found = restore(tmp_path / "b" / manifest.name, place, START + HOUR)
    assert found.lost == 30
    assert "30 later entries, acknowledged before, are LOST" in found.words()
    assert Path(found.kept).is_file()
    with Store.open(place, START) as store:
        assert store.journal.head.seq == manifest.seq
        assert store.told is not None
        assert store.told.read() == HeadMark(place).read()


def test_a_running_store_is_not_replaced(place: Path, tmp_path: Path) -> None:
    """The restore needs the writer's lock; nothing changes without it."""
    manifest = backed_up(place, tmp_path / "b")
    with Store.open(place, START) as store:
        with pytest.raises(Unavailable, match="is writing to this database"):
            restore(tmp_path / "b" / manifest.name, place, START)
        store.journal.append(bar_closed(7_777), b"[]")
        store.journal.commit()


@pytest.mark.req("R12")
def test_last_good_passes_over_what_is_damaged(place: Path, tmp_path: Path) -> None:
    """The newest that is whole is taken; why the newer ones were not is told."""
    taken = [backed_up(place, tmp_path / "b", "daily", START + n * DAY) for n in range(3)]
    spoil(tmp_path / "b" / taken[2].name)
    (tmp_path / "b" / taken[1].name).unlink()
    said: list[str] = []
    path, manifest = last_good([FolderShelf(tmp_path / "b")], tmp_path / "fetched", said.append)
    assert (path, manifest) == (tmp_path / "b" / taken[0].name, taken[0])
    assert said == [f"{taken[2].name} was passed over: its bytes are not those that were backed up"]
    spoil(path)
    with pytest.raises(Unavailable, match="no backup that is whole"):
        last_good([FolderShelf(tmp_path / "b")], tmp_path / "fetched", said.append)


@pytest.mark.req("R09", "DIS31")
def test_names_and_retention(place: Path, tmp_path: Path) -> None:
    """Daily ones by date, others by purpose; seven days, four weeks, five of each other kind; the newest never goes."""
    assert name_of(Path("strategies.db"), "daily", START) == "strategies.db.backup-20231114"
    assert name_of(Path("strategies.db"), "pre-prod", START) == "pre-prod-20231114-220000-strategies.db"
    one = backed_up(place, tmp_path / "b")
    many = [msgspec.structs.replace(one, name=f"d{n}", ts=START + n * DAY) for n in range(60)]
    many += [msgspec.structs.replace(one, name=f"m{n}", kind="manual", ts=START + n * HOUR) for n in range(9)]
    gone = {one.name for one in expired(many, Keep(7, 4, 5))}
    stay = [one.name for one in many if one.name not in gone]
    assert stay[-5:] == [f"m{n}" for n in range(4, 9)]
    assert stay[-12:-5] == [f"d{n}" for n in range(53, 60)]
    weeks = stay[:-12]
    assert len(weeks) == 2  # the other two of the four weeks have their newest day among the seven
    assert expired(many[:1], Keep(1, 0, 1)) == ()


@pytest.mark.req("R15")
def test_growth_is_told_from_a_day_on(place: Path, tmp_path: Path) -> None:
    """R15: bytes a day between the oldest backup of the month and now."""
    one = backed_up(place, tmp_path / "b")
    assert growth([one], one.bytes + 1_000, one.ts + HOUR) is None
    assert growth([one], one.bytes + 1_000, one.ts + 2 * DAY) == 500.0


def test_an_interrupted_backup_leaves_the_old_one(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same day's backup is replaced whole or not at all."""
    first = backed_up(place, tmp_path / "b")

    def broken(_: object, __: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(Unavailable, match="No space left"):
        backed_up(place, tmp_path / "b", "daily", START + HOUR)
    monkeypatch.undo()
    assert (tmp_path / "b" / first.name).is_file()
    assert not list((tmp_path / "b").glob(".*"))


def test_a_backup_of_another_version_is_refused(place: Path, tmp_path: Path) -> None:
    """One that a newer version made is not read with guesses."""
    one = backed_up(place, tmp_path / "b")
    file = tmp_path / "b" / one.name
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    (tmp_path / "b" / f"{one.name}.json").unlink()
    assert manifest_beside(file) is None
    with pytest.raises(Misconfigured, match="9999"):
        restore(file, tmp_path / "x.db", START)


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    at = content.index(b'"type":"no_trade"') // 4096 * 4096
    content[at : at + 200] = b"\xff" * 200
    path.write_bytes(bytes(content))
