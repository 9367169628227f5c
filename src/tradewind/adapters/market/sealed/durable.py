"""Files that are either wholly there or not there: write beside, fsync, rename, fsync the folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tradewind.errors import Retryable, Unavailable

TEMPORARY = ".writing"


def write_durably(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    """Puts a complete file at ``path``; after a crash the old file (or none) is there, never a part.

    The folder itself is made durable by ``sync_folder``, once for many files.

    Raises:
        Unavailable: the disk is full or the folder cannot be written; nothing was changed.
    """
    beside = path.with_name(path.name + TEMPORARY)
    try:
        with beside.open("wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise Unavailable(
            f"cannot write: {error.strerror or error}; nothing was changed",
            where=str(path),
            next_step="free disk space or correct the folder's permissions, then repeat the command",
        ) from error


def write_bytes_durably(path: Path, data: bytes) -> None:
    """``write_durably`` for what is in memory already."""
    write_durably(path, lambda file: file.write(data))


def sync_folder(folder: Path) -> None:
    """Makes renames and new names inside ``folder`` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def one_writer(lock: Path, what: str = "the candle store") -> Iterator[None]:
    """Holds the advisory lock file of ``what``; the kernel releases it when the process ends, however it ends.

    Raises:
        Retryable: another process holds it; the message names the process.
    """
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise Unavailable(
            f"{what} cannot be written: {error.strerror or error}",
            where=str(lock.parent),
            next_step="correct the folder or its permissions",
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            raise Retryable(
                f"another process (pid {holder}) is writing to {what}",
                where=str(lock.parent),
                allowed="one writer at a time",
                next_step="wait until it has finished and repeat the command",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)
