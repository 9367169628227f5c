"""Reads the versions of the configuration that the service met."""

from __future__ import annotations

from typing import Any

import msgspec

from tradewind.adapters.store.reader import Queryable


class ConfigVersion(msgspec.Struct, frozen=True):
    """``changes`` maps a key to what it was and what it became; ``settings`` are all of them, secrets hidden."""

    version: int
    timestamp: str
    actor: str
    origin: str
    config_hash: str
    changes: dict[str, tuple[Any, Any]]
    settings: dict[str, Any]


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
