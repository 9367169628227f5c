"""The look at a store's older entries beside the run: what it finds, and what becomes of the run."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.session_script import START, session
from tradewind.adapters.store import history_check
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.history_check import HistoryCheck, look
from tradewind.adapters.store.store import Store
from tradewind.errors import Corrupt, Unavailable

TOUCHED = "UPDATE journal SET event = CAST(event || ' ' AS BLOB) WHERE seq = 9"


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    path = tmp_path / "t.db"
    with Store.open(path, START) as store:
        for event, outputs in session(400):
            store.journal.append(event, encode_outputs(outputs))
        store.journal.commit()
    return path


def changed(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (TOUCHED, "entry 9 is damaged: event or outputs"),
        ("UPDATE journal SET outputs = x'00' WHERE seq = 40", "entry 40 is damaged: event or outputs"),
        ("UPDATE journal SET digest = zeroblob(32) WHERE seq = 77", "entry 77 is damaged: the stored digest"),
        ("DELETE FROM journal WHERE seq = 200", "entry 200 is missing"),
    ],
)
def test_every_older_entry_is_read(filled: Path, statement: str, found: str) -> None:
    """One changed or missing entry anywhere is named."""
    whole = look(filled)
    assert (whole.found, whole.entries > 400) == ("", True)
    changed(filled, statement)
    assert look(filled).found.startswith(found)


@pytest.mark.sqlite
def test_a_page_that_is_no_longer_one_is_found_in_any_table(filled: Path) -> None:
    """Random bytes over a page of the decisions: the chain holds and the page does not."""
    connection = sqlite3.connect(filled)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'decisions'").fetchone()[0]
    connection.close()
    with filled.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(os.urandom(4096))
    found = look(filled)
    assert found.entries == 0
    assert "page" in found.found or "malformed" in found.found
    assert "db check" in found.next_step


@pytest.mark.sqlite
def test_the_child_tells_its_parent_while_somebody_writes(filled: Path) -> None:
    """The writer goes on; ``damaged`` turns true and ``finish`` raises with the entry and what to do."""
    with Store.open(filled, START) as store, HistoryCheck(filled) as check:
        check.begin()
        head = store.journal.head.seq
        event, outputs = list(session(401))[-1]
        store.journal.append(event, encode_outputs(outputs))
        store.journal.commit()
        assert check.finish() >= head
        assert not check.damaged
    changed(filled, TOUCHED)
    with HistoryCheck(filled) as check:
        check.begin()
        with pytest.raises(Corrupt, match=r"entry 9 is damaged.*tradewind db check"):
            check.finish()
        assert check.damaged


def test_a_look_that_cannot_be_finished_is_no_verdict(filled: Path, tmp_path: Path) -> None:
    """A stopped look says nothing; one that failed is told as such; one that never began is nothing."""
    heard: list[str] = []
    with HistoryCheck(filled, heard.append) as check:
        check.begin()
        assert check.finish(wait=False) in (None, look(filled).entries)
    assert heard == []
    with HistoryCheck(tmp_path / "none.db", heard.append) as check:
        check.begin()
        assert check.finish() is None
    assert len(heard) == 1
    assert heard[0].startswith("WARNING: the journal's older entries were not checked (")
    with HistoryCheck(filled, heard.append) as check:
        assert check.finish() is None
    assert len(heard) == 1


def test_an_orphan_gives_up(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing reads on when the run has died: the database belongs to the next one."""
    monkeypatch.setattr(history_check, "_PARENT_ASKED_EVERY", 1)
    with pytest.raises(Unavailable, match="the process that asked has ended"):
        look(filled, lambda: True)


@pytest.mark.sqlite
def test_nothing_in_the_working_folder_stands_in_for_the_library(filled: Path, tmp_path: Path) -> None:
    """A user's own ``json.py`` or ``sqlite3.py`` beside the configuration is not imported by the child."""
    (tmp_path / "sqlite3.py").write_text("raise SystemExit('mine')\n")
    script = (
        "import sys; from pathlib import Path; from tradewind.adapters.store.history_check import HistoryCheck\n"
        f"check = HistoryCheck(Path({str(filled)!r}), print); check.begin(); print(check.finish())"
    )
    root = Path(__file__).resolve().parents[3] / "src"
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )
    assert int(done.stdout) == look(filled).entries
