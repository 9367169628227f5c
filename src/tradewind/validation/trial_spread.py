"""How far apart the Sharpe ratios of a search's trials are by luck alone."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_PAIR: Final = 2


def luck_variance(sharpe: NDArray[np.float64], observations: NDArray[np.int32]) -> float | None:
    """V of the deflated Sharpe ratio: ``max(mean(SR^2 of SR > 0), mean(1 / (T - 1)))``, per observation squared.

    The hurdle ``sqrt(V) E[max_N]`` is how high the best of N trials gets that lie about 0 for want of skill. Those
    above 0 tell V: a half normal's mean square is the variance of the whole. Generated trials do not lie about 0: each
    loses what its trading costs, some a Sharpe ratio of 1 a day, and the variance of them all is that of their costs,
    although nobody gets higher because others lose more. The second term is the variance that one Sharpe ratio of T
    observations has without skill; luck is never less, however few got above 0.

    Args:
        sharpe: per observation, one a trial, shape ``(n,)``; NaN where undefined, which counts for nothing.
        observations: T of each, shape ``(n,)``.

    Returns:
        None below two known trials with two observations each.
    """
    known = ~np.isnan(sharpe) & (observations >= _PAIR)
    if int(known.sum()) < _PAIR:
        return None
    above = sharpe[known & (sharpe > 0.0)]
    reached = float(above @ above) / above.size if above.size else 0.0
    return max(reached, float((1.0 / (observations[known] - 1.0)).mean()))
