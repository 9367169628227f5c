"""Does a store work on this disk, here and now? Tried on a database of its own beside the real one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from typing import Final

from tradewind.adapters.store.inspection import Finding, inspect
from tradewind.adapters.store.opening import database_at
from tradewind.adapters.store.store import Store
from tradewind.errors import Corrupt, TradewindError, Unavailable
from tradewind.model.event import Command
from tradewind.ports.clock import Clock

ENTRIES: Final = 200


def selftest(place: Path, clock: Clock) -> list[Finding]:
    """Creates a store beside the one at ``place``, uses it, checks it and removes it.

    Beside a file that is one in a temporary folder, in a PostgreSQL database a schema of its own.

    Raises:
        Unavailable: the folder cannot be written, or the user may create no schema.
    """
    folder = place.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix=".selftest-", dir=folder) as name,
            database_at(place).scratch(Path(name)) as scratch,
        ):
            return _tried(scratch, clock)
    except OSError as fault:
        raise Unavailable(
            f"no database can be made ({fault.strerror})", where=str(folder), next_step="name a writable folder"
        ) from fault


def _tried(path: Path, clock: Clock) -> list[Finding]:
    with Store.open(path, clock.now()) as store:
        findings = [Finding("create", True, "schema created")]
        times = [_commit_time(store, clock) for _ in range(ENTRIES)]
        findings.append(Finding("commit", True, f"{ENTRIES} commits, {median(times) / 1e6:.2f} ms each (median)"))
        findings.append(_second_writer(path, clock))
        findings.append(_orphan(store))
    with Store.open(path, clock.now()) as again:
        count = sum(1 for _ in again.journal.read())
        findings.append(Finding("reopen", count == ENTRIES, f"{count} of {ENTRIES} entries found again"))
        findings.extend(inspect(again.database))
    return findings


def _commit_time(store: Store, clock: Clock) -> int:
    started = clock.monotonic()
    store.journal.append(Command("note", "selftest", clock.now()), b"[]")
    store.journal.commit()
    return clock.monotonic() - started


def _second_writer(path: Path, clock: Clock) -> Finding:
    try:
        Store.open(path, clock.now()).close()
    except Unavailable:
        return Finding("second writer", True, "refused")
    return Finding("second writer", False, "a second writer was let in: this file system keeps no locks")


def _orphan(store: Store) -> Finding:
    assert store.writer is not None
    try:
        with store.writer.transaction() as cursor:
            cursor.execute(
                "INSERT INTO decisions (symbol, timeframe, ts, timestamp, kind, summary, journal_seq)"
                " VALUES ('', '', 0, '', '', '', 999999)"
            )
    except Corrupt:
        return Finding("foreign key", True, "an orphan row was refused")
    except TradewindError as fault:
        return Finding("foreign key", False, str(fault))
    return Finding("foreign key", False, "an orphan row was accepted")
