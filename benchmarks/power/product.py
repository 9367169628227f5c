"""What the product's own gates say of made-up markets: whole batches through the protocol that ships."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.power.planted import INSTRUMENT, TIMEFRAME, Plant, planted_market, planted_member
from tradewind.adapters.ledger.trial_ledger import TrialLedger
from tradewind.adapters.market.simulated import simulate, spec_for
from tradewind.ensemble.shadow import ShadowColumns
from tradewind.features.rule import Member
from tradewind.model.instrument import CostModel, Instrument
from tradewind.model.instruments import resolve
from tradewind.model.report import Verdict
from tradewind.model.timeframe import Timeframe
from tradewind.research.batch import Judged, judge_batch
from tradewind.research.batch_search import Candidate, Terms
from tradewind.research.candidate_trades import Market, cost_in_r, inside_of, run_members
from tradewind.research.generator import generate
from tradewind.research.sweep import Sweep
from tradewind.strategies import families

FINE_STEPS: Final = 240
FREE: Final = CostModel(spread_fraction=0.0, slippage_fraction=0.0)
FURTHEST: Final = 4.0 / 3.0
"""Target of the last variant of a family by that of the planted strategy."""
TOO_LITTLE: Final = ("train.trades", "windows.")
"""Criteria of the first screen that mean too little evidence; the others are evidence against."""


class NoiseMarket(NamedTuple):
    """A kind of market without an edge: symbol, preset of the search, bars, and whether trading it costs anything.

    Without costs a bar is walked in ``FINE_STEPS``: with the usual few the walk jumps over a stop that is then filled
    at its own level, which is worth 0.03 R a trade to whoever has near stops and far targets.
    """

    name: str
    symbol: str
    preset: str
    bars: int
    free: bool


NOISE: Final = (
    NoiseMarket("currency, costs paid", "EUR/USD", "fx-tight", 20_000, False),
    NoiseMarket("currency, no costs", "EUR/USD", "fx-tight", 20_000, True),
    NoiseMarket("metal, no costs", "XAU/USD", "metal", 20_000, True),
    NoiseMarket("crypto, no costs", "BTC/USDT", "crypto", 26_000, True),
)


class NoiseJob(NamedTuple):
    """One batch of generated strategies on one market of noise."""

    market: NoiseMarket
    seed: int
    strategies: int


class NoiseBatch(NamedTuple):
    """What became of a batch: verdicts, how many met the train window, how many were looked at, SPA p and PBO."""

    market: str
    verdicts: dict[str, int]
    trained: int
    looked_at: int
    spa_p: float | None
    pbo: float | None


class PlantedJob(NamedTuple):
    """One batch of a planted strategy and generated ones beside it; ``bars`` hours of market."""

    plant: Plant
    seed: int
    strategies: int
    bars: int


class PlantedBatch(NamedTuple):
    """The planted strategy's verdict and first missed criterion; its trades by window, net R and mean cost.

    ``dsr_spread`` is the deflated Sharpe ratio by the plain variance of all trials, which decides nothing.
    """

    verdict: str
    missed: str
    counts: tuple[int, int, int]
    days: tuple[int, int, int]
    r: NDArray[np.float64]
    late: NDArray[np.float64]
    cost: float
    looked_at: int
    others_promoted: int
    dsr_spread: float | None


class FamilyBatch(NamedTuple):
    """A batch in which everybody trades the same edge: how many passed, and what the others missed first."""

    promoted: int
    refused_by: dict[str, int]


def judged_noise(job: NoiseJob) -> NoiseBatch:
    """A batch through the whole protocol, with a trial ledger of its own."""
    market, instrument = _noise_market(job)
    generator = np.random.default_rng([job.seed, 1])
    members = generate(families().values(), job.strategies, generator, Timeframe.H1, preset=job.market.preset)
    judged, missed = _judged(members, market, instrument, job.seed, always=members[0].id)
    verdicts = Counter(one.judgement.verdict.value for one in judged)
    for name in missed:
        verdicts[(Verdict.INSUFFICIENT if name.startswith(TOO_LITTLE) else Verdict.FAIL).value] += 1
    batch = judged[0].evidence.batch
    return NoiseBatch(
        job.market.name,
        dict(verdicts),
        sum(not one.candidate.missed for one in judged),
        sum(one.evidence.sealed is not None for one in judged),
        batch.spa_p,
        batch.pbo,
    )


def judged_planted(job: PlantedJob) -> PlantedBatch:
    """A batch with one planted strategy in it."""
    columns = planted_market(job.plant, job.bars, np.random.default_rng([job.seed, 2]))
    market = Market.of(columns, INSTRUMENT)
    own = planted_member(job.plant)
    others = _others(job.seed, job.strategies - 1)
    judged, _ = _judged((own, *others), market, INSTRUMENT, job.seed, always=own.id)
    found = next(one for one in judged if one.candidate.member.id == own.id)
    report = found.judgement.report("honest")
    assert report is not None
    windows = found.candidate.windows
    parts = (windows.train, windows.test, windows.sealed)
    (run,) = run_members((own,), market)
    return PlantedBatch(
        report.verdict.value,
        next((row.name for row in report.rows if not row.passed), ""),
        tuple(inside_of(run.own, part).r.size for part in parts),  # type: ignore[arg-type]  three windows
        tuple(int(np.unique(market.within(part).day).size) for part in parts),  # type: ignore[arg-type]
        run.own.r,
        run.delayed.r,
        float(cost_in_r(run.own).mean()),
        sum(one.evidence.sealed is not None for one in judged),
        sum(one.judgement.approved for one in judged if one is not found),
        None if found.evidence.sealed is None else found.evidence.sealed.dsr_spread,
    )


def judged_family(job: PlantedJob) -> FamilyBatch:
    """A batch of nothing but variants of the planted strategy, their targets up to a third further than its own."""
    columns = planted_market(job.plant, job.bars, np.random.default_rng([job.seed, 2]))
    market = Market.of(columns, INSTRUMENT)
    further = np.linspace(1.0, FURTHEST, job.strategies)
    own = tuple(planted_member(job.plant._replace(target_r=job.plant.target_r * float(by))) for by in further)
    judged, unmet = _judged(own, market, INSTRUMENT, job.seed)
    refused = Counter(unmet)
    for one in judged:
        report = one.judgement.report("honest")
        assert report is not None
        refused.update([row.name for row in report.rows if not row.passed][:1])
    return FamilyBatch(sum(one.judgement.approved for one in judged), dict(refused))


def swept_trades(members: Sequence[Member], market: Market) -> tuple[ShadowColumns, ...]:
    """The trades of ``members`` by the sweep."""
    return Sweep(members, market.columns, market.costs).trades()


def _noise_market(job: NoiseJob) -> tuple[Market, Instrument]:
    instrument = resolve(job.market.symbol)
    spec = spec_for(instrument, bars=job.market.bars)
    if job.market.free:
        spec = msgspec.structs.replace(spec, steps=FINE_STEPS)
    columns = simulate(spec, np.random.default_rng([job.seed, 0]))
    if job.market.free:
        instrument = msgspec.structs.replace(instrument, costs=FREE)
        columns = columns._replace(spread=np.zeros_like(columns.spread))
    return Market.of(columns, instrument), instrument


def _others(seed: int, n: int) -> tuple[Member, ...]:
    return generate(families().values(), n, np.random.default_rng([seed, 3]), TIMEFRAME, preset="crypto") if n else ()


def _judged(
    members: tuple[Member, ...], market: Market, instrument: Instrument, seed: int, always: str = ""
) -> tuple[tuple[Judged, ...], list[str]]:
    """Everybody who met the first screen, judged in full, and the criterion that each of the rest missed."""
    missed: list[str] = []

    def asked(candidate: Candidate) -> bool:
        if candidate.missed and candidate.member.id != always:
            missed.append(candidate.missed)
            return False
        return True

    with tempfile.TemporaryDirectory() as folder, TrialLedger(Path(folder) / "trials") as ledger:
        now = int(market.columns.ts_close[-1])
        judged = judge_batch(
            members, market, instrument.symbol, f"{seed:016x}", Terms(seed), ledger, opening="gate power", now=now,
            asked=asked, trades_of=swept_trades,
        )  # fmt: skip
    return judged, missed
