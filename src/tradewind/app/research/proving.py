"""The proof of one symbol: the batch as a whole, the candidates that are left, their sealed windows, the verdicts."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from tradewind import __version__
from tradewind.adapters.ledger.trial_ledger import TrialLedger
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.research.folder import JobFolder, place_of
from tradewind.app.research.result import Finding, ProofResult
from tradewind.app.research.searching import Advance, SymbolSearch, expectancy_of
from tradewind.app.validation.keeping import Kept, keep
from tradewind.app.validation.series import Series, held_back
from tradewind.features.rule import Member
from tradewind.model.report import Stamp
from tradewind.model.strategy import Judgement, StrategyStatus
from tradewind.model.trial import TrialPopulation
from tradewind.ports.executor import Executor
from tradewind.research.batch import (
    Judged,
    developed,
    judgements_of,
    looks_of,
    measured_batch,
    openable,
    opened,
    trials_of,
)
from tradewind.research.batch_search import Candidate, Terms
from tradewind.research.judged_bars import bars_by_month
from tradewind.research.verdict import VerdictStamp
from tradewind.validation.backtest_overfitting import backtest_overfitting
from tradewind.validation.gates_evidence import BatchEvidence, CandidateEvidence
from tradewind.validation.gates_screen import CRITERIA
from tradewind.validation.histogram import Histogram, histogram

PORTION = 16
"""Candidates measured in one go."""
BATCH_SHARE, DEVELOPED_SHARE = 0.4, 0.5
"""Parts of a symbol's proof in the bar of progress; the sealed windows are the rest."""
NEAREST = 20
"""Refused strategies of a symbol that are measured in full all the same, for a person to look at."""


class MeasuredBatch(msgspec.Struct, frozen=True):
    """What the batch showed, and the ledger's trials at that moment."""

    evidence: BatchEvidence
    population: TrialPopulation
    logits: Histogram | None


class Proof(NamedTuple):
    """What came of a symbol, and what the strategy book must be told."""

    result: ProofResult
    entries: tuple[Judgement, ...]


class Prover:
    """Proves one symbol after another into the folder of a job."""

    def __init__(
        self, folder: JobFolder, terms: Terms, ledger: TrialLedger, files: VerdictFiles, executor: Executor,
        config_hash: str, advance: Advance,
    ) -> None:  # fmt: skip
        self._folder = folder
        self._terms = terms
        self._ledger = ledger
        self._files = files
        self._executor = executor
        self._config_hash = config_hash
        self._advance = advance
        self._now = folder.created
        self._opening = folder.request.opening

    def record(self, search: SymbolSearch, series: Series) -> None:
        """Everyone who was tried, into the ledger; what is there already stays once."""
        for trials in trials_of(search.searched, series.symbol, series.data_hash):
            self._ledger.append(trials, self._now)

    def prove(self, search: SymbolSearch, series: Series, proven: frozenset[str] = frozenset()) -> Proof:
        """From the search to signed verdicts; every phase that an earlier life finished is taken from disk."""
        batch = self._batch(search, series)
        share = len(search.searched.candidates)
        self._advance(BATCH_SHARE * share)
        chosen, repeats = chosen_of(search)
        evidence = self._developed(chosen, series, batch, DEVELOPED_SHARE * share)
        places = openable(chosen, evidence, self._terms)
        if places:
            those = [chosen[place] for place in places]
            looks = looks_of(those, series.market, series.symbol, series.data_hash, self._terms)
            looked = held_back(self._ledger.record_look(looks, opening=self._opening, now=self._now), series)
            known = [evidence[place] for place in places]
            found = opened(those, known, looked, series.market, batch.population, self._terms)
            for place, one in zip(places, found, strict=True):
                evidence[place] = one
        self._advance((1.0 - BATCH_SHARE - DEVELOPED_SHARE) * share)
        judged = judgements_of(chosen, evidence, self._terms, self._stamp(series))
        stamp = self._signed(series)
        kept = keep(self._files, judged, series.instrument, stamp, self._now, proven)
        result = ProofResult(
            batch=batch.evidence,
            logits=batch.logits,
            opened=len(places),
            findings=_findings(search, judged, kept),
            stamp=stamp,
        )
        told = [one.judgement for one in kept if one.judgement is not None]
        refused = refused_entries(search, chosen, series.symbol, repeats, proven, simulated=series.simulated)
        return Proof(result, (*told, *refused))

    def _batch(self, search: SymbolSearch, series: Series) -> MeasuredBatch:
        name = f"{place_of(series.symbol)}/batch.json"
        known = self._folder.kept(name, MeasuredBatch)
        if known is None:
            population = self._ledger.population()
            found = backtest_overfitting(search.searched.daily)
            known = MeasuredBatch(
                measured_batch(search.searched, population, self._terms),
                population,
                None if found is None else histogram(found.logits),
            )
            self._folder.keep(name, known)
        return known

    def _developed(
        self, chosen: Sequence[Candidate], series: Series, batch: MeasuredBatch, share: float
    ) -> list[CandidateEvidence]:
        """Everything before the seal, in portions that are kept as they come; ``share`` is what progress gets of it."""
        portions = [chosen[first : first + PORTION] for first in range(0, len(chosen), PORTION)]
        names = [f"{place_of(series.symbol)}/portion-{k}.json" for k in range(len(portions))]
        found = {k: one for k, name in enumerate(names) if (one := self._folder.kept(name, list[CandidateEvidence]))}
        missing = [k for k in range(len(portions)) if k not in found]
        self._advance(share * len(found) / max(1, len(portions)))
        work = functools.partial(developed, market=series.market, batch=batch.evidence, terms=self._terms)
        for k, part in zip(missing, self._executor.map_chunks(work, [portions[k] for k in missing]), strict=True):
            self._folder.keep(names[k], part)
            found[k] = list(part)
            self._advance(share / len(portions))
        return [one for k in range(len(portions)) for one in found[k]]

    def _stamp(self, series: Series) -> Stamp:
        return Stamp(series.data_hash, self._config_hash, __version__, self._terms.seed, series.simulated)

    def _signed(self, series: Series) -> VerdictStamp:
        head, digest = self._ledger.head
        return VerdictStamp(
            data_hash=series.data_hash,
            config_hash=self._config_hash,
            code_version=__version__,
            ledger_head=f"{head}:{digest}",
            seeds={"research": self._terms.seed},
            simulated=series.simulated,
            bars=bars_by_month(series.market.columns),
        )


def chosen_of(search: SymbolSearch) -> tuple[list[Candidate], dict[str, Member]]:
    """Who is measured in full: all that met the train criteria, less repeats, and the nearest of the others.

    Of strategies that trade alike the first one stands for all; the second part names it by the hash of each other one.
    """
    candidates = search.searched.candidates
    first: dict[int, Member] = {}
    repeats: dict[str, Member] = {}
    met: list[Candidate] = []
    for one, signature in zip(candidates, search.signature.tolist(), strict=True):
        if one.missed:
            continue
        known = first.setdefault(signature, one.member)
        if known is one.member:
            met.append(one)
        else:
            repeats[one.spec] = known
    reached = np.array([CRITERIA.index(one.missed) if one.missed in CRITERIA else -1 for one in candidates])
    worth = np.nan_to_num(expectancy_of(search.train), nan=-np.inf)
    order = np.lexsort((np.arange(len(candidates)), -worth, -reached))
    nearest: list[Candidate] = []
    for place in order.tolist():
        if len(nearest) == NEAREST:
            break
        one, signature = candidates[place], int(search.signature[place])
        if one.missed and reached[place] >= 0 and search.searched.trades[place] and signature not in first:
            first[signature] = one.member
            nearest.append(one)
    return [*met, *nearest], repeats


def refused_entries(
    search: SymbolSearch,
    chosen: Sequence[Candidate],
    symbol: str,
    repeats: dict[str, Member],
    proven: frozenset[str] = frozenset(),
    *,
    simulated: bool = False,
) -> tuple[Judgement, ...]:
    """What the book is told of everybody who was not measured in full: refused, and why.

    Of ``proven`` ones nothing is said where this search was not about them: too few bars or trades refute nothing, and
    neither does another one that trades alike.
    """
    measured = {one.spec for one in chosen}
    worth, train = expectancy_of(search.train), search.train
    entries = []
    for place, one in enumerate(search.searched.candidates):
        if one.spec in measured:
            continue
        if one.spec in repeats:
            if one.spec in proven:
                continue
            status, reason = StrategyStatus.REJECTED, f"trades exactly as {repeats[one.spec].id}"
        else:
            few = one.missed.startswith("windows.") or one.missed == CRITERIA[0]
            status = StrategyStatus.CANDIDATE if few else StrategyStatus.REJECTED
            if few and one.spec in proven:
                continue
            trades, wins = int(train.trades[place]), int(train.wins[place])
            reason = f"{one.missed} missed: {trades} trades, {wins} won, expectancy {worth[place]:+.3f} R"
            if not trades:
                reason = f"{one.missed} missed: no trade in the train window"
        entries.append(Judgement(spec_hash=one.spec, symbol=symbol, status=status, reason=reason, simulated=simulated))
    return tuple(entries)


def _findings(search: SymbolSearch, judged: Sequence[Judged], kept: Sequence[Kept]) -> tuple[Finding, ...]:
    sharpe = dict(zip((one.spec for one in search.searched.candidates), search.sharpe.tolist(), strict=True))
    return tuple(
        Finding(
            id=one.candidate.member.id,
            spec_hash=one.candidate.spec,
            missed=one.candidate.missed,
            sharpe=sharpe[one.candidate.spec] if np.isfinite(sharpe[one.candidate.spec]) else None,
            evidence=one.evidence,
            judgement=one.judgement,
            verdict_path=None if file.path is None else str(file.path),
        )
        for one, file in zip(judged, kept, strict=True)
    )
