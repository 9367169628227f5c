"""Where questions are answered from: the configuration, the store's run if there is one, and the stored candles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tradewind.adapters.store.store import Store
from tradewind.app.instruments import instrument_for
from tradewind.app.settings.root import AppConfig
from tradewind.app.stored_run import Configure, StoredRun, find_run
from tradewind.app.workspace import Workspace
from tradewind.errors import Unavailable
from tradewind.model.instrument import Instrument
from tradewind.model.timeframe import Timeframe


class Journaled(NamedTuple):
    """An open store with the run it holds."""

    store: Store
    run: StoredRun


class Span(NamedTuple):
    """Stored candles of a pair: the first and the last close of the bars a run would take."""

    base: Timeframe
    first: int
    last: int


class Desk:
    """One configuration (under ``preset`` and ``interval``) with its store at ``database`` and its candles.

    ``configure`` gives the configuration under another preset and interval: those a stored run was made with.
    """

    def __init__(
        self,
        configure: Configure,
        preset: str | None = None,
        interval: Timeframe | None = None,
        database: Path | None = None,
    ) -> None:
        self.configure = configure
        self.config: AppConfig = configure(preset, interval)
        self.interval = interval
        self.workspace = Workspace(self.config)
        self.database = database or self.workspace.database

    def symbol(self, pair: str) -> str:
        """The canonical name of a pair.

        Raises:
            Misconfigured: there is no such pair; the message lists those there are.
        """
        return self.workspace.symbols((pair,))[0]

    def instrument(self, symbol: str) -> Instrument:
        """The instrument of a canonical name."""
        return instrument_for(self.config, symbol)

    @contextmanager
    def journaled(self, symbol: str = "") -> Iterator[Journaled | None]:
        """The store with its run; None where nothing has run on it, or not over ``symbol`` (``""``: any)."""
        if not self.database.is_file():
            yield None
            return
        with Store.read(self.database) as store:
            run = find_run(store)
            covers = run is not None and (not symbol or symbol in run.bases)
            yield Journaled(store, run) if run is not None and covers else None

    def candles(self, symbol: str) -> Span | None:
        """The stored candles of a pair, None where there are none."""
        try:
            base = self.workspace.base_of(symbol)
        except Unavailable:
            return None
        dataset = self.workspace.candles.dataset(symbol, base)
        return Span(base, dataset.ts_first + base.ns, dataset.ts_last)
