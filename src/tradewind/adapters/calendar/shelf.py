"""Where calendars are kept: ``data/calendar/feed.json`` as last fetched, ``history.json`` as imported."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

from tradewind.adapters.market.sealed.durable import sync_folder, write_durably
from tradewind.errors import Corrupt
from tradewind.model.calendar import NewsCalendar

Kind = Literal["feed", "history"]
KINDS: Final[tuple[Kind, ...]] = ("feed", "history")


class CalendarShelf:
    """Reads and replaces the two files; a file is whole or as it was before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, kind: Kind) -> NewsCalendar | None:
        """The calendar of that kind, None where there is none.

        Raises:
            Corrupt: the file is no calendar.
        """
        path = self.folder / f"{kind}.json"
        try:
            body = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return msgspec.json.decode(body, type=NewsCalendar)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Corrupt(
                f"no calendar ({error})",
                where=str(path),
                next_step="delete it, then tradewind calendar fetch or import",
            ) from error

    def write(self, kind: Kind, calendar: NewsCalendar) -> Path:
        """Replaces the calendar of that kind."""
        path = self.folder / f"{kind}.json"
        self.folder.mkdir(parents=True, exist_ok=True)
        write_durably(path, lambda file: file.write(msgspec.json.encode(calendar)))
        sync_folder(self.folder)
        return path
