"""PBO by CSCV against the independent fixture and against the definition written out."""

from __future__ import annotations

import json
import math
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared_data import shared
from tradewind.errors import Misconfigured
from tradewind.validation.backtest_overfitting import backtest_overfitting


def fixture(kind: str) -> np.ndarray:
    """The 20 trials of 480 days of one kind, shape (trials, days)."""
    table = pl.read_parquet(shared("ground_truth/overfit_matrix.parquet"))
    return table.select(pl.col(f"^{kind}_.*$")).to_numpy().T


@pytest.mark.parametrize("kind", ["noise", "edge"])
@pytest.mark.parametrize("blocks", [8, 10])
def test_every_figure_of_the_fixture_is_met(kind, blocks):
    """PBO exact; probability of loss, logits and the line to 1e-12."""
    expected = json.loads(shared("ground_truth/overfit.json").read_text())["cscv"][kind][f"S={blocks}"]
    found = backtest_overfitting(fixture(kind), blocks)
    assert found.pbo == expected["pbo"]
    assert found.loss_share == expected["prob_oos_loss"]
    assert len(found.logits) == expected["n_comb"]
    assert found.logits.mean() == pytest.approx(expected["logit_mean"], abs=1e-12)
    assert np.median(found.logits) == pytest.approx(expected["logit_median"], abs=1e-12)
    assert found.slope == pytest.approx(expected["degradation_slope"], abs=1e-12)
    assert found.intercept == pytest.approx(expected["degradation_intercept"], abs=1e-12)


def written_out(daily: np.ndarray, blocks: int):
    """CSCV day by day: ``(chosen, IS, OOS, rank)`` of every choice, flat halves scored 0."""
    days = daily.shape[1] - daily.shape[1] % blocks
    cut = np.split(daily[:, daily.shape[1] - days :], blocks, axis=1)
    rows = []

    def sharpe(picked) -> np.ndarray:
        half = np.hstack([cut[block] for block in picked])
        flat = np.ptp(half, axis=1) == 0.0
        return np.where(flat, 0.0, half.mean(axis=1) / np.where(flat, 1.0, half.std(axis=1, ddof=1)))

    for picked in combinations(range(blocks), blocks // 2):
        inside, outside = sharpe(picked), sharpe([block for block in range(blocks) if block not in picked])
        best = int(np.flatnonzero(inside >= inside.max() - 1e-9)[0])
        below, upto = (outside < outside[best] - 1e-9).sum(), (outside <= outside[best] + 1e-9).sum()
        rows.append((best, inside[best], outside[best], (below + 1 + upto) / 2))
    return [np.array(column) for column in zip(*rows, strict=True)]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.integers(2, 12), st.integers(16, 60), st.sampled_from([8, 10]),
    st.sampled_from([0.0, 0.6, 0.95]),
)  # fmt: skip
def test_the_walk_equals_the_definition_written_out(seed, trials, days, blocks, idle):
    """Also with equal trials, with trials that trade on few days, and with days that are left out."""
    generator = np.random.default_rng(seed)
    daily = np.where(generator.random((trials, days)) < idle, 0.0, generator.normal(0.05, 1.0, (trials, days)))
    daily[-1] = daily[0]
    used = daily[:, days % blocks :]
    daily = daily[np.ptp(used, axis=1) > 0.0]
    found = backtest_overfitting(daily, blocks)
    if len(daily) < 2:
        assert found is None
        return
    chosen, inside, outside, rank = written_out(daily, blocks)
    assert found.chosen.tolist() == chosen.tolist()
    assert found.in_sample == pytest.approx(inside, abs=1e-9)
    assert found.out_of_sample == pytest.approx(outside, abs=1e-9)
    weight = rank / (len(daily) + 1)
    assert found.logits == pytest.approx(np.log(weight / (1 - weight)), abs=1e-9)
    assert found.pbo == pytest.approx(np.mean(weight <= 0.5))


def test_noise_is_overfit_half_the_time_and_a_lasting_edge_hardly_ever():
    """300 trials of noise: near one half; one of them with a daily Sharpe ratio of 0.2: near none."""
    daily = np.random.default_rng(0).normal(size=(300, 1600)).astype(np.float32)
    assert 0.25 < backtest_overfitting(daily).pbo < 0.75
    daily[137] += 0.2
    found = backtest_overfitting(daily)
    assert found.pbo < 0.01
    assert (found.chosen == 137).mean() > 0.95
    assert len(found.logits) == math.comb(16, 8)


def test_the_scale_of_a_trial_takes_no_part():
    """Sharpe ratios rank, not profits."""
    generator = np.random.default_rng(9)
    daily = generator.normal(size=(25, 170))
    scaled = daily * 10.0 ** generator.uniform(-6, 6, (25, 1))
    one, other = backtest_overfitting(daily, 10), backtest_overfitting(scaled, 10)
    assert one.pbo == other.pbo
    assert one.chosen.tolist() == other.chosen.tolist()


def test_unusable_trials_are_dropped_and_the_rows_keep_their_numbers():
    """The chosen row is a row of what was given."""
    daily = np.random.default_rng(2).normal(size=(12, 96))
    daily[3] += 3.0
    spoiled = np.vstack((np.zeros((4, 96)), daily))
    spoiled[5, 0] = np.nan
    found = backtest_overfitting(spoiled, 8)
    assert (found.trials, found.dropped) == (11, 5)
    assert set(found.chosen.tolist()) == {7}


def test_too_little_is_none_and_a_wrong_number_of_blocks_is_refused():
    """One trial, fewer days than blocks, no days; 7, 6 and 18 blocks."""
    daily = np.random.default_rng(2).normal(size=(5, 40))
    assert backtest_overfitting(daily[:1], 8) is None
    assert backtest_overfitting(daily[:, :7], 8) is None
    assert backtest_overfitting(daily[:, :0], 8) is None
    assert backtest_overfitting(np.zeros((5, 40)), 8) is None
    for blocks in (7, 6, 18):
        with pytest.raises(Misconfigured, match="even"):
            backtest_overfitting(daily, blocks)
    alike = backtest_overfitting(np.tile(daily[0], (4, 1)), 8)
    assert alike.pbo == 1.0, "the best of equals is in the middle, which is not above it"
