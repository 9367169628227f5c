"""Evidence of candidates on SIMULATED markets: what may be looked at when, and what becomes of edge and noise."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tradewind.adapters.market.simulated import simulate, spec_for
from tradewind.adapters.market.simulated_edge import PlantedEdge
from tradewind.features.rule import Member, member_of
from tradewind.model.instruments import resolve
from tradewind.model.report import Verdict, Window
from tradewind.model.timeframe import Timeframe
from tradewind.model.trial import TrialPopulation
from tradewind.research.candidate_trades import Market, Runs, daily_returns_of, inside_of, run_members
from tradewind.research.evidence import batch_evidence, develop, open_window
from tradewind.strategies import default_members, family
from tradewind.validation.gates_evidence import CandidateEvidence
from tradewind.validation.gates_measure import settle
from tradewind.validation.gates_profiles import judgement_of, may_open
from tradewind.validation.windows import windows_of

INSTRUMENT = resolve("BTC/USDT")
BARS = 26_000
NEAR_TARGET = 0.75
"""Stop distances: near enough that an edge shows as a win rate above 65%."""


class Batch:
    """The default members with near targets, proved on one simulated market."""

    def __init__(self, edge: PlantedEdge | None, seed: int) -> None:
        columns = simulate(spec_for(INSTRUMENT, bars=BARS, edge=edge), np.random.default_rng(seed))
        self.market = Market.of(columns, INSTRUMENT)
        self.members = tuple(near(one, k + 1) for k, one in enumerate(default_members([Timeframe.H1])))
        self.runs = run_members(self.members, self.market)
        span = Window(int(columns.ts_open[0]), int(columns.ts_close[-1]))
        self.windows = [windows_of(span, one.own.ts_exit) for one in self.runs]
        before = windows_of(span, np.linspace(span.start, span.end, 5000).astype(np.int64)).development
        part = self.market.within(before)
        daily = np.array([daily_returns_of(inside_of(one.own, before), part) for one in self.runs])
        deviation = daily.std(axis=1, ddof=1)
        sharpe = np.divide(daily.mean(axis=1), deviation, out=np.zeros(len(daily)), where=deviation > 0)
        m = len(self.members)
        self.population = TrialPopulation(m, m, m, float(sharpe.var(ddof=1)), 0.3)
        self.batch = batch_evidence(daily, self.population, np.random.default_rng(9))

    def develop(self, k: int) -> CandidateEvidence:
        return develop(
            self.members[k].id, self.runs[k], self.market, self.windows[k], self.batch,
            np.random.default_rng([1, k]),
        )  # fmt: skip

    def judged(self) -> dict[str, Verdict]:
        """Every member's verdict; only those that may be opened are opened."""
        candidates = []
        for k in range(len(self.members)):
            evidence = self.develop(k)
            if may_open(evidence):
                evidence = open_window(
                    evidence, self.runs[k], self.market, self.population, np.random.default_rng([2, k])
                )
            candidates.append(evidence)
        return {one.subject: judgement_of(one).verdict for one in settle(candidates)}


def near(one: Member, version: int) -> Member:
    exits = msgspec.structs.replace(one.params.exits, target_r=NEAR_TARGET)
    return member_of(family(one.family), one.timeframe, msgspec.structs.replace(one.params, exits=exits), version)


@pytest.fixture(scope="module")
def planted() -> Batch:
    """A strong breakout edge."""
    return Batch(PlantedEdge(strength=0.35), 1)


def test_nothing_at_or_after_the_seal_takes_part_in_the_development(planted):
    """Other bars, other results and other trades from the seal on leave the evidence equal to the last bit."""
    k = 4
    seal = planted.windows[k].sealed.start
    columns = planted.market.columns
    late = columns.ts_close > seal
    bent = columns._replace(close=np.where(late, 7.0, columns.close), spread=np.where(late, 9.0, columns.spread))
    runs = planted.runs[k]
    after = runs.own.ts_exit > seal
    changed = runs.own._replace(r=np.where(after, 99.0, runs.own.r), net=np.where(after, 1.0, runs.own.net))
    assert after.sum() > 100
    other = develop(
        planted.members[k].id, Runs(changed, runs.delayed), planted.market._replace(columns=bent),
        planted.windows[k], planted.batch, np.random.default_rng([1, k]),
    )  # fmt: skip
    assert other == planted.develop(k)


def test_the_windows_hold_every_trade_once_or_say_so(planted):
    """Train, test and sealed trades and the purged ones are all there are."""
    k = 4
    evidence = open_window(
        planted.develop(k), planted.runs[k], planted.market, planted.population, np.random.default_rng(0)
    )
    counted = evidence.train.trades.n + evidence.test.trades.n + evidence.sealed.window.trades.n + evidence.purged
    assert counted == planted.runs[k].own.r.size
    assert evidence.purged <= 2
    days = sum(one.returns.n for one in (evidence.train, evidence.test, evidence.sealed.window))
    assert days == evidence.sealed.dsr_days
    assert {one.name for one in evidence.baselines} == {"Buy and hold", "Random entry", "Always flat"}
    assert [one.factor for one in evidence.robustness.stress] == [1.0, 2.0, 3.0]
    assert evidence.robustness.stress[0].profit_factor > evidence.robustness.stress[2].profit_factor
    assert evidence.robustness.delayed_expectancy < evidence.robustness.expectancy


@pytest.mark.req("X20")
def test_a_planted_edge_is_promoted(planted):
    """Several breakout members pass the complete honest gate; nobody passes who was not opened."""
    found = planted.judged()
    passed = {name for name, verdict in found.items() if verdict is Verdict.PASS}
    assert {"Donchian_Breakout_1h_v5", "Donchian_Breakout_1h_v6"} <= passed
    assert len(passed) < len(found) // 2


@pytest.mark.req("X20", "HZ25")
def test_noise_promotes_nobody():
    """The same members on a market without an edge: no edge found."""
    assert Verdict.PASS not in Batch(None, 3).judged().values()


@pytest.mark.req("X20")
def test_an_edge_that_ended_before_the_seal_is_refused():
    """A splendid past, opened and found empty."""
    verdicts = Batch(PlantedEdge(strength=0.35, until_bar=BARS * 7 // 10), 1).judged()
    assert Verdict.PASS not in verdicts.values()
    assert Verdict.FAIL in verdicts.values()


@pytest.mark.req("X02")
def test_costs_of_other_trials_deflate_nobody_and_both_readings_are_told(planted):
    """The hurdle is what luck reaches; what the whole spread of the trials would ask for stands beside it."""
    evidence = planted.develop(0)

    def opened(population: TrialPopulation) -> CandidateEvidence:
        return open_window(evidence, planted.runs[0], planted.market, population, np.random.default_rng(3))

    costly = msgspec.structs.replace(planted.population, sharpe_variance=0.04, luck_variance=1e-4)
    found = opened(costly).sealed
    assert found.dsr == opened(msgspec.structs.replace(costly, sharpe_variance=1e-4, luck_variance=None)).sealed.dsr
    assert found.dsr_spread == opened(msgspec.structs.replace(costly, luck_variance=None)).sealed.dsr
    assert found.dsr_spread < found.dsr
    (row,) = (row for row in judgement_of(opened(costly)).report("honest").rows if row.name == "sealed.dsr")
    assert f"{found.dsr_spread:.3f} by the whole spread of the trials" in row.note
