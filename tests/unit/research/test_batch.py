"""The protocol of a batch on SIMULATED markets: what is read when, what is written down, and who is measured how."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tradewind.adapters.ledger.trial_ledger import TrialLedger
from tradewind.adapters.market.simulated import simulate, spec_for
from tradewind.adapters.market.simulated_edge import PlantedEdge
from tradewind.features.rule import member_of, spec_hash
from tradewind.model.instruments import resolve
from tradewind.model.report import Verdict
from tradewind.model.timeframe import DAY, Timeframe
from tradewind.research.batch import (
    developed,
    judge_batch,
    judgements_of,
    looks_of,
    measured_batch,
    openable,
    opened,
    trials_of,
)
from tradewind.research.batch_search import Terms, by_family, joined, searchable, searched_family, span_of
from tradewind.research.candidate_trades import Market, run_members
from tradewind.research.evidence import develop
from tradewind.strategies import default_members, family
from tradewind.validation.gates_profiles import SOURCE, judgement_of

INSTRUMENT = resolve("BTC/USDT")
SYMBOL = "BTC/USDT"
TERMS = Terms(seed=7)


def near(one, version):
    exits = msgspec.structs.replace(one.params.exits, target_r=0.75)
    return member_of(family(one.family), one.timeframe, msgspec.structs.replace(one.params, exits=exits), version)


MEMBERS = tuple(near(one, k + 1) for k, one in enumerate(default_members([Timeframe.H1])))[:10]


def market_of(edge, seed, bars=24_000):
    columns = simulate(spec_for(INSTRUMENT, bars=bars, edge=edge), np.random.default_rng(seed))
    return Market.of(columns, INSTRUMENT)


@pytest.fixture(scope="module")
def planted():
    return market_of(PlantedEdge(strength=0.35), 1)


def whole(market, ledger, opening="first", **settings):
    return judge_batch(MEMBERS, market, SYMBOL, "data", TERMS, ledger, opening=opening, now=1, **settings)


def test_phases_in_any_portions_come_to_what_one_go_comes_to(planted, tmp_path):
    """A candidate's numbers depend on itself: not on its place, its portion, or what was computed before it."""
    with TrialLedger(tmp_path / "a") as ledger:
        at_once = whole(planted, ledger)
    groups = by_family(MEMBERS)
    families = [searched_family(some, planted, TERMS) for some in reversed(groups)][::-1]
    searched = joined(groups, families, planted, TERMS)
    with TrialLedger(tmp_path / "b") as ledger:
        ledger.append(*trials_of(searched, SYMBOL, "data"), 1)
        population = ledger.population()
        batch = measured_batch(searched, population, TERMS)
        every = searched.candidates
        evidence = [developed([one], planted, batch, TERMS)[0] for one in reversed(every)][::-1]
        places = openable(every, evidence, TERMS)
        assert places
        looked = ledger.record_look(
            looks_of([every[k] for k in places], planted, SYMBOL, "data", TERMS), opening="first", now=1
        )
        for place, look in zip(places, looked, strict=True):
            evidence[place] = opened([every[place]], [evidence[place]], [look], planted, population, TERMS)[0]
    stored = msgspec.json.decode(msgspec.json.encode(evidence), type=list[type(evidence[0])])
    assert judgements_of(every, stored, TERMS) == at_once


def test_sealed_bars_are_read_after_the_looks_are_written_down_and_by_nobody_else(planted, tmp_path):
    """Before the looks are in the ledger, no phase is given a bar of any sealed window."""
    seal = searchable(planted, TERMS.rules).columns.ts_close[-1]
    with TrialLedger(tmp_path / "ledger") as ledger:
        read = []

        def watched(members, market):
            read.append((market.columns.ts_close[-1] > seal, len(ledger.looks_of()), len(members)))
            return run_members(members, market)

        judged = whole(planted, ledger, trades_of=lambda m, k: [one.own for one in watched(m, k)], runs_of=watched)
    beyond = [(looks, n) for sealed, looks, n in read if sealed]
    assert len(beyond) == 1
    assert beyond[0][0] == beyond[0][1] == sum(one.evidence.sealed is not None for one in judged) > 0


def test_nothing_is_looked_at_where_nobody_may_be_opened(tmp_path):
    """A batch of noise leaves its trials in the ledger and its sealed windows closed."""
    with TrialLedger(tmp_path / "ledger") as ledger:
        judged = whole(market_of(None, 3), ledger)
        assert ledger.looks_of() == ()
        assert ledger.population().distinct == len(MEMBERS)
    assert {one.judgement.verdict for one in judged} <= {Verdict.FAIL, Verdict.INSUFFICIENT}
    assert all(one.evidence.sealed is None for one in judged)


def test_a_sealed_window_opened_again_is_contaminated_and_passes_nobody(planted, tmp_path):
    """The same candidates on the same window a second time: the ledger knows, the gate refuses."""
    with TrialLedger(tmp_path / "ledger") as ledger:
        first = whole(planted, ledger)
        again = whole(planted, ledger, opening="second")
    assert any(one.judgement.approved for one in first)
    assert not any(one.judgement.approved for one in again)
    read_twice = [one.evidence.sealed for one in again if one.evidence.sealed is not None]
    assert read_twice
    assert all(one.earlier_looks == 1 and "first" in one.contamination for one in read_twice)


def test_a_resumed_job_reads_its_windows_once(planted, tmp_path):
    """The same opening again is the same reading: the same verdicts, and nothing new in the ledger."""
    with TrialLedger(tmp_path / "ledger") as ledger:
        first = whole(planted, ledger)
        head = ledger.head
        assert whole(planted, ledger) == first
        assert ledger.head == head


def test_whoever_was_not_asked_for_is_a_trial_all_the_same(planted, tmp_path):
    """One strategy is judged against the whole batch it belongs to."""
    with TrialLedger(tmp_path / "a") as one, TrialLedger(tmp_path / "b") as other:
        alone = whole(planted, one, asked=lambda candidate: candidate.member.id == MEMBERS[4].id)
        every = whole(planted, other)
    assert [judged.candidate.member.id for judged in alone] == [MEMBERS[4].id]
    assert (
        alone[0].evidence.batch
        == next(judged for judged in every if judged.candidate == alone[0].candidate).evidence.batch
    )
    assert alone[0].evidence.batch.trials == len(MEMBERS)


def test_who_misses_a_train_criterion_gets_the_verdict_of_the_gates_without_resamples(planted, tmp_path):
    """Refused early or measured in full: source and honest say the same, and the report says what was left out."""
    with TrialLedger(tmp_path / "ledger") as ledger:
        judged = [one for one in whole(planted, ledger) if one.candidate.missed]
    assert judged
    before = searchable(planted, TERMS.rules)
    for one in judged:
        (runs,) = run_members([one.candidate.member], before)
        full = develop(
            one.evidence.subject, runs, before, one.candidate.windows, one.evidence.batch, np.random.default_rng(1),
            resamples=200, draws=50,
        )  # fmt: skip
        expected = judgement_of(full)
        assert [r.verdict for r in one.judgement.reports] == [r.verdict for r in expected.reports]
        honest = one.judgement.report("honest")
        first = next(row.name for row in honest.rows if not row.passed)
        assert first == one.candidate.missed
        assert any(first in flag and "not measured" in flag for flag in honest.flags)
        kept = [row for row in expected.report("honest").rows if row.stage != "robustness"]
        assert [(row.name, row.value, row.passed) for row in honest.rows] == [
            (row.name, row.value, row.passed) for row in kept
        ]


def test_the_matrix_ends_at_the_earliest_seal_and_holds_every_trial(planted):
    """Families have their own seals; the days of the batch are before all of them, and no result is lost before."""
    groups = by_family(MEMBERS)
    families = [searched_family(some, planted, TERMS) for some in groups]
    searched = joined(groups, families, planted, TERMS)
    seals = [one.windows.sealed.start for one in families]
    assert searched.end == min(seals)
    assert len(searched.candidates) == len(searched.daily) == len(MEMBERS)
    days = families[seals.index(min(seals))].days
    assert searched.daily.shape[1] == days.size
    assert days[-1] + DAY <= min(seals) < days[-1] + 3 * DAY
    runs = run_members([one.member for one in searched.candidates], searchable(planted, TERMS.rules))
    for row, run in zip(searched.daily, runs, strict=True):
        done = run.own.ts_exit <= days[-1] + DAY
        assert row.sum() == pytest.approx(run.own.r[done].sum(), abs=1e-3)
    (record,) = trials_of(searched, SYMBOL, "data")
    assert [f"{number:016x}" for number in record.spec] == [spec_hash(one.member) for one in searched.candidates]
    assert (record.start, record.end) == (span_of(planted).start, min(seals))


def test_trials_are_counted_in_the_days_their_sharpe_ratios_are_deflated_in():
    """A week of currencies has five trading days, Sunday's evening being Monday's; so has the matrix of a batch."""
    instrument = resolve("EUR/USD")
    columns = simulate(spec_for(instrument, bars=16_000), np.random.default_rng(2))
    market = Market.of(columns, instrument)
    found = searched_family(MEMBERS[:2], market, TERMS)
    before = market.within(found.windows.development)
    (run,) = run_members(MEMBERS[:1], before)
    whole_days = np.unique(before.day)
    first_sealed = market.day[market.columns.ts_close.searchsorted(found.windows.sealed.start, "right")]
    assert set(found.days) == set(whole_days[whole_days < first_sealed])
    days = (found.days[-1] - found.days[0]) / DAY
    assert found.days.size == pytest.approx(days * 5 / 7, rel=0.02)
    realised = np.zeros(found.days.size)
    for ts_exit, r in zip(run.own.ts_exit, run.own.r, strict=True):
        day = before.day[before.columns.ts_close == ts_exit][0]
        realised[found.days == day] += r
    assert found.daily[0] == pytest.approx(realised, abs=1e-5)


def test_a_span_without_a_sealed_window_refuses_everyone_before_anything_is_resampled(tmp_path):
    """Two hundred days hold no sealed half year: everyone is INSUFFICIENT, and the windows say why."""
    with TrialLedger(tmp_path / "ledger") as ledger:
        judged = whole(market_of(PlantedEdge(strength=0.35), 1, bars=4_800), ledger)
        assert ledger.looks_of() == ()
    assert {one.judgement.report("honest").verdict for one in judged} == {Verdict.INSUFFICIENT}
    assert {one.candidate.missed for one in judged} == {"windows.sealed_length"}


def test_the_source_profile_opens_whom_the_honest_one_would_refuse_for_too_few_trades(planted, tmp_path):
    """The screen asks only what the deciding profile asks."""
    searched = [searched_family(some, planted, TERMS._replace(deciding=SOURCE)) for some in by_family(MEMBERS)]
    honest = [searched_family(some, planted, TERMS) for some in by_family(MEMBERS)]
    fewer = np.concatenate([one.missed for one in searched])
    more = np.concatenate([one.missed for one in honest])
    assert set(fewer) <= {-1, 2, 3, 4, 5}
    assert 0 in more
    assert np.all(fewer[more == -1] == -1)
