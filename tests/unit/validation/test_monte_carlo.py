"""Drawdowns of other orders and other trades against the independent fixture and plain loops."""

from __future__ import annotations

import json
import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared_data import shared
from tradewind.errors import Corrupt, Misconfigured
from tradewind.kernels.drawdown_paths import shuffled_falls
from tradewind.validation.bootstrap import stationary_blocks
from tradewind.validation.monte_carlo import drawdown_luck


@pytest.fixture(scope="module")
def fixture() -> dict:
    return json.loads(shared("ground_truth/overfit.json").read_text())["trade_bootstrap"]


def test_both_ranges_equal_the_independent_ones(fixture):
    """120 trades; the fixture resamples single trades, which is a mean block of 1. Tolerance 0.3 R."""
    found = drawdown_luck(np.array(fixture["trades_R"]), np.random.default_rng(3), draws=20_000, block=1.0)
    assert found.shuffled_r == pytest.approx(fixture["shuffle_mdd_pct_5_50_95_99"][:3], abs=0.3)
    assert found.resampled_r == pytest.approx(fixture["bootstrap_mdd_pct_5_50_95_99"][:3], abs=0.3)


def deepest(path, risk=None) -> float:
    """One drawdown step by step."""
    worst, peak, now = 0.0, 0.0 if risk is None else 1.0, 0.0 if risk is None else 1.0
    for r in path:
        now = now + r if risk is None else max(0.0, now * (1.0 + risk * r))
        peak = max(peak, now)
        worst = max(worst, peak - now if risk is None else 1.0 - now / peak)
    return worst


def test_the_orders_of_four_trades_are_all_there_are():
    """24 orders, enumerated."""
    r = np.array([1.0, -1.0, -0.5, 2.0])
    found = drawdown_luck(r, np.random.default_rng(1), draws=20_000, risk=0.1)
    for ranges, risk in ((found.shuffled_r, None), (found.shuffled, 0.1)):
        every = sorted(deepest(order, risk) for order in permutations(r))
        for value, share in zip(ranges, (0.05, 0.5, 0.95), strict=True):
            low, high = every[math.floor(share * 24 - 1)], every[math.ceil(share * 24)]
            assert low - 1e-9 <= value <= high + 1e-9


def test_every_order_of_three_trades_is_equally_likely():
    """Six orders, each told by its drawdown: a sixth of 60,000 draws, chi-squared of 5 degrees below its 99.9%."""
    r = np.array([1.0, -2.0, -5.0])
    n, draws = 3, 60_000
    generator = np.random.default_rng(11)
    falls, order = np.empty((draws, 2)), np.arange(n)
    seen: dict[tuple[int, ...], int] = {}
    for k in range(draws):
        drawn = generator.integers(0, 1 << 32, size=(1, n), dtype=np.uint32)
        shuffled_falls(r, r, drawn, order, falls[k : k + 1])
        seen[tuple(order.tolist())] = seen.get(tuple(order.tolist()), 0) + 1
        assert falls[k, 0] == pytest.approx(deepest(r[order]))
    expected = draws / 6
    assert len(seen) == 6
    assert sum((count - expected) ** 2 / expected for count in seen.values()) < 20.5


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.integers(2, 40), st.floats(1.0, 8.0), st.floats(0.001, 0.6),
    st.sampled_from([0.0, 0.3, -0.3]),
)  # fmt: skip
def test_resamples_equal_the_blocks_written_out(seed, n, block, risk, mean):
    """Every place of every resample looked up by itself, ruin included."""
    r = np.random.default_rng(seed).standard_t(3, n) + mean
    found = drawdown_luck(r, np.random.default_rng(seed), draws=50, block=block, risk=risk)
    generator = np.random.default_rng(seed)
    generator.integers(0, 1 << 32, size=(50, n), dtype=np.uint32)  # what the orders draw first
    starts, ends = stationary_blocks(n, 50, block, generator)
    paths = []
    for row in range(50):
        path, begun = [], 0
        for start, end in zip(starts[row], ends[row], strict=True):
            path += [r[(start + place) % n] for place in range(end - begun)]
            begun = end
        paths.append(path)
    for ranges, own in ((found.resampled_r, None), (found.resampled, risk)):
        expected = np.percentile([deepest(path, own) for path in paths], (5, 50, 95))
        assert ranges == pytest.approx(tuple(expected), abs=1e-9)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30), st.floats(0.001, 0.99))
def test_drawdowns_are_ordered_and_a_fraction_is_one(trades, risk):
    """5 <= 50 <= 95; in equity between 0 and 1; no loss, no drawdown."""
    found = drawdown_luck(np.array(trades), np.random.default_rng(0), draws=20, risk=risk)
    for low, median, high in (found.shuffled_r, found.shuffled, found.resampled_r, found.resampled):
        assert 0.0 <= low <= median <= high < math.inf
    for fraction in (found.shuffled, found.resampled):
        assert fraction.high <= 1.0
    if min(trades) >= 0.0:
        assert found.shuffled_r.high == found.resampled_r.high == found.shuffled.high == 0.0


def test_losses_that_cluster_fall_deeper_in_blocks_than_one_by_one():
    """Streaks stay together in blocks; in random order they are broken up."""
    r = np.tile(np.repeat([1.0, -1.0], 20), 10)
    found = drawdown_luck(r, np.random.default_rng(5), block=40.0)
    assert found.resampled_r.median > found.shuffled_r.median


def test_a_total_loss_is_a_drawdown_of_one():
    """A loss of 200 R at 1% a trade leaves nothing, in any order."""
    found = drawdown_luck(np.array([1.0, -200.0, 500.0]), np.random.default_rng(5))
    assert found.shuffled == (1.0, 1.0, 1.0)


def test_too_little_is_none_and_wrong_input_is_refused():
    """No trade, one trade; NaN; risk, draws and blocks out of range."""
    generator = np.random.default_rng(0)
    assert drawdown_luck(np.empty(0), generator) is None
    assert drawdown_luck(np.array([1.0]), generator) is None
    with pytest.raises(Corrupt, match="finite"):
        drawdown_luck(np.array([1.0, math.nan]), generator)
    for wrong in ({"risk": 0.0}, {"risk": 1.0}, {"draws": 0}, {"block": 0.5}):
        with pytest.raises(Misconfigured, match="draw"):
            drawdown_luck(np.ones(5), generator, **wrong)
