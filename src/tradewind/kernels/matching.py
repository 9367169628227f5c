"""How a bar meets a bracket: the one definition that broker, shadow book and sweeps share.

The bodies are plain functions, cheap to call from Python; ``bracket_exit_kernel`` and ``bracket_distances_kernel`` are
the same bodies compiled, for use inside other kernels.
"""

from __future__ import annotations

import math
from typing import Final

from tradewind.kernels.compiled import compiled

HOLD: Final = 0
"""The bracket was not met; the position stays open."""
STOP: Final = 1
"""Left at the stop, or at an open beyond it."""
TARGET: Final = 2
"""Left at the target, or at an open beyond it."""
TIME: Final = 3
"""Left at the open because the time stop was reached; given by the callers, never by ``bracket_exit``."""
OPPOSITE: Final = 4
"""Left at the open after a vote for the other side; given by the callers, never by ``bracket_exit``."""


def bracket_exit(
    side: int, open_: float, high: float, low: float, stop: float, target: float
) -> tuple[int, float, bool]:
    """``(code, price, ambiguous)`` of a position of ``side`` (+1 or -1) that was open during the whole bar.

    In this order: open at or beyond the stop -> STOP at the open (a gap is paid in full); stop inside the bar -> STOP
    at the stop; open at or beyond the target -> TARGET at the open; target inside the bar -> TARGET at the target;
    else HOLD with price NaN. So the stop comes first whenever both are touched. ``ambiguous`` is true where bar
    extremes touch both and neither was gapped: only a lower timeframe could tell which came first.

    A NaN stop or target is never met. Prices in quote currency.
    """
    if side > 0:
        stop_gap = open_ <= stop
        stop_hit = low <= stop
        target_gap = open_ >= target
        target_hit = high >= target
    else:
        stop_gap = open_ >= stop
        stop_hit = high >= stop
        target_gap = open_ <= target
        target_hit = low <= target
    if stop_gap:
        return STOP, open_, False
    if stop_hit:
        return STOP, stop, target_hit and not target_gap
    if target_gap:
        return TARGET, open_, False
    if target_hit:
        return TARGET, target, False
    return HOLD, math.nan, False


def bracket_distances(
    entry: float, atr: float, stop_pct: float, stop_atr: float, target_r: float, floor_pct: float
) -> tuple[float, float]:
    """``(stop_distance, target_distance)`` from ``entry``, in price units.

    stop = max(stop_pct * entry, stop_atr * atr, floor_pct * entry); target = target_r * stop. A part with factor 0 is
    switched off, so percent stops carry ``stop_atr = 0`` and never look at the ATR. NaN where the ATR is needed and
    unknown: the caller must not trade then.
    """
    distance = stop_pct * entry
    if stop_atr > 0.0:
        by_range = stop_atr * atr
        if not (by_range <= distance):  # also true for a NaN ATR, which must reach the caller
            distance = by_range
    floor = floor_pct * entry
    if distance < floor:
        distance = floor
    return distance, target_r * distance


def trailed_stop(side: int, stop: float, high: float, low: float, trail: float) -> float:
    """Where a trailing stop stands after a bar: ``trail`` behind its best price, or where it stood if that is nearer.

    Long: ``max(stop, high - trail)``, short: ``min(stop, low + trail)``. It holds from the next bar on, since nobody
    knows whether the best price came before the worst. ``trail`` 0 leaves the stop where it is.
    """
    if trail > 0.0:
        moved = high - trail if side > 0 else low + trail
        if side * (moved - stop) > 0.0:
            return moved
    return stop


bracket_exit_kernel = compiled(bracket_exit)
trailed_stop_kernel = compiled(trailed_stop)
bracket_distances_kernel = compiled(bracket_distances)
