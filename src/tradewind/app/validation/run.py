"""One batch from stored candles to signed verdicts, through the trial ledger, phase by phase."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tradewind import __version__
from tradewind.adapters.ledger.trial_ledger import TrialLedger
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.validation.keeping import Kept, keep
from tradewind.app.validation.selection import Work
from tradewind.app.validation.series import Series, held_back
from tradewind.app.validation.unfinished import Unfinished
from tradewind.features.rule import Member
from tradewind.model.report import Stamp
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
from tradewind.research.batch_search import (
    Candidate,
    Searched,
    Terms,
    by_family,
    joined,
    searched_family,
    swept_trades,
)
from tradewind.research.judged_bars import bars_by_month
from tradewind.research.verdict import VerdictStamp
from tradewind.validation.gates_evidence import BatchEvidence, CandidateEvidence

PORTION = 16
"""Candidates measured in one go."""

Advance = Callable[[float], None]


class Validated(NamedTuple):
    """What came of a batch. ``opening`` names its reading of sealed windows, ``opened`` how many were read.

    ``content`` is a hash of all that the outcome depends on.
    """

    work: Work
    series: Series
    terms: Terms
    searched: Searched
    batch: BatchEvidence
    judged: tuple[Judged, ...]
    kept: tuple[Kept, ...]
    content: str
    opening: str
    opened: int
    stamp: VerdictStamp


def search(members: Sequence[Member], series: Series, terms: Terms) -> Searched:
    """Every member's development window, family by family."""
    groups = by_family(members)
    families = [searched_family(some, series.market, terms, swept_trades) for some in groups]
    return joined(groups, families, series.market, terms)


def validate(
    work: Work,
    series: Series,
    terms: Terms,
    ledger: TrialLedger,
    files: VerdictFiles,
    executor: Executor,
    *,
    config_hash: str,
    now: int,
    unfinished: Unfinished | None = None,
    advance: Advance = lambda steps: None,
) -> Validated:
    """Judges ``work`` and writes its verdicts; ``advance`` is told of every candidate measured.

    Trials are in the ledger before anything is said about the batch, looks before the first sealed bar is read. Tell
    ``unfinished`` when the book knows the result: until then the same call is the same reading. Without it each call is
    another one.
    """
    searched = search(work.members, series, terms)
    for trials in trials_of(searched, series.symbol, series.data_hash):
        ledger.append(trials, now)
    population = ledger.population()
    batch = measured_batch(searched, population, terms)
    chosen = [one for one in searched.candidates if one.spec in work.judged]
    evidence = _developed(chosen, series, batch, terms, executor, advance)
    places = openable(chosen, evidence, terms)
    content, opening = _content(chosen, series, config_hash, terms), ""
    if places:
        opening = f"validate {content} {now if unfinished is None else unfinished.begun(content, now)}"
        those = [chosen[place] for place in places]
        looks = looks_of(those, series.market, series.symbol, series.data_hash, terms)
        looked = held_back(ledger.record_look(looks, opening=opening, now=now), series)
        known = [evidence[place] for place in places]
        for place, one in zip(places, opened(those, known, looked, series.market, population, terms), strict=True):
            evidence[place] = one
    stamp = Stamp(series.data_hash, config_hash, __version__, terms.seed, series.simulated)
    judged = judgements_of(chosen, evidence, terms, stamp)
    head, digest = ledger.head
    signed = VerdictStamp(
        data_hash=series.data_hash,
        config_hash=config_hash,
        code_version=__version__,
        ledger_head=f"{head}:{digest}",
        seeds={"gate": terms.seed},
        simulated=series.simulated,
        bars=bars_by_month(series.market.columns),
    )
    kept = keep(files, judged, series.instrument, signed, now, work.proven)
    return Validated(work, series, terms, searched, batch, judged, kept, content, opening, len(places), signed)


def _developed(
    chosen: Sequence[Candidate],
    series: Series,
    batch: BatchEvidence,
    terms: Terms,
    executor: Executor,
    advance: Advance,
) -> list[CandidateEvidence]:
    work = functools.partial(developed, market=series.market, batch=batch, terms=terms)
    portions = [chosen[first : first + PORTION] for first in range(0, len(chosen), PORTION)]
    found: list[CandidateEvidence] = []
    for portion in executor.map_chunks(work, portions):
        found += portion
        advance(len(portion))
    return found


def _content(chosen: Sequence[Candidate], series: Series, config_hash: str, terms: Terms) -> str:
    """All that the outcome depends on, as 16 hex digits."""
    parts = [series.symbol, str(series.timeframe), series.data_hash, config_hash, str(terms.seed), terms.deciding.name]
    text = "\n".join([__version__, *parts, *(one.spec for one in chosen)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
