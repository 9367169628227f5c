"""``tradewind lookahead``: whether strategies, or code somebody wrote, use bars that come later."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import RenderableType

from tradewind.app.instruments import instrument_for
from tradewind.app.lookahead import Bars, code_subject, members_called, simulated_bars, stored_bars
from tradewind.app.settings.root import AppConfig
from tradewind.app.signal_text import utc
from tradewind.app.workspace import Workspace
from tradewind.cli.contract import DONE, NEGATIVE, Report, progress, table, warn
from tradewind.cli.options import TimeRange
from tradewind.cli.overrides import configured
from tradewind.model.timeframe import Timeframe
from tradewind.research.lookahead import FILLS, REWRITINGS, LookaheadReport, examine
from tradewind.research.lookahead_futures import cut_points
from tradewind.research.lookahead_subjects import MemberSubject, Subject
from tradewind.research.lookahead_sweep import SweepSubject


class LookaheadOptions(NamedTuple):
    """What was typed after ``tradewind lookahead``; None and empty where nothing was."""

    members: tuple[str, ...]
    symbol: str
    interval: Timeframe | None
    timerange: TimeRange | None
    columns: tuple[str, ...]
    trades: tuple[str, ...]
    first: int
    tolerance: float
    simulated: bool
    seed: int


def answer(config: Path | None, asked: LookaheadOptions) -> Report:
    """Examines, and exits with 4 where something saw the future."""
    settings = configured(config, interval=asked.interval)
    symbol = Workspace(settings).symbols((asked.symbol,) if asked.symbol else ())[0]
    generator = np.random.default_rng(asked.seed)
    span = asked.timerange or TimeRange()
    bars = (
        simulated_bars(settings, symbol, asked.interval, generator)
        if asked.simulated
        else stored_bars(settings, symbol, asked.interval, span.start, span.end)
    )
    warn(bars.warnings)
    reports = [_examined(one, bars, asked, generator) for one in _subjects(settings, symbol, bars, asked)]
    clean = all(report.clean for report in reports)
    document = {
        "symbol": symbol,
        "interval": str(bars.timeframe),
        "source": bars.source,
        "simulated": asked.simulated,
        "first_ts": int(bars.columns.ts_open[0]),
        "last_ts": int(bars.columns.ts_close[-1]),
        "clean": clean,
        "reports": reports,
    }
    head = (
        f"{symbol} {bars.timeframe}, {len(bars.columns.close)} bars from {utc(int(bars.columns.ts_open[0]))}"
        f" to {utc(int(bars.columns.ts_close[-1]))}, {bars.source}"
    )
    return Report(
        document, [head, *(part for report in reports for part in _shown(report))], DONE if clean else NEGATIVE
    )


def _subjects(settings: AppConfig, symbol: str, bars: Bars, asked: LookaheadOptions) -> Iterator[Subject]:
    """Functions where some were given, and the strategies that were named, or all where nothing was."""
    yield from code_subject(asked.columns, asked.trades, asked.first)
    if asked.members or not (asked.columns or asked.trades):
        members = members_called(settings, asked.members, bars.timeframe)
        costs = instrument_for(settings, symbol).costs
        yield MemberSubject(members, costs=costs)
        yield SweepSubject(members, costs=costs)


def _examined(subject: Subject, bars: Bars, asked: LookaheadOptions, generator: np.random.Generator) -> LookaheadReport:
    cuts = cut_points(bars.columns, generator, first=subject.first)
    with progress(f"Look-ahead of {subject.name}", len(cuts) + REWRITINGS + 3 * FILLS) as advance:
        return examine(
            subject, bars.columns, generator, cuts=cuts, tolerance=asked.tolerance, on_replay=lambda: advance(1)
        )


def _shown(report: LookaheadReport) -> Iterator[str | RenderableType]:
    if report.clean:
        yield str(report)
        return
    rows = [(leak.column, leak.bar, utc(leak.ts), leak.full, leak.replayed, leak.why) for leak in report.leaks]
    yield table(
        f"{report.subject}: LOOK-AHEAD",
        ["what", "bar", "closed", "with all bars", "in the replay", "why"],
        rows,
        note=f"{len(rows)} of {report.columns} columns and {report.trades} trades, {report.cuts} cuts.",
    )
