"""A backup: one SQLite file with everything the store holds, and beside it what it must hold.

It is taken while the store is written. From SQLite it is a copy of pages by SQLite's own backup, from PostgreSQL a copy
of all rows in one snapshot; either can be restored to either. A file that is found whole is named only then, so a name
that is there was complete.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from hashlib import file_digest
from pathlib import Path
from typing import Final, Literal

import msgspec

from tradewind.adapters.store.database import Database, alone_in
from tradewind.adapters.store.faults import translated
from tradewind.adapters.store.history_check import look
from tradewind.adapters.store.location import SCHEMA_REVISION
from tradewind.adapters.store.schema import utc_text
from tradewind.adapters.store.seat import PostgresSeat
from tradewind.adapters.store.sqlite import SqliteDatabase
from tradewind.adapters.store.table_copy import TableSum, copy_all, sums
from tradewind.errors import Corrupt, Misconfigured, TradewindError, Unavailable

Kind = Literal["daily", "manual", "pre-migration", "pre-promotion", "pre-prod", "pre-restore"]
KINDS: Final = ("daily", "manual", "pre-migration", "pre-promotion", "pre-prod", "pre-restore")
MANIFEST: Final = ".json"
UNFINISHED: Final = ".part-"
"""What a folder is called that a backup is still made in; what is left of a dead one goes with the next."""


class Manifest(msgspec.Struct, frozen=True):
    """What a backup holds: ``seq`` and ``hash`` of its last journal entry, rows and hash of every table.

    ``ts`` is when it was taken, UTC nanoseconds; ``bytes`` and ``sha256`` are of the file.
    """

    name: str
    kind: Kind
    ts: int
    timestamp: str
    source: str
    revision: str
    seq: int
    hash: str
    last_ts: int
    bytes: int
    sha256: str
    tables: dict[str, TableSum]

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables.values())


def name_of(database: Path, kind: Kind, ts: int) -> str:
    """``tradewind.db.backup-20261121`` for the daily one, ``pre-prod-20261121-131500-tradewind.db`` for the others."""
    stamp = utc_text(ts).replace("-", "").replace(":", "").replace(" ", "-")
    return f"{database.name}.backup-{stamp[:8]}" if kind == "daily" else f"{kind}-{stamp}-{database.name}"


def take(database: Database, folder: Path, kind: Kind, ts: int) -> Manifest:
    """Takes a backup into ``folder`` while others read and write; ``ts`` is now, UTC nanoseconds.

    Raises:
        Unavailable: there is no store, or the disk refuses; what there was before is untouched.
        Corrupt: the copy is damaged, and so most likely is the store: it was not named.
    """
    database.require()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with alone_in(folder):  # two at once would work on one unfinished file
            return _taken(database, folder, kind, ts)
    except OSError as fault:
        raise Unavailable(
            f"the backup cannot be written ({fault.strerror or fault})",
            where=str(folder),
            next_step="nothing was changed; free space or name another folder (backup.folder)",
        ) from fault


def _taken(database: Database, folder: Path, kind: Kind, ts: int) -> Manifest:
    name = _free(folder, name_of(database.path, kind, ts), kind)
    _cleared(folder)
    try:
        bench = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder))
        part, beside = bench / name, bench / (name + MANIFEST)
        with closing(SqliteDatabase(part)) as copy:
            _copied(database, copy, ts)
            found = _whole(copy, name, kind, ts, str(database.path))
        _settled(part)
        with part.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        found = msgspec.structs.replace(found, bytes=part.stat().st_size, sha256=digest)
        beside.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1))
        for one in (part, beside):
            one.chmod(0o600)
            synced(one)
        (folder / (name + MANIFEST)).unlink(missing_ok=True)  # never an old word beside a new file
        part.replace(folder / name)
        beside.replace(folder / (name + MANIFEST))
        synced(folder)
    finally:
        _cleared(folder)
    return found


def _free(folder: Path, name: str, kind: Kind) -> str:
    """``name``, with a number before it where another backup of the same second has it; a day has one daily backup."""
    number, free = 1, name
    while kind != "daily" and (folder / free).exists():
        number, free = number + 1, f"{number + 1}-{name}"
    return free


def _cleared(folder: Path) -> None:
    for rest in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(rest, ignore_errors=True)


def verified(path: Path, *, unknown: bool = True) -> Manifest:
    """The backup at ``path``, looked at as if nobody had ever vouched for it: bytes, pages, chain, rows, hashes.

    ``unknown`` lets a file pass that no manifest lies beside, such as one that was copied alone.

    Raises:
        Unavailable: there is no such file.
        Misconfigured: it was made by another version of the schema.
        Corrupt: it is damaged, or is not what was backed up.
    """
    if not path.is_file():
        raise Unavailable("there is no such backup", where=str(path), next_step="tradewind db backup --list")
    said = manifest_beside(path)
    if said is None and not unknown:
        raise Corrupt("its manifest is missing or cannot be read", where=str(path))
    if said is not None:
        with path.open("rb") as file:
            if file_digest(file, "sha256").hexdigest() != said.sha256:
                raise Corrupt("its bytes are not those that were backed up", where=str(path), next_step=_OTHER)
        _compatible(said.revision, path)
        if said.revision != SCHEMA_REVISION:
            return said  # older: its bytes are vouched for; rows are compared after it was brought up to date
    with working_copy(path) as copy:
        revision = copy.revision()
        _compatible(revision or "", path)
        if revision != SCHEMA_REVISION and said is None:
            copy.prepare(0)
        found = _whole(copy, path.name, "manual", said.ts if said else 0, str(path))
    if said is not None and any(found.tables.get(table) != one for table, one in said.tables.items()):
        raise Corrupt("its rows are not those that were backed up", where=str(path), next_step=_OTHER)
    return said or msgspec.structs.replace(found, bytes=path.stat().st_size)


def manifest_beside(path: Path) -> Manifest | None:
    """What was written about the backup at ``path``; None where nothing can be read."""
    try:
        return msgspec.json.decode(path.with_name(path.name + MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        return None


def _copied(database: Database, copy: SqliteDatabase, ts: int) -> None:
    if isinstance(database.path, PostgresSeat):
        copy.prepare(ts)
        with database.reading() as seen, copy.transaction() as cursor:
            copy_all(database, seen, copy, cursor)
        return
    with translated(str(database.path), sqlite3.Error):
        source = sqlite3.connect(f"file:{database.path.absolute()}?mode=rw", uri=True)
        with closing(source), closing(sqlite3.connect(copy.path)) as target:
            source.backup(target)  # in one step: what was committed when it began, whoever writes meanwhile


def _whole(copy: SqliteDatabase, name: str, kind: Kind, ts: int, source: str) -> Manifest:
    """What the file of ``copy`` holds.

    Raises:
        Corrupt: a page, a reference or an entry of its journal is damaged.
    """
    copy.check_pages()
    copy.check_references()
    chain = look(copy.path)
    if chain.found:
        raise Corrupt(chain.found, where=str(copy.path), next_step=_OTHER)
    with copy.reading() as cursor:
        tables = sums(copy, cursor)
        last = cursor.execute("SELECT seq, hash, ts FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    seq, own, last_ts = last or (0, b"", 0)
    return Manifest(
        name, kind, ts, utc_text(ts), source, copy.revision() or "", seq, own.hex(), last_ts, 0, "", tables
    )  # fmt: skip


@contextmanager
def working_copy(path: Path) -> Iterator[SqliteDatabase]:
    """A copy of a backup to work on: SQLite writes beside what it opens, and a backup may lie where nobody may write.

    What is found wrong with the copy is said of the backup, which is what somebody can look at afterwards.

    Raises:
        Unavailable: there is no room for the copy.
    """
    with ExitStack() as stack:
        try:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tradewind-backup-")))
            copied = shutil.copyfile(path, folder / path.name)
        except OSError as fault:
            raise Unavailable(
                f"a backup cannot be copied to be looked at ({fault.strerror or fault})",
                where=tempfile.gettempdir(),
                next_step="free space there, or set TMPDIR to a folder with room",
            ) from fault
        try:
            with closing(SqliteDatabase(copied)) as copy:
                yield copy
        except TradewindError as fault:
            if not Path(fault.where).is_relative_to(folder):
                raise
            if isinstance(fault, Unavailable):
                raise fault.about(tempfile.gettempdir()) from fault
            raise fault.about(str(path), _OTHER) from fault


def _compatible(revision: str, path: Path) -> None:
    if not revision or revision > SCHEMA_REVISION:
        raise Misconfigured(
            f"its schema is {revision or 'missing'}",
            where=str(path),
            allowed=f"up to {SCHEMA_REVISION}",
            next_step="update tradewind, or name another backup",
        )


def _settled(path: Path) -> None:
    """One file without a log beside it."""
    with translated(str(path), sqlite3.Error), closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").fetchall()


def synced(path: Path) -> None:
    """What is written at ``path``, a file or a folder, survives a power cut from now on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_OTHER: Final = "take another one: tradewind db restore --last-good"
