"""One writer. Two guards, because each alone has a hole.

The operating system's lock on ``<database>.lock`` ends with the process that holds it, however it died, so a stale one
cannot exist; but it can be lost where the lock file was deleted or the disk is shared between hosts. The fencing
number in the ``lease`` table is raised by every new writer and looked at inside every transaction, so a writer that
was overtaken cannot commit.
"""

from __future__ import annotations

import fcntl
import os
import weakref
from pathlib import Path
from typing import Final

from tradewind.errors import Unavailable

_LOOKS: Final = 500


class WriterLock:
    """Exclusive lock on ``<database>.lock``, held until ``release`` or the end of the process."""

    def __init__(self, database: Path, what: str = "database", remedy: str = "") -> None:
        """``remedy`` is what to do where process ``{pid}`` has it; by default to stop that or to take another file."""
        self._database = database
        self._what = what
        self._remedy = remedy or f"stop process {{pid}} first, or use another {what}"
        self._path = database.with_name(database.name + ".lock")
        self._file: int | None = None

    def acquire(self) -> None:
        """Takes the lock or says who has it.

        Raises:
            Unavailable: another process (or another part of this one) is writing; its pid is in the message.
        """
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _take(file)
        except BlockingIOError as fault:
            pid = os.read(file, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(file)
            raise Unavailable(
                f"another process (pid {pid}) is writing to this {self._what}",
                where=str(self._database),
                allowed="one writer at a time",
                next_step=self._remedy.format(pid=pid),
            ) from fault
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file
        _HELD.add(self)

    def release(self) -> None:
        """Gives the lock back; twice is harmless."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def holder(self) -> str | None:
        """The pid, as text, of the process that holds the lock now; None when nobody does. Waits for nobody.

        It works across containers of one host, where a pid says nothing.
        """
        try:
            file = os.open(self._path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return os.read(file, 32).decode("ascii", "replace").strip() or "unknown"
        finally:
            os.close(file)
        return None


_HELD: weakref.WeakSet[WriterLock] = weakref.WeakSet()


def _let_go_in_child() -> None:
    """A forked worker shares the lock with its parent and would keep it after the parent was killed."""
    for lock in list(_HELD):
        lock.release()


os.register_at_fork(after_in_child=_let_go_in_child)


def _take(file: int) -> None:
    """The exclusive lock, with patience for somebody who only looks: ``holder`` has it for microseconds."""
    for _ in range(_LOOKS):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.sched_yield()
        else:
            return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
