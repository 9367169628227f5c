"""Versions of the configuration as the service met them: what changed, when, and by whom."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tradewind.adapters.store.config_versions import ConfigVersion, config_versions
from tradewind.adapters.store.database import Writer
from tradewind.adapters.store.schema import utc_text

_INSERT: Final = (
    "INSERT INTO config_history (timestamp, ts, actor, origin, config_hash, changes, settings)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


def record_config(
    writer: Writer, now: int, actor: str, origin: str, config_hash: str, settings: dict[str, Any]
) -> ConfigVersion | None:
    """Adds a version where ``settings`` are not those of the newest one; that version, or None.

    ``origin`` says where it was met (a start, a changed file); ``settings`` must be without secrets.
    """
    found = config_versions(writer.database, 1)
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(settings))
    before = found[0].settings if found else {}
    if found and before == plain:
        return None
    keys = [key for key in {**before, **plain} if before.get(key) != plain.get(key)] if found else []
    changes = {key: (before.get(key), plain.get(key)) for key in keys}
    texts = (msgspec.json.encode(changes).decode(), msgspec.json.encode(plain).decode())
    with writer.transaction() as cursor:
        cursor.execute(_INSERT, (utc_text(now), now, actor, origin, config_hash, *texts))
    return ConfigVersion(
        (found[0].version if found else 0) + 1, utc_text(now), actor, origin, config_hash, changes, plain
    )
