"""``tradewind report``: one HTML page about a strategy, or about everything that was judged."""

from __future__ import annotations

from pathlib import Path

from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.config import load_config
from tradewind.app.database import database_path
from tradewind.app.html_report.proof_page import ProofPage, render_proof
from tradewind.app.own_strategies import families_of
from tradewind.app.research.folder import job_named
from tradewind.app.research.page import job_page
from tradewind.app.run_page import require_page, write_text_page
from tradewind.app.settings.root import AppConfig
from tradewind.app.validation.pages import Searching, search_page, strategy_page, verdicts_on
from tradewind.app.validation.selection import batch_of
from tradewind.app.validation.series import series_of, terms_of
from tradewind.app.validation.subject import subject_of
from tradewind.app.verdict_shelf import on_file
from tradewind.app.workspace import Workspace
from tradewind.cli.contract import Report, warn
from tradewind.cli.options import split_symbols
from tradewind.errors import Misconfigured, Unavailable
from tradewind.model.timeframe import Timeframe


def answer(
    config: Path | None,
    name: str,
    typed: list[str] | None,
    interval: Timeframe | None,
    output: Path | None,
    job: str | None,
) -> Report:
    """Renders and writes."""
    settings = load_config(config)
    if output is not None:
        require_page(output, "--output")
    workspace = Workspace(settings)
    if job is not None:
        if name:
            raise Misconfigured("a strategy and a job were both named", allowed="one of them")
        folder = job_named(workspace.data, job)
        return _written(job_page(folder), output or workspace.reports / f"research-{folder.id}.html")
    names = split_symbols(typed)
    symbols = workspace.symbols(names) if names else ()
    with StrategyBook.read(database_path(settings)) as book:
        if name:
            subject = subject_of(workspace, book, families_of(settings), name, symbol=symbols[0] if symbols else "")
            warn(subject.warnings)
            page, file = strategy_page(subject), f"{subject.stored.id}-{subject.series.symbol.replace('/', '')}.html"
        else:
            page, file = search_page(_judged(settings, workspace, book, symbols, interval)), "validation.html"
    return _written(page, output or workspace.reports / file)


def _written(page: ProofPage, path: Path) -> Report:
    write_text_page(path, render_proof(page), "--output")
    return Report(_document(page, path), [*(line for line, _ in page.findings), f"Report: {path}"])


def _document(page: ProofPage, path: Path) -> dict[str, object]:
    return {
        "path": str(path),
        "title": page.title,
        "simulated": page.stamp.simulated,
        "findings": [line for line, _ in page.findings],
        "funnel": {profile: [one._asdict() for one in counts] for profile, counts in page.funnel},
        "folds": page.folds,
        "searches": [
            {"label": one.label, "trials": sum(one.sharpe.counts), "pbo": one.pbo, "chosen": one.chosen}
            for one in page.searches
        ],
        "robustness": page.robustness,
    }


def _judged(
    settings: AppConfig, workspace: Workspace, book: StrategyBook, symbols: tuple[str, ...], interval: Timeframe | None
) -> list[Searching]:
    """The batches of the book that verdicts were written on."""
    files, families = VerdictFiles(workspace.data), families_of(settings)
    rows = book.select(timeframe=interval)
    keys = dict.fromkeys(
        (row.symbol, row.timeframe)
        for row in sorted(rows, key=lambda one: (one.symbol, one.timeframe.rank))
        if row.verdict_hash and (not symbols or row.symbol in symbols)
    )
    found = []
    for symbol, timeframe in keys:
        members, warnings = batch_of(book, families, symbol, timeframe)
        verdicts, stale = verdicts_on(files, symbol, members)
        warn(stale)
        if not verdicts:
            continue
        start = min(one.windows.train.start for one in verdicts)
        end = max(one.windows.sealed.end for one in verdicts)
        series = series_of(workspace, symbol, timeframe, start, end)
        warn([*warnings, *series.warnings])
        seed = next(iter(verdicts[0].stamp.seeds.values()), 1)
        found.append(Searching(series, members, terms_of(settings, seed), verdicts))
    if not found:
        forgotten = on_file(settings).forgotten(book)
        raise Unavailable(
            "the strategy book knows of nothing that was judged" if forgotten else
            "nothing was judged yet, so there is nothing to report",
            where=str(files.folder),
            next_step=forgotten or "tradewind validate, or tradewind research",
        )  # fmt: skip
    return found
