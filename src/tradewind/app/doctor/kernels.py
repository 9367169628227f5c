"""The compiled kernels: whether they are on disk, and making them before anybody waits for one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tradewind.app.doctor.finding import Finding, State
from tradewind.engine.aggregate import Aggregator, aggregate
from tradewind.ensemble.confidence import compile_now
from tradewind.ensemble.shadow import ShadowBook
from tradewind.features.bank import warm_caches
from tradewind.features.rule_program import RuleProgram
from tradewind.kernels.compiled import cache_folder
from tradewind.model.bar import Bar, BarColumns
from tradewind.model.instrument import CostModel
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import HOUR, Timeframe
from tradewind.research.sweep import Sweep
from tradewind.strategies import default_members


def look_at_kernels(*, warm: bool) -> Iterator[Finding]:
    """Whether the compiled kernels are on disk; ``warm`` compiles them now, so that nobody waits later."""
    if warm:
        warm_kernels()
    compiled = sum(1 for _ in cache_folder().glob("**/*.nbi"))
    if compiled:
        yield Finding("kernels", "cache", State.OK, f"{compiled} compiled kernels on disk")
    else:
        yield Finding("kernels", "cache", State.WARN, "not compiled yet", "run `tradewind doctor kernels --warm`")


def warm_kernels() -> None:
    """Compiles every kernel a run, a backtest, a search or the demo calls, for the array types they call it with.

    Features, rules, shadow trades, the sweep, bars of longer timeframes: each once over one bar. What is on disk
    already is only loaded.
    """
    warm_caches()
    one, ts = np.ones(1), np.zeros(1, dtype=np.int64)
    columns = BarColumns(ts, ts + HOUR, one, one, one, one, one, np.full(1, np.nan))
    sides, ranges = RuleProgram((), {}).run(np.zeros((1, 0)))
    book = ShadowBook((), CostModel())
    book.run(columns, sides, ranges)
    book.step(Bar("", Timeframe.H1, 0, HOUR, 1.0, 1.0, 1.0, 1.0, 1.0), sides[0], ranges[0])
    book.correlation()
    Sweep(default_members((Timeframe.H1,))[:1], columns, CostModel()).run()
    compile_now()
    aggregate(columns, calendar_of("crypto"), Timeframe.H4)
    Aggregator("", calendar_of("crypto"), Timeframe.H1, (Timeframe.H4,))
