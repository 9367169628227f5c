"""From SQLite to PostgreSQL and back: rows, hashes, marks; backups of a server and restores into it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.cli_runner import run_cli
from tests.fakes.judged import NOW
from tests.fakes.session_script import START, bar_closed, session
from tradewind.adapters.store.backup import take, verified
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.head_mark import HeadMark
from tradewind.adapters.store.inspection import inspect
from tradewind.adapters.store.moving import move
from tradewind.adapters.store.opening import database_at
from tradewind.adapters.store.restoring import restore
from tradewind.adapters.store.seat import PostgresSeat
from tradewind.adapters.store.store import Store
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.adapters.store.table_copy import counts, sums
from tradewind.errors import Misconfigured, Rejected
from tradewind.model.timeframe import HOUR, Timeframe
from tradewind.strategies import default_members


@pytest.fixture
def lite(tmp_path: Path) -> Path:
    """A SQLite store with a history and a strategy book."""
    path = tmp_path / "lite" / "tradewind.db"
    with Store.open(path, START) as store:
        for event, outputs in session(70):
            store.journal.append(event, encode_outputs(outputs))
        store.journal.commit()
        store.log_error(START, "Unavailable", "déjà vu: 100% of 'it'?", "test")
        store.snapshots.save(store.journal.head.seq, store.journal.head.digest, "cfg", b"\x00state\xff")
    with StrategyBook.open(path, NOW) as book:
        book.add(list(reversed(default_members([Timeframe.H1])))[:7], NOW, symbol="EUR/USD")
    return path


@pytest.mark.req("R07", "R13")
def test_a_store_moves_to_a_server_and_doing_it_again_changes_nothing(lite: Path, seat: PostgresSeat) -> None:
    """Refused without a fresh backup; row counts and hashes equal per table; the chain goes on; rerun is idempotent."""
    with pytest.raises(Rejected, match="no backup of the last hour"):
        move(lite, seat, [], START)
    with closing(database_at(lite)) as database:
        stale = take(database, lite.parent / "b", "pre-migration", START)
    with pytest.raises(Rejected, match="no backup of the last hour"):
        move(lite, seat, [stale], START + 2 * HOUR)
    found = move(lite, seat, [stale], START + HOUR)
    assert found.changed
    with closing(database_at(seat)) as server, server.reading() as cursor:
        assert sums(server, cursor) == found.tables
    assert counts(found.tables)["strategies"] == 7
    assert move(lite, seat, [stale], START + HOUR).changed is False
    assert HeadMark(seat).read() == HeadMark(lite).read()
    with closing(database_at(seat)) as server:
        assert {one.check: one.detail for one in inspect(server) if not one.ok} == {}
    with StrategyBook.read(lite) as one, StrategyBook.read(seat) as two:
        assert [row.id for row in one.select()] == [row.id for row in two.select()]
    with Store.open(seat, START) as store:  # ids count on from where SQLite stopped
        store.journal.append(bar_closed(90_000), b"[]")
        store.journal.commit()
        store.log_error(START, "a", "b")
        assert store.database.query("SELECT count(*), max(id) FROM error_log")[1] == [(2, 2)]


def test_an_earlier_state_is_brought_up_to_date_and_another_history_refused(lite: Path, seat: PostgresSeat) -> None:
    """The source went on after the first move: again. The target went on: its entries are nobody's to drop."""
    with closing(database_at(lite)) as database:
        backup = take(database, lite.parent / "b", "pre-migration", START)
    move(lite, seat, [backup], START)
    with Store.open(lite, START) as store:
        store.journal.append(bar_closed(90_000), b"[]")
        store.journal.commit()
    assert move(lite, seat, [backup], START).changed
    with Store.open(seat, START) as store:
        store.journal.append(bar_closed(95_000), b"[]")
        store.journal.commit()
    with pytest.raises(Misconfigured, match="the target holds another history"):
        move(lite, seat, [backup], START)


@pytest.mark.req("R10", "R11")
def test_a_server_is_backed_up_while_it_is_written_and_restored(lite: Path, seat: PostgresSeat, tmp_path: Path) -> None:
    """One snapshot as one SQLite file; back into the server, or onto a host without one; what was there is kept."""
    with closing(database_at(lite)) as database:
        move(lite, seat, [take(database, lite.parent / "b", "pre-migration", START)], START)
    with Store.open(seat, START) as store, store.writer.transaction() as cursor:  # type: ignore[union-attr]  # it writes
        cursor.execute("INSERT INTO meta (key, value) VALUES ('not', 'committed')")
        manifest = take(store.database, tmp_path / "b", "daily", START)
    file = tmp_path / "b" / manifest.name
    assert manifest.name == f"{seat.name}.backup-20231114"
    assert verified(file, unknown=False) == manifest
    assert manifest.tables["meta"].rows == 2
    with Store.open(seat, START) as store:
        for number in range(5):
            store.journal.append(bar_closed(80_000 + number), b"[]")
        store.journal.commit()
    done = restore(file, seat, START + HOUR)
    assert done.lost == 5
    assert Path(done.kept).is_file()
    with Store.open(seat, START) as store:
        assert store.journal.head.seq == manifest.seq
    alone = tmp_path / "no server" / "tradewind.db"
    assert restore(file, alone, START).rows == done.rows
    with Store.open(alone, START) as store:
        assert store.journal.head.hash.hex() == manifest.hash


def test_the_verbs_move_and_restore_on_a_server(
    lite: Path, seat: PostgresSeat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an operator types it: back up, migrate, switch DB_URL, back up the server, lose it, restore the last good."""
    monkeypatch.chdir(lite.parent)
    monkeypatch.setenv("DB_URL", f"sqlite:///{lite}")
    assert run_cli("db", "backup", "--kind", "pre-migration").exit_code == 0
    moved = run_cli("db", "migrate", "--from", f"sqlite:///{lite}", "--to", seat.url, "--json")
    assert (moved.exit_code, moved.document["changed"]) == (0, True), moved.stderr
    monkeypatch.setenv("DB_URL", seat.url)
    assert run_cli("db", "check").exit_code == 0
    assert run_cli("db", "backup", "--kind", "daily").exit_code == 0
    with psycopg.connect(seat.url) as session_:
        session_.execute("DELETE FROM trade_outcomes")
    assert run_cli("db", "check").exit_code == 1
    done = run_cli("db", "restore", "--last-good", "--json")
    assert (done.exit_code, done.document["lost"]) == (0, 0), done.stderr
    assert done.document["rows"]["trade_outcomes"] > 0
    assert run_cli("db", "check").exit_code == 0
