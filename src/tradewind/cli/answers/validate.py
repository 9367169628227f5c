"""``tradewind validate``: strategies of the book put to the proof on stored candles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import RenderableType

from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import config_hash, load_config
from tradewind.app.database import database_path
from tradewind.app.executors import executor_for
from tradewind.app.own_modules import own_files
from tradewind.app.own_strategies import families_of, family_called
from tradewind.app.settings.root import AppConfig
from tradewind.app.signal_text import utc
from tradewind.app.validation.costs import require_own_costs
from tradewind.app.validation.keeping import Kept
from tradewind.app.validation.project_ledger import project_ledger
from tradewind.app.validation.run import Validated, validate
from tradewind.app.validation.selection import Asked, Work, works_of
from tradewind.app.validation.series import series_of, terms_of
from tradewind.app.validation.unfinished import Unfinished
from tradewind.app.workspace import Workspace
from tradewind.cli.answers.judged_rows import first_missed, percent, rank, verdicts
from tradewind.cli.contract import DONE, NEGATIVE, Report, progress, table, warn
from tradewind.cli.options import Period, TimeRange, split_symbols
from tradewind.errors import Misconfigured
from tradewind.model.report import GateReport
from tradewind.model.strategy import StrategyStatus
from tradewind.model.timeframe import Timeframe
from tradewind.model.trial import opening_words
from tradewind.research.batch import Judged
from tradewind.validation.gates_profiles import StageCount, funnel

SHOWN = 40
"""Rows of the summary; the best first, the rest is in the book and in ``--json``."""


class ValidateOptions(NamedTuple):
    """What was typed after ``tradewind validate``; None and empty where nothing was."""

    names: tuple[str, ...]
    family: str | None
    status: StrategyStatus
    symbols: list[str] | None
    interval: Timeframe | None
    timerange: TimeRange | None
    period: Period | None
    profile: str
    workers: int
    seed: int


def answer(config: Path | None, typed: ValidateOptions) -> Report:
    """Judges, writes verdicts and the book, and exits with 4 where nothing passed."""
    settings = load_config(config)
    if typed.period is not None and typed.timerange is not None:
        raise Misconfigured("--period and --timerange were both given", allowed="one of them")
    terms_of(settings, typed.seed, typed.profile)  # a profile that is none is refused before anything is written
    workspace = Workspace(settings)
    symbols = split_symbols(typed.symbols)
    places = workspace.symbols(symbols) if symbols else ()
    now, families = WallClock().now(), families_of(settings)
    with StrategyBook.open(database_path(settings), now) as book:
        family = None if typed.family is None else family_called(typed.family, {*book.families(), *families})
        asked = Asked(typed.names, family, typed.status, places, typed.interval)
        works = works_of(workspace, book, families, asked, now)
        done = _validated(settings, workspace, works, typed, now)
        for one in done:
            book.judge([kept.judgement for kept in one.kept if kept.judgement is not None], now)
            Unfinished(workspace.data).finished(one.content)
    return _report(done)


def _validated(
    settings: AppConfig, workspace: Workspace, works: Sequence[Work], typed: ValidateOptions, now: int
) -> list[Validated]:
    """Every batch, one after another; a verdict of one does not depend on another one, but for the ledger's trials."""
    terms = terms_of(settings, typed.seed, typed.profile)
    files = VerdictFiles(workspace.data)
    serieses = [_bars(workspace, work, typed) for work in works]
    for series in serieses:
        require_own_costs(settings, series.instrument)
    folder = Path(settings.strategies.folder) if settings.strategies.folder else None
    own = own_files(folder) if folder is not None and folder.is_dir() else ()
    with (
        project_ledger(settings, workspace.data) as ledger,
        executor_for(typed.workers, own=own) as executor,
        progress("Validating", sum(len(work.judged) for work in works)) as advance,
    ):
        warn(ledger.notes)
        return [
            validate(
                work, series, terms, ledger, files, executor,
                config_hash=config_hash(settings), now=now, unfinished=Unfinished(workspace.data), advance=advance,
            )
            for work, series in zip(works, serieses, strict=True)
        ]  # fmt: skip


def _bars(workspace: Workspace, work: Work, typed: ValidateOptions) -> Any:
    span = typed.timerange or TimeRange()
    if typed.period is not None:
        newest = workspace.newest((work.symbol,), work.timeframe, "none")
        span = TimeRange(typed.period.before(newest), None)
    series = series_of(workspace, work.symbol, work.timeframe, span.start, span.end)
    warn([*work.warnings, *series.warnings])
    return series


def _report(done: Sequence[Validated]) -> Report:
    approved = sum(one.judgement.approved for run in done for one in run.judged)
    document = {
        "approved": approved,
        "judged": sum(len(run.judged) for run in done),
        "profile": done[0].terms.deciding.name,
        "seed": done[0].terms.seed,
        "batches": [_document(run) for run in done],
    }
    return Report(document, list(_human(done, approved)), DONE if approved else NEGATIVE)


def _document(run: Validated) -> dict[str, Any]:
    columns = run.series.market.columns
    return {
        "symbol": run.series.symbol,
        "interval": run.series.timeframe,
        "source": run.series.source,
        "simulated": run.series.simulated,
        "first_ts": int(columns.ts_open[0]),
        "last_ts": int(columns.ts_close[-1]),
        "stamp": run.stamp,
        "batch": run.batch,
        "opening": run.opening or None,
        "sealed_windows_opened": run.opened,
        "funnel": {name: [one._asdict() for one in _counts(run.judged, name)] for name in _profiles(run)},
        "strategies": [_strategy(one, kept) for one, kept in zip(run.judged, run.kept, strict=True)],
    }


def _strategy(one: Judged, kept: Kept) -> dict[str, Any]:
    sealed = one.evidence.sealed
    return {
        "id": one.candidate.member.id,
        "spec_hash": one.candidate.spec,
        "verdict": one.judgement.verdict,
        "approved": one.judgement.approved,
        "verdicts": {report.profile: report.verdict for report in one.judgement.reports},
        "verdict_path": kept.path,
        "earlier_verdict_stands": kept.path is None and not kept.lost,
        "earlier_verdict_lost": kept.lost,
        "windows": one.candidate.windows,
        "sealed_days": one.candidate.windows.sealed_days,
        "contamination": "" if sealed is None else sealed.contamination,
        "first_missed": first_missed(one.judgement),
        "reports": one.judgement.reports,
        "evidence": one.evidence,
    }


def _profiles(run: Validated) -> tuple[str, ...]:
    return tuple(report.profile for report in run.judged[0].judgement.reports)


def _reports(judged: Sequence[Judged], profile: str) -> list[GateReport]:
    found = (one.judgement.report(profile) for one in judged)
    return [report for report in found if report is not None]


def _counts(judged: Sequence[Judged], profile: str) -> tuple[StageCount, ...]:
    return funnel(_reports(judged, profile))


def _human(done: Sequence[Validated], approved: int) -> Iterator[str | RenderableType]:
    judged = sum(len(run.judged) for run in done)
    for run in done:
        columns = run.series.market.columns
        first, last = utc(int(columns.ts_open[0])), utc(int(columns.ts_close[-1]))
        simulated = "SIMULATED " if run.series.simulated else ""
        yield (
            f"{simulated}{run.series.symbol} {run.series.timeframe}, {len(columns.close)} bars from {first} to {last},"
            f" {run.series.source}; {run.batch.trials} trials in the batch"
        )
        if judged == 1:
            yield from _one(run.judged[0])
        else:
            yield from _many(run)
    deciding = done[0].terms.deciding.name
    folders = sorted({str(kept.path.parent) for run in done for kept in run.kept if kept.path is not None})
    if folders:
        yield f"Verdicts: {', '.join(folders)}"
    yield from _earlier(done)
    yield (
        f"{approved} of {judged} strategies passed every gate of profile {deciding}."
        if approved
        else f"No edge found: none of {judged} strategies passed the gates of profile {deciding}."
    )


def _earlier(done: Sequence[Validated]) -> Iterator[str]:
    """Whose passed verdict was left as it is, and whose cannot be found."""
    pairs = [pair for run in done for pair in zip(run.judged, run.kept, strict=True) if pair[1].path is None]
    standing = [one.candidate.member.id for one, kept in pairs if not kept.lost]
    lost = [one.candidate.member.id for one, kept in pairs if kept.lost]
    if standing:
        yield (
            f"The earlier passed verdict stands: {', '.join(standing)}. A sealed window that was read before,"
            " or too little evidence, proves nothing and refutes nothing."
        )
    if lost:
        yield (
            f"The earlier passed verdict is LOST: {', '.join(lost)}. The strategy book knows of it, its signed file is"
            " not there as it was signed, so nobody is heard on it. Restore data/verdicts from its backup; this reading"
            " cannot take its place."
        )


def _one(judged: Judged) -> Iterator[str | RenderableType]:
    """The gate table of one strategy: every row of every profile, the one that decides last said."""
    yield judged.judgement.text()
    sealed = judged.evidence.sealed
    if sealed is not None and sealed.contamination:
        yield f"CONTAMINATED: {sealed.contamination}"


def _many(run: Validated) -> Iterator[str | RenderableType]:
    """The windows of each family, a row a strategy, and how many were left after each stage."""
    windows = {one.candidate.member.family: one.candidate.windows.text() for one in run.judged}
    yield table("Windows (UTC)", ["family", "windows"], windows.items())
    ranked = sorted(run.judged, key=lambda one: rank(one.candidate.member.id, one.judgement, one.evidence))
    rows = [_row(one) for one in ranked[:SHOWN]]
    names = ["strategy", "n", "win rate", "break-even", "factor", "sealed", *_profiles(run), "first missed"]
    more = f"{len(ranked) - SHOWN} more, none of them better. " if len(ranked) > SHOWN else ""
    yield table(
        f"{run.series.symbol} {run.series.timeframe}", names, rows,
        note=f"{more}n, win rate and profit factor are those of the train window, net; `sealed` are the sealed trades.",
    )  # fmt: skip
    for profile in _profiles(run):
        counts = _counts(run.judged, profile)
        yield f"Profile {profile}, of those that came to each step: " + ", ".join(stage.text() for stage in counts)
    looked = run.opened
    tainted = [sealed for one in run.judged if (sealed := one.evidence.sealed) is not None and sealed.contamination]
    if tainted:
        yield f"CONTAMINATED: {len(tainted)} of them; {tainted[0].contamination}"
    named = f", as {opening_words(run.opening)}" if looked else ""
    yield f"Sealed windows opened: {looked} of {len(run.judged)}{named}"


def _row(one: Judged) -> tuple[Any, ...]:
    trades = one.evidence.train.trades
    sealed = one.evidence.sealed
    return (
        one.candidate.member.id,
        trades.n,
        percent(trades.win_rate, "%"),
        percent(trades.breakeven, "%"),
        None if trades.profit_factor is None else f"{trades.profit_factor:.2f}",
        None if sealed is None else sealed.window.trades.n,
        *verdicts(one.judgement, refused="REJECTED"),
        first_missed(one.judgement),
    )
