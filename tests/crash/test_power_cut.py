"""INV-04, FLT-29: the power goes at every write of the product's own store, and no acknowledged row is lost.

The session runs through ``Store`` on a disk that records every write and sync below SQLite. For each recorded write the
disk is rebuilt as it may be found after a power cut before it, opened with the product's own open path (by the standard
library's SQLite, another build than the one that wrote), and compared row by row with an undisturbed run.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.crash.recorded_session import NAME, TABLES, Recording, Reference, check, dump, rebuild, record, reference
from tests.fakes.session_script import START
from tradewind.adapters.store.sqlite import SqliteDatabase
from tradewind.adapters.store.store import Store
from tradewind.fleetsim import apsw_driver
from tradewind.fleetsim.recording_disk import Disk, RecordingDisk

BARS = 100


@pytest.fixture(scope="module")
def disk() -> Iterator[RecordingDisk]:
    """The recording disk, one at a time: its name is global to SQLite."""
    disk = RecordingDisk()
    yield disk
    disk.unregister()


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return reference(tmp_path_factory.mktemp("reference"), BARS)


@pytest.fixture(scope="module")
def recording(disk: RecordingDisk, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    disk.log = []
    return record(tmp_path_factory.mktemp("recorded"), disk, BARS)


def states(
    recording: Recording, seed: int, *, subsets: int = 1, every: int = 1
) -> Iterator[tuple[int, dict[str, bytes]]]:
    """``(operation, files)`` for a cut before every operation, and one after the last.

    Everything un-synced survived, and nothing of it (given once while neither that state nor what was acknowledged
    changes), and at every ``every``-th operation ``subsets`` random subsets of it.
    """
    rng = np.random.default_rng(seed)
    disk = Disk()
    least: tuple[int, dict[str, bytes]] | None = None
    for number, op in enumerate([*recording.log, None]):
        if number >= recording.opened_at:
            yield number, disk.all()
            known = (acked_at(recording, number), disk.none())
            if known != least:
                least = known
                yield number, disk.none()
            if disk.uncertain and number % every == 0:
                for _ in range(subsets):
                    yield number, disk.some(rng)
        if op is not None:
            disk.apply(op)


def acked_at(recording: Recording, number: int) -> int:
    return recording.acked[number] if number < len(recording.acked) else len(recording.heads) - 1


def cut_everywhere(recording: Recording, expected: Reference, folder: Path, seed: int, **choice: int) -> int:
    rng = np.random.default_rng(seed)
    count = 0
    for number, files in states(recording, seed, **choice):
        acked = acked_at(recording, number)
        litter = rng.bytes(32768) if rng.random() < 0.2 else b""
        rebuild(files, folder, recording.heads[acked][1], shared_memory=litter)
        try:
            check(folder, expected, acked)
        except Exception as fault:
            fault.add_note(f"power cut before operation {number} of {len(recording.log)}, seed {seed}")
            raise
        count += 1
    return count


def test_no_acknowledged_row_is_lost_by_a_power_cut_at_any_write(
    recording: Recording, expected: Reference, folder: Path
) -> None:
    """Every write of a session of 100 bars with signals, trades, snapshots and checkpoints."""
    operations = len(recording.log) - recording.opened_at
    assert operations > 1000
    assert len(expected.dumps[-1][1 + TABLES.index("trade_outcomes")]) >= 10
    assert cut_everywhere(recording, expected, folder, seed=1, every=4) > 1.25 * operations


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(3))
def test_no_acknowledged_row_is_lost_over_many_random_subsets(
    recording: Recording, expected: Reference, folder: Path, seed: int
) -> None:
    """The same with four random subsets of un-synced sectors at every write."""
    cut_everywhere(recording, expected, folder, seed=100 + seed, subsets=4)


def test_a_power_cut_during_recovery_loses_nothing(
    recording: Recording, expected: Reference, disk: RecordingDisk, folder: Path, tmp_path: Path
) -> None:
    """INV-05: the store that opens a cut disk is cut again at every write of its own, and opens once more."""
    rng = np.random.default_rng(5)
    cuts = rng.choice(np.arange(recording.opened_at, len(recording.log)), size=5, replace=False)
    chosen = {int(number) for number in cuts}
    for number, files in list(states(recording, seed=2)):
        if number not in chosen:
            continue
        chosen.discard(number)
        acked = acked_at(recording, number)
        rebuild(files, tmp_path)
        disk.log = []
        Store.open(SqliteDatabase(tmp_path / NAME, driver=apsw_driver), START).close()
        assert len(disk.log) > 5
        again = Disk(files)
        for op in disk.log:
            again.apply(op)
            for cut in (again.none(), again.all(), again.some(rng)):
                rebuild(cut, folder, recording.heads[acked][1])
                check(folder, expected, acked)


def test_recovering_twice_changes_nothing(recording: Recording, folder: Path) -> None:
    """INV-05: opening a cut disk a second time finds what the first opening left."""
    for number, files in list(states(recording, seed=3, subsets=0))[50::200]:
        rebuild(files, folder)
        with Store.open(folder / NAME, START) as store:
            first = dump(store)
        with Store.open(folder / NAME, START) as store:
            assert dump(store) == first, number


def test_the_proof_finds_the_rows_that_synchronous_normal_loses(
    disk: RecordingDisk, expected: Reference, folder: Path, tmp_path: Path
) -> None:
    """The same check must fail where it should: without a sync at each commit acknowledged rows go missing."""
    disk.log = []
    weak = record(tmp_path, disk, BARS, pragma="PRAGMA synchronous=NORMAL")
    assert lost_rows(weak, expected, folder, every=7) > 20


def test_the_proof_finds_a_disk_that_lies_about_syncs(
    disk: RecordingDisk, expected: Reference, folder: Path, tmp_path: Path
) -> None:
    """A database file whose syncs are swallowed loses rows once the log is reused, and that is seen."""
    disk.log = []
    disk.deaf = ".db"
    try:
        weak = record(tmp_path, disk, BARS)
    finally:
        disk.deaf = None
    assert lost_rows(weak, expected, folder, every=41) > 10


def lost_rows(recording: Recording, expected: Reference, folder: Path, every: int) -> int:
    """Cuts, with nothing un-synced surviving, after which an acknowledged transaction was missing or unreadable."""
    lost = 0
    disk = Disk()
    for number, op in enumerate(recording.log):
        disk.apply(op)
        if number < recording.opened_at or number % every:
            continue
        rebuild(disk.none(), folder)
        try:
            check(folder, expected, acked_at(recording, number))
        except Exception:
            lost += 1
    return lost


@pytest.mark.parametrize("stride", [6, pytest.param(1, marks=pytest.mark.soak)])
def test_a_power_cut_while_the_database_is_created_leaves_one_that_can_be_opened(
    disk: RecordingDisk, recording: Recording, folder: Path, stride: int
) -> None:
    """Migrations are one transaction: afterwards there is all of the schema or none; opening completes it."""
    first = Recording(recording.log[: recording.opened_at], [0] * recording.opened_at, 0, [(0, b"")])
    for number, files in list(states(first, seed=4))[::stride]:
        rebuild(files, folder)
        with Store.open(folder / NAME, START) as store:
            assert store.journal.head.seq == 0, number
            store.database.require()
