"""A finished backtest as one HTML file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tradewind.app.backtest import Backtest, BacktestResult
from tradewind.app.html_report.data import EquityCurve, MemberRow, ReportData, SeriesChart
from tradewind.app.html_report.page import render
from tradewind.model.report import Window
from tradewind.model.timeframe import DAY, SECOND


def write_page(path: Path, run: Backtest, result: BacktestResult, notes: tuple[str, ...] = ()) -> Path:
    """Writes the report of ``run`` to ``path`` and returns it; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(report_data(run, result, notes)), encoding="utf-8")
    return path


def report_data(run: Backtest, result: BacktestResult, notes: tuple[str, ...] = ()) -> ReportData:
    """What the page shows, from the run and its measured result."""
    counts = result.counts
    return ReportData(
        title=f"Backtest {', '.join(result.symbols)}",
        subtitle=", ".join(result.timeframes),
        span=Window(counts.first_ts, counts.last_ts),
        stamp=result.stamp,
        metrics=result.metrics,
        trades=tuple(run.summary.trades),
        charts=_charts(run),
        equity=_equity(result),
        gates=tuple(proof.report for proof in result.proofs),
        members=tuple(
            MemberRow(
                proof.member,
                proof.report.subject.rsplit("_", 2)[0],
                proof.timeframe,
                proof.record,
                proof.report.verdict,
            )
            for proof in result.proofs
        ),
        reasons=tuple(counts.reasons.items()),
        signals=counts.signals,
        bars=counts.decisions,
        synthetic_bars=counts.synthetic,
        currency=run.plan.account_currency,
        notes=(*notes, *(f"Bars: {origin}.".replace("..", ".") for origin in result.origins)),
    )


def _charts(run: Backtest) -> tuple[SeriesChart, ...]:
    """The base bars of every symbol with what happened on them."""
    desks = run.engine.desks
    return tuple(
        SeriesChart(
            one.symbol,
            one.timeframe,
            desks[one.symbol].plan.instrument.digits,
            one.columns,
            tuple(signal for signal in run.summary.signals if signal.symbol == one.symbol),
            tuple(trade for trade in run.summary.trades if trade.symbol == one.symbol),
        )
        for one in run.recordings
    )


def _equity(result: BacktestResult) -> EquityCurve | None:
    """Equity at the end of each trading day."""
    if not result.equity:
        return None
    days = [datetime.fromisoformat(point.day).replace(tzinfo=UTC) for point in result.equity]
    ts = np.array([int(day.timestamp()) * SECOND + DAY for day in days], dtype=np.int64)
    return EquityCurve(ts, np.array([point.equity for point in result.equity]), result.opening_balance)
