"""Purge, embargo and combinatorial splits against the independent fixtures and the rules they must keep."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared_data import shared
from tradewind.errors import Corrupt, Misconfigured
from tradewind.validation.cross_validation import combinatorial_splits, purged_train


@pytest.fixture(scope="module")
def truth() -> dict:
    return json.loads(shared("ground_truth/overfit.json").read_text())


def test_purging_by_label_equals_the_fixture(truth):
    """Uneven labels, tests in the middle, at the start and at the end, with and without embargo."""
    for case in truth["label_purge"]:
        first, last = case["test"]
        kept = purged_train(
            np.array(case["t0"]), np.array(case["t1"]), np.arange(first, last + 1), embargo=case["embargo"]
        )
        assert kept.tolist() == case["train"]


def test_combinatorial_splits_and_paths_equal_the_fixture(truth):
    """Labels of 3 rows and an embargo of 2 are a fixed purge of 3 and embargo of 2: 15 splits, 5 paths."""
    fixture = truth["cpcv"]
    t0 = np.arange(fixture["n_obs"])
    found = combinatorial_splits(
        t0,
        t0 + fixture["purged_size"],
        folds=fixture["n_folds"],
        test_folds=fixture["n_test_folds"],
        embargo=fixture["embargo_size"],
    )
    assert len(found.splits) == fixture["n_splits"]
    assert len(found.paths) == fixture["n_test_paths"]
    assert found.path_of.tolist() == fixture["path_ids"]
    assert [split.train.size for split in found.splits] == fixture["train_sizes"]
    for split, expected in [*zip(found.splits, fixture["first3"], strict=False), (found.splits[7], fixture["split7"])]:
        assert split.train.tolist() == expected["train"]
        assert [test.tolist() for test in split.tests] == expected["test"]


@given(st.data())
def test_no_label_that_is_trained_on_meets_a_label_that_is_tested(data):
    """Each kept row lies wholly before a run of test rows or begins more than the embargo behind it."""
    n = data.draw(st.integers(1, 40))
    t0 = np.cumsum(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    t1 = t0 + np.array(data.draw(st.lists(st.integers(0, 8), min_size=n, max_size=n)))
    test = np.array(sorted(data.draw(st.sets(st.integers(0, n - 1)))), dtype=np.int64)
    embargo = data.draw(st.none() | st.integers(0, 10))
    quiet = int((t1 - t0).max()) if embargo is None else embargo
    kept = purged_train(t0, t1, test, embargo)
    assert not set(kept.tolist()) & set(test.tolist())
    for row in kept:
        for tested in test:
            assert t1[row] < t0[tested] or t0[row] > t1[tested]
            assert not t1[tested] < t0[row] <= t1[tested] + quiet
    alone = np.flatnonzero(np.diff(test) != 1)
    if test.size and alone.size == 0:
        dropped = set(range(n)) - set(kept.tolist()) - set(test.tolist())
        first, last = t0[test].min(), t1[test].max()
        assert all(t1[row] >= first and t0[row] <= last + quiet for row in dropped), "nothing is dropped without need"


@given(st.integers(3, 9), st.data())
def test_every_fold_is_tested_equally_often_and_every_path_runs_over_all_of_them(folds, data):
    """Splits and paths are as many as the formula says; a path takes each fold from a split that tests it."""
    k = data.draw(st.integers(1, folds - 1))
    n = data.draw(st.integers(folds, 5 * folds))
    found = combinatorial_splits(np.arange(n), np.arange(n), folds=folds, test_folds=k, embargo=0)
    assert len(found.splits) == math.comb(folds, k)
    assert found.paths.shape == (math.comb(folds, k) * k // folds, folds)
    parts = np.array_split(np.arange(n), folds)
    for path, row in enumerate(found.paths):
        for fold, split in enumerate(row):
            tests = [test.tolist() for test in found.splits[split].tests]
            at = tests.index(parts[fold].tolist())
            assert found.path_of[split, at] == path
    for split in found.splits:
        everything = np.concatenate((split.train, *split.tests))
        assert sorted(everything.tolist()) == list(range(n)), "labels of no length need no purge"


def test_what_cannot_be_split_is_refused():
    """Labels known before their samples, arrays that do not pair up, rows that are not there, too many folds."""
    t0 = np.arange(10)
    with pytest.raises(Corrupt, match="forwards"):
        purged_train(t0, t0 - 1, np.array([1]))
    with pytest.raises(Corrupt, match="pair"):
        purged_train(t0, t0[:5], np.array([1]))
    with pytest.raises(Misconfigured, match="rows 0 to 9"):
        purged_train(t0, t0, np.array([10]))
    with pytest.raises(Misconfigured, match="embargo"):
        purged_train(t0, t0, np.array([1]), embargo=-1)
    for folds, test_folds in ((11, 2), (5, 5), (5, 0)):
        with pytest.raises(Misconfigured, match="test folds"):
            combinatorial_splits(t0, t0, folds=folds, test_folds=test_folds)
    assert purged_train(t0, t0, np.empty(0, dtype=np.int64)).tolist() == t0.tolist()
