"""A research job from stored candles to signed verdicts: first every symbol's search, then every symbol's proof.

What a symbol leaves behind is on disk before the next one begins, and everything is a function of the request: a job
that was killed anywhere, and is started again by the same command, ends with the same files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from tradewind import __version__
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.config import config_hash
from tradewind.app.research.confirmed import confirmed
from tradewind.app.research.folder import PROVEN, SEARCHED, JobFolder, jobs_of, place_of
from tradewind.app.research.proving import Prover
from tradewind.app.research.request import JobRequest, changed, drawn_for, request_of
from tradewind.app.research.result import ProofResult, SearchResult, SymbolResult
from tradewind.app.research.searching import Advance, SymbolSearch, search_result, search_symbol
from tradewind.app.signal_text import utc
from tradewind.app.validation.costs import require_own_costs
from tradewind.app.validation.project_ledger import project_ledger
from tradewind.app.validation.series import Series
from tradewind.app.workspace import Workspace
from tradewind.errors import Corrupt, Unavailable
from tradewind.features.rule import Family, Member
from tradewind.model.report import Verdict
from tradewind.ports.executor import Executor
from tradewind.research.batch_search import Terms

SEARCH, VALIDATE, ALL = "search", "validate", "all"
STEPS = 2
"""What progress counts of a strategy: its search, and its part of the symbol's proof."""


class Planned(NamedTuple):
    """A job before it begins: its request, and each symbol's bars and strategies."""

    request: JobRequest
    drawn: tuple[tuple[Series, tuple[Member, ...]], ...]
    terms: Terms

    def steps(self, stage: str) -> int:
        """What progress counts up to a stage."""
        return (1 if stage == SEARCH else STEPS) * self.strategies

    @property
    def strategies(self) -> int:
        """Strategies in all."""
        return sum(len(members) for _, members in self.drawn)


def planned(serieses: Sequence[Series], families: Mapping[str, Family[Any]], count: int, terms: Terms) -> Planned:
    """Draws the strategies of every symbol."""
    drawn = tuple(
        (one, drawn_for(one.instrument, families.values(), count, terms.seed, one.timeframe)) for one in serieses
    )
    return Planned(request_of(drawn, families, count, terms), drawn, terms)


def run_job(
    plan: Planned,
    workspace: Workspace,
    executor: Executor,
    stage: str,
    advance: Advance,
    say: Callable[[str], None],
    now: int,
    phase: Callable[[str], None] = lambda text: None,
) -> tuple[SymbolResult, ...]:
    """Does what is left of a job up to ``stage``, and says what every symbol came to.

    ``phase`` is told what is being done from now on. ``now`` becomes the time of the job where it is new. The trial
    ledger is held from before the job's folder is made: a second process is refused before it has changed anything.

    Raises:
        Misconfigured: the costs are below the instrument's own.
        Unavailable: ``validate`` was asked for before the search was done, the disk is full, or an approved strategy
            of a finished symbol has no signed verdict that says so.
        Corrupt: a file of the job or a signed verdict was changed.
        Retryable: another process writes the trial ledger.
    """
    for one, _ in plan.drawn:
        require_own_costs(workspace.config, one.instrument)
    if stage == VALIDATE:
        _require_search(plan, JobFolder.of(workspace.data, plan.request))
    with (
        StrategyBook.open(workspace.database, now) as book,
        project_ledger(workspace.config, workspace.data, workspace.folder) as ledger,
    ):
        for note in ledger.notes:
            say(note)
        folder = JobFolder.begun(workspace.data, plan.request, now)
        for note in _notes(folder, workspace):
            say(note)
        files = VerdictFiles(workspace.data)
        prover = Prover(folder, plan.terms, ledger, files, executor, config_hash(workspace.config), advance)
        job = _Job(folder, plan.terms, executor, prover, book, advance)
        found: list[SymbolResult] = []
        for series, members in plan.drawn:
            phase(f"Search {series.symbol}")
            search = job.searched(series, members)
            proof = folder.kept(f"{place_of(search.symbol)}/{PROVEN}", ProofResult)
            found.append(confirmed(SymbolResult(search, proof), files))
            say(said_of(found[-1]))
        for place, (series, members) in enumerate(plan.drawn if stage != SEARCH else ()):
            phase(f"Prove {series.symbol}")
            if found[place].proof is None:
                found[place] = confirmed(SymbolResult(found[place].search, job.proven(series, members)), files)
                say(said_of(found[place]))
            else:
                advance((STEPS - 1) * len(members))
                folder.tidy(series.symbol)
    return tuple(found)


def _notes(folder: JobFolder, workspace: Workspace) -> Iterator[str]:
    """What a person must know before the job goes on."""
    before = folder.taken_up(__version__)
    if before:
        yield (
            f"Job {folder.id} was begun by version {before}, this is {__version__}:"
            " symbols that were not judged yet are searched again"
        )
    faults: list[Corrupt] = []
    others = [one for one in jobs_of(workspace.data, faults.append) if not one.done and one.folder.id != folder.id]
    yield from map(str, faults)  # of other jobs: told, and no reason to stop this one
    for one in others:
        differs = changed(one.folder.request, folder.request)
        if differs:
            yield (
                f"Job {one.folder.id} of {utc(one.folder.created)} is unfinished and cannot go on: {', '.join(differs)}"
                f" changed since. This is job {folder.id}. What the other one tried, and every sealed window it read,"
                f" counts; its folder can be deleted: {one.folder.path}"
            )


class _Job(NamedTuple):
    """What both passes over the symbols work with.

    Every symbol is searched before the first one is proven: a proof is deflated by all trials of the job, wherever in
    the list of symbols it stands and whether the stages are typed one by one or not.
    """

    folder: JobFolder
    terms: Terms
    executor: Executor
    prover: Prover
    book: StrategyBook
    advance: Advance

    def searched(self, series: Series, members: Sequence[Member]) -> SearchResult:
        """The search of a symbol, in the ledger and in the book before it is called done."""
        name = f"{place_of(series.symbol)}/{SEARCHED}"
        result = self.folder.kept(name, SearchResult)
        if result is not None:
            self.advance(len(members))
            return result
        return self.folder.told(name, search_result(series, self._search(series, members, self.advance)))

    def proven(self, series: Series, members: Sequence[Member]) -> ProofResult:
        """The proof, told to the book before it is called done; what only helped to get there is removed."""
        search = self._search(series, members, lambda steps: None)
        rows = self.book.select(symbol=series.symbol, timeframe=series.timeframe)
        known = frozenset(row.spec_hash for row in rows if row.verdict == Verdict.PASS)
        proof = self.prover.prove(search, series, known)
        self.book.judge(proof.entries, self.folder.created)
        result = self.folder.told(f"{place_of(series.symbol)}/{PROVEN}", proof.result)
        self.folder.tidy(series.symbol)
        return result

    def _search(self, series: Series, members: Sequence[Member], advance: Advance) -> SymbolSearch:
        kind = str(series.instrument.asset_class)
        ids = self.book.add(members, self.folder.created, symbol=series.symbol, asset_class=kind).ids
        named = [msgspec.structs.replace(one, id=name) for one, name in zip(members, ids, strict=True)]
        search = search_symbol(self.folder, named, series, self.terms, self.executor, advance)
        self.prover.record(search, series)
        return search


def _require_search(plan: Planned, folder: JobFolder) -> None:
    missing = [
        series.symbol for series, _ in plan.drawn
        if folder.kept(f"{place_of(series.symbol)}/{SEARCHED}", SearchResult) is None
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
