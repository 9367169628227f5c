"""The store on a PostgreSQL server: the same chain as on SQLite, one writer, nothing acknowledged is lost."""

from __future__ import annotations

import os
import pickle
import re
import signal
import time
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tests.cli_runner import run_cli
from tests.fakes.session_script import START, bar_closed, session
from tests.postgres_server import postgres_server
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.history_check import HistoryCheck, look
from tradewind.adapters.store.inspection import inspect
from tradewind.adapters.store.opening import database_at
from tradewind.adapters.store.reader import StoreReader
from tradewind.adapters.store.schema import metadata
from tradewind.adapters.store.seat import PostgresSeat
from tradewind.adapters.store.store import Store
from tradewind.errors import Corrupt, Misconfigured, TimedOut, Unavailable


def fill(place: Path, bars: int = 60, every: int = 7) -> bytes:
    """A session's worth of entries; the hash of the last."""
    with Store.open(place, START) as store:
        for number, (event, outputs) in enumerate(session(bars)):
            store.journal.append(event, encode_outputs(outputs))
            if number % every == 0:
                store.journal.commit()
        store.journal.commit()
        return store.journal.head.hash


@pytest.mark.req("R08", "DIS30")
def test_the_same_entries_give_the_same_chain_and_tables_on_both(seat: PostgresSeat, tmp_path: Path) -> None:
    """Heads are equal, and so is every column of every projected row."""
    assert fill(seat) == fill(tmp_path / "lite.db")
    one, two = database_at(seat), database_at(tmp_path / "lite.db")
    for table in ("signals", "positions", "trade_outcomes", "confidence_history", "decisions", "candles", "journal"):
        counted = table == "positions"  # a server's numbers skip what met a row that was there
        columns = ", ".join(
            f'"{one.name}"' for one in metadata.tables[table].columns if not (counted and one.name == "id")
        )
        statement = f"SELECT {columns} FROM {table} ORDER BY 1, 2, 3"
        assert one.query(statement) == two.query(statement), table
    assert {finding.check: finding.detail for finding in inspect(one) if not finding.ok} == {}


def test_the_revisions_build_the_declared_schema_on_a_server(seat: PostgresSeat) -> None:
    """Beside the order of entry, which SQLite has by itself, nothing differs; undone it is empty again."""
    from alembic import command
    from alembic.config import Config

    database = database_at(seat)
    assert database.prepare(START) is True
    assert database.prepare(START) is False
    with database.engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    assert [(kind, table, column.name) for kind, _, table, column in found] == [
        ("remove_column", "strategies", "rowid")
    ]
    with database.engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", "tradewind.adapters.store:migrations")
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert database.revision() is None
    assert database.prepare(START) is True


@pytest.mark.req("INV-16")
def test_one_writer_whatever_host_it_runs_on(seat: PostgresSeat, tmp_path: Path) -> None:
    """A second one with a folder of its own, so without the lock file, is refused by the server and changes nothing."""
    elsewhere = PostgresSeat.of(seat.url, tmp_path / "another host")
    with Store.open(seat, START) as store:
        assert store.writer is not None
        with pytest.raises(Unavailable, match=rf"process {os.getpid()} from this machine is writing"):
            Store.open(elsewhere, START)
        assert store.database.query("SELECT fencing FROM lease")[1] == [(store.writer.fencing,)]
    with Store.open(elsewhere, START) as store:
        assert store.writer is not None
        assert store.writer.fencing == 2


@pytest.mark.req("INV-16")
def test_an_overtaken_writer_cannot_commit_on_a_server(seat: PostgresSeat, tmp_path: Path) -> None:
    """Its session was lost, another became the writer: what it still wants to write is refused."""
    old = Store.open(seat, START)
    old.journal.append(bar_closed(1), b"[]")
    _end_sessions(seat)
    with pytest.raises(Unavailable):
        old.journal.commit()
    with Store.open(PostgresSeat.of(seat.url, tmp_path / "other"), START) as new:
        new.journal.append(bar_closed(2), b"[]")
        new.journal.commit()
        with pytest.raises(Unavailable, match="is writing to this database"):
            old.journal.commit()
    with pytest.raises(Unavailable, match="has taken this database over"):
        old.journal.commit()
    assert [entry.event for entry in Store.read(seat).journal.read()] == [bar_closed(2)]


def test_a_lost_session_is_opened_again_and_nothing_is_written_twice(seat: PostgresSeat) -> None:
    """The server ended the session between two commits: the batch is kept and goes through on the next call."""
    with Store.open(seat, START) as store:
        for number in range(1, 6):
            store.journal.append(bar_closed(number), b"[]")
            if number % 2:
                _end_sessions(seat)
                with pytest.raises(Unavailable):
                    store.journal.commit()
            store.journal.commit()
        assert store.journal.head.seq == 5
        assert [entry.event for entry in store.journal.read()] == [bar_closed(number) for number in range(1, 6)]


@pytest.mark.req("INV-04", "FLT-29")
def test_what_was_acknowledged_survives_the_server_being_killed(tmp_path: Path) -> None:
    """SIGQUIT to the server in the middle of a run of commits; after its recovery every acknowledged entry is there."""
    with postgres_server("synchronous_commit=off") as server:  # the session asks for more than the server's default
        seat = PostgresSeat.of(server.create("mortal"), tmp_path)
        store = Store.open(seat, START)
        for number in range(1, 40):
            store.journal.append(bar_closed(number), b"[]")
            store.journal.commit()
        head = store.journal.head
        server.kill()
        store.journal.append(bar_closed(40), b"[]")
        with pytest.raises(Unavailable):
            store.journal.commit()
        store.close()
        server.revive()
        with Store.open(seat, START) as again:
            assert again.journal.head == head


def test_a_forked_worker_of_a_killed_writer_does_not_keep_the_servers_lock(seat: PostgresSeat) -> None:
    """The child shares the parent's socket and would hold its session."""
    Store.open(seat, START).close()
    said, say = os.pipe()
    writer = os.fork()
    if writer == 0:
        store = Store.open(seat, START)
        worker = os.fork()
        if worker == 0:
            time.sleep(60)
            os._exit(0)
        os.write(say, b"%d %d" % (worker, store.journal.head.seq))
        time.sleep(60)
        os._exit(0)
    worker = int(os.read(said, 32).split()[0])
    try:
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
        os.kill(worker, 0)
        for _ in range(100):
            try:
                Store.open(seat, START).close()
                break
            except Unavailable:
                time.sleep(0.05)
        else:
            raise AssertionError("the lock was kept")
    finally:
        os.kill(worker, signal.SIGKILL)


@pytest.mark.parametrize(
    ("statement", "wanted"),
    [
        ("UPDATE journal SET event = event || ' '::bytea WHERE seq = 9", "entry 9 is damaged"),
        ("UPDATE journal SET digest = decode(repeat('00', 32), 'hex') WHERE seq = 20", "entry 20 is damaged"),
        ("UPDATE signals SET entry = entry + 1", "signals does not follow from the journal"),
    ],
)
def test_what_was_changed_by_hand_is_found(seat: PostgresSeat, statement: str, wanted: str) -> None:
    """``db check`` and the look beside a run find it on a server as on a file."""
    fill(seat)
    with psycopg.connect(seat.url) as session_:
        session_.execute(statement.encode())
    assert wanted in " ".join(finding.detail for finding in inspect(database_at(seat)) if not finding.ok)
    if "journal" in statement:
        assert wanted in look(seat).found
        with HistoryCheck(seat) as check:
            check.begin()
            with pytest.raises(Corrupt, match=wanted):
                check.finish()


@pytest.mark.req("FLT-30")
def test_an_older_state_of_the_server_is_refused(seat: PostgresSeat) -> None:
    """The mark beside the seat remembers what was acknowledged; a database restored to yesterday lacks it."""
    fill(seat)
    with psycopg.connect(seat.url) as session_:
        session_.execute("SET session_replication_role = replica; DELETE FROM journal WHERE seq > 20")
    with pytest.raises(Corrupt, match=r"was acknowledged from this file, but it ends at 20"):
        Store.open(seat, START)


def test_the_verbs_work_on_a_server(seat: PostgresSeat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """R06: init, selftest, check and sql by DB_URL; bad statements are usage faults, slow ones are stopped."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DB_URL", seat.url)
    assert run_cli("db", "check").exit_code == 3
    assert run_cli("db", "init", "--json").document["changed"] is True
    assert run_cli("db", "check", "--json").document["ok"] is True
    tried = run_cli("db", "selftest", "--json")
    assert (tried.exit_code, tried.document["ok"]) == (0, True), tried.stdout
    assert database_at(seat).query("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'tradewind%'")[1] == [(0,)]
    recent = (
        "SELECT COUNT(*), AVG(confidence_score) FROM confidence_history WHERE timestamp > datetime('now', '-6 hours')"
    )
    assert run_cli("db", "sql", recent, "--json").document["rows"] == [[0, None]]
    assert run_cli("db", "sql", "WITH x AS (DELETE FROM meta RETURNING 1) SELECT * FROM x").exit_code == 2
    assert run_cli("db", "sql", "SELECT nothing").exit_code == 2


def test_what_a_person_asks_is_bounded(seat: PostgresSeat) -> None:
    """Time and rows: a statement that takes too long is stopped, one that gives too much is refused."""
    database = database_at(seat)
    database.prepare(START)
    with pytest.raises(TimedOut):
        database.ask("SELECT pg_sleep(5)", limit_s=0.2, most_rows=10)
    with pytest.raises(Misconfigured, match="more than 10 rows"):
        database.ask("SELECT generate_series(1, 1000000000000)", limit_s=5, most_rows=10)
    with pytest.raises(Misconfigured, match="writes"):
        database.query("INSERT INTO meta (key, value) VALUES (?, ?)", ("a", "b"))
    with StoreReader(seat) as reader:
        assert reader.query("SELECT '?', count(*) FROM meta WHERE key = ?", ("created",))[1] == [("?", 1)]
        assert reader.changes() != reader.changes()


def test_a_seat_keeps_its_server_and_hides_the_password(tmp_path: Path) -> None:
    """It is a path like any other: pickled to a worker it still knows where the data is; shown it tells no secret."""
    url = "postgres://trader:hunter2@db.example.com:6000/trading"  # pragma: allowlist secret
    seat = PostgresSeat.of(url, tmp_path)
    assert seat == tmp_path / "trading@db.example.com-6000.postgres"
    assert pickle.loads(pickle.dumps(seat)).url == seat.url
    assert seat.shown == "postgresql://trader@db.example.com:6000/trading"
    assert not re.search("hunter2", repr(seat) + str(seat) + seat.shown)
    assert seat.under(Path("/x")).url == seat.url
    with pytest.raises(Misconfigured, match="names no database"):
        PostgresSeat.of("postgresql://localhost", tmp_path)


def _end_sessions(seat: PostgresSeat) -> None:
    """What an administrator, a failover or a proxy does to a session."""
    with psycopg.connect(seat.url, autocommit=True) as session_:
        session_.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
