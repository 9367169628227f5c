"""What the news are worth to a model: the same samples, trained with their channels and without them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured
from tradewind.features.feature_set import FeatureSet
from tradewind.features.input_schema import NEWS, InputSchema
from tradewind.research.model_evaluation import Evaluation, Forecasts
from tradewind.research.model_training import Part

Z: Final = 1.959964
"""Two-sided 95% of the normal distribution."""


class Ablation(msgspec.Struct, frozen=True, kw_only=True):
    """One symbol's test samples, forecast with the news and without.

    ``gain`` is the difference of the accuracies, with less without, a share; ``low`` and ``high`` its 95% limits from
    the paired differences, counted as ``n_eff`` independent ones. ``brier_gain`` is that of the Brier scores.
    """

    symbol: str
    n: int
    n_eff: float
    with_news: Evaluation
    without: Evaluation
    gain: float
    low: float
    high: float
    brier_gain: float


def without_news(part: Part) -> Part:
    """The same samples and slices, without the channels that read the news."""
    features = part.data.features
    kept = [number for number, one in enumerate(features.schema.channels) if not {*one.over, *one.under} & set(NEWS)]
    schema = InputSchema(
        features.schema.timeframe,
        features.schema.higher,
        tuple(features.schema.channels[number] for number in kept),
        features.schema.seeding,
    )
    rows = np.ascontiguousarray(features.rows[:, kept])
    bare = FeatureSet(features.symbol, schema, features.ts_open, features.ts_close, rows)
    return part._replace(data=part.data._replace(features=bare))


def ablation(
    symbols: Sequence[str],
    told: Sequence[tuple[Forecasts, Evaluation]],
    bare: Sequence[tuple[Forecasts, Evaluation]],
) -> tuple[Ablation, ...]:
    """The comparison by symbol of forecasts with the news (``told``) and without (``bare``).

    Raises:
        Misconfigured: they are not of the same samples.
    """
    found = []
    for symbol, (one, with_news), (two, without) in zip(symbols, told, bare, strict=True):
        if not (np.array_equal(one.start, two.start) and np.array_equal(one.label, two.label)):
            raise Misconfigured("forecasts of other samples", where=f"ablation of {symbol}", allowed="the same ones")
        difference = _right(one) - _right(two)
        gain = float(difference.mean())
        margin = Z * float(difference.std()) / math.sqrt(max(with_news.n_eff, 1.0))
        found.append(
            Ablation(
                symbol=symbol,
                n=with_news.n,
                n_eff=with_news.n_eff,
                with_news=with_news,
                without=without,
                gain=gain,
                low=gain - margin,
                high=gain + margin,
                brier_gain=(without.brier or 0.0) - (with_news.brier or 0.0),
            )
        )
    return tuple(found)


def _right(one: Forecasts) -> NDArray[np.float64]:
    """1 where the forecast at 1/2 met the label."""
    met: NDArray[np.bool_] = (one.p_up >= 0.5) == (one.label > 0.0)
    return met.astype(np.float64)
