"""The sign of life that outlives the process: one small file, replaced whole, that anybody may read."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


class BeatFile:
    """Beside the store ``X.db`` lies ``X.db.beat``. A power cut may leave an old one, never half of one."""

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(database.name + ".beat")
        self._next = database.with_name(database.name + ".beat.next")

    def write(self, content: bytes) -> None:
        """Puts ``content`` in place of what stood there.

        Raises:
            OSError: the disk refuses.
        """
        self._next.write_bytes(content)
        self._next.chmod(0o600)
        self._next.replace(self.path)

    def read(self) -> bytes | None:
        """The newest content, None where there is none that can be read."""
        with suppress(OSError):
            return self.path.read_bytes()
        return None
