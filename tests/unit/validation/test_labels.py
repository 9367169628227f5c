"""Triple-barrier labels and their uniqueness against stored answers, a second writing, and random walks."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared_data import shared
from tradewind.errors import Misconfigured
from tradewind.validation.barrier_labels import barrier_labels, recent_volatility
from tradewind.validation.uniqueness import average_uniqueness, concurrency, sequential_odds, without_overlap


@pytest.fixture(scope="module")
def truth() -> dict:
    return json.loads(shared("ground_truth/models.json").read_text())


def test_labels_and_their_ends_are_the_stored_ones(truth):
    """Rule: entry at the close, later bars only, stop first, an unresolved tail is nothing."""
    given_ = truth["triple_barrier"]
    high, low, close = (np.asarray(given_[name], float) for name in ("high", "low", "close"))
    width = np.ones(close.size)
    found = barrier_labels(high, low, close, given_["tp"] * width, given_["sl"] * width, given_["horizon"])
    for label, end, wanted in zip(found.label, found.end, given_["labels"], strict=True):
        assert (None if math.isnan(label) else int(label)) == wanted["label"]
        assert (None if end < 0 else int(end)) == wanted["t"]
    both = given_["both_touched_case"]
    two = barrier_labels(
        np.array([both["close0"], both["next_high"]]),
        np.array([both["close0"], both["next_low"]]),
        np.array([both["close0"], both["close0"]]),
        np.full(2, both["tp"]),
        np.full(2, both["sl"]),
        4,
    )
    assert two.label[0] == both["label"] == -1


bars = st.lists(st.tuples(st.floats(90, 110), st.floats(0, 3), st.floats(0, 3)), min_size=2, max_size=40)


@given(bars, st.integers(1, 6), st.sampled_from([1, -1]), st.floats(0.001, 0.03))
def test_labels_equal_a_plain_second_writing_and_mirror_by_side(rows, horizon, side, width):
    """Rule: the definition, in the slowest words; seen in a mirror the other side has the opposite labels."""
    close = np.array([row[0] for row in rows])
    high, low = close + [row[1] for row in rows], close - [row[2] for row in rows]
    widths = np.full(close.size, width)
    found = barrier_labels(high, low, close, widths, widths, horizon, side)
    for entry in range(close.size):
        wanted, end = None, entry + horizon if entry + horizon < close.size else -1
        for bar in range(entry + 1, min(entry + horizon, close.size - 1) + 1):
            up, down = high[bar] >= close[entry] * (1.0 + width), low[bar] <= close[entry] * (1.0 - width)
            if up or down:
                wanted, end = (-side if up and down else 1 if up else -1), bar
                break
        assert (None if math.isnan(found.label[entry]) else int(found.label[entry])) == wanted
        assert found.end[entry] == end


@given(bars, st.integers(1, 6), st.integers(0, 38))
def test_bars_after_its_end_change_no_label(rows, horizon, cut):
    """Rule: a label is known at the close of its end; whatever follows cannot move it."""
    close = np.array([row[0] for row in rows])
    high, low = close + [row[1] for row in rows], close - [row[2] for row in rows]
    widths = np.full(close.size, 0.01)
    whole = barrier_labels(high, low, close, widths, widths, horizon)
    n = min(cut + 1, close.size)
    early = barrier_labels(high[:n], low[:n], close[:n], widths[:n], widths[:n], horizon)
    known = (whole.end[:n] >= 0) & (whole.end[:n] < n)
    np.testing.assert_array_equal(early.end[known], whole.end[:n][known])
    np.testing.assert_array_equal(early.label[known], whole.label[:n][known])
    assert (early.end[~known] == -1).all()


def test_a_random_walk_labels_up_as_often_as_its_barriers_say(truth):
    """Published: with the target at 1 and the stop at 2 (2.5) deviations 65.6% (70.2%) of a random walk is up."""
    generator = np.random.default_rng(5)
    steps = generator.normal(0.0, 0.001, 400_000)
    close = 100.0 * np.exp(np.cumsum(steps))
    for stop, name in (
        (2.0, "triple barrier TP=1 SL=2 (always long)"),
        (2.5, "triple barrier TP=1 SL=2.5 (always long)"),
    ):
        widths = np.full(close.size, 0.01)
        found = barrier_labels(close, close, close, widths, widths * stop, 10_000)
        share = (found.label[found.resolved] > 0.0).mean()
        assert share == pytest.approx(truth["random_walk_label_accuracy"][name], abs=0.03)


def test_no_width_is_no_barrier():
    """NaN while the volatility warms up: no label and no end."""
    close = np.full(5, 100.0)
    widths = np.array([math.nan, 0.0, -1.0, 0.01, 0.01])
    found = barrier_labels(close, close, close, widths, widths, 1)
    assert found.end.tolist() == [-1, -1, -1, 4, -1]
    assert not found.resolved.any()


def test_volatility_is_the_recursion_and_knows_no_later_close():
    """Rule: EMA of squared log returns from the first on; NaN until ``span`` of them are known."""
    close = 100.0 * np.exp(np.cumsum(np.random.default_rng(1).normal(0.0, 0.01, 50)))
    found = recent_volatility(close, 10)
    assert np.isnan(found[:10]).all()
    level = math.log(close[1] / close[0]) ** 2
    for bar in range(2, 50):
        level += 2.0 / 11.0 * (math.log(close[bar] / close[bar - 1]) ** 2 - level)
        if bar >= 10:
            assert found[bar] == pytest.approx(math.sqrt(level), rel=1e-12)
    np.testing.assert_array_equal(recent_volatility(close[:30], 10), found[:30])
    with pytest.raises(Misconfigured, match="prices above 0"):
        recent_volatility(np.array([1.0, 0.0]), 1)


def test_uniqueness_and_sequential_odds_are_the_published_ones(truth):
    """AFML chapter 4: 5/6, 3/4, 1 and after drawing the second 5/14, 3/14, 6/14."""
    given_ = truth["uniqueness"]
    start, end = (np.array(side, np.int64) for side in zip(*given_["intervals"], strict=True))
    assert average_uniqueness(start, end, 6).tolist() == pytest.approx(given_["avg_uniqueness"])
    assert sequential_odds(start, end, 6, [1]).tolist() == pytest.approx([5 / 14, 3 / 14, 6 / 14])
    assert concurrency(start, end, 6).tolist() == [1, 1, 2, 1, 1, 1]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), min_size=1, max_size=30))
def test_labels_amount_to_at_most_the_bars_they_cover(pairs):
    """Rule: weights in (0, 1]; their sum is at least the labels that share no bar, at most all of them."""
    pairs = sorted(pairs)
    start = np.array([first for first, _ in pairs], np.int64)
    end = start + [length for _, length in pairs]
    weights = average_uniqueness(start, end, 50)
    assert ((weights > 0.0) & (weights <= 1.0)).all()
    kept = without_overlap(start, end)
    assert (end[kept][:-1] < start[kept][1:]).all()
    assert weights.sum() <= len(pairs) + 1e-9
    assert average_uniqueness(start[kept], end[kept], 50) == pytest.approx(1.0)
