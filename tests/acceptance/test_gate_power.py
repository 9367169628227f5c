"""The gates as a whole, in short counts: noise is refused, planted leaks are named, planted edges are promoted.

The whole counts are those of ``python -m benchmarks.gate_power``, whose functions these are.
"""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.gate_power import ratio_95, wilson_95
from benchmarks.power.leaks import examined
from benchmarks.power.planted import STOP, Plant, planted_market, planted_member, sides_of
from benchmarks.power.product import NOISE, NoiseJob, PlantedJob, judged_noise, judged_planted

from tradewind.model.report import Verdict


@pytest.mark.req("X02", "X20", "HZ25")
@pytest.mark.parametrize("market", NOISE, ids=lambda market: market.name)
def test_a_batch_of_a_hundred_strategies_on_noise_promotes_nobody(market):
    """Rule: 100 generated strategies on a market without an edge; with costs or without, no PASS."""
    found = judged_noise(NoiseJob(market, 11, 100))
    assert sum(found.verdicts.values()) == 100
    assert set(found.verdicts) <= {Verdict.FAIL.value, Verdict.INSUFFICIENT.value}
    assert found.spa_p is not None


@pytest.mark.req("X01")
def test_every_planted_leak_is_named_and_no_honest_twin_is():
    """Rule: at least twelve kinds, each by its own name."""
    found = examined()
    assert found.missed == []
    assert found.caught == len(found.planted) >= 12
    assert found.false_alarms == []


@pytest.mark.req("D24", "X02", "X25")
def test_a_strong_planted_edge_is_promoted_and_the_same_strategy_without_it_is_not():
    """Rule: the gate is no wall: what is there is found in three of three markets, in a batch of others."""
    edge, none = Plant(0.84, 1.2, 2, 4), Plant(1.0 / 2.2, 1.2, 2, 4)
    for seed in range(3):
        found = judged_planted(PlantedJob(edge, seed, 30, 66_000))
        assert found.verdict == Verdict.PASS.value, found.missed
        assert min(found.counts) >= 100
        assert judged_planted(PlantedJob(none, seed, 3, 66_000)).verdict != Verdict.PASS.value


def test_the_planted_drift_follows_its_bar_and_the_strategy_trades_it():
    """The plant is what it says: nothing but the sides it names, and the asked-for win rate before costs."""
    plant = Plant(0.75, 1.0, 1, 4)
    columns = planted_market(plant, 40_000, np.random.default_rng(1))
    again = planted_market(plant, 40_000, np.random.default_rng(1))
    assert all((one == two).all() for one, two in zip(columns, again, strict=True))
    assert (columns.high >= np.maximum(columns.open, columns.close)).all()
    assert (columns.low <= np.minimum(columns.open, columns.close)).all()
    assert planted_member(plant).rule.exits.stop_pct == STOP
    assert 0.1 < np.count_nonzero(sides_of(columns, plant)) / (40_000 / 96) <= 1.2


def test_the_intervals_are_the_known_ones():
    """Wilson by hand; the ratio's interval holds it and is that of equal shares where they are equal."""
    assert wilson_95(4, 200, one_sided=True)[1] == pytest.approx(0.0434, abs=5e-4)
    assert wilson_95(0, 200)[1] == pytest.approx(0.0188, abs=5e-4)
    ratio, low, high = ratio_95(80, 100, 800, 1000)
    assert ratio == 1.0
    assert 0.85 < low < 1.0 < high < 1.15
    assert ratio_95(1, 10, 0, 100) == (None, None, None)
