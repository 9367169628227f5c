"""``tradewind research``: what a job did, symbol by symbol."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import RenderableType

from tradewind.adapters.executors.threads import ThreadExecutor
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import load_config
from tradewind.app.executors import executor_for
from tradewind.app.own_modules import own_files
from tradewind.app.own_strategies import families_of, family_called
from tradewind.app.research.folder import FOLDER, JobFolder, jobs_of
from tradewind.app.research.job import SEARCH, Planned, planned, run_job
from tradewind.app.research.result import Finding, ProofResult, SearchResult, SymbolResult
from tradewind.app.settings.root import AppConfig
from tradewind.app.signal_text import utc
from tradewind.app.validation.series import Series, series_of, terms_of
from tradewind.app.workspace import Workspace
from tradewind.cli.answers.judged_rows import first_missed, percent, rank, verdicts
from tradewind.cli.contract import DONE, NEGATIVE, Report, progress, table, warn
from tradewind.cli.options import Period, TimeRange, split_symbols
from tradewind.errors import Corrupt, Misconfigured
from tradewind.features.rule import Family
from tradewind.model.timeframe import Timeframe
from tradewind.validation.gates_profiles import funnel

SMALL = 4_000
"""Strategies in all below which other processes would take longer to start than they save."""
SHOWN = 10


class ResearchOptions(NamedTuple):
    """What was typed after ``tradewind research``; None and empty where nothing was."""

    stage: str
    symbols: list[str] | None
    interval: Timeframe
    timerange: TimeRange | None
    period: Period | None
    strategies: int | None
    families: list[str] | None
    seed: int
    profile: str
    workers: int | None
    cluster: str


def answer(config: Path | None, typed: ResearchOptions) -> Report:
    """Does the job and says what it found."""
    settings = load_config(config)
    if typed.period is not None and typed.timerange is not None:
        raise Misconfigured("--period and --timerange were both given", allowed="one of them")
    terms = terms_of(settings, typed.seed, typed.profile)
    families = _families(settings, typed.families)
    workspace = Workspace(settings)
    serieses = [_series(workspace, symbol, typed) for symbol in workspace.symbols(split_symbols(typed.symbols))]
    plan = planned(serieses, families, typed.strategies or settings.generator.max_strategies, terms)
    results = _done(settings, workspace, plan, typed)
    return _report(JobFolder.of(workspace.data, plan.request), plan, results, typed.stage)


def jobs_answer(config: Path | None) -> Report:
    """The jobs of the project."""
    faults: list[Corrupt] = []
    states = jobs_of(Workspace(load_config(config)).data, faults.append)
    damaged = [str(one) for one in (*faults, *(fault for state in states for fault in state.folder.faults()))]
    warn(damaged)
    document: list[dict[str, Any]] = [
        {
            "id": one.folder.id,
            "created": one.folder.created,
            "symbols": one.symbols,
            "interval": one.folder.request.timeframe,
            "count": one.folder.request.count,
            "seed": one.folder.request.seed,
            "profile": one.folder.request.profile,
            "searched": one.searched,
            "proven": one.proven,
            "done": one.done,
            "folder": str(one.folder.path),
        }
        for one in states
    ]
    rows = [
        (
            one["id"], utc(one["created"]), ", ".join(one["symbols"]), one["interval"], one["count"], one["seed"],
            f"{one['searched']}/{len(one['symbols'])}", f"{one['proven']}/{len(one['symbols'])}",
        )
        for one in document
    ]  # fmt: skip
    names = ["job", "begun (UTC)", "symbols", "interval", "strategies", "seed", "searched", "judged"]
    note = (
        "The same command goes on with a job. One that is not wanted any more is removed by deleting its folder in"
        f" {Workspace(load_config(config)).data / FOLDER}; what it tried stays in the trial ledger."
        if rows or damaged
        else "None yet. Next: tradewind research"
    )
    return Report({"jobs": document, "damaged": damaged}, table("Research jobs", names, rows, note=note))


def _series(workspace: Workspace, symbol: str, typed: ResearchOptions) -> Series:
    span = typed.timerange or TimeRange()
    if typed.period is not None:
        span = TimeRange(typed.period.before(workspace.newest((symbol,), typed.interval, "none")), None)
    series = series_of(workspace, symbol, typed.interval, span.start, span.end)
    warn(series.warnings)
    return series


def _families(settings: AppConfig, names: list[str] | None) -> Mapping[str, Family[Any]]:
    known = families_of(settings)
    names = [family_called(name, known) for name in names or ()]
    chosen = {name: one for name, one in known.items() if (not names or name in names) and one.space}
    if not chosen:
        raise Misconfigured(
            f"{', '.join(names or known)} says nothing about what a search may draw", where="--family",
            allowed=", ".join(sorted(name for name, one in known.items() if one.space)),
            next_step="give the family a `space`; docs/strategies.md shows how",
        )  # fmt: skip
    return chosen


def _done(settings: AppConfig, workspace: Workspace, plan: Planned, typed: ResearchOptions) -> tuple[SymbolResult, ...]:
    own = Path(settings.strategies.folder) if settings.strategies.folder else None
    files = own_files(own) if own is not None and own.is_dir() else ()
    processors = len(os.sched_getaffinity(0))
    small = plan.strategies < SMALL and typed.workers is None and not typed.cluster
    with (
        ThreadExecutor(processors)
        if small
        else executor_for(typed.workers or processors, typed.cluster, own=files) as executor,
        progress(f"Job {plan.request.id}", plan.steps(typed.stage)) as advance,
    ):
        return run_job(plan, workspace, executor, typed.stage, advance, _tell, WallClock().now(), advance.named)


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _report(folder: JobFolder, plan: Planned, results: Sequence[SymbolResult], stage: str) -> Report:
    approved = [finding for one in results if one.proof is not None for finding in one.proof.approved]
    document = {
        "job": folder.id,
        "folder": str(folder.path),
        "created": folder.created,
        "stage": stage,
        "interval": plan.request.timeframe,
        "count": plan.request.count,
        "seed": plan.request.seed,
        "profile": plan.request.profile,
        "trials": sum(one.search.trials for one in results),
        "approved": [one.id for one in approved],
        "insufficient": [one.search.symbol for one in results if one.search.insufficient],
        "symbols": results,
    }
    exit_code = DONE if approved or stage == SEARCH else NEGATIVE
    return Report(document, list(_human(folder, plan, results, stage, len(approved))), exit_code)


def _human(
    folder: JobFolder, plan: Planned, results: Sequence[SymbolResult], stage: str, approved: int
) -> Iterator[str | RenderableType]:
    yield table(
        f"Search of job {folder.id}",
        ["symbol", "bars", "tried", "alike", "silent", "met train", "most missed", "best Sharpe"],
        [_search_row(one.search) for one in results],
        note="alike: trades exactly as another one. silent: never traded. best Sharpe: of daily net R before the seal,"
        " not annualised; the best of many tries, by luck alone above zero.",
    )
    yield from _insufficient(results)
    if stage == SEARCH:
        yield "Next: the same command with --stage validate, or --stage all. Every strategy is in the trial ledger."
        return
    yield table(
        f"Proof, profile {plan.request.profile}",
        ["symbol", "sealed", "PBO", "SPA p", "effective trials", "measured", "opened", "passed"],
        [_proof_row(one.search, one.proof) for one in results if one.proof is not None],
    )
    for one in results:
        if one.proof is not None:
            yield from _nearest(one.search, one.proof)
    yield _conclusion(plan, results, approved)
    opened = sum(one.proof.opened for one in results if one.proof is not None)
    if opened:
        yield (
            f"{opened} sealed windows were opened and are spent: whatever these families find in them later"
            " is contaminated."
        )
    yield f"Next: tradewind report --job {folder.id}"


def _conclusion(plan: Planned, results: Sequence[SymbolResult], approved: int) -> str:
    total, profile = sum(one.search.trials for one in results), plan.request.profile
    if approved:
        return f"{approved} of {total} strategies passed every gate of profile {profile}."
    if all(one.search.insufficient for one in results):
        return f"INSUFFICIENT: none of {total} strategies could be judged on so few bars. Next: longer history"
    return f"No edge found: none of {total} strategies passed the gates of profile {profile}."


def _insufficient(results: Sequence[SymbolResult]) -> Iterator[str]:
    """Symbols, or families of them, whose bars hold no sealed window that could prove anything."""
    for one in results:
        lacking = [family for family in one.search.families if family.windows.reason]
        if one.search.insufficient:
            yield f"INSUFFICIENT: {_named(one.search)}: {one.search.insufficient}"
        elif lacking:
            names = ", ".join(family.family for family in lacking)
            yield f"INSUFFICIENT: {_named(one.search)}, {names}: {lacking[0].windows.reason}"


def _named(search: SearchResult) -> str:
    return ("SIMULATED " if search.simulated else "") + search.symbol


def _search_row(search: SearchResult) -> tuple[Any, ...]:
    most = min(search.missed.items(), key=lambda one: (-one[1], one[0]), default=None)
    return (
        _named(search),
        search.bars,
        search.trials,
        search.repeats,
        search.silent,
        search.met,
        None if most is None else f"{most[0]} {most[1] / search.trials:.0%}",
        None if search.best_sharpe is None else f"{search.best_sharpe:.3f}",
    )


def _proof_row(search: SearchResult, proof: ProofResult) -> tuple[Any, ...]:
    batch = proof.batch
    days = sorted({round(family.windows.sealed_days) for family in search.families})
    return (
        _named(search),
        f"{days[0]} days" if len(days) == 1 else f"{days[0]}-{days[-1]} days",
        None if batch.pbo is None else f"{batch.pbo:.3f}",
        None if batch.spa_p is None else f"{batch.spa_p:.3f}",
        None if batch.effective_trials is None else f"{batch.effective_trials:.0f}",
        len(proof.findings),
        proof.opened,
        len(proof.approved),
    )


def _nearest(search: SearchResult, proof: ProofResult) -> Iterator[str | RenderableType]:
    """Those measured in full, the best first, how many were left after each stage, and what had been read before."""
    ranked = sorted(proof.findings, key=lambda one: rank(one.id, one.judgement, one.evidence))
    if not ranked:
        return
    profiles = [report.profile for report in ranked[0].judgement.reports]
    shown = max(SHOWN, len(proof.approved))
    yield table(
        f"{_named(search)} {search.timeframe}: measured in full",
        ["strategy", "n", "won/even", "sealed", *profiles, "missed"],
        [_finding_row(finding) for finding in ranked[:shown]],
        note="n and won/even (percent of trades that won, and that would break even) are of the train window, net;"
        " sealed: trades in the sealed window, - where it stayed closed."
        + (f" {len(ranked) - shown} more in the report." if len(ranked) > shown else ""),
    )
    for profile in profiles:
        found = (finding.judgement.report(profile) for finding in ranked)
        counts = funnel([report for report in found if report is not None])
        said = ", ".join(stage.text() for stage in counts)
        yield f"Profile {profile}, of those measured that came to each step: {said}"
    reasons = Counter(one.evidence.sealed.contamination for one in ranked if one.evidence.sealed is not None)
    for reason, count in reasons.items():
        if reason:
            yield f"CONTAMINATED: {reason}; {count} of this search cannot pass on it"


def _finding_row(one: Finding) -> tuple[Any, ...]:
    trades, sealed = one.evidence.train.trades, one.evidence.sealed
    return (
        one.id,
        trades.n,
        f"{percent(trades.win_rate)}/{percent(trades.breakeven)}",
        None if sealed is None else sealed.window.trades.n,
        *verdicts(one.judgement),
        first_missed(one.judgement),
    )
