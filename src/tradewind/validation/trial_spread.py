"""How far apart the Sharpe ratios of a search's trials are by luck alone."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_PAIR: Final = 2


def luck_variance(sharpe: NDArray[np.float64], observations: NDArray[np.int32]) -> float | None:
    """V of the deflated Sharpe ratio: ``max(min(mean(SR^2 of SR > 0), var(SR)), mean(1 / (T - 1)))``.

    The hurdle ``sqrt(V) E[max_N]`` is how high the best of N trials gets that lie about 0 for want of skill. Two things
    besides luck spread the ratios of a search, and each spoils one way to estimate V:

    * Costs. Generated trials do not lie about 0: each loses what its trading costs, some a Sharpe ratio of 1 a day, and
      the variance of them all is that of their costs, although nobody gets higher because others lose more. Those above
      0 tell V without them: a half normal's mean square is the variance of the whole.
    * An edge. Where most trials share one, those above 0 lie about the edge, and their mean square would raise the
      hurdle above every one of them because they are good. The variance (ddof 1) is about their mean and knows nothing
      of it.

    The smaller of the two is the one that is spoilt less. The last term is the variance that one Sharpe ratio of T
    observations has without skill: luck is never less, however few got above 0 and however alike they are.

    Args:
        sharpe: per observation, one a trial, shape ``(n,)``; NaN where undefined, which counts for nothing.
        observations: T of each, shape ``(n,)``.

    Returns:
        Per observation squared; None below two known trials with two observations each.
    """
    known = ~np.isnan(sharpe) & (observations >= _PAIR)
    if int(known.sum()) < _PAIR:
        return None
    reached = sharpe[known]
    above = reached[reached > 0.0]
    spread = min(float(above @ above) / above.size if above.size else 0.0, float(reached.var(ddof=1)))
    return max(spread, float((1.0 / (observations[known] - 1.0)).mean()))
