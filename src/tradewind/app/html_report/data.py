"""Everything a report shows, as one frozen value. Rendering adds no number of its own that is not derived from it."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.model.bar import BarColumns
from tradewind.model.decision import Record, Signal
from tradewind.model.outcome import Trade
from tradewind.model.report import Baseline, GateReport, Stamp, Verdict, Window
from tradewind.model.timeframe import Timeframe
from tradewind.validation.metrics import Metrics


class SeriesChart(msgspec.Struct, frozen=True):
    """Candles of one symbol and timeframe with the signals and round trips that happened on them.

    ``digits`` are the decimals of a price.
    """

    symbol: str
    timeframe: Timeframe
    digits: int
    columns: BarColumns
    signals: tuple[Signal, ...] = ()
    trades: tuple[Trade, ...] = ()


class EquityCurve(msgspec.Struct, frozen=True):
    """Account equity at each mark: ``ts`` int64 UTC nanoseconds, ``equity`` float64, both of shape ``(n,)``."""

    ts: NDArray[np.int64]
    equity: NDArray[np.float64]
    start_equity: float


class MemberRow(msgspec.Struct, frozen=True):
    """One strategy of the ensemble, its record and what the gate said; None where it was not judged."""

    id: str
    family: str
    timeframe: Timeframe
    record: Record
    verdict: Verdict | None = None


class CostStress(msgspec.Struct, frozen=True):
    """The same signals at ``factor`` times spread and slippage."""

    factor: float
    n: int
    expectancy_r: float | None
    profit_factor: float | None
    net: float


class ReportData(msgspec.Struct, frozen=True, kw_only=True):
    """Input of ``render``. Money is in ``currency``; ``bars`` counts the bars decided on.

    ``reasons`` are ``(code, count)`` of everything that kept a bar from becoming a signal, a bar counting once for
    each of its reasons.
    """

    title: str
    span: Window
    stamp: Stamp
    metrics: Metrics
    trades: tuple[Trade, ...]
    charts: tuple[SeriesChart, ...] = ()
    equity: EquityCurve | None = None
    gates: tuple[GateReport, ...] = ()
    members: tuple[MemberRow, ...] = ()
    reasons: tuple[tuple[str, int], ...] = ()
    stress: tuple[CostStress, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    signals: int = 0
    bars: int = 0
    synthetic_bars: int = 0
    currency: str = "USD"
    subtitle: str = ""
    notes: tuple[str, ...] = ()
