"""What a served model says of bars it was not trained on, and two of them on the same ones."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Unavailable
from tradewind.features.model_inputs import windows_of
from tradewind.predictors.conformal import Conformal
from tradewind.predictors.manifest import Manifest
from tradewind.predictors.seats import Duel, Score
from tradewind.predictors.served import ServedModel
from tradewind.research.dataset import DataSet, Indices
from tradewind.research.model_evaluation import Evaluation, Forecasts, acted, evaluated
from tradewind.validation.paired_promotion import PROMOTES, PairedEvidence
from tradewind.validation.uniqueness import without_overlap

Floats = NDArray[np.float64]
NORMAL_95: Final = 1.96


class Unseen(NamedTuple):
    """A series with what trading it costs, and the span ``[start, end)`` in UTC nanoseconds that is looked at."""

    data: DataSet
    cost: float
    start: int
    end: int

    def samples(self, length: int) -> Indices:
        """Samples whose bar opened from ``start`` on and whose label was known up to ``end``."""
        features = self.data.features
        every = self.data.samples(length)
        known = features.ts_close[self.data.end[every]] <= self.end
        return every[(features.ts_open[every] >= self.start) & known]


def said(model: ServedModel, unseen: Unseen, samples: Indices) -> Forecasts:
    """Calibrated forecasts of ``samples``, each as the service would have made it.

    Raises:
        Unavailable: there are none.
    """
    data = unseen.data
    if not samples.size:
        raise Unavailable(
            f"no labelled bar of {data.features.symbol} {data.features.timeframe} that {model.manifest.version} "
            "did not see",
            where="evaluation",
            next_step="fetch newer candles, or wait for them",
        )
    length = model.predictor.length
    windows = windows_of(model.manifest.scale(data.features.rows), length)[samples - (length - 1)]
    return Forecasts(
        p_up=model.manifest.calibrator(model.predictor.forecasts(windows)),
        label=data.label[samples],
        start=samples,
        end=data.end[samples],
        width=data.width[samples],
        cost=unseen.cost,
        bars=data.label.size,
    )


def conformal_of(manifest: Manifest) -> Conformal:
    """The prediction sets of a version as they are when it begins to serve."""
    gamma = manifest.card.get("order", {}).get("gamma", 0.02)
    return Conformal.of(manifest.alpha, float(gamma), manifest.scores)


def shown(model: ServedModel, forecasts: Forecasts, seed: int = 0) -> Evaluation:
    """Every figure of its forecasts; its prediction sets begin as they were promoted."""
    return evaluated(forecasts, acted(forecasts, conformal_of(model.manifest)), np.random.default_rng(seed))


class Difference(NamedTuple):
    """A mean of paired differences and its 95% limits (normal); None where there is too little of it."""

    n: int
    mean: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, values: Floats) -> Difference:
        """Of one difference an event; limits from two events on."""
        if not values.size:
            return cls(0, None, None, None)
        mean = float(values.mean())
        if values.size < 2:
            return cls(1, mean, None, None)
        half = NORMAL_95 * float(values.std(ddof=1)) / values.size**0.5
        return cls(values.size, mean, mean - half, mean + half)


class Compared(NamedTuple):
    """A duel, and beside its score the paired differences of Brier score (less is better) and net result in widths.

    ``challenger less champion``, on events that share no bar.
    """

    duel: Duel
    brier: Difference
    net_r: Difference


def compared(
    champion: ServedModel,
    challenger: ServedModel,
    unseen: Unseen,
    other: Unseen | None = None,
    *,
    drifted: bool = False,
    looks: int = 1,
) -> Compared:
    """Both models on the same samples of ``unseen``; the score of an event is 1 where right at 1/2, else 0.

    ``other`` are the same bars as the challenger reads them, where that is not as the champion does (news). The
    champion has drifted where ``drifted`` says so, or where it breaks its promise (``breaks_promise``). ``looks``
    counts the versions that were tried on any of these bars, the challenger included.

    Raises:
        Unavailable: there is no sample that both can speak of.
    """
    other = other or unseen
    length = max(champion.predictor.length, challenger.predictor.length)
    samples = np.intersect1d(unseen.samples(length), other.samples(length), assume_unique=True)
    one, two = said(champion, unseen, samples), said(challenger, other, samples)
    sides = [acted(each, conformal_of(model.manifest)) for each, model in ((one, champion), (two, challenger))]
    events = without_overlap(one.start, one.end)
    right = [((each.p_up >= 0.5) == (each.label > 0.0))[events].astype(np.float64) for each in (one, two)]
    evidence = PairedEvidence()
    for step in (right[1] - right[0]).tolist():
        evidence.step(step)
    score = Difference.of(right[1] - right[0])
    gone = drifted or breaks_promise(one, sides[0])
    ts = unseen.data.features.ts_close
    duel = Duel(
        champion=_score(champion, one, sides[0], right[0]),
        challenger=_score(challenger, two, sides[1], right[1]),
        start=int(ts[samples[0]]),
        end=int(ts[one.end[-1]]),
        n=score.n,
        mean=score.mean,
        low=score.low,
        high=score.high,
        of_better=evidence.of_better,
        of_not_worse=evidence.of_not_worse,
        champion_drifted=gone,
        verdict=evidence.promotes(champion_drifted=gone, looks=looks),
        looks=looks,
    )
    up = (one.label > 0.0).astype(np.float64)
    brier = [(each.p_up - up) ** 2 for each in (one, two)]
    net = [np.where(side == 0, 0.0, side * one.label - one.cost / one.width) for side in sides]
    return Compared(duel, Difference.of((brier[1] - brier[0])[events]), Difference.of((net[1] - net[0])[events]))


def net_results(forecasts: Forecasts, sides: Indices) -> Floats:
    """Results of events that were acted on and share no bar, in barrier widths after costs: ``+-1 - cost / width``."""
    chosen = np.flatnonzero(sides)
    events = chosen[without_overlap(forecasts.start[chosen], forecasts.end[chosen])]
    net: Floats = sides[events] * forecasts.label[events] - forecasts.cost / forecasts.width[events]
    return net


def breaks_promise(forecasts: Forecasts, sides: Indices) -> bool:
    """Whether a model hits less often than it says: bets of ``confidence - hit`` on acted events that share no bar.

    ``paired_promotion.PROMOTES`` of evidence decide, so that of models that keep their promise one in twenty is found
    at most, however often it is looked at.
    """
    chosen = np.flatnonzero(sides)
    events = chosen[without_overlap(forecasts.start[chosen], forecasts.end[chosen])]
    sure = np.where(sides[events] > 0, forecasts.p_up[events], 1.0 - forecasts.p_up[events])
    evidence = PairedEvidence()
    for step in (sure - (sides[events] == forecasts.label[events])).tolist():
        evidence.step(step)
    return evidence.of_better >= PROMOTES


def _score(model: ServedModel, forecasts: Forecasts, sides: Indices, right: Floats) -> Score:
    found = evaluated(forecasts, sides, np.random.default_rng(0))
    return Score(
        version=model.manifest.version,
        n=right.size,
        accuracy=float(right.mean()),
        brier=found.brier,
        events=found.selective.n,
        acted_accuracy=found.selective.accuracy,
        net_r=found.selective.net_r,
    )
