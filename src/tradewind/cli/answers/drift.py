"""Answers of ``tradewind drift``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tradewind.app.ask.desk import Desk, Journaled
from tradewind.app.config import load_config
from tradewind.app.learning.baselines import newest_baseline
from tradewind.app.learning.reading import DriftReport, drift_report
from tradewind.app.signal_text import percent, utc
from tradewind.app.workspace import Workspace
from tradewind.cli.answers.baseline import freeze_answer, shown
from tradewind.cli.contract import Report, table
from tradewind.cli.overrides import configured
from tradewind.errors import Unavailable
from tradewind.model.stamp import head_of

_RUN = "tradewind run"


@contextmanager
def run_of(config: Path | None, store: Path | None) -> Iterator[tuple[Desk, Journaled]]:
    """The run of a store, to look at beside whoever writes it.

    Raises:
        Unavailable: nothing has run on it.
    """
    desk = Desk(lambda chosen, asked: configured(config, chosen, asked), database=store)
    with desk.journaled() as journaled:
        if journaled is None:
            raise Unavailable("nothing has run yet", where=str(desk.database), next_step=_RUN)
        yield desk, journaled


def report_answer(config: Path | None, date: str | None, store: Path | None) -> Report:
    """The report of a day."""
    with run_of(config, store) as (desk, journaled):
        started = journaled.run.started
        found = drift_report(journaled.store.database, date, simulated=started.simulated)
        if not found.days:
            raise Unavailable(
                "no strategy has been checked yet",
                where=str(desk.database),
                allowed="a live or polled run checks every hour",
                next_step=_RUN,
            )
        return Report(
            found, human=_drift_tables(found, head_of(simulated=started.simulated, unproven=started.unproven))
        )


def baseline_answer(config: Path | None, everybody: bool) -> Report:
    """The newest baseline, or a new one."""
    if everybody:
        return freeze_answer(config, ())
    workspace = Workspace(load_config(config))
    found = newest_baseline(workspace)
    if found.baseline is None or found.path is None:
        raise Unavailable(
            "; ".join(found.notes) or "no baseline was frozen yet: drift of every strategy is UNKNOWN",
            where=str(workspace.reports),
            next_step="tradewind drift baseline --all",
        )
    return shown(found.baseline, found.path)


def _drift_tables(found: DriftReport, stamp: str) -> list[Any]:
    rows: list[tuple[object, ...]] = [
        (
            str(one.severity),
            f"{one.symbol} {one.strategy}",
            f"{percent(one.win_rate.recent)} of {one.recent_metrics.trades}",
            percent(one.win_rate.baseline),
            percent(one.win_rate.degradation),
            f"{one.level:,.0f}",
            one.action,
            one.note,
        )
        for one in found.strategies
    ]
    names = ["severity", "strategy", "recent WR", "baseline WR", "degradation", "level", "action", "note"]
    note = (
        f"{len(found.alarms)} alarms. Severity and action follow from the level: one as good as its baseline reaches A"
        " once in A outcomes or less often. Degradation is reported and switches nothing off."
    )
    parts: list[Any] = [table(f"{stamp}Drift {found.date or 'never'}", names, rows, note=note)]
    if found.replaced:
        changes = [(utc(one.ts), f"{one.symbol} {one.member}", one.replacement, one.reason) for one in found.replaced]
        parts.append(table("Taken off", ["time", "strategy", "seat", "why"], changes))
    return parts
