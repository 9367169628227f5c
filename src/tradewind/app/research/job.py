"""A research job from stored candles to signed verdicts, one symbol after another.

What a symbol leaves behind is on disk before the next one begins, and everything is a function of the request: a job
that was killed anywhere, and is started again by the same command, ends with the same files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from tradewind.adapters.ledger.trial_ledger import TrialLedger
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.config import config_hash
from tradewind.app.research.folder import JobFolder, place_of
from tradewind.app.research.proving import Prover
from tradewind.app.research.request import JobRequest, drawn_for, request_of
from tradewind.app.research.result import ProofResult, SearchResult, SymbolResult
from tradewind.app.research.searching import Advance, SymbolSearch, search_result, search_symbol
from tradewind.app.strategy_pool import ledger_path
from tradewind.app.validation.series import Series
from tradewind.app.workspace import Workspace
from tradewind.errors import Unavailable
from tradewind.features.rule import Family, Member
from tradewind.model.report import Verdict
from tradewind.ports.executor import Executor
from tradewind.research.batch import Terms

SEARCH, VALIDATE, ALL = "search", "validate", "all"
STAGES = (SEARCH, VALIDATE, ALL)


class Planned(NamedTuple):
    """A job before it begins: its request, and each symbol's bars and strategies."""

    request: JobRequest
    drawn: tuple[tuple[Series, tuple[Member, ...]], ...]
    terms: Terms

    @property
    def steps(self) -> int:
        """Strategies in all, what progress counts."""
        return sum(len(members) for _, members in self.drawn)


def planned(serieses: Sequence[Series], families: Mapping[str, Family[Any]], count: int, terms: Terms) -> Planned:
    """Draws the strategies of every symbol."""
    drawn = tuple(
        (one, drawn_for(one.instrument, families.values(), count, terms.seed, one.timeframe)) for one in serieses
    )
    return Planned(request_of(drawn, families, count, terms), drawn, terms)


def run_job(
    plan: Planned,
    folder: JobFolder,
    workspace: Workspace,
    executor: Executor,
    stage: str,
    advance: Advance,
    say: Callable[[str], None],
) -> tuple[SymbolResult, ...]:
    """Does what is left of a job up to ``stage``, and says what every symbol came to.

    Raises:
        Unavailable: ``validate`` was asked for before the search was done.
        Retryable: another process writes the trial ledger.
    """
    if stage == VALIDATE:
        _require_search(plan, folder)
    now = folder.created
    results = []
    with (
        TrialLedger(ledger_path(workspace.config, workspace.folder)) as ledger,
        StrategyBook.open(workspace.database, now) as book,
    ):
        for note in ledger.notes:
            say(note)
        prover = Prover(
            folder, plan.terms, ledger, VerdictFiles(workspace.data), executor, config_hash(workspace.config), advance
        )
        for series, members in plan.drawn:
            found = _symbol(folder, series, members, plan.terms, executor, prover, book, stage, advance)
            say(said_of(found))
            results.append(found)
    return tuple(results)


def _symbol(
    folder: JobFolder, series: Series, members: Sequence[Member], terms: Terms, executor: Executor, prover: Prover,
    book: StrategyBook, stage: str, advance: Advance,
) -> SymbolResult:  # fmt: skip
    place, now = place_of(series.symbol), folder.created
    result = folder.kept(f"{place}/search.json", SearchResult)
    proof = folder.kept(f"{place}/proof.json", ProofResult)
    if result is not None and (proof is not None or stage == SEARCH):
        advance(len(members))
        return SymbolResult(result, proof)
    kind = str(series.instrument.asset_class)
    ids = book.add(members, now, symbol=series.symbol, asset_class=kind).ids
    named = [msgspec.structs.replace(one, id=name) for one, name in zip(members, ids, strict=True)]
    search = search_symbol(folder, named, series, terms, executor, advance)
    prover.record(search, series)
    result = search_result(series, search)
    folder.keep(f"{place}/search.json", result)
    if stage != SEARCH:
        proof = _proven(folder, place, search, series, prover, book)
    return SymbolResult(result, proof)


def _proven(
    folder: JobFolder, place: str, search: SymbolSearch, series: Series, prover: Prover, book: StrategyBook
) -> ProofResult:
    """The proof, told to the book before it is called done; what only helped to get there is removed."""
    rows = book.select(symbol=series.symbol, timeframe=series.timeframe)
    known = frozenset(row.spec_hash for row in rows if row.verdict == Verdict.PASS)
    proof = prover.prove(search, series, known)
    book.judge(proof.entries, folder.created)
    folder.keep(f"{place}/proof.json", proof.result)
    for file in [folder.path / place / "search.npz", *(folder.path / place).glob("portion-*.json")]:
        file.unlink(missing_ok=True)
    return proof.result


def _require_search(plan: Planned, folder: JobFolder) -> None:
    missing = [
        series.symbol for series, _ in plan.drawn
        if folder.kept(f"{place_of(series.symbol)}/search.json", SearchResult) is None
    ]  # fmt: skip
    if missing:
        raise Unavailable(
            f"{', '.join(missing)} was not searched yet by job {folder.id}",
            where=str(folder.path),
            next_step="the same command with --stage search, or --stage all",
        )


def said_of(result: SymbolResult) -> str:
    """A symbol in one line."""
    search, proof = result.search, result.proof
    simulated = "SIMULATED " if search.simulated else ""
    text = (
        f"{simulated}{search.symbol} {search.timeframe}: {search.trials} strategies, {search.repeats} repeats,"
        f" {search.met} met the train criteria"
    )
    if proof is None:
        return text
    approved = ", ".join(one.id for one in proof.approved)
    return f"{text}, {proof.opened} sealed windows opened, " + (
        f"{len(proof.approved)} passed: {approved}" if approved else "none passed"
    )
