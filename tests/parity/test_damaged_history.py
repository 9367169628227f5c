"""A run on a damaged store says so, wherever the damage is, and goes no further."""

from __future__ import annotations

import os
import sqlite3

from tests.parity.conftest import RUN, Project, run_in
from tradewind.adapters.store.sqlite import SqliteDatabase


def test_a_run_with_nothing_new_to_decide_still_says_that_its_history_is_damaged(copied: Project) -> None:
    """Damage behind the snapshot that a start recovers from: exit 1, the page or entry, and a row in ``error_log``."""
    whole = run_in(copied.folder, *RUN)
    assert whole.exit_code == 0
    assert whole.document["checked"] == copied.result["head_seq"]
    assert whole.document["recovery"]["snapshot_seq"] > 100
    connection = sqlite3.connect(copied.database)
    connection.execute("UPDATE journal SET outputs = CAST(replace(outputs, '1', '2') AS BLOB) WHERE seq = 77")
    connection.commit()
    connection.close()
    ran = run_in(copied.folder, *RUN[:-1])
    assert ran.exit_code == 1
    assert "entry 77 is damaged" in ran.stderr
    assert "tradewind db check" in ran.stderr
    noted = run_in(copied.folder, "db", "sql", "SELECT error_type, message FROM error_log", "--json").document["rows"]
    assert noted[0][0] == "Corrupt"
    assert "entry 77" in noted[0][1]


def test_bytes_written_over_pages_of_the_database_stop_a_run(copied: Project) -> None:
    """What a dying disk does: random bytes in the middle of the file."""
    SqliteDatabase(copied.database).close()
    connection = sqlite3.connect(copied.database)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    middle = copied.database.stat().st_size // 2 // 4096
    with copied.database.open("r+b") as file:
        file.seek(middle * 4096)
        file.write(os.urandom(20 * 4096))
    ran = run_in(copied.folder, *RUN[:-1])
    assert ran.exit_code == 1
    assert "damaged" in ran.stderr


def test_a_damaged_snapshot_is_said_and_the_run_goes_on_without_it(copied: Project) -> None:
    """An older snapshot, or the journal, gives the same state; the operator hears why the start took longer."""
    connection = sqlite3.connect(copied.database)
    connection.execute("UPDATE snapshots SET state = x'00' WHERE id = (SELECT max(id) FROM snapshots)")
    connection.commit()
    connection.close()
    ran = run_in(copied.folder, *RUN)
    assert ran.exit_code == 0
    assert "WARNING: the snapshot at entry" in ran.stderr
    assert ran.document["digest"] == copied.result["digest"]
