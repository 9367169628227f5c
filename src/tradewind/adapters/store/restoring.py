"""Puts a backup in the place of a store, on purpose, and says what is lost by it.

The marks beside a store refuse an older copy, because it has forgotten what was acknowledged. Restoring one is the only
way around that: it verifies the backup, keeps what was there, sets the marks back to the backup's last entry and leaves
a word in ``meta`` that the next run reads out.
"""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from tradewind.adapters.store.backup import Manifest, synced, take, verified, working_copy
from tradewind.adapters.store.database import PUT_META, Database, alone_in
from tradewind.adapters.store.head_mark import HeadMark
from tradewind.adapters.store.lease import WriterLock
from tradewind.adapters.store.location import path_of
from tradewind.adapters.store.opening import database_at
from tradewind.adapters.store.restored import RESTORED, Restored
from tradewind.adapters.store.schema import utc_text
from tradewind.adapters.store.seat import PostgresSeat
from tradewind.adapters.store.sqlite import SqliteDatabase
from tradewind.adapters.store.table_copy import TableSum, copy_all, sums
from tradewind.errors import Corrupt, Unavailable

_SIDES: Final = ("-wal", "-shm")


def restore(backup: Path, location: Path, now: int) -> Restored:
    """Replaces the store at ``location``, a file or a ``PostgresSeat``, by the backup; ``now`` is UTC nanoseconds.

    Raises:
        Unavailable: there is no backup, a run is writing to the store, or the disk refuses; nothing was replaced.
        Corrupt: the backup is damaged; nothing was replaced.
        Misconfigured: it was made by a newer version.
    """
    target = path_of(location)
    manifest = verified(backup)
    with working_copy(backup) as source:
        source.prepare(now)  # brings an older backup up to date
        return _replaced(manifest, source, backup, target, now)


def _replaced(manifest: Manifest, source: SqliteDatabase, backup: Path, target: Path, now: int) -> Restored:
    with source.reading() as seen:
        wanted = sums(source, seen)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    mark = HeadMark(target).read()
    rows = {table: one.rows for table, one in wanted.items()}
    taken = manifest.timestamp if manifest.ts else "at an unknown time"
    acknowledged = None if mark is None else mark[0]
    last = (manifest.seq, manifest.last_ts)
    found = Restored(backup.name, taken, utc_text(now), *last, acknowledged, "", rows)
    if isinstance(target, PostgresSeat):
        found = _rows_into(source, target, now, found)
    else:
        found = _file_into(source, target, now, found)
    with closing(database_at(target)) as database:
        _compare(database, wanted)
    _set_marks(target, manifest)
    return found


def _file_into(source: SqliteDatabase, target: Path, now: int, found: Restored) -> Restored:
    """The backup as the file ``target``; what lay there lies beside it afterwards, with its log."""
    stamp = utc_text(now).replace("-", "").replace(":", "").replace(" ", "-")
    kept = target.with_name(f"{target.name}.replaced-{stamp}")
    with alone_in(target.parent):
        lock = WriterLock(target)
        lock.acquire()
        try:
            if target.is_file():
                found = msgspec.structs.replace(found, kept=str(kept))
            _leave_word(source, found)
            source.close()
            part = target.with_name(f".{target.name}.part")
            shutil.copyfile(source.path, part)
            part.chmod(0o600)
            synced(part)
            for side in ("", *_SIDES):
                old = target.with_name(target.name + side)
                if old.exists():
                    old.replace(kept.with_name(kept.name + side))
            part.replace(target)
            synced(target.parent)
        except OSError as fault:
            raise Unavailable(
                f"the store cannot be replaced ({fault.strerror})",
                where=str(target),
                next_step=f"what was there is there still, or is {kept}",
            ) from fault
        finally:
            lock.release()
    return found


def _rows_into(source: SqliteDatabase, target: PostgresSeat, now: int, found: Restored) -> Restored:
    """The backup's rows in the place of the server's, in one transaction; those were backed up before."""
    with closing(database_at(target)) as database:
        if database.revision() is not None:
            database.prepare(now)
            try:
                kept = str(target.parent / take(database, target.parent, "pre-restore", now).name)
            except Corrupt as damage:  # that is why somebody restores
                kept = f"nowhere, for it was damaged: {damage.found}"
            found = msgspec.structs.replace(found, kept=kept)
        database.prepare(now)
        _leave_word(source, found)
        with database.writer(now) as writer, source.reading() as seen, writer.transaction() as cursor:
            copy_all(source, seen, database, cursor)
    return found


def _leave_word(database: Database, found: Restored) -> None:
    with database.transaction() as cursor:
        cursor.execute(PUT_META, (RESTORED, msgspec.json.encode(found).decode()))


def _compare(database: Database, wanted: dict[str, TableSum]) -> None:
    with database.reading() as cursor:
        there = sums(database, cursor)
    wrong = [name for name, one in wanted.items() if name != "meta" and there[name] != one]
    if wrong:
        raise Corrupt(
            f"after the restore {', '.join(wrong)} differ from the backup",
            where=str(database.path),
            next_step="look at the disk (dmesg), then restore again",
        )


def _set_marks(target: Path, manifest: Manifest) -> None:
    """What counts as acknowledged and told from now on: the backup's last entry."""
    for suffix in (".head", ".told"):
        mark = HeadMark(target, suffix)
        if manifest.seq:
            mark.write(manifest.seq, bytes.fromhex(manifest.hash))
            mark.close()
        else:
            mark.path.unlink(missing_ok=True)
