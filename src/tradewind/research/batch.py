"""The protocol of one batch: the candidates of one symbol and timeframe, from their trades to their judgements.

The phases, each a function of its arguments alone, so that what one leaves behind can be stored and a job that was
killed goes on with the next:

1. ``searched_family``, a family at a time: its windows, what every member showed in the train window and which
   criterion it misses first, and its daily results; ``joined`` makes one batch of them (both in ``batch_search``).
2. ``trials_of`` goes into the trial ledger, and ``batch_evidence`` is measured over the days of all trials.
3. ``developed``, any portion of the candidates at a time: everything before the seal.
4. ``looks_of`` those that ``may_open``, into the ledger, before the first sealed bar is read.
5. ``opened``, any portion at a time: the sealed windows; then ``settle`` and ``judgement_of``.

Bars of a sealed window are given to phase 5 alone: until then ``searchable`` cuts them off. A candidate draws from
generators of its own, seeded by the phase and what it does, so that its numbers depend neither on its place nor on
whoever computes them. ``judge_batch`` goes through all phases where nothing needs to be kept between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from tradewind.features.rule import Member
from tradewind.features.rule_shape import shape_of
from tradewind.model.report import Stamp, Window
from tradewind.model.trial import MAX_BATCH, Look, Looked, TrialBatch, TrialPopulation, trial_batch
from tradewind.research.batch_search import (
    Candidate,
    Searched,
    Terms,
    TradesOf,
    by_family,
    joined,
    searchable,
    searched_family,
    shadow_trades,
    swept_trades,
)
from tradewind.research.candidate_trades import Market, Runs, run_members
from tradewind.research.evidence import batch_evidence, develop, open_window, outline
from tradewind.validation.effective_trials import mean_correlation, score_sum
from tradewind.validation.gates_evidence import BatchEvidence, CandidateEvidence
from tradewind.validation.gates_measure import settle
from tradewind.validation.gates_profiles import (
    Judgement,
    judgement_of,
    may_open,
    outlined,
)
from tradewind.validation.kinship import bar_marks, entry_marks, week_moves
from tradewind.validation.trial_matrix import daily_sharpes

RunsOf = Callable[[Sequence[Member], Market], Sequence[Runs]]
"""The closed trades of every member over all bars of a market, on time and one bar late."""

_BATCH, _DEVELOP, _OPEN = range(3)


class TrialRecord(Protocol):
    """Where trials and looks are written down for good; ``adapters.ledger.TrialLedger`` is one."""

    def append(self, batch: TrialBatch, now: int) -> object:
        """Records a batch."""
        ...

    def population(self) -> TrialPopulation:
        """All trials that were ever recorded."""
        ...

    def record_look(self, looks: Sequence[Look], *, opening: str, now: int) -> tuple[Looked, ...]:
        """Records that sealed windows are about to be read, and says which had been read before."""
        ...


class Judged(NamedTuple):
    """A candidate, everything measured on it, and its judgement."""

    candidate: Candidate
    evidence: CandidateEvidence
    judgement: Judgement


def trials_of(searched: Searched, symbol: str, data_hash: str) -> tuple[TrialBatch, ...]:
    """The batch as the trial ledger keeps it, in entries of up to ``MAX_BATCH``: everyone in it was tried."""
    members = [one.member for one in searched.candidates]
    specs, families = [one.spec for one in searched.candidates], [one.family for one in members]
    sharpe, correlation = daily_sharpes(searched.daily), mean_correlation(score_sum(searched.daily))
    portions = [slice(first, first + MAX_BATCH) for first in range(0, len(members), MAX_BATCH)]
    return tuple(
        trial_batch(
            specs[part],
            families[part],
            symbol=symbol,
            timeframe=members[0].timeframe,
            data_hash=data_hash,
            start=searched.start,
            end=searched.end,
            n_trades=searched.trades[part],
            sharpe=sharpe[part],
            days=searched.daily.shape[1],
            mean_correlation=correlation,
        )
        for part in portions
    )


def measured_batch(searched: Searched, population: TrialPopulation, terms: Terms) -> BatchEvidence:
    """PBO, SPA and the effective number of trials; ``population`` are the ledger's trials, this batch included."""
    return batch_evidence(searched.daily, population, np.random.default_rng(np.random.SeedSequence(terms.seed)))


def developed(
    candidates: Sequence[Candidate],
    market: Market,
    batch: BatchEvidence,
    terms: Terms,
    runs_of: RunsOf = run_members,
    trades_of: TradesOf = swept_trades,
) -> tuple[CandidateEvidence, ...]:
    """Everything before the seal, of candidates that may be any portion of a batch.

    Those that were refused already are measured without what takes resamples (``outline``).
    """
    before = searchable(market, terms.rules)
    left, refused = [one for one in candidates if not one.missed], [one for one in candidates if one.missed]
    found: dict[str, CandidateEvidence] = {}
    if left:
        for one, run in zip(left, runs_of([each.member for each in left], before), strict=True):
            generator = drawn_by(one, _DEVELOP, terms.seed)
            found[one.spec] = develop(one.member.id, run, before, one.windows, batch, generator)
    if refused:
        for one, own in zip(refused, trades_of([each.member for each in refused], before), strict=True):
            found[one.spec] = outline(one.member.id, own, before, one.windows, batch)
    return tuple(found[one.spec] for one in candidates)


def openable(candidates: Sequence[Candidate], evidence: Sequence[CandidateEvidence], terms: Terms) -> tuple[int, ...]:
    """Places of the candidates whose sealed window may be opened."""
    return tuple(
        place
        for place, (one, known) in enumerate(zip(candidates, evidence, strict=True))
        if not one.missed and may_open(known, terms.deciding, terms.limits)
    )


def looks_of(
    candidates: Sequence[Candidate],
    market: Market,
    symbol: str,
    data_hash: str,
    terms: Terms,
    trades_of: TradesOf = swept_trades,
) -> tuple[Look, ...]:
    """What the trial ledger must hold before the sealed windows of ``candidates`` are read.

    By the rule, the entries before every seal and the marks of the bars they are known again under other names
    (``validation.kinship``). The marks are taken of sealed bars as the data hash is: nothing is computed from them.
    """
    columns, marks = market.columns, dict[Window, tuple[tuple[int, ...], tuple[int, ...]]]()
    own = trades_of([one.member for one in candidates], searchable(market, terms.rules)) if candidates else ()
    looks = []
    for one, trades in zip(candidates, own, strict=True):
        sealed = one.windows.sealed
        if sealed not in marks:
            series = columns.ts_open, columns.close, sealed.start, sealed.end
            marks[sealed] = bar_marks(*series), week_moves(*series)
        looks.append(
            Look(
                one.spec,
                one.member.family,
                symbol,
                str(one.member.timeframe),
                sealed.start,
                sealed.end,
                data_hash,
                shape_of(one.member.rule),
                marks[sealed][0],
                entry_marks(trades.ts_entry, trades.side),
                marks[sealed][1],
            )
        )
    return tuple(looks)


def opened(
    candidates: Sequence[Candidate],
    evidence: Sequence[CandidateEvidence],
    looked: Sequence[Looked],
    market: Market,
    population: TrialPopulation,
    terms: Terms,
    runs_of: RunsOf = run_members,
) -> tuple[CandidateEvidence, ...]:
    """``evidence`` with the sealed windows measured; ``looked`` are the ledger's answers, one a candidate."""
    if not candidates:
        return ()
    runs = runs_of([one.member for one in candidates], market)
    return tuple(
        open_window(
            known,
            run,
            market,
            population,
            drawn_by(one, _OPEN, terms.seed),
            earlier_looks=int(look.contaminated),
            contamination=look.reason,
        )
        for one, known, look, run in zip(candidates, evidence, looked, runs, strict=True)
    )


def judgements_of(
    candidates: Sequence[Candidate],
    evidence: Sequence[CandidateEvidence],
    terms: Terms,
    stamp: Stamp = Stamp(),  # noqa: B008  frozen values, safe as a default
) -> tuple[Judged, ...]:
    """Settles what was looked at together and judges everyone; ``evidence`` must hold all that were opened."""
    rest = (terms.deciding, terms.limits)
    return tuple(
        Judged(one, known, outlined(known, one.missed, *rest, stamp=stamp))
        if one.missed
        else Judged(one, known, judgement_of(known, *rest, stamp=stamp))
        for one, known in zip(candidates, settle(evidence), strict=True)
    )


def judge_batch(
    members: Sequence[Member],
    market: Market,
    symbol: str,
    data_hash: str,
    terms: Terms,
    record: TrialRecord,
    *,
    opening: str,
    now: int,
    asked: Callable[[Candidate], bool] = lambda candidate: True,
    stamp: Stamp = Stamp(),  # noqa: B008  frozen values, safe as a default
    trades_of: TradesOf = shadow_trades,
    runs_of: RunsOf = run_members,
) -> tuple[Judged, ...]:
    """All phases at once: every one of ``members`` is a trial, those ``asked`` for are judged, family by family.

    Args:
        members: of one timeframe, that of the market's bars.
        market: all bars.
        symbol: of the market.
        data_hash: of the bars.
        terms: what the batch is held to.
        record: the trial ledger, open to write.
        opening: names the reading of sealed windows; a resumed job gives the name it gave before.
        now: UTC nanoseconds.
        asked: who is to be judged.
        stamp: for the reports.
        trades_of: where trades before the seal come from.
        runs_of: where trades on time and late come from.
    """
    groups = by_family(members)
    families = [searched_family(some, market, terms, trades_of) for some in groups]
    searched = joined(groups, families, market, terms)
    for trials in trials_of(searched, symbol, data_hash):
        record.append(trials, now)
    population = record.population()
    batch = measured_batch(searched, population, terms)
    chosen = [one for one in searched.candidates if asked(one)]
    evidence = list(developed(chosen, market, batch, terms, runs_of, trades_of))
    places = openable(chosen, evidence, terms)
    if places:
        those = [chosen[place] for place in places]
        looked = record.record_look(
            looks_of(those, market, symbol, data_hash, terms, trades_of), opening=opening, now=now
        )
        known = [evidence[place] for place in places]
        for place, one in zip(places, opened(those, known, looked, market, population, terms, runs_of), strict=True):
            evidence[place] = one
    return judgements_of(chosen, evidence, terms, stamp)


def drawn_by(candidate: Candidate, phase: int, seed: int) -> np.random.Generator:
    """The generator of a candidate in a phase."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(phase, int(candidate.spec, 16))))
