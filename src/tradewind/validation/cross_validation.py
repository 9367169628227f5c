"""Splits for cross-validation that keep what a test sample knows out of training: purge, embargo, combinations.

A sample i is decided at ``t0[i]`` and its label (result) is known at ``t1[i]``, both of shape ``(n,)`` in one unit of
time: bars, days or nanoseconds. Two samples whose intervals ``[t0, t1]`` meet share prices. After Lopez de Prado
(2018), Advances in Financial Machine Learning, chapters 7 and 12.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Corrupt, Misconfigured

Indices = NDArray[np.int64]


class PurgedSplit(NamedTuple):
    """Rows to train on, and rows to test on, one array for each fold tested; rows in neither were purged."""

    train: Indices
    tests: tuple[Indices, ...]


class CombinatorialSplits(NamedTuple):
    """All splits, and the paths that run once over all the time.

    ``paths`` has shape ``(k/N * C(N, k), N)``: path p takes its test results of fold f from split ``paths[p, f]``.
    ``path_of`` has shape ``(C(N, k), k)``: the path to which each split gives the results of each of its test folds.
    """

    splits: tuple[PurgedSplit, ...]
    paths: Indices
    path_of: Indices


def purged_train(t0: Indices, t1: Indices, test: Indices, embargo: int | None = None) -> Indices:
    """Rows that may be trained on when the rows ``test`` are the test, in order.

    A run of neighbouring test rows spans ``[min t0, max t1]``. A row is dropped when its own ``[t0, t1]`` meets that
    span, ends included, or when its ``t0`` lies within ``embargo`` after it.

    Args:
        t0: when each sample was decided, shape ``(n,)``.
        t1: when its label was known, shape ``(n,)``, never before ``t0``.
        test: rows that are tested, shape ``(k,)``, in any order.
        embargo: time after a test span that is not trained on; by default the longest ``t1 - t0`` of all samples.

    Raises:
        Corrupt: the arrays differ in length, or a label is known before its sample was decided.
        Misconfigured: a test row that is not there, or a negative embargo.
    """
    _checked(t0, t1)
    n = t0.size
    quiet = _embargo(t0, t1, embargo)
    rows = np.unique(test)
    if rows.size and (int(rows[0]) < 0 or int(rows[-1]) >= n):
        raise Misconfigured(f"test rows {rows[0]} to {rows[-1]}", where="purged_train", allowed=f"rows 0 to {n - 1}")
    keep = np.ones(n, dtype=np.bool_)
    keep[rows] = False
    for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
        if run.size:
            keep &= (t1 < t0[run].min()) | (t0 - t1[run].max() > quiet)
    return np.flatnonzero(keep)


def combinatorial_splits(
    t0: Indices, t1: Indices, *, folds: int = 6, test_folds: int = 2, embargo: int | None = None
) -> CombinatorialSplits:
    """Combinatorial purged cross-validation: every choice of ``test_folds`` k of ``folds`` N is tested once.

    ``C(N, k)`` splits in the order of ``itertools.combinations`` and ``k/N * C(N, k)`` paths; folds are neighbouring
    rows, the first ``n mod N`` of them one row longer. Training rows are purged as in ``purged_train``.

    Raises:
        Corrupt: as ``purged_train``.
        Misconfigured: fewer rows than folds, k outside 1 to N - 1, a negative embargo.
    """
    _checked(t0, t1)
    quiet = _embargo(t0, t1, embargo)
    if not 1 <= test_folds < folds <= t0.size:
        raise Misconfigured(
            f"{test_folds} test folds of {folds} over {t0.size} rows",
            where="combinatorial_splits",
            allowed="1 <= test folds < folds <= rows",
        )
    parts = np.array_split(np.arange(t0.size), folds)
    splits = []
    tested = np.zeros(folds, dtype=np.int64)
    picks = list(combinations(range(folds), test_folds))
    path_of = np.empty((len(picks), test_folds), dtype=np.int64)
    paths = np.empty((len(picks) * test_folds // folds, folds), dtype=np.int64)
    for at, picked in enumerate(picks):
        tests = tuple(parts[fold] for fold in picked)
        splits.append(PurgedSplit(purged_train(t0, t1, np.concatenate(tests), quiet), tests))
        own = list(picked)
        path_of[at] = tested[own]
        paths[tested[own], own] = at
        tested[own] += 1
    return CombinatorialSplits(tuple(splits), paths, path_of)


def _checked(t0: Indices, t1: Indices) -> None:
    if t0.ndim != 1 or t0.shape != t1.shape or bool(np.any(t1 < t0)):
        raise Corrupt(
            f"{t0.size} starts and {t1.size} ends of labels, which must pair up and run forwards",
            where="cross-validation",
        )


def _embargo(t0: Indices, t1: Indices, embargo: int | None) -> int:
    """The one asked for, or the longest label."""
    if embargo is None:
        return int(np.max(t1 - t0, initial=0))
    if embargo < 0:
        raise Misconfigured(f"an embargo of {embargo}", where="cross-validation", allowed="0 or more")
    return embargo
