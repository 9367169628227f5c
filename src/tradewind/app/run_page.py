"""A finished run as one HTML file: a backtest, or a recorded run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np

from tradewind.app.html_report.data import EquityCurve, GateGroup, MemberRow, ReportData, SeriesChart
from tradewind.app.html_report.page import render
from tradewind.app.measured_run import FinishedRun, MeasuredRun, decided_bars
from tradewind.errors import Misconfigured, Unavailable
from tradewind.model.report import Window
from tradewind.model.timeframe import DAY, SECOND
from tradewind.research.proof import MemberProof, best_first, edge_line

WARMUP_SHOWN: Final = 100
"""Bars of the warm-up that a chart shows before the first decision."""


def require_page(path: Path, option: str = "--report") -> None:
    """Refuses a place where no page can be, before the work that the page is about.

    Raises:
        Misconfigured: it is a folder, or something that is no folder lies on the way to it.
    """
    folder = next((parent for parent in path.absolute().parents if parent.exists()), None)
    if path.is_dir() or (folder is not None and not folder.is_dir()):
        raise Misconfigured(
            f"{path if path.is_dir() else folder} is a {'folder' if path.is_dir() else 'file'}",
            where=option,
            allowed="the file to write, such as reports/report.html",
        )


def write_page(path: Path, data: ReportData) -> Path:
    """Writes the report to ``path`` and returns it; folders are made. A page that was there stays until it is whole.

    Raises:
        Misconfigured: no page can be there.
        Unavailable: the system refuses; nothing is left of the attempt.
    """
    return write_text_page(path, render(data), "--report")


def write_text_page(path: Path, text: str, option: str) -> Path:
    """``write_page`` of a page that is rendered already; ``option`` is what names another place."""
    require_page(path, option)
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as fault:
        raise Unavailable(
            f"the report of {len(text) // 1024 + 1} KiB cannot be written ({fault.strerror})",
            where=str(path),
            next_step=f"free some space or name another place with {option}, then run the same command again",
        ) from fault
    return path


def report_data(
    run: FinishedRun,
    result: MeasuredRun,
    kind: str,
    notes: tuple[str, ...] = (),
    also: tuple[tuple[str, bool | None], ...] = (),
) -> ReportData:
    """What the page shows, from the run and its measured result.

    ``kind`` names it: Backtest, Paper run. ``also`` are findings behind the run's own.
    """
    counts = result.counts
    return ReportData(
        title=f"{kind} {', '.join(result.symbols)}",
        subtitle=f"Decided on {', '.join(result.timeframes)}",
        span=Window(counts.first_ts, counts.last_ts),
        stamp=result.stamp,
        metrics=result.metrics,
        trades=tuple(run.summary.trades),
        charts=_charts(run, counts.first_ts if counts.history else 0),
        equity=_equity(result),
        gates=gate_groups(result.proofs),
        findings=(*findings(result), *also),
        members=tuple(_member(proof) for proof in best_first(result.proofs)),
        reasons=tuple(counts.reasons.items()),
        stress=result.stress,
        baselines=result.baselines,
        signals=counts.signals,
        bars=counts.decisions,
        warmup_bars=counts.history,
        synthetic_bars=counts.synthetic,
        currency=run.plan.account_currency,
        notes=(*notes, *(f"Bars: {origin}.".replace("..", ".") for origin in result.origins)),
    )


def findings(result: MeasuredRun) -> tuple[tuple[str, bool | None], ...]:
    """What a reader must know before the numbers: whether an edge was found, and what is still open."""
    found: list[tuple[str, bool | None]] = []
    if result.proofs:
        found.append((edge_line(result.proofs), any(proof.report.approved for proof in result.proofs)))
    if result.open_positions:
        held = "position is" if result.open_positions == 1 else "positions are"
        found.append((f"{result.open_positions} {held} still open and in the equity at the last price.", None))
    return tuple(found)


def gate_groups(proofs: Sequence[MemberProof]) -> tuple[GateGroup, ...]:
    """The verdicts by symbol, the best first."""
    by_symbol = {symbol: list(group) for symbol, group in groupby(proofs, key=lambda proof: proof.symbol)}
    return tuple(
        GateGroup(symbol, tuple(proof.report for proof in best_first(group))) for symbol, group in by_symbol.items()
    )


def _member(proof: MemberProof) -> MemberRow:
    family = proof.member.rsplit("_", 2)[0]
    return MemberRow(proof.member, proof.symbol, family, proof.timeframe, proof.record, proof.report.verdict)


def _charts(run: FinishedRun, measured_from: int) -> tuple[SeriesChart, ...]:
    """The bars decided on of every symbol with what happened on them; little of the warm-up before."""
    charts = []
    held = frozenset(name for position in run.engine.portfolio.positions() for name in position.signal_ids)
    for recording in run.recordings:
        bars = decided_bars(run.plan, recording)
        first = int(np.searchsorted(bars.columns.ts_close, measured_from)) - WARMUP_SHOWN
        charts.append(
            SeriesChart(
                bars.symbol,
                bars.timeframe,
                run.engine.desks[bars.symbol].plan.instrument.digits,
                bars.columns.slice(max(0, first), len(bars.columns.ts_close)),
                tuple(signal for signal in run.summary.signals if signal.symbol == bars.symbol),
                tuple(trade for trade in run.summary.trades if trade.symbol == bars.symbol),
                held,
            )
        )
    return tuple(charts)


def _equity(result: MeasuredRun) -> EquityCurve | None:
    """Equity at the end of each trading day."""
    if not result.equity:
        return None
    days = [datetime.fromisoformat(point.day).replace(tzinfo=UTC) for point in result.equity]
    ts = np.array([int(day.timestamp()) * SECOND + DAY for day in days], dtype=np.int64)
    return EquityCurve(ts, np.array([point.equity for point in result.equity]), result.opening_balance)
