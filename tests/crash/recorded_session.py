"""A trading session run through the product's store on the recording disk, and what a rebuilt state must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.fakes.session_script import START, session
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.sqlite import SqliteDatabase
from tradewind.adapters.store.store import Store
from tradewind.fleetsim import apsw_driver
from tradewind.fleetsim.recording_disk import Op, RecordingDisk, lay_out
from tradewind.model.event import InputEvent
from tradewind.ports.store import Entry

NAME = "t.db"
CONFIG = "c0ffee"
TABLES = (
    "candles",
    "signals",
    "decisions",
    "positions",
    "trade_outcomes",
    "confidence_history",
    "error_log",
    "snapshots",
)
Step = Callable[[Store], None]
Dump = tuple[list[Any], ...]


class LostRow(AssertionError):
    """Something acknowledged is gone."""


class Recording(NamedTuple):
    """``acked[i]`` transactions had returned when operation ``i`` of the log was about to reach the disk."""

    log: list[Op]
    acked: list[int]
    opened_at: int
    heads: list[tuple[int, bytes]]


class Reference(NamedTuple):
    """The same session on an undisturbed disk: every entry, and all tables after each transaction."""

    entries: list[Entry]
    dumps: list[Dump]


def steps(bars: int) -> Iterator[Step]:
    """The session as transactions: batches of one to four entries, now and then a snapshot or a logged error."""
    batch: list[tuple[InputEvent, list[object]]] = []
    for number, item in enumerate(session(bars)):
        batch.append(item)
        if number % 20 in {5, 6, 7}:
            continue
        yield _commit_of(batch)
        batch = []
        if number % 25 == 24:
            yield _save_snapshot
        if number % 40 == 30:
            yield lambda store: store.log_error(START, "Retryable", "feed lost", "feed")
    yield _commit_of(batch)


def _commit_of(batch: list[tuple[InputEvent, list[object]]]) -> Step:
    def commit(store: Store) -> None:
        for event, outputs in batch:
            store.journal.append(event, encode_outputs(outputs))
        store.journal.commit()

    return commit


def _save_snapshot(store: Store) -> None:
    head = store.journal.head
    store.snapshots.save(head.seq, head.digest, CONFIG, b"state" * 300)


def record(folder: Path, disk: RecordingDisk, bars: int, *, pragma: str = "", checkpoint_pages: int = 60) -> Recording:
    """Runs the session on the recording disk. ``pragma`` is set on the writer's connection, to weaken it on purpose."""
    store = Store.open(SqliteDatabase(folder / NAME, driver=apsw_driver, checkpoint_pages=checkpoint_pages), START)
    assert store.writer is not None
    if pragma:
        store.writer._cursor.execute(pragma)
    opened_at = len(disk.log)
    acked = [0] * opened_at
    heads = [(0, b"")]
    for count, step in enumerate(steps(bars)):
        step(store)
        acked.extend([count] * (len(disk.log) - len(acked)))
        heads.append((store.journal.head.seq, (folder / f"{NAME}.head").read_bytes()))
    store.close()
    acked.extend([len(heads) - 1] * (len(disk.log) - len(acked)))
    return Recording(disk.log, acked, opened_at, heads)


def reference(folder: Path, bars: int) -> Reference:
    """Runs the session with the standard driver and dumps the tables after every transaction."""
    with Store.open(folder / NAME, START) as store:
        dumps = [dump(store)]
        for step in steps(bars):
            step(store)
            dumps.append(dump(store))
        return Reference(list(store.journal.read()), dumps)


def dump(store: Store) -> Dump:
    """Every projected row."""
    assert store.writer is not None
    cursor = store.writer._cursor
    head = cursor.execute("SELECT count(*), max(seq) FROM journal").fetchall()
    return (head, *(cursor.execute(f"SELECT * FROM {name} ORDER BY 1, 2, 3").fetchall() for name in TABLES))


def check(folder: Path, expected: Reference, acked: int) -> None:
    """Opens a rebuilt state with the product's own open path and compares it with what must be there.

    Allowed are the state after the last acknowledged transaction and that after the one in flight; nothing between.
    """
    with Store.open(folder / NAME, START) as store:
        entries = list(store.journal.read())
        assert entries == expected.entries[: len(entries)]
        found = dump(store)
    allowed = expected.dumps[acked : acked + 2]
    if found in allowed:
        return
    if found in expected.dumps[:acked]:
        raise LostRow(f"transaction {expected.dumps.index(found)} is the last that survived, {acked} were acknowledged")
    raise AssertionError(f"a state between transactions after {acked} acknowledged ones: {found[0]}")


def rebuild(files: dict[str, bytes], folder: Path, head: bytes = b"", *, shared_memory: bytes = b"") -> None:
    """Lays a state out, with the head mark that had been written and, if given, a left-over ``-shm``."""
    lay_out(files, folder)
    if head:
        (folder / f"{NAME}.head").write_bytes(head)
    if shared_memory:
        (folder / f"{NAME}-shm").write_bytes(shared_memory)
