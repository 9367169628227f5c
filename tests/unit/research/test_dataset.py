"""Samples: labels as published, nothing of a later slice in an earlier one, weights that add up to what is there."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared_data import shared
from tests.synthetic_bars import path_bars, random_bars
from tradewind.errors import Corrupt, Misconfigured
from tradewind.features.bank import FeatureBank
from tradewind.features.input_schema import Channel, InputSchema, default_schema
from tradewind.features.spec import atr
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.manifest import BARRIERS, Barriers
from tradewind.research.dataset import DataSet, chronological, feature_set, forward_slices, labelled, newest

CRYPTO = calendar_of("crypto")
BARS = random_bars(3000)
FEATURES = feature_set("BTC/USDT", default_schema(Timeframe.H1), BARS, CRYPTO)
DATA = labelled(FEATURES, BARS)


def bare(columns, barriers: Barriers = BARRIERS) -> DataSet:
    """A data set whose one input is always known."""
    schema = InputSchema(Timeframe.H1, (), (Channel("close", ("close", "0")),))
    return labelled(feature_set("BTC/USDT", schema, columns, CRYPTO), columns, barriers)


def test_samples_are_weighed_as_published():
    """Rule: labels over bars 0-2, 2-3 and 4-5 count 5/6, 3/4 and 1, together 31/12."""
    told = json.loads(shared("ground_truth/models.json").read_text())["uniqueness"]
    starts, ends = np.array(told["intervals"]).T
    data = DATA._replace(end=np.zeros(6, dtype=np.int64), label=np.ones(6))
    data.end[starts] = ends
    assert data.weights(starts).tolist() == pytest.approx(told["avg_uniqueness"])
    assert data.n_eff(starts) == pytest.approx(31 / 12)


def test_barriers_stand_as_many_average_ranges_away_as_asked():
    """Rule: width = 2 x ATR(14) known at the entry; a label is +1 where the upper price came first, by hand."""
    ranges = FeatureBank((atr(14),)).batch(BARS)[:, 0]
    assert DATA.width[200:] == pytest.approx((2.0 * ranges / BARS.close)[200:])
    for bar in range(150, 2900, 137):
        up, down = BARS.close[bar] * (1 + DATA.width[bar]), BARS.close[bar] * (1 - DATA.width[bar])
        later = range(bar + 1, bar + 1 + BARRIERS.horizon)
        met = next((k for k in later if BARS.high[k] >= up or BARS.low[k] <= down), None)
        if met is None:
            assert np.isnan(DATA.label[bar])
            assert DATA.end[bar] == -1
        else:
            assert DATA.label[bar] == (-1.0 if BARS.low[met] <= down else 1.0)
            assert DATA.end[bar] == met


def test_a_random_walk_has_as_many_labels_up_as_down_and_one_in_thirty_is_none():
    """Rule: symmetric barriers have no base rate to hide behind. 10,000 bars of 16 steps: half of them up within three
    standard errors of as many labels as are independent."""
    walk = np.exp(np.cumsum(np.random.default_rng(4).normal(0.0, 0.0025, 160_000))).reshape(10_000, 16)
    opened = np.concatenate([[1.0], walk[:-1, -1]])
    high, low = np.maximum(opened, walk.max(axis=1)), np.minimum(opened, walk.min(axis=1))
    data = bare(path_bars(walk[:, -1])._replace(open=opened, high=high, low=low))
    samples = data.samples(1)
    assert 1100 < data.n_eff(samples) < 1300
    error = 0.5 / np.sqrt(data.n_eff(samples))
    assert (data.label[samples] > 0).mean() == pytest.approx(0.5, abs=3.0 * error)
    assert 7.0 < (data.end[samples] - samples).mean() < 8.5
    assert 0.02 < np.isnan(data.label[100:-24]).mean() < 0.05


@given(st.integers(0, 3200), st.integers(1, 3200))
def test_of_the_newest_samples_those_after_a_change_are_taken_alone_once_they_are_half_of_them(bar, most):
    """Rule: at most so many, the last ones; nothing before the change, or as if there had been none."""
    times, samples = DATA.features.ts_close, DATA.samples(1)
    since = int(times[min(bar, len(times) - 1)])
    found, window = newest(DATA, samples, most, since), samples[-most:]
    later = window[times[window] >= since]
    assert found.tolist() == (later if later.size >= window.size / 2 else window).tolist()
    assert newest(DATA, samples, most).tolist() == window.tolist()
    assert newest(DATA, samples, most, since, later.size + 1).tolist() == window.tolist()


def test_a_sample_has_a_whole_window_and_a_label():
    """Rule: no NaN in any window, no unresolved label, and no bar that has both is left out."""
    samples = DATA.samples(60)
    windows = DATA.windows(samples, 60)
    assert windows.shape == (samples.size, 60, 32)
    assert not np.isnan(windows).any()
    assert not np.isnan(DATA.label[samples]).any()
    known = ~np.isnan(FEATURES.rows).any(axis=1)
    expected = [i for i in range(59, 3000) if known[i - 59 : i + 1].all() and not np.isnan(DATA.label[i])]
    assert samples.tolist() == expected
    for at, bar in list(enumerate(samples))[::97]:
        assert (windows[at] == FEATURES.rows[bar - 59 : bar + 1]).all()


def test_neighbouring_windows_share_their_memory():
    """Rule: a view where the samples follow each other; a copy otherwise, with the same numbers."""
    run = np.arange(1000, 1200)
    assert np.shares_memory(DATA.windows(run, 60), FEATURES.rows)
    assert (DATA.windows(run, 60)[::7] == DATA.windows(run[::7], 60)).all()
    assert DATA.windows(np.array([], dtype=np.int64), 60).shape == (0, 60, 32)
    with pytest.raises(Misconfigured):
        DATA.windows(np.array([58]), 60)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 60),
    st.integers(0, 80),
    st.floats(0.2, 0.7),
    st.one_of(st.just(0.0), st.floats(0.2, 0.25)),
    st.integers(0, 2**32 - 1),
)
def test_no_label_of_an_earlier_slice_reaches_a_later_one(horizon, embargo, train, calibration, seed):
    """Rule: every label kept ended more than the embargo before the next slice begins, whatever the labels are, and
    only those that did not are left out; the last slice is whole."""
    generator = np.random.default_rng(seed)
    n = 900
    ends = np.minimum(np.arange(n) + generator.integers(1, horizon + 1, n), n - 1)
    label = np.where(generator.random(n) < 0.9, generator.choice([-1.0, 1.0], n), np.nan)
    data = DATA._replace(barriers=Barriers(2.0, 14, horizon), label=label, end=ends)
    samples = np.flatnonzero(~np.isnan(label))
    found = chronological(data, samples, train=train, calibration=calibration, embargo=embargo)
    middle, last = round(samples.size * train), round(samples.size * (train + calibration))
    assert (found.test == samples[last:]).all()
    bounds = [(found.train, samples[:middle], found.calibration if middle < last else found.test)]
    bounds += [(found.calibration, samples[middle:last], found.test)] if middle < last else []
    for kept, whole, later in bounds:
        first = samples[middle] if later is found.calibration else samples[last]
        assert kept.tolist() == [one for one in whole if ends[one] + embargo < first]


def test_the_split_of_the_training_log_is_four_fifths_to_one():
    """Rule: 6,026 samples are 4,821 and 1,205 before the purge; what is validated comes later, strictly."""
    n = 6026
    data = DATA._replace(barriers=Barriers(2.0, 14, 1), label=np.ones(n), end=np.arange(n), width=np.ones(n))
    found = chronological(data, np.arange(n), train=0.8, calibration=0.0, embargo=0)
    assert (found.train.size, found.test.size) == (4821, 1205)
    assert data.end[found.train].max() < found.test.min()


def test_a_walk_forward_tests_everything_but_the_first_part_once():
    """Rule: tests follow each other to the end; training is the newest samples before, at most as many as asked."""
    samples = DATA.samples(60)
    found = forward_slices(DATA, samples, folds=3, train=300)
    tests = np.concatenate([one.test for one in found])
    assert (tests == samples[samples.size // 4 :]).all()
    for one in found:
        assert 250 <= one.train.size <= 300
        assert 12 <= one.calibration.size <= 60
        assert DATA.end[one.train].max() + 24 < one.calibration.min()
        assert DATA.end[one.calibration].max() + 24 < one.test.min()
    with pytest.raises(Misconfigured):
        forward_slices(DATA, samples[:20])
    with pytest.raises(Misconfigured):
        chronological(DATA, samples, train=0.9, calibration=0.1)


def test_the_data_hash_names_inputs_barriers_and_labels():
    """Rule: the same bars give the same hash; another bar, barrier, schema, symbol or label another one."""
    again = labelled(feature_set("BTC/USDT", default_schema(Timeframe.H1), BARS, CRYPTO), BARS)
    assert again.data_hash == DATA.data_hash
    moved = BARS._replace(high=BARS.high.copy())
    moved.high[2500] *= 1.0001
    others = [
        labelled(FEATURES._replace(symbol="ETH/USDT"), BARS),
        labelled(FEATURES, BARS, Barriers(2.0, 14, 23)),
        labelled(FEATURES, BARS, Barriers(1.9, 14, 24)),
        labelled(feature_set("BTC/USDT", default_schema(Timeframe.H1), moved, CRYPTO), moved),
        DATA._replace(label=-DATA.label),
    ]
    assert len({one.data_hash for one in [DATA, *others]}) == 6


def test_bars_that_are_not_those_of_the_inputs_are_refused():
    with pytest.raises(Corrupt, match="build the features again"):
        labelled(FEATURES, BARS.slice(0, 2999))
    with pytest.raises(Misconfigured, match="no bars"):
        feature_set("BTC/USDT", default_schema(Timeframe.H1), BARS.slice(0, 0), CRYPTO)
