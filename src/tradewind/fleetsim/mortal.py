"""A process that can be ended at its checkpoints, and a disk whose power can go at any write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

import apsw
import numpy as np

from tradewind.fleetsim.apsw_driver import VFS_NAME
from tradewind.fleetsim.recording_disk import SECTOR
from tradewind.ports.process import Crashed


class MortalProcess:
    """Implements ``ports.process.Process``: dies at the ``after``-th passing of an armed checkpoint.

    ``passed`` is called at every checkpoint before anything happens there.
    """

    def __init__(self, passed: Callable[[str], None]) -> None:
        self._passed = passed
        self._armed: dict[str, int] = {}

    def arm(self, checkpoint: str, after: int) -> None:
        """Death waits at ``checkpoint``."""
        self._armed[checkpoint] = after

    def disarm(self) -> None:
        """No death waits anywhere."""
        self._armed.clear()

    def checkpoint(self, name: str) -> None:
        """A named place in the code."""
        self._passed(name)
        if name in self._armed:
            self._armed[name] -= 1
            if self._armed[name] <= 0:
                self._armed.clear()
                raise Crashed(name)


class _Undo(NamedTuple):
    """What a write or truncation replaced: the old bytes at ``offset``, the old length, the new bytes."""

    offset: int
    old: bytes
    length: int
    new: bytes


class MortalDisk(apsw.VFS):
    """A disk whose power can go at any write; files lie where they are, and what is not synced can be taken back.

    The model of a power cut is that of ``recording_disk``: what was synced is there, of the rest nothing, everything or
    some, torn at sectors. ``gone`` once the power went or the process was killed: nothing reaches the disk from then
    on, and ``settle`` makes of the files what is left of them. Deletions are certain at once.
    """

    def __init__(self, generator: np.random.Generator) -> None:
        self.gone = False
        self.cut_off = False
        self._generator = generator
        self._unsynced: dict[Path, list[_Undo]] = {}
        self._writes_left: int | None = None
        self._buried = False
        self._full = 0
        super().__init__(VFS_NAME, "")

    def arm(self, writes: int) -> None:
        """The power goes after ``writes`` more writes or syncs."""
        self._writes_left = writes

    def fill(self, writes: int) -> None:
        """The next writes find no room."""
        self._full = writes

    def meet_fault(self, *, writes: bool) -> None:
        """Fails everything once the power has gone, and while the disk is full."""
        if writes and self._full and not self.gone:
            self._full -= 1
            full = apsw.FullError("no room")
            full.extendedresult = apsw.SQLITE_FULL  # type: ignore[attr-defined]  # apsw's stubs leave it out
            raise full
        if self._writes_left is not None and not self.gone:
            self._writes_left -= 1
            if self._writes_left < 0:
                self.cut()
        if self.cut_off and not self._buried:
            error = apsw.IOError("the power is gone")
            error.extendedresult = apsw.SQLITE_IOERR_WRITE  # type: ignore[attr-defined]  # apsw's stubs leave it out
            raise error

    def cut(self) -> None:
        """The power goes now."""
        self.gone = self.cut_off = True

    def bury(self) -> None:
        """The objects of the dead are being cleared away: what they write is dropped without a word."""
        self.gone = self._buried = True

    def settle(self) -> None:
        """After everything is closed: takes back what a power cut has taken; a kill takes nothing."""
        choice = int(self._generator.integers(3)) if self.cut_off else 0
        for path, undone in self._unsynced.items() if choice else ():
            if not path.exists():
                continue
            with path.open("r+b") as file:
                for one in reversed(undone):
                    file.seek(one.offset)
                    file.write(one.old)
                    file.truncate(one.length)
                for one in undone if choice == 2 else ():
                    self._partly(file, one)
        self._unsynced.clear()

    def _partly(self, file: BinaryIO, one: _Undo) -> None:
        survives = self._generator.random()
        if survives < 0.4:
            return
        for start in range(0, len(one.new), SECTOR):
            if survives < 0.8 or self._generator.random() < 0.5:
                file.seek(one.offset + start)
                file.write(one.new[start : start + SECTOR])

    def replaced(self, path: Path | None, undo: _Undo) -> None:
        """Something un-synced was done to a file."""
        if path is not None:
            self._unsynced.setdefault(path, []).append(undo)

    def synced(self, path: Path | None) -> None:
        """What was done to a file is certain."""
        if path is not None:
            self._unsynced.pop(path, None)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802  # the name apsw calls
        """Opens a file."""
        return MortalFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802  # the name apsw calls
        """Deletes a file, unless by the dead."""
        if not self.gone:
            self._unsynced.pop(Path(filename), None)
            super().xDelete(filename, syncdir)


class MortalFile(apsw.VFSFile):
    """One open file of the mortal disk."""

    def __init__(self, disk: MortalDisk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk = disk
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        super().__init__("", name, flags)
        self._path = Path(path) if path else None  # a temporary file: it is gone with the process whatever happens

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  # the name apsw calls
        """Writes, and keeps what was there."""
        self._disk.meet_fault(writes=True)
        if self._disk.gone:
            return
        length = super().xFileSize()
        old = super().xRead(len(data), offset) if offset < length else b""
        self._disk.replaced(self._path, _Undo(offset, old, length, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802  # the name apsw calls
        """Cuts a file to a length."""
        if self._disk.gone:
            return
        size = super().xFileSize()
        old = super().xRead(size - newsize, newsize) if newsize < size else b""
        self._disk.replaced(self._path, _Undo(newsize, old, size, b""))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802  # the name apsw calls
        """Makes what was written certain."""
        self._disk.meet_fault(writes=False)
        if not self._disk.gone:
            super().xSync(flags)
            self._disk.synced(self._path)
