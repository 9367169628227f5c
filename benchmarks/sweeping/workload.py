"""The published workload (bars, parameter tables, prototype kernel) and the same strategies in the product's terms."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.features.rule import Exits, Member, member_of
from tradewind.model.bar import BarColumns
from tradewind.model.instrument import CostModel
from tradewind.model.timeframe import HOUR, Timeframe
from tradewind.research.sweep import Sweep
from tradewind.strategies import family

COSTS = CostModel(spread_fraction=0.0001, slippage_fraction=0.0002)
"""0.01% of spread on each side and 0.02% of slippage."""
FIRST_BAR = 24
"""Hours between the epoch and the first bar."""


class Modules(NamedTuple):
    """The files that define the workload, and the prototype kernel beside them."""

    folder: Path
    workload: ModuleType
    prototype: ModuleType


def found() -> Modules | None:
    """The modules beside the checkout, ``../shared/bench``; None where they are not."""
    for folder in Path(__file__).resolve().parents:
        bench = folder / "shared" / "bench"
        if (bench / "bars_params.py").exists():
            sys.path.insert(0, str(bench))
            import bars_params  # beside the checkout, where there is one
            import kernels_simd  # likewise

            return Modules(bench, bars_params, kernels_simd)
    return None


def columns_of(bars: tuple[Any, ...]) -> BarColumns:
    """Hourly bars without a spread of their own."""
    open_, high, low, close = bars
    n = len(close)
    ts_open = np.arange(FIRST_BAR, FIRST_BAR + n, dtype=np.int64) * HOUR
    return BarColumns(ts_open, ts_open + HOUR, open_, high, low, close, np.ones(n), np.full(n, np.nan))


def members_of(table: NDArray[np.float64]) -> list[Member]:
    """One strategy a row: fast, slow, gate, mode, stop, target."""
    cross = family("EMA_Crossover")
    params = [cross.Params(fast=int(row[0]), slow=int(row[1]), gate=row[2], exits=_exits(row)) for row in table]
    return [member_of(cross, Timeframe.H1, one, k) for k, one in enumerate(params, start=1)]


def sweep_of(table: NDArray[np.float64], bars: tuple[Any, ...], warm: int) -> Sweep:
    """The sweep of a table over bars; as published, averages start with the first close and no vote before ``warm``."""
    return Sweep(members_of(table), columns_of(bars), COSTS, seeding="first", earliest=warm)


def trade_list(sweep: Sweep) -> NDArray[np.int64]:
    """``(set, side, entry bar, exit bar)`` of every trade, sorted, ``(n, 4)``."""
    rows = []
    for k, one in enumerate(sweep.trades()):
        entered, left = one.ts_entry // HOUR - FIRST_BAR, one.ts_exit // HOUR - FIRST_BAR - 1
        rows.append(np.column_stack((np.full(one.side.size, k), one.side, entered, left)))
    return in_order(np.concatenate(rows))


def in_order(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows sorted by set and entry."""
    return rows[np.lexsort((rows[:, 2], rows[:, 0]))]


def _exits(row: NDArray[np.float64]) -> Exits:
    """The workload's target is a distance of its own, the product's a multiple of the stop."""
    percent = row[3] == 0
    return Exits(
        stop_mode="pct" if percent else "atr", target_r=row[5] / row[4], time_stop_bars=48, min_stop_costs=0.0,
        **{"stop_pct" if percent else "stop_atr": row[4]},
    )  # fmt: skip
