"""Answers of ``tradewind drift`` and ``tradewind selector``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tradewind.app.ask.desk import Desk, Journaled
from tradewind.app.config import load_config
from tradewind.app.learning.baselines import newest_baseline
from tradewind.app.learning.reading import DriftReport, drift_report, selector_view
from tradewind.app.signal_text import percent, utc
from tradewind.app.workspace import Workspace
from tradewind.cli.answers.baseline import freeze_answer, shown
from tradewind.cli.contract import Report, table
from tradewind.cli.overrides import configured
from tradewind.errors import Misconfigured, Unavailable
from tradewind.model.stamp import head_of

_RUN = "tradewind run"


@contextmanager
def _run_of(config: Path | None, store: Path | None) -> Iterator[tuple[Desk, Journaled]]:
    desk = Desk(lambda chosen, asked: configured(config, chosen, asked), database=store)
    with desk.journaled() as journaled:
        if journaled is None:
            raise Unavailable("nothing has run yet", where=str(desk.database), next_step=_RUN)
        yield desk, journaled


def report_answer(config: Path | None, date: str | None, store: Path | None) -> Report:
    """The report of a day."""
    with _run_of(config, store) as (desk, journaled):
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


def selector_answer(config: Path | None, symbol: str | None, last: int, store: Path | None) -> Report:
    """The selector on one pair."""
    with _run_of(config, store) as (desk, journaled):
        covered = tuple(journaled.run.bases)
        name = desk.symbol(symbol) if symbol else covered[0]
        if name not in covered:
            raise Misconfigured(f"the run does not cover {name}", where="--symbol", allowed=", ".join(covered))
        started = journaled.run.started
        found = selector_view(journaled.store.database, name, last, simulated=started.simulated)
        stamp = head_of(simulated=started.simulated, unproven=started.unproven)
    how = "multiply votes" if found.applied else "are computed and logged, votes are not changed by them"
    rows: list[tuple[object, ...]] = [(member, f"{weight:.3f}") for member, weight in found.weights.items()]
    note = f"State {found.state}; first: {found.action or 'nobody yet'} ({found.method or 'selector'}); weights {how}."
    choices = [
        (one["timestamp"], one["state"], one["action"], f"{one['value']:.3f}", "yes" if one["explored"] else "")
        for one in found.choices
    ]
    return Report(
        found,
        human=[
            table(f"{stamp}{name}: selector", ["strategy", "weight (1 = equal)"], rows, note=note),
            table("Newest choices", ["time", "state", "first", "value", "by chance"], choices),
        ],
    )


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
