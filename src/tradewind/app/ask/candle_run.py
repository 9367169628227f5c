"""One engine over the stored candles of one pair, in memory, watched event by event."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from tradewind.adapters.host_process import HostProcess
from tradewind.adapters.notify.console import SilentNotifier
from tradewind.adapters.replay_feed import Recording, ReplayFeed
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.memory_journal import MemoryJournal
from tradewind.app.instruments import instrument_for
from tradewind.app.models.serving import serving_of
from tradewind.app.pool import Policy
from tradewind.app.recordings import Material, material_for, with_calendar
from tradewind.app.replay_loop import drive_replay
from tradewind.app.run_plan import Wanted, new_run
from tradewind.app.session import Session
from tradewind.app.settings.root import AppConfig
from tradewind.app.stored_run import StoredRun, pool_of
from tradewind.app.strategy_switches import StrategySwitches
from tradewind.app.wiring import engine_for, sequencer_for
from tradewind.app.workspace import Workspace
from tradewind.engine.pipeline import Engine
from tradewind.engine.plan import EnginePlan, SymbolPlan
from tradewind.engine.rates import PEGS, Rates
from tradewind.model.event import InputEvent
from tradewind.model.instrument import Instrument
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.output import Output

Watch = Callable[[InputEvent, Sequence[Output]], None]


class CandleRun:
    """The stored candles of ``symbol`` with the engine the configuration makes for them.

    Who is heard is told by the run that ``begun`` is, else by the verdicts on file; nobody at all only where ``empty``.

    A pair whose quote currency needs another pair's price for sizes is run together with that one, where it is stored.
    Strategies that are switched off in the strategy book by now are not heard at any bar.

    Raises:
        Unavailable: no candles of the pair are stored.
        Rejected: nobody is proven.
    """

    def __init__(
        self,
        config: AppConfig,
        symbol: str,
        *,
        detail: str = "auto",
        begun: StoredRun | None = None,
        empty: bool = False,
    ) -> None:
        workspace = Workspace(config)
        needed = price_needed(config, instrument_for(config, symbol))
        names = (symbol, needed) if needed and workspace.stored(needed) else (symbol,)
        self.symbol = symbol
        self.material: Material = with_calendar(workspace, material_for(workspace, names, detail=detail))
        policy = Policy.PROVEN if begun is None else pool_of(begun).policy
        wanted = Wanted(self.material.bases, config.execution != "none", self.material.simulated, policy)
        chosen = new_run(config, wanted, empty=empty)
        self.plan: EnginePlan = msgspec.structs.replace(chosen.plan, orders=None)  # no venue stands behind a question
        self.notes = chosen.notes
        self._serving = serving_of(config, self.plan)
        self.engine: Engine = engine_for(self.plan, models=None if self._serving is None else self._serving.library)
        with StrategySwitches(self.plan, workspace.database, proven=chosen.pool.proven) as switches:
            self.engine.silence(frozenset(switches.off()))

    @property
    def own(self) -> SymbolPlan:
        """The plan of the pair asked for."""
        return next(one for one in self.plan.symbols if one.instrument.symbol == self.symbol)

    @property
    def closes(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Closes of the pair's base bars, int64 ``(n,)``, ascending."""
        return next(one.columns.ts_close for one in self.material.recordings if one.symbol == self.symbol)

    def bars(self, until: int) -> int:
        """How many bars ``run`` will take."""
        return sum(len(one.columns.ts_close) for one in self._cut(until))

    def run(self, until: int, watch: Watch, on_bars: Callable[[int], None]) -> None:
        """Runs from the first stored bar to the last that closed at or before ``until``."""
        session = Session(
            self.engine,
            sequencer_for(self.plan),
            MemoryJournal(keep=False),
            SilentNotifier(),
            clock := ManualClock(),
            HostProcess(),
            watch=watch,
        )
        if self.material.calendar is not None and self.plan.asks_for("calendar"):
            session.inject(self.material.calendar)
        if self._serving is not None:
            for event in self._serving.due(self.engine, 0)[0]:
                session.inject(event)
        drive_replay(session, ReplayFeed(self._cut(until)), clock, on_step=lambda step: on_bars(len(step.bars)))

    def _cut(self, until: int) -> list[Recording]:
        cut = []
        for one in self.material.recordings:
            stop = int(np.searchsorted(one.columns.ts_close, until, side="right"))
            cut.append(msgspec.structs.replace(one, columns=one.columns.slice(0, stop)))
        return cut


def price_needed(config: AppConfig, instrument: Instrument) -> str:
    """The other pair whose price turns the quote currency into the account's, ``""`` where none is needed."""
    account, quote = config.account.currency, instrument.quote
    if account in (instrument.base, quote) or PEGS.get(quote) == account:
        return ""
    known = {**INSTRUMENTS, **{one.symbol: one for one in config.instruments}}
    missing = Rates(account, known.values()).missing(quote)
    return missing if missing in known else ""
