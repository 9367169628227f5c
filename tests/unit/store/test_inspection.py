"""``db check``: what is wrong is found, and the message says where."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.fakes.session_script import START, bar_closed, session
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.inspection import Finding, inspect
from tradewind.adapters.store.opening import database_at
from tradewind.adapters.store.store import Store
from tradewind.errors import Corrupt, Unavailable


def filled(path: Path) -> Path:
    with Store.open(path, START) as store:
        for event, outputs in session(60):
            store.journal.append(event, encode_outputs(outputs))  # type: ignore[arg-type]
            store.journal.commit()
        head = store.journal.head
        store.snapshots.save(head.seq, head.digest, "cfg", b"state")
    return path


def failed(path: Path) -> dict[str, str]:
    database = database_at(path)
    findings = inspect(database)
    database.close()
    return {finding.check: finding.detail for finding in findings if not finding.ok}


def test_a_whole_store_passes_every_check(tmp_path: Path) -> None:
    """All green on a real session, open or closed."""
    path = filled(tmp_path / "t.db")
    assert failed(path) == {}
    with Store.open(path, START) as store:
        findings = inspect(store.database)
        assert all(finding.ok for finding in findings), findings
        assert Finding("acknowledged", True, "up to entry 65, all here") in findings


TAMPERING = {
    "journal chain": ("UPDATE journal SET outputs = X'5B5D' WHERE seq = 9", "entry 9 is damaged"),
    "foreign keys": ("UPDATE decisions SET journal_seq = 4000 WHERE kind = 'no_decision'", "rows point to nothing"),
    "tables": ("UPDATE trade_outcomes SET pnl_absolute = 1e6 WHERE id = 2", "trade_outcomes does not follow"),
    "snapshots": ("UPDATE snapshots SET state = X'00'", "is damaged and was passed over"),
    "schema": ("UPDATE alembic_version SET version_num = '0000'", "the schema is 0000"),
    "acknowledged": ("DELETE FROM journal WHERE seq = 65", "entry 65 was acknowledged from this file"),
}


@pytest.mark.sqlite
@pytest.mark.parametrize("check", sorted(TAMPERING))
def test_tampering_is_found_where_it_is(tmp_path: Path, check: str) -> None:
    """Each kind of damage fails the check that is about it."""
    statement, message = TAMPERING[check]
    path = filled(tmp_path / "t.db")
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    assert message in failed(path)[check]


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM signals WHERE id = 's14'",
        "UPDATE candles SET close = close + 0.001 WHERE ts_open = (SELECT max(ts_open) FROM candles)",
        "UPDATE positions SET pnl = 0 WHERE signal_id = 's7'",
        "INSERT INTO confidence_history (timestamp, symbol, timeframe, confidence_score, journal_seq)"
        " VALUES ('', '', '', 0.99, 1)",
    ],
)
def test_a_row_changed_by_hand_is_found(tmp_path: Path, statement: str) -> None:
    """Every projected table is compared with what the journal gives."""
    path = filled(tmp_path / "t.db")
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    assert "does not follow from the journal" in failed(path)["tables"]


@pytest.mark.sqlite
def test_a_damaged_page_is_found(tmp_path: Path) -> None:
    """R05: bytes overwritten in the middle of the file."""
    path = filled(tmp_path / "t.db")
    content = bytearray(path.read_bytes())
    place = content.index(b'"type":"no_trade"') // 4096 * 4096
    content[place : place + 200] = b"\xff" * 200
    path.write_bytes(bytes(content))
    assert "pages" in failed(path)


@pytest.mark.sqlite
def test_a_truncated_file_is_found(tmp_path: Path) -> None:
    """A copy that broke off."""
    path = filled(tmp_path / "t.db")
    path.write_bytes(path.read_bytes()[:40_960])
    assert "pages" in failed(path)


@pytest.mark.sqlite
def test_an_older_copy_is_refused_at_the_start(tmp_path: Path) -> None:
    """FLT-30: yesterday's copy, or a file moved without its log, is consistent in itself; the mark beside it tells."""
    path = filled(tmp_path / "t.db")
    shutil.copy(path, tmp_path / "yesterday.db")
    with Store.open(path, START) as store:
        store.journal.append(bar_closed(100), b"[]")
        store.journal.commit()
    shutil.copy(tmp_path / "yesterday.db", path)
    with pytest.raises(Corrupt, match=r"entry 66 was acknowledged .*ends at 65.*delete .*t\.db\.head"):
        Store.open(path, START)
    path.with_name("t.db.head").unlink()
    Store.open(path, START).close()


@pytest.mark.sqlite
def test_a_copy_of_another_history_is_refused(tmp_path: Path) -> None:
    """As many entries, but not these."""
    path = filled(tmp_path / "t.db")
    with Store.open(tmp_path / "other.db", START) as store:
        for index in range(80):
            store.journal.append(bar_closed(index), b"[]")
        store.journal.commit()
    shutil.copy(tmp_path / "other.db", path)
    with pytest.raises(Corrupt, match="its entry 65 is another one"):
        Store.open(path, START)


def test_a_moved_file_without_its_log_is_refused(tmp_path: Path) -> None:
    """FLT-30: the -wal of a running writer holds the newest commits; a copy without it lacks them."""
    path = tmp_path / "t.db"
    moved = tmp_path / "moved"
    moved.mkdir()
    with Store.open(path, START) as store:
        store.journal.append(bar_closed(1), b"[]")
        store.journal.commit()
        for name in ("t.db", "t.db.head"):
            shutil.copy(tmp_path / name, moved / name)
    with pytest.raises((Corrupt, Unavailable), match="acknowledged"):
        Store.open(moved / "t.db", START)


@pytest.mark.sqlite
def test_checking_what_is_not_there_says_so(tmp_path: Path) -> None:
    """No file is created by a check."""
    with pytest.raises(Unavailable, match="there is no database"):
        inspect(database_at(tmp_path / "t.db"))
    assert list(tmp_path.iterdir()) == []
