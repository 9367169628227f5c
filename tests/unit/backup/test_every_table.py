"""A backup holds every table whoever takes it, and nobody's backup gets into another's."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tests.fakes.session_script import START
from tests.unit.backup.test_backup import backed_up, place
from tradewind.adapters.store.backup import MANIFEST, manifest_beside, verified
from tradewind.adapters.store.sqlite import SqliteDatabase

__all__ = ["place"]
OWN = {"lease", "alembic_version", "sqlite_sequence"}


@pytest.mark.req("R10", "R12")
@pytest.mark.parametrize("module", ["backup", "table_copy", "moving", "restoring", "inspection"])
def test_a_process_that_loads_nothing_else_knows_every_table(module: str, tmp_path: Path) -> None:
    """What is counted, copied and compared must not depend on what else has been imported."""
    text = (
        f"import tradewind.adapters.store.{module}; from tradewind.adapters.store.schema import metadata;"
        "print(*metadata.tables)"
    )
    told = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    with closing(SqliteDatabase(tmp_path / "made.db")) as made:
        made.prepare(START)
    with closing(sqlite3.connect(tmp_path / "made.db")) as store:
        there = {name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert set(told.stdout.split()) - OWN == there - OWN


def test_backups_of_one_second_are_files_of_their_own(place: Path, tmp_path: Path) -> None:
    """Two shells at once, or a shell and the service: every one is whole, none has another's name."""
    folder = tmp_path / "b"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda kind: backed_up(place, folder, kind), ["manual"] * 6 + ["daily"] * 2))
    names = [one.name for one in made]
    assert len(set(names[:6])) == 6
    assert names[6] == names[7]
    for one in made:
        assert one.bytes == (folder / one.name).stat().st_size > 0
        assert verified(folder / one.name) == manifest_beside(folder / one.name)
    assert {path.name for path in folder.iterdir()} == {*names, *(name + MANIFEST for name in names)}


def test_what_a_dead_backup_left_goes_with_the_next(place: Path, tmp_path: Path) -> None:
    """A killed process cleans up nothing."""
    folder = tmp_path / "b"
    (folder / ".part-1a2b").mkdir(parents=True)
    (folder / ".part-1a2b" / "manual-20200101-000000-tradewind.db").write_bytes(b"half")
    found = backed_up(place, folder, "manual")
    assert {path.name for path in folder.iterdir()} == {found.name, found.name + MANIFEST}


def test_a_backup_whose_manifest_names_fewer_tables_is_still_one(place: Path, tmp_path: Path) -> None:
    """An earlier release counted fewer; what it did not count its hash of all bytes vouches for."""
    found = backed_up(place, tmp_path, "manual", START)
    fewer = {name: one for name, one in found.tables.items() if name != "signal_outcomes"}
    said = msgspec.structs.replace(found, tables=fewer)
    (tmp_path / (found.name + MANIFEST)).write_bytes(msgspec.json.encode(said))
    assert verified(tmp_path / found.name) == said
