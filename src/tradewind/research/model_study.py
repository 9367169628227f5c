"""What models are worth on many series: folds that walk forward, pooled into one table that is corrected as a whole.

A fold is one test of one kind of model on one series, preceded by its own training. What is kept of it are sums, so
that folds pool exactly and a study goes on from files of a few kilobytes. Skill is held against the commoner label of
each test, which nobody knows beforehand: it is no easier than what trading meets.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from tradewind.errors import Misconfigured
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.conformal import Conformal
from tradewind.research.dataset import DataSet, Slices
from tradewind.research.model_evaluation import Evaluation, Forecasts, acted
from tradewind.research.model_training import Order, Part, TrainedModel, train_model
from tradewind.validation.calibration import reliability
from tradewind.validation.significance import holm
from tradewind.validation.special_functions import normal_cdf
from tradewind.validation.uniqueness import without_overlap

FEWEST_EVENTS: Final = 30
"""Below these the mean result of events is not told from luck by a normal law, and nothing is claimed."""
Z: Final = 1.959963984540054


class StudyFold(msgspec.Struct, frozen=True, kw_only=True):
    """One test: sums over its ``n`` samples, which amount to ``n_eff`` independent ones.

    ``right`` forecasts on the right side of 1/2, ``common`` samples of the commoner label, ``differed`` samples on
    which one of both was right and the other not. ``bins`` are ``(number, sum of p, sum of ups)`` of ten equal widths.
    ``nets`` are the results of events that were acted on and share no bar, in barrier widths and after costs.
    """

    symbol: str
    timeframe: Timeframe
    kind: str
    fold: int
    trained: int
    n: int
    n_eff: float
    right: int
    common: int
    differed: int
    covered: int
    bins: tuple[tuple[int, float, float], ...]
    nets: tuple[float, ...]
    epochs: int
    cpu_seconds: float = 0.0


class StudyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One kind on one series, all folds together. Shares are fractions; None is undefined.

    ``skill`` is accuracy less base rate with its 95% interval, the deviation taken from the differences sample by
    sample and their number from ``n_eff``. ``ece`` is of calibrated probabilities; ``ece_luck`` what a calibrated model
    shows at this ``n_eff``: ``sum_k n_k / n sqrt(2 p (1 - p) / (pi m_k))``, ``m_k`` independent samples in bin k.
    ``net`` is the mean result of an event in barrier widths after costs, with its 95% interval. ``p_`` are one-sided,
    ``holm_`` corrected over all of the table.
    """

    symbol: str
    timeframe: Timeframe
    kind: str
    folds: int
    trained: int
    n: int
    n_eff: float
    accuracy: float
    base_rate: float
    skill: float
    skill_low: float
    skill_high: float
    p_skill: float
    holm_skill: float
    ece: float
    ece_luck: float
    coverage: float
    events: int
    net: float | None
    net_low: float | None
    net_high: float | None
    p_net: float | None
    holm_net: float | None
    cpu_seconds: float


class Study(NamedTuple):
    """Every row, and how many hypotheses the correction was over."""

    rows: tuple[StudyRow, ...]
    hypotheses: int

    def found(self, level: float = 0.05) -> tuple[StudyRow, ...]:
        """Rows whose skill or net result is above 0 after correction."""
        return tuple(one for one in self.rows if min(one.holm_skill, one.holm_net or 1.0) <= level)


def studied_fold(data: DataSet, slices: Slices, cost: float, order: Order, fold: int) -> StudyFold:
    """Trains and tests one fold.

    Raises:
        Misconfigured: as ``train_model``.
    """
    trained = train_model(order, [Part(data, slices, cost)])
    return _summed(data, order, fold, trained, trained.forecasts[0], trained.evaluations[0])


def _summed(
    data: DataSet, order: Order, fold: int, trained: TrainedModel, forecasts: Forecasts, found: Evaluation
) -> StudyFold:
    up = (forecasts.label > 0.0).astype(np.float64)
    right = (forecasts.p_up >= 0.5) == (up > 0.0)
    common = up == float(up.mean() >= 0.5)
    sides = acted(forecasts, Conformal.of(order.alpha, order.gamma, trained.scores))
    chosen = np.flatnonzero(sides)
    events = chosen[without_overlap(forecasts.start[chosen], forecasts.end[chosen])]
    won = np.where(sides[events] == forecasts.label[events], 1.0, -1.0)
    bins = reliability(forecasts.p_up, up)
    return StudyFold(
        symbol=data.features.symbol,
        timeframe=data.features.timeframe,
        kind=order.kind,
        fold=fold,
        trained=trained.sizes[0] + trained.sizes[1],
        n=found.n,
        n_eff=found.n_eff,
        right=int(right.sum()),
        common=int(common.sum()),
        differed=int((right != common).sum()),
        covered=int((sides != 0).sum()),
        bins=tuple((one.n, one.n * one.mean_p, one.n * one.rate) for one in bins),
        nets=tuple((won - forecasts.cost / forecasts.width[events]).tolist()),
        epochs=len(trained.history),
    )


def study(folds: Iterable[StudyFold]) -> Study:
    """Pools folds of the same series and kind; Holm over every skill and every net result that has a chance.

    Raises:
        Misconfigured: a fold twice.
    """
    groups: dict[tuple[str, Timeframe, str], list[StudyFold]] = {}
    for one in folds:
        groups.setdefault((one.symbol, one.timeframe, one.kind), []).append(one)
    for key, group in groups.items():
        if len({one.fold for one in group}) != len(group):
            raise Misconfigured(f"a fold of {' '.join(key)} twice", where="study", allowed="each once")
    rows = [_pooled(group) for group in groups.values()]
    chances = [one.p_skill for one in rows] + [one.p_net for one in rows if one.p_net is not None]
    corrected = iter(holm(chances))
    skilled = [msgspec.structs.replace(one, holm_skill=next(corrected)) for one in rows]
    done = [one if one.p_net is None else msgspec.structs.replace(one, holm_net=next(corrected)) for one in skilled]
    return Study(tuple(done), len(chances))


def _pooled(folds: Sequence[StudyFold]) -> StudyRow:
    first = folds[0]
    n, n_eff = sum(one.n for one in folds), sum(one.n_eff for one in folds)
    right, common = sum(one.right for one in folds), sum(one.common for one in folds)
    skill = (right - common) / n
    spread = max(sum(one.differed for one in folds) / n - skill * skill, 0.0)  # differences are +1, 0, -1
    error = math.sqrt(spread / n_eff)
    nets = np.array([net for one in folds for net in one.nets])
    net, net_low, net_high, p_net = _mean_net(nets)
    ece, luck = _calibration([bin_ for one in folds for bin_ in one.bins], n, n_eff)
    return StudyRow(
        symbol=first.symbol, timeframe=first.timeframe, kind=first.kind, folds=len(folds),
        trained=max(one.trained for one in folds), n=n, n_eff=n_eff, accuracy=right / n, base_rate=common / n,
        skill=skill, skill_low=skill - Z * error, skill_high=skill + Z * error,
        p_skill=1.0 - normal_cdf(skill / error) if error > 0.0 else 1.0, holm_skill=1.0, ece=ece, ece_luck=luck,
        coverage=sum(one.covered for one in folds) / n, events=nets.size, net=net, net_low=net_low, net_high=net_high,
        p_net=p_net, holm_net=None, cpu_seconds=sum(one.cpu_seconds for one in folds),
    )  # fmt: skip


def _mean_net(nets: np.ndarray) -> tuple[float | None, float | None, float | None, float | None]:
    """Mean, 95% interval and chance; the mean alone below ``FEWEST_EVENTS``."""
    if not nets.size:
        return None, None, None, None
    mean = float(nets.mean())
    error = float(nets.std(ddof=1)) / math.sqrt(nets.size) if nets.size >= FEWEST_EVENTS else 0.0
    if error == 0.0:
        return mean, None, None, None
    return mean, mean - Z * error, mean + Z * error, 1.0 - normal_cdf(mean / error)


def _calibration(bins: Sequence[tuple[int, float, float]], n: int, n_eff: float) -> tuple[float, float]:
    """Calibration error of the pooled bins, and what luck makes of a calibrated model."""
    pooled: dict[int, list[float]] = {}
    for number, total_p, ups in bins:
        place = min(int(10.0 * total_p / number + 1e-9), 9)
        held = pooled.setdefault(place, [0.0, 0.0, 0.0])
        for at, value in enumerate((number, total_p, ups)):
            held[at] += value
    error = luck = 0.0
    for held_n, total_p, ups in pooled.values():
        p = total_p / held_n
        error += abs(total_p - ups) / n
        luck += held_n / n * math.sqrt(2.0 * p * (1.0 - p) / (math.pi * max(held_n * n_eff / n, 1.0)))
    return error, luck
