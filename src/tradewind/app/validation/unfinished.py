"""Validations that were begun and not finished: typed again, they are the same reading of their sealed windows.

Without this a power cut between the look and the verdict would leave a window that is used up and says nothing.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from tradewind.adapters.market.sealed.durable import sync_folder, write_durably
from tradewind.errors import Corrupt


class Unfinished:
    """``data/validations/CONTENT``: when the validation of that content began. The file goes with its end.

    The content is a hash of all that its outcome depends on, so that going on comes to what it would have come to.
    """

    def __init__(self, data: Path) -> None:
        self.folder = data / "validations"

    def begun(self, content: str, now: int) -> int:
        """When the unfinished validation of ``content`` began, durable on return; ``now`` where there is none.

        Raises:
            Unavailable: the disk refuses.
            Corrupt: the file holds no time.
        """
        path = self.folder / content
        with suppress(FileNotFoundError):
            text = path.read_text(encoding="ascii", errors="replace").strip()
            if re.fullmatch(r"\d{1,19}", text):
                return int(text)
            raise Corrupt("no time", where=str(path), next_step="delete the file; its windows then count as read")
        self.folder.mkdir(parents=True, exist_ok=True)
        write_durably(path, lambda file: file.write(f"{now}\n".encode()))
        sync_folder(self.folder)
        return now

    def finished(self, content: str) -> None:
        """The validation has come to its end; what follows is another one."""
        (self.folder / content).unlink(missing_ok=True)
