"""Chart series as compact JSON values, thinned where they are long, with a sentence that says so."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tradewind.app.html_report.data import EquityCurve, SeriesChart
from tradewind.app.html_report.figures import multiple
from tradewind.model.timeframe import SECOND

MAX_CANDLES: Final = 6000
LAST_CANDLES: Final = 1500
AROUND_TRADE: Final = 30
MAX_POINTS: Final = 2000
EXTREMES: Final = 10
"""How many of the worst and of the best trades are shown apart."""


def candle_rows(chart: SeriesChart) -> NDArray[np.int64]:
    """Rows to show, ascending: all of them up to ``MAX_CANDLES``; else the last ones, then windows around trades.

    Trades are added until the limit is reached: the worst and the best ones first, then from the latest backwards.
    """
    n = chart.columns.ts_open.size
    if n <= MAX_CANDLES:
        return np.arange(n)
    keep = np.zeros(n, dtype=bool)
    keep[n - LAST_CANDLES :] = True
    ranked = sorted(chart.trades, key=lambda trade: trade.r)
    latest = sorted(chart.trades, key=lambda trade: trade.ts_exit, reverse=True)
    for trade in (*ranked[:EXTREMES], *ranked[-EXTREMES:], *latest):
        window = keep.copy()
        first = _row_at(chart, trade.ts_entry) - AROUND_TRADE
        window[max(0, first) : _row_at(chart, trade.ts_exit) + AROUND_TRADE + 1] = True
        if window.sum() > MAX_CANDLES:
            break
        keep = window
    return np.flatnonzero(keep)


def candle_note(chart: SeriesChart, rows: NDArray[np.int64]) -> str:
    """What of the series is shown."""
    n = chart.columns.ts_open.size
    if rows.size == n:
        return f"All {n:,} bars."
    return (
        f"{rows.size:,} of {n:,} bars: the last {LAST_CANDLES:,}, and before them {AROUND_TRADE} bars on each side of "
        "the worst, best and latest trades. A gap in the candles marks bars left out; every number of this report "
        "uses all of them."
    )


def chart_json(chart: SeriesChart, rows: NDArray[np.int64]) -> dict[str, Any]:
    """``candles`` rows ``[time, open, high, low, close]`` in UTC seconds, ``[time]`` alone for a cut; ``marks``."""
    columns = chart.columns
    times = columns.ts_open // SECOND
    candles: list[list[float]] = []
    before = -1
    for row in rows.tolist():
        if before >= 0 and row != before + 1:
            candles.append([int(times[before + 1])])
        prices = (columns.open[row], columns.high[row], columns.low[row], columns.close[row])
        candles.append([int(times[row]), *(round(float(price), chart.digits) for price in prices)])
        before = row
    shown = set(rows.tolist())
    return {
        "name": f"{chart.symbol} {chart.timeframe.value}",
        "digits": chart.digits,
        "candles": candles,
        "marks": sorted(_marks(chart, shown), key=lambda mark: mark[0]),
    }


def _marks(chart: SeriesChart, shown: set[int]) -> list[tuple[int, str, str]]:
    """``(time, kind, label)``: kinds long, short (entries), won, lost (exits), signal (published, not traded)."""
    times = chart.columns.ts_open // SECOND
    marks: list[tuple[int, str, str]] = []

    def put(row: int, kind: str, label: str) -> None:
        if row in shown:
            marks.append((int(times[row]), kind, label))

    for trade in chart.trades:
        put(_row_at(chart, trade.ts_entry), "long" if trade.side > 0 else "short", "")
        put(_row_at(chart, trade.ts_exit - 1), "won" if trade.r > 0.0 else "lost", multiple(trade.r))
    traded = {trade.signal_id for trade in chart.trades}
    for signal in chart.signals:
        if signal.id in chart.held:
            put(_row_at(chart, signal.ts), "long" if signal.bracket.side > 0 else "short", "open")
        elif signal.id not in traded:
            put(_row_at(chart, signal.ts - 1), "signal", signal.direction)
    return marks


def _row_at(chart: SeriesChart, ts: int) -> int:
    """Row of the bar that holds ``ts``; the nearest one outside the series."""
    row = int(np.searchsorted(chart.columns.ts_open, ts, side="right")) - 1
    return min(max(row, 0), chart.columns.ts_open.size - 1)


def equity_json(curve: EquityCurve) -> dict[str, Any]:
    """``equity`` and ``drawdown`` (fraction) as ``[time, value]`` rows; each bucket keeps its lowest and highest."""
    marks = np.concatenate(([curve.start_equity], curve.equity))
    peak = np.maximum.accumulate(marks)[1:]
    below = curve.equity / peak - 1.0
    # The chart takes one value a second at most: the last mark of a moment counts.
    last = np.flatnonzero(np.append(np.diff(curve.ts) > 0, True)) if curve.ts.size else np.empty(0, dtype=np.int64)
    rows = last[_extremes(curve.equity[last], MAX_POINTS)]
    times = (curve.ts // SECOND)[rows].tolist()
    return {
        "equity": [[t, round(v, 2)] for t, v in zip(times, curve.equity[rows].tolist(), strict=True)],
        "drawdown": [[t, round(v, 5)] for t, v in zip(times, below[rows].tolist(), strict=True)],
        "shown": int(rows.size),
        "of": int(curve.ts.size),
    }


def _extremes(values: NDArray[np.float64], limit: int) -> NDArray[np.int64]:
    """At most ``limit`` rows: first, last, and of every bucket between the lowest and the highest."""
    n = values.size
    if n <= limit:
        return np.arange(n)
    edges = np.linspace(0, n, limit // 2, dtype=np.int64)
    kept = {0, n - 1}
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        kept.add(first + int(np.argmin(values[first:last])))
        kept.add(first + int(np.argmax(values[first:last])))
    return np.array(sorted(kept), dtype=np.int64)
