"""The complete honest gate once more, over trades drawn one by one: what power it can have at best.

Written from its text alone (docs/metrics.md, "The gate", holds the same rules) and on numpy and scipy only: nothing of
``tradewind`` is imported, so that a fault there cannot hide here. Trades are independent draws from a pool of wins and
a pool of losses; a batch is one candidate and trials without skill beside it, as many trades each as the candidate, at
payoffs of 0.4 to 2, that pay 5% of the stop.

Where the text leaves something open the choice gives the reference more power, never less: the votes executed a bar
late make the same trades, the break-even is that of the sealed window alone, and the trials beside it are independent.
"""

from __future__ import annotations

import functools
import itertools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

RISK = 0.01
"""Share of equity lost at the stop, which turns R into daily returns."""
YEAR = 252.0
PAYOFFS = (0.4, 2.0)
COST = 0.05
"""Of the trials without skill, in stops."""
FOLDS = 5
BLOCKS = 10
SPA_RESAMPLES = 400
BOOTSTRAPS = 1000
ORDERS = 100
EULER = 0.5772156649015329


class Edge(NamedTuple):
    """A candidate: its win rate, net R of its wins and losses (losses negative), and its mean cost in R."""

    win_rate: float
    wins: Floats
    losses: Floats
    cost: float


class Calendar(NamedTuple):
    """Trading days of the train, test and sealed window."""

    train: int
    test: int
    sealed: int


class Trial(NamedTuple):
    """Drawn trades in order: net R and the day of each, counted from the first of the train window."""

    r: Floats
    day: NDArray[np.int64]


def power(
    edge: Edge,
    counts: NDArray[np.int64],
    batch: int,
    days: Calendar,
    runs: int,
    generator: np.random.Generator,
) -> dict[str, int]:
    """How many of ``runs`` batches of ``batch`` trials promote their candidate, and at which step it is refused.

    ``counts`` int64 ``(k, 3)`` are trades in train, test and sealed window; each run takes one of its rows.
    """
    found: dict[str, int] = {}
    plan = resample_plan(days.train + days.test, generator)
    for _ in range(runs):
        n = counts[generator.integers(len(counts))]
        refused = refusal(edge, n, batch, days, plan, generator)
        found[refused] = found.get(refused, 0) + 1
    return found


def refusal(
    edge: Edge, n: NDArray[np.int64], batch: int, days: Calendar, plan: Floats, generator: np.random.Generator
) -> str:
    """``promoted``, or the first step that the candidate misses in one drawn batch."""
    train, test, sealed = (
        drawn(edge, int(count), first, length, generator)
        for count, first, length in zip(
            n, (0, days.train, days.train + days.test), (days.train, days.test, days.sealed), strict=True
        )
    )
    if len(train.r) < 200:
        return "train trades"
    missed = before_seal(train, test, edge.cost, days, generator)
    if missed:
        return missed
    own = daily(train, 0, days.train + days.test) + daily(test, 0, days.train + days.test)
    noise, looks = drawn_others(batch - 1, len(train.r) + len(test.r), days, generator)
    matrix = np.vstack((own, noise))
    matrix = matrix[matrix.std(axis=1) > 0.0]
    if overfitting(matrix) > 0.5:
        return "pbo"
    if ability(matrix, plan) > 0.05:
        return "spa"
    return after_seal(train, test, sealed, matrix, 1 + looks, days, generator)


def before_seal(train: Trial, test: Trial, cost: float, days: Calendar, generator: np.random.Generator) -> str:
    """Points 1, 6 and 8 of the gate: thresholds of the train window, retention, folds, costs, order of the trades."""
    r = train.r
    if not (win_rate(r) >= 0.5 and r.mean() > 0.0 and profit_factor(r) >= 1.2):
        return "train thresholds"
    returns = RISK * daily(train, 0, days.train)
    if returns.mean() / returns.std(ddof=1) * math.sqrt(YEAR) < 0.5 or drawdown(returns) > 0.25:
        return "train thresholds"
    if len(test.r) == 0 or win_rate(test.r) < 0.85 * win_rate(r):
        return "test retention"
    both = Trial(np.concatenate((r, test.r)), np.concatenate((train.day, test.day)))
    if not walks_forward(both, days.train + days.test):
        return "walk forward"
    if profit_factor(both.r - cost) <= 1.0:
        return "double costs"
    at = generator.permuted(np.tile(both.r, (ORDERS, 1)), axis=1)
    if np.quantile(drawdowns(RISK * at), 0.95) > 0.25:
        return "order luck"
    at = both.r[blocks(len(both.r), ORDERS, generator)]
    return "order luck" if np.quantile(drawdowns(RISK * at), 0.95) > 0.25 else ""


def after_seal(
    train: Trial,
    test: Trial,
    sealed: Trial,
    matrix: Floats,
    looks: int,
    days: Calendar,
    generator: np.random.Generator,
) -> str:
    """Points 1 to 4 on the window that was kept: ``promoted``, or what is missed first."""
    r, n = sealed.r, len(sealed.r)
    if n < 100:
        return "sealed trades"
    if win_rate(r) < 0.65 or profit_factor(r) < 1.3 or win_rate(r) < 0.85 * win_rate(train.r):
        return "sealed thresholds"
    whole = days.train + days.test + days.sealed
    last = RISK * daily(sealed, days.train + days.test, days.sealed)
    if drawdown(last) > 0.25:
        return "sealed thresholds"
    payoff = r[r > 0.0].mean() / -r[r < 0.0].mean() if (r < 0.0).any() else math.inf
    p = float(stats.binom.sf(int((r > 0.0).sum()) - 1, n, 1.0 / (1.0 + payoff)))
    # Holm: the candidate has the smallest p of all that were looked at, so it is held to the first step.
    if looks * p > 0.05:
        return "exact test"
    if np.quantile(r[blocks(n, BOOTSTRAPS, generator)].mean(axis=1), 0.05) <= 0.0:
        return "expectancy bound"
    if psr(last, 0.0) < 0.95:
        return "psr"
    sharpes = matrix.mean(axis=1) / matrix.std(axis=1, ddof=1)
    every = RISK * (daily(train, 0, whole) + daily(test, 0, whole) + daily(sealed, 0, whole))
    hurdle = sharpes.std(ddof=1) * expected_maximum(effective(matrix))
    return "dsr" if psr(every, hurdle) < 0.5 else "promoted"


def drawn(edge: Edge, n: int, first: int, length: int, generator: np.random.Generator) -> Trial:
    """``n`` trades, evenly over ``length`` days from ``first`` on."""
    won = generator.random(n) < edge.win_rate
    r = np.where(won, generator.choice(edge.wins, n), generator.choice(edge.losses, n))
    return Trial(r, first + np.arange(n) * length // max(1, n))


def drawn_others(trials: int, n: int, days: Calendar, generator: np.random.Generator) -> tuple[Floats, int]:
    """Daily R of the trials without skill before the seal, ``(trials, days)``, and how many of them get looked at."""
    length = days.train + days.test
    payoff = generator.uniform(*PAYOFFS, trials)
    row = np.repeat(np.arange(trials), n)
    day = generator.integers(0, length, row.size)
    won = generator.random(row.size) < (1.0 / (1.0 + payoff))[row]
    r = np.where(won, payoff[row], -1.0) - COST
    matrix: Floats = np.bincount(row * length + day, r, trials * length).reshape(trials, length)
    early = day < days.train
    good = np.bincount(row, np.where(early & (r > 0.0), r, 0.0), trials)
    bad = -np.bincount(row, np.where(early & (r < 0.0), r, 0.0), trials)
    looks = 0
    for one in np.flatnonzero(good >= 1.2 * bad):
        own = slice(one * n, (one + 1) * n)
        order = np.argsort(day[own], kind="stable")
        trial = Trial(r[own][order], day[own][order])
        parts = [Trial(trial.r[keep], trial.day[keep]) for keep in (trial.day < days.train, trial.day >= days.train)]
        if len(parts[0].r) >= 200 and not before_seal(*parts, COST, days, generator):
            looks += 1
    return matrix, looks


def walks_forward(trades: Trial, length: int) -> bool:
    """Five anchored steps over equal times: mean validation win rate, its share of training, share of good folds."""
    before, after = [], []
    cuts = [length * piece // (FOLDS + 1) for piece in range(FOLDS + 2)]
    for fold in range(1, FOLDS + 1):
        train = trades.r[trades.day < cuts[fold]]
        test = trades.r[(trades.day >= cuts[fold]) & (trades.day < cuts[fold + 1])]
        if len(train) and len(test):
            before.append(win_rate(train))
            after.append(win_rate(test))
    if not before:
        return False
    good = sum(later >= 0.85 * earlier > 0.0 for earlier, later in zip(before, after, strict=True))
    mean = float(np.mean(after))
    return mean >= 0.85 * float(np.mean(before)) and good / FOLDS >= 0.70 and mean >= 0.45


def overfitting(matrix: Floats) -> float:
    """PBO by CSCV with Sharpe ratios, ``BLOCKS`` blocks trimmed from the start."""
    trials, days = matrix.shape
    length = days // BLOCKS
    parts = matrix[:, days - length * BLOCKS :].reshape(trials, BLOCKS, length)
    sums, squares = parts.sum(axis=2), (parts**2).sum(axis=2)
    halves = np.zeros((math.comb(BLOCKS, BLOCKS // 2), BLOCKS))
    for row, chosen in enumerate(itertools.combinations(range(BLOCKS), BLOCKS // 2)):
        halves[row, list(chosen)] = 1.0
    n = length * BLOCKS // 2

    def sharpe(weights: Floats) -> Floats:
        mean = weights @ sums.T / n
        spread = np.sqrt(np.maximum(weights @ squares.T / n - mean**2, 0.0))
        return np.divide(mean, spread, out=np.zeros_like(mean), where=spread > 0.0)

    best = sharpe(halves).argmax(axis=1)
    outside = sharpe(1.0 - halves)
    own = outside[np.arange(len(best)), best][:, None]
    rank = (outside < own).sum(axis=1) + ((outside == own).sum(axis=1) + 1) / 2
    return float((rank / (trials + 1) <= 0.5).mean())


def resample_plan(days: int, generator: np.random.Generator) -> Floats:
    """How often each stationary-bootstrap resample holds each day, ``(SPA_RESAMPLES, days)``, as shares."""
    drawn_days = blocks(days, SPA_RESAMPLES, generator)
    plan = np.zeros((SPA_RESAMPLES, days))
    np.add.at(plan, (np.arange(SPA_RESAMPLES)[:, None], drawn_days), 1.0 / days)
    return plan


def ability(matrix: Floats, plan: Floats) -> float:
    """Hansen's consistent p-value of the best trial, studentised by the bootstrap's own deviation."""
    n = matrix.shape[1]
    mean = matrix.mean(axis=1)
    moved = math.sqrt(n) * (plan @ matrix.T - mean)
    width = moved.std(axis=0)
    usable = width > 0.0
    moved, width, mean = moved[:, usable], width[usable], mean[usable]
    t = math.sqrt(n) * mean / width
    kept = np.where(t < -math.sqrt(2.0 * math.log(math.log(n))), t, 0.0)
    highest = np.maximum((moved / width + kept).max(axis=1), 0.0)
    return float((1 + (highest >= max(0.0, t.max())).sum()) / (1 + len(highest)))


def blocks(n: int, rows: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Places of stationary-bootstrap resamples with mean block ``n^(1/3)``, ``(rows, n)``."""
    starts = generator.random((rows, n)) < n ** (-1.0 / 3.0)
    starts[:, 0] = True
    fresh = generator.integers(0, n, (rows, n))
    since = np.arange(n) - np.maximum.accumulate(np.where(starts, np.arange(n), 0), axis=1)
    begun = np.take_along_axis(fresh, np.arange(n) - since, axis=1)
    places: NDArray[np.int64] = (begun + since) % n
    return places


def psr(returns: Floats, hurdle: float) -> float:
    """``Phi((SR - hurdle) sqrt(T - 1) / sqrt(1 - skew SR + (kurt - 1) / 4 SR^2))``, per observation."""
    sharpe = returns.mean() / returns.std(ddof=1)
    skew, kurt = stats.skew(returns), stats.kurtosis(returns, fisher=False)
    width = math.sqrt(1.0 - skew * sharpe + (kurt - 1.0) / 4.0 * sharpe**2)
    return float(stats.norm.cdf((sharpe - hurdle) * math.sqrt(len(returns) - 1) / width))


def effective(matrix: Floats) -> float:
    """``rho + (1 - rho) M`` with the mean correlation of all pairs."""
    m = len(matrix)
    scores = (matrix - matrix.mean(axis=1, keepdims=True)) / matrix.std(axis=1, keepdims=True)
    rho = (float(scores.sum(axis=0).var()) - m) / (m * (m - 1))
    return float(min(m, max(1.0, rho + (1.0 - rho) * m)))


@functools.cache
def expected_maximum(n: float) -> float:
    """``(1 - g) z(1 - 1/N) + g z(1 - 1/(N e))``."""
    return float((1.0 - EULER) * stats.norm.ppf(1.0 - 1.0 / n) + EULER * stats.norm.ppf(1.0 - 1.0 / (n * math.e)))


def daily(trades: Trial, first: int, length: int) -> Floats:
    """R by day over ``length`` days from ``first`` on."""
    found: Floats = np.bincount(trades.day - first, trades.r, length)
    return found


def win_rate(r: Floats) -> float:
    """Wins by trades."""
    return float((r > 0.0).mean())


def profit_factor(r: Floats) -> float:
    """Sum of wins by sum of losses."""
    lost = -float(r[r < 0.0].sum())
    return float(r[r > 0.0].sum()) / lost if lost else math.inf


def drawdown(returns: Floats) -> float:
    """Deepest fall below the running peak, the start counted as one; positive."""
    return float(drawdowns(returns[None, :])[0])


def drawdowns(returns: Floats) -> Floats:
    """The same for every row."""
    equity = np.cumprod(np.hstack((np.ones((len(returns), 1)), 1.0 + returns)), axis=1)
    deepest: Floats = (1.0 - equity / np.maximum.accumulate(equity, axis=1)).max(axis=1)
    return deepest
