"""The kill file: it works where the store does not. That it is there is the order; what is written in it is not."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tradewind.adapters.host_resources import size_of
from tradewind.app.control.desk import BY, UNSAID, kill_file
from tradewind.app.control.free_text import legible
from tradewind.errors import Unavailable


class LaidDown(NamedTuple):
    """The kill file, which is there and counts; ``fault`` is why the reason is not in it, empty where it is."""

    path: Path
    fault: str = ""

    def line(self) -> str:
        """What a person should know."""
        without = f" It is there without the reason ({self.fault}) and counts all the same." if self.fault else ""
        return f"{self.path} is there: it stops every run on this store until `tradewind kill off`.{without}"


def lay_down(database: Path, reason: str, actor: str) -> LaidDown:
    """Puts the kill file beside a store, with the reason and who gave it, and waits until the disk has it.

    It appears whole, so that nobody reads half of it; a disk without room for that takes an empty file, which counts.
    No reason leaves what stands in it.

    Raises:
        Unavailable: there is no file and none can be made.
    """
    path = kill_file(database)
    if not legible(reason) and size_of(path):
        return LaidDown(path)
    fault = _written_whole(path, f"{legible(reason) or UNSAID}\n{BY}{legible(actor)}\n")
    if not fault:
        return LaidDown(path)
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
    return LaidDown(path, fault)


def _written_whole(path: Path, text: str) -> str:
    """Why the text could not be put in place of what stood at ``path``, empty where it was."""
    whole = path.with_name(f"{path.name}.next")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        whole.replace(path)
        _settle(path.parent)
    except OSError as error:
        with suppress(OSError):
            whole.unlink(missing_ok=True)
        return error.strerror or type(error).__name__
    return ""


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
