"""What a simulated market does on its own: regimes, volatility clustering, the hours of the day.

None of it can be traded: every regime has mean zero. ``trend`` and ``range`` say how strongly a planted edge acts in
them; a drift of their own would be an edge nobody asked for.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.model.timeframe import HOUR, Timeframe

Floats = NDArray[np.float64]

_CLUSTER_CAP: Final = 25.0


class Regime(msgspec.Struct, frozen=True):
    """A state of the market: ``volatility`` and ``spread`` multiply the normal ones.

    ``following`` weighs a planted breakout or trend edge in this regime, ``reverting`` a planted reversion.
    """

    name: str
    volatility: float
    spread: float
    following: float
    reverting: float


REGIMES: Final = tuple(
    Regime(f"{activity} {shape}", volatility, spread, following, reverting)
    for activity, volatility, spread in (("calm", 0.65, 0.9), ("normal", 1.0, 1.0), ("volatile", 1.6, 1.5))
    for shape, following, reverting in (("trend", 1.0, 0.5), ("range", 0.5, 1.0))
)


def transitions(activity_bars: float = 150.0, shape_bars: float = 250.0) -> tuple[tuple[float, ...], ...]:
    """Transition matrix of ``REGIMES`` from the mean length of an activity and of a shape, in bars.

    The two chains are independent, so the matrix is their Kronecker product. Calm and volatile meet only through
    normal; a normal stretch ends in calm with 60% and in volatile with 40%.
    """
    out = 1.0 / activity_bars
    activity = np.array([[1 - out, out, 0.0], [0.6 * out, 1 - out, 0.4 * out], [0.0, out, 1 - out]])
    turn = 1.0 / shape_bars
    shape = np.array([[1 - turn, turn], [turn, 1 - turn]])
    return tuple(tuple(float(p) for p in row) for row in np.kron(activity, shape))


def regime_path(
    matrix: tuple[tuple[float, ...], ...], first: int, bars: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Regime number of every bar, shape ``(bars,)``; one uniform draw a bar."""
    cumulative = np.cumsum(np.array(matrix), axis=1)
    draws = generator.random(bars)
    path = np.empty(bars, dtype=np.int64)
    state, begun = first, 0
    while begun < bars:
        # Everything up to the first draw that leaves the state is the same state.
        low = cumulative[state, state - 1] if state else 0.0
        rest = draws[begun:]
        leaves = np.flatnonzero((rest < low) | (rest >= cumulative[state, state]))
        length = int(leaves[0]) if leaves.size else bars - begun
        path[begun : begun + length] = state
        begun += length
        if begun < bars:
            state = min(int(np.searchsorted(cumulative[state], draws[begun], side="right")), len(matrix) - 1)
            path[begun] = state
            begun += 1
    return path


def clustered_variance(shocks: Floats, alpha: float, beta: float) -> Floats:
    """GARCH(1,1) variance factor before each bar, shape ``(n,)``, mean 1 (Bollerslev 1986).

    ``h[t+1] = (1 - alpha - beta) + (alpha * shock[t]^2 + beta) * h[t]`` with unit-variance shocks, ``h[0] = 1``.
    """
    floor = 1.0 - alpha - beta
    factors = []
    h = 1.0
    for square in np.square(shocks).tolist():
        factors.append(h)
        h = min(floor + (alpha * square + beta) * h, _CLUSTER_CAP)
    return np.array(factors)


_FX_VOLATILITY: Final = (
    0.6, 0.7, 0.7, 0.6, 0.6, 0.7, 0.9, 1.3, 1.3, 1.1, 1.0, 1.0,
    1.2, 1.5, 1.6, 1.5, 1.2, 0.9, 0.8, 0.7, 0.6, 0.5, 0.5, 0.5,
)  # fmt: skip
_FX_SPREAD: Final = (
    1.3, 1.2, 1.2, 1.2, 1.2, 1.2, 1.1, 1.0, 1.0, 1.0, 1.0, 1.0,
    1.0, 1.0, 1.0, 1.0, 1.0, 1.1, 1.2, 1.3, 1.6, 4.0, 2.5, 1.5,
)  # fmt: skip
_CRYPTO_VOLATILITY: Final = (
    1.0, 0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 0.9, 1.0, 1.0, 1.0, 1.0,
    1.1, 1.3, 1.4, 1.3, 1.2, 1.1, 1.0, 1.0, 1.0, 0.9, 0.9, 1.0,
)  # fmt: skip


def hour_tables(calendar: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """``(volatility, spread)`` factors by UTC hour, 24 each: Asia quiet, London and New York busy, 17:00 NY dear."""
    if calendar == "crypto":
        return _CRYPTO_VOLATILITY, (1.0,) * 24
    return _FX_VOLATILITY, _FX_SPREAD


def by_hour(table: tuple[float, ...], ts_open: NDArray[np.int64], timeframe: Timeframe) -> Floats:
    """Root mean square of a 24-hour table over the hours a bar covers, shape ``(n,)``, scaled to a daily mean of 1."""
    squares = np.square(np.array(table))
    squares /= squares.mean()
    hours = max(1, timeframe.ns // HOUR)
    first = (ts_open // HOUR) % 24
    covered = np.mean([squares[(first + ahead) % 24] for ahead in range(hours)], axis=0)
    root: Floats = np.sqrt(covered)
    return root
