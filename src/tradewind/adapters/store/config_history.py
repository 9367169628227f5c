"""Versions of the configuration as the service met them: what changed, when, and by whom."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tradewind.adapters.store.database import Writer
from tradewind.adapters.store.reader import Queryable
from tradewind.adapters.store.schema import utc_text

_INSERT: Final = (
    "INSERT INTO config_history (timestamp, ts, actor, origin, config_hash, changes, settings)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


class ConfigVersion(msgspec.Struct, frozen=True):
    """``changes`` maps a key to what it was and what it became; ``settings`` are all of them, secrets hidden."""

    version: int
    timestamp: str
    actor: str
    origin: str
    config_hash: str
    changes: dict[str, tuple[Any, Any]]
    settings: dict[str, Any]


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


def config_versions(database: Queryable, limit: int) -> list[ConfigVersion]:
    """The newest versions first."""
    columns = "id, timestamp, actor, origin, config_hash, changes, settings"
    rows = database.query(f"SELECT {columns} FROM config_history ORDER BY id DESC LIMIT ?", (limit,))[1]  # noqa: S608  constants
    return [
        ConfigVersion(
            version=int(row[0]),
            timestamp=str(row[1]),
            actor=str(row[2]),
            origin=str(row[3]),
            config_hash=str(row[4]),
            changes=msgspec.json.decode(row[5], type=dict[str, tuple[Any, Any]]),
            settings=msgspec.json.decode(row[6]),
        )
        for row in rows
    ]
