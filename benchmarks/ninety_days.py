"""Ninety SIMULATED days of the service in simulated time: what grows, what is pruned, what the process uses.

``python -m benchmarks.ninety_days --days 90 --json``. Minute bars around the clock on six timeframes, everybody heard,
learning on, the real store and jobs; beside them an order an hour and a chat whose every message arrives. Tables that
age keep 31 days (``monitoring.keep_days``), so that two of the three marks lie behind the first pruning.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.desk import EAGER
from benchmarks.machine import arguments, machine, show
from tradewind.adapters.store.inbox import Inbox
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import load_config
from tradewind.app.service.life import Life
from tradewind.app.service.soak import Soak, SoakReport
from tradewind.app.settings.root import AppConfig
from tradewind.model.timeframe import HOUR, Timeframe

DAYS: Final = 90
SYMBOL: Final = "BTC/USDT"
KEEP_DAYS: Final = 31
SIX: Final = {"1m": 0.2, "5m": 0.2, "15m": 0.2, "1h": 0.2, "4h": 0.1, "1d": 0.1}
_TOKEN: Final = "123456:" + "stand-in-token-" + "x" * 20


class Others:
    """An order every hour from another process's side, and a chat that takes what is due."""

    def __init__(self) -> None:
        self.told = 0

    def __call__(self, life: Life, ts: int) -> None:
        """Their turn at one minute."""
        if ts % HOUR == 0:
            with Inbox(life.run.store.database) as inbox:
                inbox.put("note", argument="x" * 200, actor="benchmark", now=ts)
        outbox = life.people.outbox
        while (parcel := outbox.due(ts)) is not None:
            outbox.sending(parcel.id, ts)
            outbox.sent(parcel.id, str(parcel.id), ts)
            self.told += 1


def settings(folder: Path) -> AppConfig:
    """The built-in configuration with a chat, in ``folder``."""
    overrides: dict[str, Any] = {
        **EAGER,
        "timeframes.intervals": [{"interval": name, "weight": weight} for name, weight in SIX.items()],
        "account.balance": 10_000_000.0,
        "risk.risk_per_trade": 0.0001,  # so small that no guard ends the trading of somebody without an edge
        "symbols": [SYMBOL],
        "filters.enabled": [],
        "paths.data": str(folder / "data"),
        "paths.logs": str(folder / "logs"),
        "paths.reports": str(folder / "reports"),
        "monitoring.keep_days": KEEP_DAYS,
        "monitoring.health_port": 0,
        "telegram.enabled": True,
        "telegram.bot_token": _TOKEN,
        "telegram.chat_id": "100",
        "telegram.admin_chat_id": "200",
        "telegram.allowed_users": ["7"],
        "telegram.min_confidence": 0.0,
    }
    return load_config(environment={}, overrides=overrides, folder=folder)


def gone_through(folder: Path, days: float, base: Timeframe = Timeframe.M1) -> tuple[SoakReport, int]:
    """``(what the soak found, messages that arrived)``."""
    others, lines = Others(), list[str]()
    (folder / "data").mkdir()
    soak = Soak(settings(folder), folder / "data" / "tradewind.db", WallClock(), lines.append, 1, others)
    found = soak.run({SYMBOL: base}, days * 24, lambda _: None, lambda: False)
    return found, others.told


def main() -> None:
    """Prints one JSON object."""
    given = arguments(__doc__, days=DAYS)
    where, began = machine(), time.perf_counter()
    memory = Path("/dev/shm")  # a disk would be waited for ten thousand times a simulated day
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        found, told = gone_through(Path(name), given.days)
    figures = {
        "benchmark": "ninety_days",
        "machine": where,
        "days": given.days,
        "keep_days": KEEP_DAYS,
        "bars": found.bars,
        "decisions": found.decisions,
        "signals": found.signals,
        "told": told,
        "restarts": found.restarts,
        "errors": found.errors,
        "failed": found.failed,
        "rows": [{"days": round(one.days, 1), **one.rows} for one in found.marks],
        "rss_mb": [round(one.used.rss / 1e6, 1) for one in found.marks],
        "open_files": [one.used.open_files for one in found.marks],
        "database_mb": [round(one.used.database / 1e6, 1) for one in found.marks],
        "logs_mb": [round(one.used.logs / 1e6, 1) for one in found.marks],
        "wall_s": round(time.perf_counter() - began, 1),
    }
    show(figures, as_json=given.json)


if __name__ == "__main__":
    main()
