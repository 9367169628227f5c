"""What the tasks of one life of a run have in common: the open store, the run on it, the sources of its bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tradewind.adapters.store.heartbeats import HeartbeatBook
from tradewind.app.feed_intake import LiveSource
from tradewind.app.people.people import People
from tradewind.app.run_replay import JournaledRun
from tradewind.app.service.config_watch import ConfigWatch
from tradewind.app.service.service import Service
from tradewind.app.settings.root import AppConfig
from tradewind.ports.clock import Clock
from tradewind.ports.transport import Transport


class Life(NamedTuple):
    """Handed to every task's offer. ``clock`` is the host's; all of it lives in one thread on one event loop."""

    service: Service
    config: AppConfig
    run: JournaledRun
    sources: Sequence[LiveSource]
    transport: Transport
    clock: Clock
    people: People
    config_watch: ConfigWatch | None = None
    book: HeartbeatBook | None = None

    @property
    def series(self) -> tuple[tuple[str, str], ...]:
        """``(symbol, timeframe)`` of everything that is decided."""
        plans = self.run.plan.symbols
        return tuple((one.instrument.symbol, str(timeframe)) for one in plans for timeframe in one.timeframes)
