"""Opening, creating and migrating; what operators type; faults with clear words."""

from __future__ import annotations

import re
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint

from tests.fakes.session_script import START, bar_closed, session
from tests.shared_data import shared
from tradewind.adapters.store import migrate
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.location import SCHEMA_REVISION
from tradewind.adapters.store.schema import metadata, utc_text
from tradewind.adapters.store.sqlite import SqliteDatabase
from tradewind.adapters.store.store import Store
from tradewind.errors import Corrupt, Misconfigured, Retryable, Unavailable
from tradewind.model.timeframe import SECOND

TABLES_OF_R03 = {
    "strategies",
    "signals",
    "candles",
    "positions",
    "trade_outcomes",
    "retraining_history",
    "confidence_history",
    "learning_states",
    "error_log",
}


def prepared(path: Path) -> SqliteDatabase:
    database = SqliteDatabase(path)
    database.prepare(START)
    return database


def test_preparing_creates_every_table_once(tmp_path: Path) -> None:
    """R03: all nine tables and the journal are there; preparing again changes nothing."""
    database = prepared(tmp_path / "new" / "t.db")
    _, rows = database.query("SELECT name FROM sqlite_master WHERE type = 'table'")
    assert {name for (name,) in rows} == set(metadata.tables) | {"alembic_version"}
    assert set(metadata.tables) >= TABLES_OF_R03
    assert database.prepare(START) is False
    assert database.query("SELECT value FROM meta WHERE key = 'schema_version'")[1] == [(SCHEMA_REVISION,)]


def test_the_revisions_build_exactly_the_declared_schema(tmp_path: Path) -> None:
    """A column added to the tables without a revision, or the other way round, is a difference here."""
    database = prepared(tmp_path / "t.db")
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    declared = {c.name for t in metadata.tables.values() for c in t.constraints if isinstance(c, CheckConstraint)}
    _, rows = database.query("SELECT sql FROM sqlite_master WHERE sql LIKE '%CHECK%'")
    assert set(re.findall(r"CONSTRAINT (ck_\w+)", "".join(sql for (sql,) in rows))) == declared


def test_every_revision_can_be_undone(tmp_path: Path) -> None:
    """Down to nothing and up again leaves the declared schema."""
    from alembic import command
    from alembic.config import Config

    database = prepared(tmp_path / "t.db")
    with database.engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", "tradewind.adapters.store:migrations")
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert database.revision() is None
    with database.engine.begin() as connection:
        migrate.upgrade(connection)
    database.require()


def test_an_interrupted_migration_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables and version number appear together or not at all."""

    def upgrade_then_die(connection: object) -> None:
        real(connection)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    real = migrate.upgrade
    database = SqliteDatabase(tmp_path / "t.db")
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "upgrade", upgrade_then_die)
        with pytest.raises(KeyboardInterrupt):
            database.prepare(START)
    assert database.query("SELECT count(*) FROM sqlite_master")[1] == [(0,)]
    assert database.prepare(START) is True


def test_the_pragmas_are_those_that_survive_a_power_cut(tmp_path: Path) -> None:
    """WAL, synchronous FULL (2) and foreign keys on every connection the engine makes."""
    database = prepared(tmp_path / "t.db")
    found = {
        name: database.query(f"PRAGMA {name}")[1][0][0] for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_files_are_private(tmp_path: Path) -> None:
    """Folder 0700, database, lock and log 0600, whatever the umask."""
    with Store.open(tmp_path / "own" / "t.db", START) as store:
        store.journal.append(bar_closed(1), b"[]")
        store.journal.commit()
        assert stat.S_IMODE((tmp_path / "own").stat().st_mode) == 0o700
        for file in (tmp_path / "own").iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def statements_of_operators() -> list[str]:
    """The statements of REQUIREMENTS 6.1, read from the document itself."""
    text = shared("spec/REQUIREMENTS.md").read_text()
    block = re.search(r"### 6\.1 .*?```sql\n(.*?)```", text, re.S)
    assert block is not None
    return block[1].strip().splitlines()


@pytest.mark.sqlite
def test_the_statements_operators_type_run_unmodified(tmp_path: Path) -> None:
    """R04: all 13, by plain sqlite3, on a store that holds a session."""
    with Store.open(tmp_path / "t.db", START) as store:
        for event, outputs in session(40):
            store.journal.append(event, encode_outputs(outputs))
        store.journal.commit()
    statements = statements_of_operators()
    assert len(statements) == 13
    connection = sqlite3.connect(tmp_path / "t.db")
    answers = {statement: connection.execute(statement).fetchall() for statement in statements}
    connection.close()
    assert answers["SELECT symbol, COUNT(*) FROM candles GROUP BY symbol;"] == [("EUR/USD", 39)]
    assert len(answers["SELECT * FROM signals ORDER BY timestamp DESC LIMIT 10;"]) == 5
    assert answers["SELECT SUM(pnl) FROM positions WHERE status = 'closed';"][0][0] is not None


@pytest.mark.parametrize(("age_h", "inside"), [(1, True), (5.9, True), (6.1, False), (10, False), (30, False)])
def test_stored_times_compare_with_datetime_now(tmp_path: Path, age_h: float, inside: bool) -> None:
    """HZ29: a row ten hours old must not pass a six-hour filter, as ISO text with a T would."""
    database = prepared(tmp_path / "t.db")
    (now,) = database.query("SELECT unixepoch('now')")[1][0]
    ts = int(now - age_h * 3600) * SECOND
    connection = sqlite3.connect(tmp_path / "t.db")
    connection.execute(
        "INSERT INTO retraining_history (triggered_at, trigger_reason) VALUES (?, 'drift')", (utc_text(ts),)
    )
    statement = "SELECT COUNT(*) FROM retraining_history WHERE triggered_at > datetime('now', '-6 hours')"
    assert connection.execute(statement).fetchone() == (int(inside),)
    connection.close()


def test_utc_text_is_the_form_of_sqlite() -> None:
    """The same second, written by SQLite, is the same text."""
    connection = sqlite3.connect(":memory:")
    for ts in (0, 1_700_000_000_999_999_999, 951_782_400 * SECOND, 4_102_444_799 * SECOND):
        assert connection.execute("SELECT datetime(?, 'unixepoch')", (ts // SECOND,)).fetchone() == (utc_text(ts),)


@pytest.mark.req("R01")
def test_references_are_enforced(tmp_path: Path) -> None:
    """R01: a row that points to no strategy is refused, and nothing dangling is stored."""
    with Store.open(tmp_path / "t.db", START) as store:
        assert store.writer is not None
        with pytest.raises(Corrupt, match=r"(?i)foreign ?key"), store.writer.transaction() as cursor:
            cursor.execute(
                "INSERT INTO learning_states (timestamp, strategy_id, state, reason) VALUES ('', 'x', '', '')"
            )
        assert store.database.check_references()


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """A file of a later version is not touched."""
    database = prepared(tmp_path / "t.db")
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0099'")
    for opening in (database.require, lambda: database.prepare(START)):
        with pytest.raises(Misconfigured, match=r"the schema is 0099, made by a newer version.*update tradewind"):
            opening()


@pytest.mark.sqlite
def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """Nothing is overwritten: the bytes stay as they were."""
    path = tmp_path / "t.db"
    path.write_bytes(b"timestamp,open,high,low,close\n" * 100)
    with pytest.raises(Corrupt, match="not a database"):
        Store.open(path, START)
    assert path.read_bytes().startswith(b"timestamp")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file where the folder should be: the message names the place."""
    (tmp_path / "data").write_text("")
    with pytest.raises(Unavailable, match=r"cannot be created.*name a folder"):
        Store.open(tmp_path / "data" / "t.db", START)


def test_a_locked_database_waits_then_says_so_and_loses_nothing(tmp_path: Path) -> None:
    """FLT-27: another program holds a write transaction; afterwards the same commit goes through."""
    database = SqliteDatabase(tmp_path / "t.db", busy_timeout_s=0.1)
    with Store.open(database, START) as store:
        store.journal.append(bar_closed(1), b"[]")
        other = sqlite3.connect(tmp_path / "t.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        for _ in range(2):
            with pytest.raises(Retryable, match=r"locked by another process.*nothing is lost") as caught:
                store.journal.commit()
            assert caught.value.retry_after_s == 1.0
        store.journal.append(bar_closed(2), b"[]")
        other.execute("ROLLBACK")
        store.journal.commit()
        assert [entry.seq for entry in store.journal.read()] == [1, 2]
        other.close()


@pytest.mark.sqlite
def test_a_wait_for_the_lock_that_was_in_vain_is_not_repeated_until_somebody_was_let_in(tmp_path: Path) -> None:
    """Many tasks of one thread ask in a row: only the first of them holds it up, until the lock was had again."""
    database = SqliteDatabase(tmp_path / "t.db", busy_timeout_s=0.05)
    database.prepare(START)
    asked: list[str] = []

    class Counted:
        """A cursor that keeps what it was asked."""

        def __init__(self) -> None:
            self.inner = sqlite3.connect(tmp_path / "t.db", isolation_level=None, timeout=0).cursor()

        def execute(self, statement: str) -> None:
            asked.append(statement)
            self.inner.execute(statement)

    def tries() -> int:
        before = len(asked)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            database.begin(Counted(), 0.01)
        return len(asked) - before

    other = sqlite3.connect(tmp_path / "t.db", isolation_level=None)
    for _ in range(2):
        other.execute("BEGIN IMMEDIATE")
        assert [tries(), tries(), tries()] == [7, 2, 2]
        other.execute("ROLLBACK")
        again = Counted()
        database.begin(again, 0.01)
        again.inner.execute("ROLLBACK")
    other.close()
    database.close()


@pytest.mark.sqlite
def test_readers_neither_wait_for_the_writer_nor_stop_it(tmp_path: Path) -> None:
    """O17: a reader in the middle of a transaction sees its own moment; the writer goes on committing."""
    with Store.open(tmp_path / "t.db", START) as store:
        reader = sqlite3.connect(tmp_path / "t.db", isolation_level=None, timeout=0)
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM journal").fetchone() == (0,)
        for index in range(5):
            store.journal.append(bar_closed(index), b"[]")
            store.journal.commit()
        store.writer.checkpoint()  # type: ignore[union-attr]
        assert reader.execute("SELECT count(*) FROM journal").fetchone() == (0,)
        reader.execute("COMMIT")
        assert reader.execute("SELECT count(*) FROM journal").fetchone() == (5,)
        reader.close()


def test_many_readers_and_strangers_who_write_meet_no_locked_database(tmp_path: Path) -> None:
    """O17: short transactions of other programs and long reads beside the writer; nobody is turned away."""
    path = tmp_path / "t.db"
    faults: list[BaseException] = []

    def repeatedly(statement: str, times: int) -> None:
        connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        try:
            for _ in range(times):
                connection.execute(statement).fetchall()
        except sqlite3.Error as fault:
            faults.append(fault)
        finally:
            connection.close()

    with Store.open(SqliteDatabase(path, busy_timeout_s=30), START) as store:
        log = "INSERT INTO error_log (timestamp, error_type, message, origin) VALUES ('', '', '', '')"
        work = [(log, 40)] * 3 + [("SELECT count(*), sum(length(event)) FROM journal", 200)] * 4
        threads = [threading.Thread(target=repeatedly, args=arguments) for arguments in work]
        for thread in threads:
            thread.start()
        for index in range(150):
            store.journal.append(bar_closed(index), b"[]")
            store.journal.commit()
        for thread in threads:
            thread.join()
        assert faults == []
        assert store.database.query("SELECT count(*) FROM error_log")[1] == [(120,)]
        assert sum(1 for _ in store.journal.read()) == 150


def test_queries_cannot_write(tmp_path: Path) -> None:
    """What operators run for reading is refused by SQLite itself when it writes."""
    database = prepared(tmp_path / "t.db")
    with pytest.raises(Misconfigured, match="the statement writes"):
        database.query("WITH x AS (SELECT 1) DELETE FROM meta")
    with pytest.raises(Misconfigured, match="no such column"):
        database.query("SELECT close FROM meta")
    assert database.query("SELECT count(*) FROM meta")[1] == [(2,)]


def test_several_first_starts_at_once_make_one_schema_and_none_is_refused(tmp_path: Path) -> None:
    """Four processes open a store that is not there; a fifth finds it made."""
    code = (
        "import sys; from tradewind.adapters.store.opening import database_at;"
        " print(database_at(sys.argv[1]).prepare(1))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "data" / "t.db")]
    lives = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    said = [life.communicate(timeout=60) for life in lives]
    assert [life.returncode for life in lives] == [0] * 4, said
    assert sorted(out.strip() for out, _ in said) == ["False", "False", "False", "True"]
    assert SqliteDatabase(tmp_path / "data" / "t.db").prepare(1) is False


@pytest.mark.req("R02")
@pytest.mark.sqlite
def test_the_three_names_of_old_tools_are_one_store(tmp_path: Path) -> None:
    """R02: links called trading.db, tradingai.db and strategies.db lead to one file with one writer and one mark."""
    real = tmp_path / "tradewind.db"
    Store.open(real, START).close()
    names = [tmp_path / name for name in ("trading.db", "tradingai.db", "strategies.db")]
    for name in names:
        name.symlink_to(real.name)
    with Store.open(names[0], START) as store:
        store.journal.append(bar_closed(1), b"[]")
        store.journal.commit()
        for name in (*names[1:], real):
            with pytest.raises(Unavailable, match="is writing"):
                Store.open(name, START)
            assert Store.read(name).journal.head == store.journal.head
    assert not list(tmp_path.glob("trading*.lock"))
