"""Everything a report shows, as one frozen value. Rendering adds no number of its own that is not derived from it."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.model.bar import BarColumns
from tradewind.model.decision import Record, Signal
from tradewind.model.outcome import Trade
from tradewind.model.report import Baseline, CostStress, GateReport, Stamp, Verdict, Window
from tradewind.model.timeframe import Timeframe
from tradewind.validation.metrics import Metrics


class SeriesChart(msgspec.Struct, frozen=True):
    """Candles of one symbol and timeframe with the signals and round trips that happened on them.

    ``digits`` are the decimals of a price; ``held`` are the signals whose trades are still open.
    """

    symbol: str
    timeframe: Timeframe
    digits: int
    columns: BarColumns
    signals: tuple[Signal, ...] = ()
    trades: tuple[Trade, ...] = ()
    held: frozenset[str] = frozenset()


class EquityCurve(msgspec.Struct, frozen=True):
    """Account equity at each mark: ``ts`` int64 UTC nanoseconds, ``equity`` float64, both of shape ``(n,)``."""

    ts: NDArray[np.int64]
    equity: NDArray[np.float64]
    start_equity: float


class MemberRow(msgspec.Struct, frozen=True):
    """One strategy on one symbol, its record and what the gate said; None where it was not judged."""

    id: str
    symbol: str
    family: str
    timeframe: Timeframe
    record: Record
    verdict: Verdict | None = None


class GateGroup(msgspec.Struct, frozen=True):
    """The verdicts on one market, under a name: ``label`` EUR/USD, ``note`` what the market is."""

    label: str
    reports: tuple[GateReport, ...]
    note: str = ""


class ReportData(msgspec.Struct, frozen=True, kw_only=True):
    """Input of ``render``. Money is in ``currency``; ``bars`` counts the decisions, ``warmup_bars`` the bars before.

    ``findings`` are the sentences to read first, each with whether it is good news (None: neither).
    ``gates_first`` puts the gates before the result, for a page about the gates. ``reasons`` are
    ``(code, count)`` of everything that kept a bar from becoming a signal, a bar counting once for each of its reasons.
    """

    title: str
    span: Window
    stamp: Stamp
    metrics: Metrics
    trades: tuple[Trade, ...]
    charts: tuple[SeriesChart, ...] = ()
    equity: EquityCurve | None = None
    gates: tuple[GateGroup, ...] = ()
    gates_first: bool = False
    findings: tuple[tuple[str, bool | None], ...] = ()
    members: tuple[MemberRow, ...] = ()
    reasons: tuple[tuple[str, int], ...] = ()
    stress: tuple[CostStress, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    signals: int = 0
    bars: int = 0
    warmup_bars: int = 0
    synthetic_bars: int = 0
    currency: str = "USD"
    subtitle: str = ""
    notes: tuple[str, ...] = ()
