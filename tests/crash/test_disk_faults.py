"""FLT-28: the disk is full or fails at any write or sync; the error is clear, the batch is kept, nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from tests.crash.recorded_session import NAME, dump, rebuild, reference, steps
from tests.fakes.session_script import START
from tradewind.adapters.store.inspection import inspect
from tradewind.adapters.store.sqlite import SqliteDatabase
from tradewind.adapters.store.store import Store
from tradewind.errors import Unavailable
from tradewind.fleetsim import apsw_driver
from tradewind.fleetsim.recording_disk import RecordingDisk

BARS = 12


@pytest.fixture
def disk() -> Iterator[RecordingDisk]:
    disk = RecordingDisk()
    yield disk
    disk.unregister()


def opened(folder: Path) -> Store:
    return Store.open(SqliteDatabase(folder / NAME, driver=apsw_driver, checkpoint_pages=20), START)


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (apsw.FullError, r"the disk is full .*free space and try again"),
        (apsw.IOError, r"the disk failed to read or write .*look at the disk"),
    ],
)
def test_a_failed_write_is_told_and_the_same_commit_succeeds_later(
    disk: RecordingDisk, tmp_path: Path, folder: Path, failure: type[apsw.Error], message: str
) -> None:
    """The n-th write of the session fails for every n; the step is repeated and the end is that of a good disk."""
    disk.failure = failure
    expected = reference(tmp_path, BARS)
    opened(tmp_path / "empty").close()
    empty = {NAME: (tmp_path / "empty" / NAME).read_bytes()}
    failures = point = 0
    while True:
        rebuild(empty, folder)
        store = opened(folder)
        disk.fail_at = point
        if (met := run_through_one_fault(store, disk, message)) is None:
            store.close()
            break
        failures += met
        assert list(store.journal.read()) == expected.entries
        assert dump(store) == expected.dumps[-1], point
        if point % 20 == 0:
            assert all(finding.ok for finding in inspect(store.database))
        store.close()
        point += 1
    assert failures > 50


def run_through_one_fault(store: Store, disk: RecordingDisk, message: str) -> int | None:
    """Runs the session and repeats what fails; how often it did, or None when the fault was never reached."""
    failures = 0
    for step in steps(BARS):
        try:
            step(store)
        except Unavailable as fault:
            failures += 1
            told = str(fault)
            disk.fail_at = None
            assert re.search(message, told), told
            assert NAME in told
            repeat(store, step)
    reached = disk.fail_at is None or disk.fail_at < 0
    disk.fail_at = None
    return failures if reached else None


def repeat(store: Store, step: object) -> None:
    """A journal batch is still there and only committed again; a snapshot or a log row is done once more."""
    if store.journal.pending:
        store.journal.commit()
    else:
        step(store)  # type: ignore[operator]  # a Step
