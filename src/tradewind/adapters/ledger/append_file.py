"""The ledger's file: who may write it, what became durable, and what a crash left at its end."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from tradewind.adapters.ledger.frames import FILE_HEADER, START, Damage, Frame, Head, Tail, frame_bytes, frames
from tradewind.adapters.store.head_mark import HeadMark
from tradewind.adapters.store.lease import WriterLock
from tradewind.errors import Corrupt, Unavailable

KEEP = "keep a copy of the file, then restore the last backup; deleting it would forget every trial"


class Contents:
    """What a file holds: whole ``frames`` up to ``head``, then perhaps a ``tail`` that is none."""

    def __init__(self, path: Path, mark: tuple[int, bytes] | None) -> None:
        """Reads and verifies ``path``; ``mark`` is what was last acknowledged, None where nobody knows.

        Raises:
            Corrupt: an entry is damaged or missing; the message names it.
        """
        self.path = path
        self.data = _read(path)
        self.frames: list[Frame] = []
        self.tail: Tail | None = None
        if FILE_HEADER.startswith(self.data[: len(FILE_HEADER)]):
            for found in frames(memoryview(self.data)):
                if isinstance(found, Tail):
                    self.tail = found
                else:
                    self.frames.append(found)
        else:
            raise Corrupt("this is no trial ledger of this version", where=str(path), next_step=KEEP)
        self.head = self.frames[-1].head if self.frames else START
        self._hold_against(mark)

    def _hold_against(self, mark: tuple[int, bytes] | None) -> None:
        """Raises ``Corrupt`` where the file lacks what was acknowledged, or where damage is not a torn last write."""
        entry = self.head.entry + 1
        if self.tail is not None and (
            self.tail.followed
            or (mark is not None and mark[0] >= entry)
            or (mark is None and self.frames and self.tail.damage is not Damage.CUT)
        ):
            raise Corrupt(f"entry {entry} is damaged: {self.tail.damage}", where=str(self.path), next_step=KEEP)
        if mark is None or mark[0] == 0:
            return
        if mark[0] > self.head.entry:
            raise Corrupt(
                f"entry {entry} is missing: {mark[0]} were acknowledged, the file ends after {self.head.entry}",
                where=str(self.path),
                next_step=f"restore the newer file; deleting {self.path.name}.head accepts this older one",
            )
        if self.frames[mark[0] - 1].head.hash != mark[1]:
            raise Corrupt(
                f"entry {mark[0]} is not the one that was acknowledged: this is another ledger",
                where=str(self.path),
                next_step=f"restore the right file; deleting {self.path.name}.head accepts this one",
            )

    @property
    def torn(self) -> bytes:
        """The bytes that are no entry."""
        end = self.head.end if len(self.data) >= len(FILE_HEADER) else 0
        return self.data[end:]


class AppendFile:
    """Appends frames durably: one write and one ``sync`` each. One writer at a time; it never overwrites an entry.

    Raises:
        Unavailable: another process is writing, or the disk refuses.
        Corrupt: an entry is damaged or missing.
    """

    def __init__(self, path: Path, *, sync: Callable[[int], None] = os.fsync) -> None:
        self.path = path
        self._sync = sync
        self._owner = os.getpid()
        self._broken = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as fault:
            raise _refused(path, fault) from fault
        self._lock = WriterLock(path, "trial ledger", "wait until process {pid} has ended, then repeat the command")
        self._lock.acquire()
        self._mark = HeadMark(path)
        self._file = -1
        try:
            self.contents = Contents(path, self._mark.read())
            self.head = self.contents.head
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            self.repaired = self._repair()
            self._remember()
        except OSError as fault:
            self.close()
            raise _refused(path, fault) from fault
        except BaseException:
            self.close()
            raise

    def _repair(self) -> Path | None:
        """Moves a torn tail beside the file and cuts it off; the place it was kept at, None where there was none.

        The bytes are durable beside before they are cut off.
        """
        torn, kept = self.contents.torn, None
        if torn:
            name = f"{self.path.name}.torn-{self.contents.head.entry + 1}-{sha256(torn).hexdigest()[:8]}"
            kept = self.path.with_name(name)
            with kept.open("wb") as beside:
                beside.write(torn)
                beside.flush()
                os.fsync(beside.fileno())
            os.ftruncate(self._file, self.contents.head.end if self.contents.frames else 0)
        if not self.contents.frames:
            os.pwrite(self._file, FILE_HEADER, 0)
            os.ftruncate(self._file, len(FILE_HEADER))
        if torn or not self.contents.frames:
            os.fsync(self._file)
            _sync_folder(self.path.parent)
        return kept

    def _remember(self) -> None:
        """Makes a mark durable, so that one which is missing was taken away and not lost in a power cut."""
        if self._mark.read() != self.head[:2]:
            self._mark.write(self.head.entry, self.head.hash)
            handle = os.open(self._mark.path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
            _sync_folder(self.path.parent)

    def append(self, kind: int, ts: int, payload: bytes) -> Head:
        """Adds one entry; durable when this returns, and not there at all when it raises.

        Raises:
            Unavailable: the disk refuses, or the file is no longer this writer's.
        """
        self._require_own()
        data, head = frame_bytes(self.head, kind, ts, payload)
        try:
            _write_all(self._file, data, self.head.end)
            self._sync(self._file)
        except OSError as fault:
            self._broken = True  # after a failed sync nobody knows what the disk holds; opening again finds out
            with suppress(OSError):
                os.ftruncate(self._file, self.head.end)
            raise _refused(self.path, fault) from fault
        self.head = head
        self._mark.write(head.entry, head.hash)
        return head

    def _require_own(self) -> None:
        if self._broken or self._owner != os.getpid():
            raise Unavailable(
                "this process can no longer write it: an earlier write failed, or it is a copy of the writer",
                where=str(self.path),
                next_step="open the ledger again",
            )
        try:
            there, ours = self.path.stat(), os.fstat(self._file)
        except OSError as fault:
            raise _refused(self.path, fault) from fault
        if (there.st_ino, there.st_dev, there.st_size) != (ours.st_ino, ours.st_dev, self.head.end):
            raise Unavailable(
                "another process has written or replaced the file",
                where=str(self.path),
                allowed="one writer at a time",
                next_step="end the other process, then open the ledger again",
            )

    def close(self) -> None:
        """Gives the file back; twice is harmless."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self._mark.close()
        self._lock.release()


def read_contents(path: Path) -> Contents:
    """What a file holds, beside a writer or without one; a frame being written is a ``tail``.

    Raises:
        Unavailable: there is no file.
        Corrupt: an entry is damaged or missing, or the whole file although entries of it were acknowledged.
    """
    mark = HeadMark(path).read()  # before the file, which can only be longer
    if not path.is_file():
        if mark is not None and mark[0]:
            raise Corrupt(
                f"the trial ledger is lost: {mark[0]} entries were acknowledged and the file is gone",
                where=str(path),
                next_step="restore it from a backup",
            )
        raise Unavailable(
            "there is no trial ledger", where=str(path), next_step="tradewind research makes it with its first trials"
        )
    return Contents(path, mark)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as fault:
        raise _refused(path, fault) from fault


def _write_all(file: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refused(path: Path, fault: OSError) -> Unavailable:
    return Unavailable(
        f"the trial ledger cannot be read or written ({fault.strerror or fault})",
        where=str(path),
        next_step="nothing acknowledged is lost; free space or correct the folder's permissions, then try again",
    )
