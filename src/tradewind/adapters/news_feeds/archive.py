"""The archive of a project: every reading of the sources, a line each, in ``data/news/articles.jsonl``."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from tradewind.adapters.market.sealed.durable import sync_folder
from tradewind.adapters.news_feeds.intake import KeptArticle
from tradewind.errors import Corrupt, Unavailable

FILE: Final = "articles.jsonl"


class Reading(msgspec.Struct, frozen=True):
    """What one reading brought: at ``ts``, of the time from ``since`` to ``until``; UTC nanoseconds."""

    ts: int
    since: int
    until: int
    kept: tuple[KeptArticle, ...] = ()


class NewsArchive:
    """Appends readings durably and gives them back. Several processes may append; none rewrites a line.

    A last line that a crash cut off was never acknowledged: it is read over, and taken away by the next append.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def append(self, readings: Sequence[Reading]) -> None:
        """Adds lines; they are on the disk when this returns.

        Raises:
            Unavailable: the disk refuses.
        """
        data = b"".join(msgspec.json.encode(one) + b"\n" for one in readings)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                end = _whole(file)
                os.ftruncate(file, end)
                while data:
                    written = os.pwrite(file, data, end)
                    data, end = data[written:], end + written
                os.fsync(file)
            finally:
                os.close(file)
            sync_folder(self.path.parent)
        except OSError as error:
            raise Unavailable(
                f"the articles cannot be written ({error.strerror or error})", where=str(self.path),
                next_step="free space or correct the folder's permissions; what was written before is whole",
            ) from error  # fmt: skip

    def readings(self, start: int = 0) -> tuple[list[Reading], int]:
        """Readings from the byte ``start`` on, in the order of the file, and the byte behind the last whole line.

        None where there is no file.

        Raises:
            Corrupt: a line is none.
            Unavailable: the file cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(start)
                body = file.read()
        except FileNotFoundError:
            return [], 0
        except OSError as error:
            raise Unavailable(f"cannot read ({error.strerror or error})", where=str(self.path)) from error
        whole = body.rfind(b"\n") + 1  # behind the last line end there is nothing, or what a crash cut off
        found = []
        for number, line in enumerate(body[:whole].split(b"\n")[:-1], start=1):
            try:
                found.append(_DECODER.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                place = f"line {number}" + (f" behind byte {start}" if start else "")
                raise Corrupt(
                    f"{place} is no reading ({error})", where=str(self.path),
                    next_step="take that line out of the file; every line stands for itself",
                ) from error  # fmt: skip
        return found, start + whole


_DECODER: Final = msgspec.json.Decoder(Reading)


def _whole(file: int) -> int:
    """Where the last whole line ends."""
    end = os.fstat(file).st_size
    while end:
        begin = max(0, end - 65_536)
        found = os.pread(file, end - begin, begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0
