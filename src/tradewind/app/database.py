"""Where the one store of a configuration lies."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tradewind.adapters.store.location import path_of
from tradewind.app.settings.root import AppConfig

FILE_NAME: Final = "tradewind.db"


def database_path(config: AppConfig) -> Path:
    """``database.url`` where one is set, else ``tradewind.db`` in ``paths.data``.

    A PostgreSQL database is a ``PostgresSeat`` in ``paths.data``: a path as any other, which knows its server.

    Raises:
        Misconfigured: the URL names neither a SQLite file nor a PostgreSQL database.
    """
    url = config.database.url
    return path_of(url.reveal(), Path(config.paths.data)) if url else Path(config.paths.data) / FILE_NAME
