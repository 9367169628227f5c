"""Labels of the triple-barrier method: which of two prices a market meets first, and when that was known.

After Lopez de Prado, Advances in Financial Machine Learning (2018), chapter 3. The barriers are in shares of the entry
and usually a multiple of the volatility known at the entry, so that a label means the same in calm and in storm.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured
from tradewind.kernels.barriers import first_barriers

Floats = NDArray[np.float64]


class BarrierLabels(NamedTuple):
    """What became of an entry at each close.

    ``label`` float64 ``(n,)``: +1 the upper barrier first, -1 the lower one, NaN unresolved (never 0). ``end`` int64
    ``(n,)``: index of the bar at whose close the label was known; for an entry whose time ran out the last bar it
    looked at, although its label is NaN; -1 where the bars end before it is decided, or where there is no barrier.
    """

    label: Floats
    end: NDArray[np.int64]

    @property
    def resolved(self) -> NDArray[np.bool_]:
        """Entries with a label."""
        return ~np.isnan(self.label)


def barrier_labels(
    high: Floats, low: Floats, close: Floats, up: Floats, down: Floats, horizon: int, side: int = 1
) -> BarrierLabels:
    """The first of ``close[i] (1 + up[i])`` and ``close[i] (1 - down[i])`` that bars ``i + 1 .. i + horizon`` touch.

    Where one bar touches both, nobody knows which came first and the stop of ``side`` counts: -1 for +1, +1 for -1.

    Args:
        high, low, close: prices, shape ``(n,)``, no NaN.
        up, down: widths as shares of the entry, shape ``(n,)``; NaN, 0 or less: no barrier, label NaN.
        horizon: bars after which the time runs out.
        side: +1 labels for buyers, -1 for sellers.

    Raises:
        Misconfigured: shapes that differ, a horizon below 1, a side that is neither +1 nor -1.
    """
    if not (high.shape == low.shape == close.shape == up.shape == down.shape and close.ndim == 1):
        raise Misconfigured(
            "arrays of different lengths", where="barrier_labels", allowed="high, low, close, up, down of shape (n,)"
        )
    if horizon < 1 or side not in (1, -1):
        raise Misconfigured(
            f"horizon {horizon}, side {side}", where="barrier_labels", allowed="horizon at least 1, side +1 or -1"
        )
    label = np.empty(close.size)
    end = np.empty(close.size, np.int64)
    first_barriers(high, low, close, up, down, horizon, side, label, end)
    return BarrierLabels(label, end)


def recent_volatility(close: Floats, span: int) -> Floats:
    """Exponentially weighted deviation of log returns, ``sqrt(EMA_span(r^2))``, per bar; shape ``(n,)``.

    ``EMA`` has weight ``2 / (span + 1)`` and starts at the first return; NaN for the first ``span`` bars. Value ``i``
    uses closes up to ``i`` only.

    Raises:
        Misconfigured: a span below 1, or a price that is not above 0.
    """
    if span < 1 or not (close > 0.0).all():
        raise Misconfigured(
            f"span {span} over {close.size} closes", where="recent_volatility", allowed="span >= 1, prices above 0"
        )
    from scipy.signal import lfilter  # takes as long to load as a search of fifty strategies

    found = np.full(close.size, np.nan)
    squares = np.diff(np.log(close)) ** 2
    if squares.size >= span:
        weight = 2.0 / (span + 1.0)
        smooth, _ = lfilter([weight], [1.0, weight - 1.0], squares, zi=[(1.0 - weight) * squares[0]])
        found[span:] = np.sqrt(smooth[span - 1 :])
    return found
