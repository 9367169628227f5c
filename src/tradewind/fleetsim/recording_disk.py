"""A disk that remembers: every write, truncation, deletion and sync below SQLite, and any past state rebuilt.

The model of a power cut: what was written before a file's last sync is there; of what was written to it since, any
subset may be there, and a single write may be torn at a 512-byte sector. The order of un-synced writes is not kept. A
deletion is certain once the folder was synced, which SQLite does with the first sync of a journal or log it created.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import apsw
import numpy as np

from tradewind.fleetsim import apsw_driver

SECTOR = 512
_RESULTS = {apsw.FullError: apsw.SQLITE_FULL, apsw.IOError: apsw.SQLITE_IOERR_WRITE}


class Op(NamedTuple):
    """One thing that reached the disk. ``kind`` is write, truncate, delete, sync or folder (the folder's sync)."""

    kind: str
    file: str
    offset: int = 0
    data: bytes = b""


class RecordingDisk(apsw.VFS):
    """Passes everything to the real file system and keeps a log of it.

    ``note`` takes each operation once it was done; a subclass may do something else with it. ``fail_at`` makes the n-th
    write or sync from now on fail, with ``failure`` as the error; ``deaf`` names a file suffix whose syncs are not
    passed on nor logged, as a disk that lies does.
    """

    def __init__(self) -> None:
        self.log: list[Op] = []
        self.fail_at: int | None = None
        self.failure: type[apsw.Error] = apsw.FullError
        self.deaf: str | None = None
        super().__init__(apsw_driver.VFS_NAME, "")

    def note(self, op: Op) -> None:
        """Takes an operation that was done."""
        self.log.append(op)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802  # the name apsw calls
        """Opens a file and records what happens to it."""
        return RecordingFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802  # the name apsw calls
        """Deletes a file."""
        self.note(Op("delete", Path(filename).name))
        super().xDelete(filename, syncdir)
        if syncdir:
            self.note(Op("folder", ""))

    def meet_fault(self) -> None:
        """Fails if it is time to."""
        if self.fail_at is not None:
            self.fail_at -= 1
            if self.fail_at < 0:
                error = self.failure("made to fail")
                error.extendedresult = _RESULTS[self.failure]  # type: ignore[attr-defined]  # apsw's stubs leave it out
                raise error


class RecordingFile(apsw.VFSFile):
    """One open file of the recording disk."""

    def __init__(self, disk: RecordingDisk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk = disk
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = Path(path).name if path else ""
        created = flags[0] & apsw.SQLITE_OPEN_CREATE and flags[0] & (
            apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL
        )
        self._folder_unsynced = bool(created)
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  # the name apsw calls
        """Writes."""
        self._disk.meet_fault()
        super().xWrite(data, offset)
        if self._name:
            self._disk.note(Op("write", self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802  # the name apsw calls
        """Cuts a file to a length."""
        super().xTruncate(newsize)
        self._disk.note(Op("truncate", self._name, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802  # the name apsw calls
        """Makes what was written certain."""
        self._disk.meet_fault()
        if self._disk.deaf is not None and self._name.endswith(self._disk.deaf):
            return
        super().xSync(flags)
        self._disk.note(Op("sync", self._name))
        if self._folder_unsynced:
            self._folder_unsynced = False
            self._disk.note(Op("folder", ""))


class Disk:
    """The state of a power-less disk: per file what is certain, and what may or may not be."""

    def __init__(self, certain: dict[str, bytes] | None = None) -> None:
        self._certain = {name: bytearray(content) for name, content in (certain or {}).items()}
        self._cached = {name: bytearray(content) for name, content in (certain or {}).items()}
        self._pending: dict[str, list[Op]] = {}

    def apply(self, op: Op) -> None:
        """Moves on by one operation of the log."""
        if op.kind == "folder":
            self._deletions_are_certain()
        elif op.kind == "sync":
            self._sync(op.file)
        else:
            self._pending.setdefault(op.file, []).append(op)
            _change(self._cached, op)

    def _sync(self, file: str) -> None:
        """What is cached of the file is certain now."""
        for op in self._pending.pop(file, ()):
            _change(self._certain, op)

    def _deletions_are_certain(self) -> None:
        for file, ops in self._pending.items():
            deleted = max((place for place, op in enumerate(ops) if op.kind == "delete"), default=None)
            if deleted is not None:
                self._certain.pop(file, None)
                self._pending[file] = ops[deleted + 1 :]
        self._pending = {file: ops for file, ops in self._pending.items() if ops}

    def none(self) -> dict[str, bytes]:
        """Nothing un-synced survived."""
        return _frozen(self._certain)

    def all(self) -> dict[str, bytes]:
        """Everything survived: the state a killed process leaves."""
        return _frozen(self._cached)

    def some(self, rng: np.random.Generator) -> dict[str, bytes]:
        """A random subset of the un-synced survived, torn at sectors."""
        files = {name: bytearray(content) for name, content in self._certain.items()}
        for ops in self._pending.values():
            for op in ops:
                for part in _torn(op, rng):
                    _change(files, part)
        return _frozen(files)

    @property
    def uncertain(self) -> bool:
        """Whether anything is un-synced."""
        return bool(self._pending)


def _frozen(files: dict[str, bytearray]) -> dict[str, bytes]:
    return {name: bytes(content) for name, content in files.items()}


def _change(files: dict[str, bytearray], op: Op) -> None:
    if op.kind == "delete":
        files.pop(op.file, None)
        return
    content = files.setdefault(op.file, bytearray())
    end = op.offset + len(op.data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if op.kind == "truncate":
        del content[op.offset :]
    else:
        content[op.offset : end] = op.data


def _torn(op: Op, rng: np.random.Generator) -> Iterator[Op]:
    survives = rng.random()
    if survives < 0.4:
        return
    if survives < 0.8 or op.kind != "write":
        yield op
        return
    start = op.offset
    while start < op.offset + len(op.data):
        stop = min((start // SECTOR + 1) * SECTOR, op.offset + len(op.data))
        if rng.random() < 0.5:
            yield Op("write", op.file, start, op.data[start - op.offset : stop - op.offset])
        start = stop


def lay_out(files: dict[str, bytes], folder: Path) -> None:
    """Writes a rebuilt state into an empty or earlier used folder."""
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
