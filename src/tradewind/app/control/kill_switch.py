"""The kill file: it works where the store does not. That it is there is the order; what is written in it is not."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tradewind.app.control.desk import kill_file, legible
from tradewind.errors import Unavailable


class LaidDown(NamedTuple):
    """The kill file, which is there and counts; ``fault`` is why the reason is not in it, empty where it is."""

    path: Path
    fault: str = ""

    def line(self) -> str:
        """What a person should know."""
        without = f" It is there without the reason ({self.fault}) and counts all the same." if self.fault else ""
        return f"{self.path} is there: it stops every run on this store until `tradewind kill off`.{without}"


def lay_down(database: Path, reason: str) -> LaidDown:
    """Puts the kill file beside a store, with the reason in it, and waits until the disk has it.

    The file comes first and the reason after it, in one step: a disk without room leaves an empty file, which counts.
    No reason leaves what stands in it.

    Raises:
        Unavailable: there is no file and none can be made.
    """
    path = kill_file(database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o644))
        _settle(path.parent)
    except OSError as error:
        if not path.exists():
            raise Unavailable(
                f"the kill file cannot be made ({error.strerror})",
                where=str(path),
                next_step="stop the process itself; open positions keep their stops at the venue",
            ) from error
    text = legible(reason)
    if not text:
        return LaidDown(path)
    whole = path.with_name(f"{path.name}.next")
    try:
        with whole.open("w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        whole.replace(path)
        _settle(path.parent)
    except OSError as error:
        with suppress(OSError):
            whole.unlink(missing_ok=True)
        return LaidDown(path, error.strerror or type(error).__name__)
    return LaidDown(path)


def take_up(database: Path) -> Path | None:
    """Removes the kill file; None where there was none.

    Raises:
        Unavailable: it cannot be removed.
    """
    path = kill_file(database)
    try:
        path.unlink()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unavailable(
            f"the kill file cannot be removed ({error.strerror})",
            where=str(path),
            next_step="remove it as a user who may, then `tradewind kill off --reason TEXT`",
        ) from error
    return path


def _settle(folder: Path) -> None:
    """Waits until the disk has the folder's new entry."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
