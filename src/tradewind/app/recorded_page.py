"""The picture of a recorded run, made from its journal alone: bars, decisions and trades, repeated and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tradewind.adapters.replay_feed import Recording
from tradewind.adapters.store.store import Store
from tradewind.app.html_report.data import ReportData
from tradewind.app.measured_run import FinishedRun, measure
from tradewind.app.replayed_run import ReplayedRun, verify_run
from tradewind.app.run_page import report_data
from tradewind.app.run_summary import HISTORY, RunSummary
from tradewind.app.stored_run import StoredRun
from tradewind.app.wiring import engine_for
from tradewind.engine.forecasts import ModelSource
from tradewind.engine.plan import EnginePlan
from tradewind.model.bar import Bar, BarColumns
from tradewind.model.decision import NoDecision
from tradewind.model.event import BarClosed, InputEvent
from tradewind.model.output import Output

SEED = 1
"""Of the bootstrap of the gates."""


class _Bars:
    """Collects the believable bars of a journal by symbol."""

    def __init__(self) -> None:
        self.bars: dict[str, list[Bar]] = {}
        self.sources: dict[str, dict[str, None]] = {}
        self.warm_until: dict[str, int] = {}

    def watch(self, event: InputEvent, outputs: Sequence[Output]) -> None:
        if not isinstance(event, BarClosed):
            return
        if any(isinstance(output, NoDecision) and output.reason.code == "bad_data" for output in outputs):
            return
        bar = event.bar
        self.bars.setdefault(bar.symbol, []).append(bar)
        self.sources.setdefault(bar.symbol, {})[event.source] = None
        if event.cause == HISTORY:
            self.warm_until[bar.symbol] = bar.ts_close

    def recordings(self) -> tuple[Recording, ...]:
        return tuple(
            Recording(
                symbol,
                bars[0].timeframe,
                _columns(bars),
                "+".join(self.sources[symbol]),
                self.warm_until.get(symbol, 0),
            )
            for symbol, bars in sorted(self.bars.items())
        )


def _columns(bars: Sequence[Bar]) -> BarColumns:
    def prices(values: Sequence[float | None]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.array(values, dtype=np.float64)  # None becomes NaN

    return BarColumns(
        np.array([bar.ts_open for bar in bars], dtype=np.int64),
        np.array([bar.ts_close for bar in bars], dtype=np.int64),
        prices([bar.open for bar in bars]),
        prices([bar.high for bar in bars]),
        prices([bar.low for bar in bars]),
        prices([bar.close for bar in bars]),
        prices([bar.volume for bar in bars]),
        prices([bar.spread for bar in bars]),
    )


def recorded_page(
    store: Store,
    run: StoredRun,
    plan: EnginePlan,
    summary: RunSummary,
    on_entries: Callable[[int], None],
    models: ModelSource | None = None,
) -> tuple[ReplayedRun, ReportData]:
    """What ``verify_run`` finds, and the page of the run; ``summary`` takes its signals and trades."""
    engine, bars = engine_for(plan, keep_shadow=True, models=models), _Bars()
    found = verify_run(store, run, engine, summary, on_entries, bars.watch)
    finished = FinishedRun(engine, summary, bars.recordings(), found.digest)
    result = measure(finished, f"journal {store.journal.head[2].hex()[:16]}", SEED, naive=True)
    good = bool(found.byte_equal)
    verdict = (
        f"Repeated from its journal: {found.entries:,} entries, every decision byte for byte the recorded one."
        if good
        else f"Repeated from its journal, {found.differing:,} of {found.entries:,} entries gave OTHER decisions."
    )
    notes = () if plan.executes else ("Signals only: nothing was ordered, so there are no trades.",)
    data = report_data(finished, result, "Paper run" if plan.executes else "Signals", notes, ((verdict, good),))
    return found, data
