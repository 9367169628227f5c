"""The published sweep workload: its bars, its parameter table and its plain-Python oracle."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import numpy as np

from tests.shared_data import shared
from tradewind.features.rule import Exits
from tradewind.model.bar import BarColumns
from tradewind.model.instrument import CostModel
from tradewind.model.timeframe import HOUR

COSTS = CostModel(spread_fraction=0.0001, slippage_fraction=0.0002)


def workload() -> ModuleType:
    """The module that defines bars, parameters and ``reference()``."""
    spec = importlib.util.spec_from_file_location("bars_params", shared("bench/bars_params.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def columns_of(open_, high, low, close) -> BarColumns:
    """Hourly bars without a spread of their own, the first one at the epoch's second day."""
    n = len(open_)
    ts_open = np.arange(24, 24 + n, dtype=np.int64) * HOUR
    unknown = np.full(n, np.nan)
    return BarColumns(ts_open, ts_open + HOUR, open_, high, low, close, np.ones(n), unknown)


def exits_of(params) -> Exits:
    """The workload's stop and target in the product's terms: its target is a multiple of its stop."""
    _, _, _, mode, stop, target = params
    factor = {"stop_pct": stop} if mode == 0 else {"stop_atr": stop}
    return Exits(
        stop_mode="pct" if mode == 0 else "atr", target_r=target / stop, time_stop_bars=48, min_stop_costs=0.0, **factor
    )
