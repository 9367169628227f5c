"""When jobs were begun, as the store remembers it over processes."""

from __future__ import annotations

from typing import Final

import msgspec

from tradewind.adapters.store.reader import Queryable

KEY: Final = "schedule"


def known_passes(database: Queryable) -> dict[str, int]:
    """``job -> UTC ns`` of its last pass."""
    _, rows = database.query("SELECT value FROM meta WHERE key = ?", (KEY,))
    return msgspec.json.decode(rows[0][0], type=dict[str, int]) if rows else {}
