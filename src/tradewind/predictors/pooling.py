"""What several models say together."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tradewind.errors import Misconfigured

_TINY = 1e-6


def pooled(probabilities: Sequence[float], weights: Sequence[float]) -> float:
    """``sigmoid(sum(w logit(p)) / sum(w))``: the logarithmic pool (Genest and Zidek 1986), the weights their shares.

    It lies between the least and the greatest of them, it is theirs where they agree, and turning every probability
    over turns it over. p is kept 1e-6 away from 0 and 1. NaN where one of them is NaN.

    Raises:
        Misconfigured: nobody, as many weights as probabilities not given, or weights below 0 or all 0.
    """
    total = math.fsum(weights)
    if not probabilities or len(probabilities) != len(weights) or min(weights) < 0.0 or not total > 0.0:
        raise Misconfigured(f"{len(probabilities)} probabilities, weights {list(weights)}", where="pooled")
    safe = [min(1.0 - _TINY, max(_TINY, p)) if p == p else math.nan for p in probabilities]
    z = math.fsum(w * math.log(p / (1.0 - p)) for p, w in zip(safe, weights, strict=True)) / total
    return 1.0 / (1.0 + math.exp(-z))
