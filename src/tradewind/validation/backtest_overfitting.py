"""Probability of backtest overfitting: how often the best of one half of the time is middling or worse in the other.

Combinatorially symmetric cross-validation, CSCV (Bailey, Borwein, Lopez de Prado and Zhu 2015, The probability of
backtest overfitting). The days are cut into S blocks of equal length. For each choice of S/2 of them, in sample (IS),
the rest being out of sample (OOS): ``n* = argmax of the IS Sharpe ratio``, ``w = rank of n* in OOS / (N + 1)``, ties at
their average rank (the first of equals is n*), and ``logit = ln(w / (1 - w))``. ``PBO = share of logits <= 0``.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured
from tradewind.validation.trial_matrix import Daily, Floats, matrix_shape, usable_rows

_FEWEST_BLOCKS, _MOST_BLOCKS = 8, 16
_FEWEST_TRIALS = 2
_CELLS_AT_ONCE = 65_536
_FLAT = 1e-12
_SAME = 1e-9
"""Sharpe ratios closer than this are one: all trials with a single trade in a half have the same, but for rounding."""


class BacktestOverfitting(NamedTuple):
    """Outcome of CSCV over ``trials`` usable trials and ``days`` days in ``blocks`` blocks.

    One entry for each choice of in-sample blocks, in the order of ``itertools.combinations``, shape ``(choices,)``:
    ``logits``; ``chosen``, the row of n*; ``in_sample`` and ``out_of_sample``, its daily Sharpe ratios (ddof 1) in both
    halves. ``slope`` and ``intercept`` are the least-squares line of OOS on IS, None where all IS are equal.
    ``loss_share`` is the share of choices whose n* lost out of sample. ``dropped`` trials were not usable.
    """

    pbo: float
    loss_share: float
    logits: Floats
    chosen: NDArray[np.int64]
    in_sample: Floats
    out_of_sample: Floats
    slope: float | None
    intercept: float | None
    blocks: int
    days: int
    trials: int
    dropped: int


class _Halves(NamedTuple):
    """What the halves of the time are added up from: of each block, the sums and squares of every trial's scores."""

    offset: Floats  # mean / deviation, (trials,)
    sums: Floats  # (blocks, trials)
    squares: Floats
    days: int

    def sharpe(self, sums: Floats, squares: Floats) -> Floats:
        """Sharpe ratio (ddof 1) of halves with these sums and squares, shape ``(k, trials)``; a flat half counts 0."""
        mean = sums / self.days
        spread = squares - sums * mean
        # A half without a trade is no evidence; what rounding leaves of its spread must not become a huge ratio.
        np.putmask(spread, spread <= _FLAT * squares, np.inf)
        mean += self.offset
        spread /= self.days - 1
        np.sqrt(spread, out=spread)
        mean /= spread
        return mean


def backtest_overfitting(daily: Daily, blocks: int = 16) -> BacktestOverfitting | None:
    """PBO of all trials of a search.

    Rows at the start of time are left out until the days are a multiple of ``blocks``. Needs memory for two
    numbers of each trial and ``2^(blocks / 2)`` halves of halves, 40 MiB for 10,000 trials and 16 blocks.

    Args:
        daily: result of each trial on each day, shape ``(trials, days)``, any float type; trials with a value that is
            not finite and trials whose days are all equal are dropped and counted.
        blocks: even, 8 to 16.

    Returns:
        None for fewer than two usable trials, or fewer days than blocks.

    Raises:
        Misconfigured: not a matrix, or ``blocks`` is odd or out of range.
    """
    if blocks % 2 or not _FEWEST_BLOCKS <= blocks <= _MOST_BLOCKS:
        raise Misconfigured(f"{blocks} blocks", where="backtest_overfitting", allowed="an even number from 8 to 16")
    trials, total_days = matrix_shape(daily)
    days = total_days - total_days % blocks
    if days == 0:
        return None
    index, halves = _block_sums(daily[:, total_days - days :], blocks)
    if index.size < _FEWEST_TRIALS:
        return None
    chosen, in_sample, out_of_sample, ranks = _walk(halves, blocks)
    # The logit's sign from whole numbers: w <= 1/2 is 2 * rank <= N + 1.
    twice = np.rint(2.0 * ranks)
    weight = twice / (2.0 * (index.size + 1))
    slope, intercept = _line(in_sample, out_of_sample)
    return BacktestOverfitting(
        pbo=float(np.mean(twice <= index.size + 1)),
        loss_share=float(np.mean(out_of_sample < 0.0)),
        logits=np.log(weight / (1.0 - weight)),
        chosen=index[chosen],
        in_sample=in_sample,
        out_of_sample=out_of_sample,
        slope=slope,
        intercept=intercept,
        blocks=blocks,
        days=days,
        trials=int(index.size),
        dropped=trials - int(index.size),
    )


def _block_sums(daily: Daily, blocks: int) -> tuple[NDArray[np.int64], _Halves]:
    """Rows of the usable trials and their sums over each block."""
    days = daily.shape[1]
    index, offset, sums, squares = [], [], [], []
    for rows in usable_rows(daily):
        cut = rows.scores.reshape(rows.row.size, blocks, days // blocks)
        index.append(rows.row)
        offset.append(rows.mean / rows.deviation)
        sums.append(cut.sum(axis=2).T)
        squares.append(np.einsum("ijk,ijk->ji", cut, cut))
    if not index:
        return np.empty(0, dtype=np.int64), _Halves(np.empty(0), np.empty((blocks, 0)), np.empty((blocks, 0)), 0)
    halves = _Halves(np.concatenate(offset), np.hstack(sums), np.hstack(squares), days // 2)
    return np.concatenate(index), halves


def _subset_sums(values: Floats) -> Floats:
    """Row m is the sum of the rows of ``values`` that are set bits of m: shape ``(k, n)`` to ``(2^k, n)``.

    Equal trials are added up in the same order, so that they stay equal and their ties are found.
    """
    table = np.zeros((1 << len(values), values.shape[1]))
    for bit, row in enumerate(values):
        table[1 << bit : 2 << bit] = table[: 1 << bit] + row
    return table


def _walk(halves: _Halves, blocks: int) -> tuple[NDArray[np.int64], Floats, Floats, Floats]:
    """``(n*, its IS Sharpe, its OOS Sharpe, its OOS rank)`` of every choice.

    A choice and its complement are one cut of the time in two: both halves are measured once and serve both ways.
    """
    half = blocks // 2
    picks = list(combinations(range(blocks), half))
    place = {sum(1 << block for block in pick): at for at, pick in enumerate(picks)}
    chosen = np.empty(len(picks), dtype=np.int64)
    in_sample, out_of_sample, ranks = np.empty(len(picks)), np.empty(len(picks)), np.empty(len(picks))
    everything = (1 << blocks) - 1
    upper_sums, upper_squares = _subset_sums(halves.sums[half:]), _subset_sums(halves.squares[half:])
    all_sums, all_squares = halves.sums.sum(axis=0), halves.squares.sum(axis=0)
    of_size: list[list[int]] = [[] for _ in range(half + 1)]
    for mask in range(1 << half):
        of_size[mask.bit_count()].append(mask)
    at_once = max(1, _CELLS_AT_ONCE // halves.offset.size)
    # Every choice with block 0 in it; those without are the complements.
    for lower in range(1, 1 << half, 2):
        members = [block for block in range(half) if lower >> block & 1]
        lower_sums, lower_squares = halves.sums[members].sum(axis=0), halves.squares[members].sum(axis=0)
        fitting = of_size[half - lower.bit_count()]
        for first in range(0, len(fitting), at_once):
            upper = fitting[first : first + at_once]
            sums, squares = upper_sums[upper] + lower_sums, upper_squares[upper] + lower_squares
            one = halves.sharpe(sums, squares)
            other = halves.sharpe(all_sums - sums, all_squares - squares)
            masks = [lower | mask << half for mask in upper]
            for inside, outside, own in (
                (one, other, [place[mask] for mask in masks]),
                (other, one, [place[everything - mask] for mask in masks]),
            ):
                best = (inside >= inside.max(axis=1, keepdims=True) - _SAME).argmax(axis=1)
                shown = np.take_along_axis(outside, best[:, None], axis=1)
                chosen[own] = best
                in_sample[own] = np.take_along_axis(inside, best[:, None], axis=1)[:, 0]
                out_of_sample[own] = shown[:, 0]
                not_above = np.count_nonzero(outside <= shown + _SAME, axis=1)
                ranks[own] = 0.5 * (np.count_nonzero(outside < shown - _SAME, axis=1) + not_above + 1.0)
    return chosen, in_sample, out_of_sample, ranks


def _line(x: Floats, y: Floats) -> tuple[float | None, float | None]:
    """Least-squares slope and intercept of y on x."""
    apart = x - x.mean()
    square = float(apart @ apart)
    if square <= _FLAT * float(x @ x):
        return None, None
    slope = float(apart @ y) / square
    return slope, float(y.mean()) - slope * float(x.mean())
