"""What was restored into a store, and what the next run has to say of it."""

from __future__ import annotations

from typing import Final

import msgspec

from tradewind.adapters.store.reader import Queryable
from tradewind.adapters.store.schema import utc_text

RESTORED: Final = "restored"
"""Key in ``meta`` under which the next run finds what was restored, until it has said so."""


class Restored(msgspec.Struct, frozen=True):
    """What a restore did. ``acknowledged`` is the last entry the replaced store had acknowledged, None where unknown.

    ``seq`` is the backup's last entry, of ``last_ts``; ``kept`` is where what was there before lies now.
    """

    backup: str
    taken: str
    restored: str
    seq: int
    last_ts: int
    acknowledged: int | None
    kept: str
    rows: dict[str, int]

    @property
    def lost(self) -> int | None:
        """Entries that were acknowledged and are not there any more."""
        return None if self.acknowledged is None else max(0, self.acknowledged - self.seq)

    def words(self) -> str:
        """What a person must know of it."""
        up_to = f"entry {self.seq}" + (f" ({utc_text(self.last_ts)} UTC)" if self.last_ts else "")
        lost = {
            None: "how many entries came after it is not known on this host",
            0: "nothing that was acknowledged is lost",
        }.get(self.lost, f"{self.lost} later entries, acknowledged before, are LOST")
        warning = "; what was sent or ordered after it is not in the journal: compare with the venue"
        after = "" if self.lost == 0 else warning
        return f"restored from {self.backup} (taken {self.taken} UTC), which ends at {up_to}: {lost}{after}"


def restored_note(database: Queryable) -> Restored | None:
    """What the next run has to say about a restore; None where there was none, or it was said."""
    _, rows = database.query("SELECT value FROM meta WHERE key = ?", (RESTORED,))
    try:
        return msgspec.json.decode(rows[0][0], type=Restored) if rows and rows[0][0] else None
    except msgspec.DecodeError:
        return None
