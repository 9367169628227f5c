"""``tradewind db``: the store, its backups and its move to another database."""

from __future__ import annotations

from tradewind.cli.contract import parted

_STORE, _BACKUP = "tradewind.cli.db_store", "tradewind.cli.db_backup"

app = parted(
    "The store: create, check, query, back up, restore, move.",
    {
        "init": _STORE,
        "selftest": _STORE,
        "check": _STORE,
        "sql": _STORE,
        "backup": _BACKUP,
        "restore": _BACKUP,
        "migrate": _BACKUP,
    },
)
