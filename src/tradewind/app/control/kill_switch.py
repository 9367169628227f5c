"""The kill file: it works where the store does not."""

from __future__ import annotations

import os
from pathlib import Path

from tradewind.app.control.asking import one_line
from tradewind.app.control.desk import kill_file
from tradewind.errors import Unavailable


def lay_down(database: Path, reason: str) -> Path:
    """Writes the kill file beside a store, with the reason in it, and waits until the disk has it.

    Raises:
        Unavailable: the folder cannot be written to.
    """
    path = kill_file(database)
    text = one_line(reason, "--reason")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as file:
            file.write(text + "\n" if text else "")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Unavailable(
            f"the kill file cannot be written ({error.strerror})",
            where=str(path),
            next_step="stop the process itself; open positions keep their stops at the venue",
        ) from error
    return path


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
