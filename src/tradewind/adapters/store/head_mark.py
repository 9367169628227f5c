"""What was last acknowledged, written beside the database.

A database that was moved without its ``-wal`` file, or replaced by yesterday's copy, is a perfectly consistent older
database: nothing inside it can tell. ``<database>.head`` can. It is written after every commit and never synced, so it
costs two microseconds and can lag behind after a power cut, but can never be ahead of what is durable.
"""

from __future__ import annotations

import os
from pathlib import Path

_LENGTH = 20 + 1 + 64 + 1


class HeadMark:
    """The file ``<database>.head``: sequence number and hash of the last acknowledged entry, as text.

    With the suffix ``.told`` it notes the last entry that people were told of; it implements ``ports.store.Note``.
    """

    def __init__(self, database: Path, suffix: str = ".head") -> None:
        self.path = database.with_name(database.name + suffix)
        self._file: int | None = None

    def write(self, seq: int, digest: bytes) -> None:
        """Remembers entry ``seq`` with its chain hash.

        A disk that refuses is ignored: the mark guards a copy, the journal holds the truth.
        """
        try:
            if self._file is None:
                self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            os.pwrite(self._file, b"%020d %s\n" % (seq, digest.hex().encode()), 0)
        except OSError:
            return

    def read(self) -> tuple[int, bytes] | None:
        """``(seq, hash)``, or None where nothing readable was remembered."""
        try:
            text = self.path.read_bytes()
            if len(text) != _LENGTH:
                return None
            return int(text[:20]), bytes.fromhex(text[21:85].decode())
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        """Closes the file; twice is harmless."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
