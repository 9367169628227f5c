"""The recurrences of Wilder, "New Concepts in Technical Trading Systems" (1978), and the Supertrend built on his ATR.

Conventions as in ``recurrences``. Wilder's smoothing of ``x`` over ``n`` is an exponential mean with alpha = 1/n.
"""

from __future__ import annotations

import math

from tradewind.kernels.compiled import compiled, inlined
from tradewind.kernels.opcodes import HEADER
from tradewind.kernels.recurrences import State


@compiled
def relative_strength(state: State, at: int, x: float, n: int, seed: int, flat: float) -> float:
    """RSI = ``100 * G / (G + L)``: Wilder means of the gains and of the losses, seeded by the mean of ``seed`` changes.

    Memory ``[x[t-1], G, L]``. ``flat`` is the answer when price never moved: 0 as in TA-Lib, which reads as oversold,
    so ask the bank for doubt before believing it.
    """
    cell = at + HEADER
    changes = state[at]
    state[at] = changes + 1.0
    change = x - state[cell]
    state[cell] = x
    if changes == 0.0:
        return math.nan
    gain = max(change, 0.0)
    loss = max(-change, 0.0)
    if changes <= seed:
        gain_sum = gain if changes == 1.0 else state[cell + 1] + gain
        loss_sum = loss if changes == 1.0 else state[cell + 2] + loss
        last = changes == seed
        state[cell + 1] = gain_sum / seed if last else gain_sum
        state[cell + 2] = loss_sum / seed if last else loss_sum
    else:
        state[cell + 1] += (gain - state[cell + 1]) / n
        state[cell + 2] += (loss - state[cell + 2]) / n
    if changes < n:
        return math.nan
    total = state[cell + 1] + state[cell + 2]
    return 100.0 * state[cell + 1] / total if total > 0.0 else flat


@compiled
def directional(
    state: State, at: int, high: float, low: float, close: float, n: int, from_first: int, out: int
) -> None:
    """Directional movement: +DI, -DI and ADX into three slots.

    ``+DM = high - high[t-1]`` where that is positive and above ``low[t-1] - low``, else 0; -DM the other way round.
    Wilder sums ``S = S - S/n + x`` of +DM, -DM and the true range start as the plain sum of the first ``n - 1`` moves
    (or, ``from_first``, as ``n`` times the first); ``DI = 100 * S(DM) / S(TR)``, ``DX = 100 * |+DI - -DI| / (+DI +
    -DI)`` and ADX is the Wilder mean of DX, seeded by the mean of its first ``n`` values (or by the first). A bar
    whose DX is 0/0 leaves ADX as it was. DI is known after ``n`` moves, ADX after ``2n - 1``.

    Memory ``[high, low, close, S(+DM), S(-DM), S(TR), ADX]``.
    """
    cell = at + HEADER
    moves = state[at]
    state[at] = moves + 1.0
    up = high - state[cell]
    down = state[cell + 1] - low
    span = max(high, state[cell + 2]) - min(low, state[cell + 2])
    state[cell] = high
    state[cell + 1] = low
    state[cell + 2] = close
    state[out] = math.nan
    state[out + 1] = math.nan
    state[out + 2] = math.nan
    if moves == 0.0:
        return
    plus = up if up > down and up > 0.0 else 0.0
    minus = down if down > up and down > 0.0 else 0.0
    if moves == 1.0:
        times = n if from_first == 1 else 1
        state[cell + 3] = times * plus
        state[cell + 4] = times * minus
        state[cell + 5] = times * span
        state[cell + 6] = 0.0
    else:
        keep = 1.0 if moves < n and from_first == 0 else 1.0 - 1.0 / n
        state[cell + 3] = state[cell + 3] * keep + plus
        state[cell + 4] = state[cell + 4] * keep + minus
        state[cell + 5] = state[cell + 5] * keep + span
    if moves >= n:
        _directional_index(state, cell, moves - n + 1.0, n, from_first, out)


@inlined
def _directional_index(state: State, cell: int, known: float, n: int, from_first: int, out: int) -> None:
    """DI and ADX from the Wilder sums; ``known`` counts the DX values including this one."""
    span = state[cell + 5]
    plus = 100.0 * state[cell + 3] / span if span > 0.0 else 0.0
    minus = 100.0 * state[cell + 4] / span if span > 0.0 else 0.0
    total = plus + minus
    dx = 100.0 * abs(plus - minus) / total if total > 0.0 else math.nan
    state[out] = plus
    state[out + 1] = minus
    if from_first == 1 and known == 1.0:
        state[cell + 6] = 0.0 if math.isnan(dx) else dx
    elif from_first == 0 and known <= n:
        state[cell + 6] += 0.0 if math.isnan(dx) else dx / n
    elif not math.isnan(dx):
        state[cell + 6] += (dx - state[cell + 6]) / n
    if known >= n:
        state[out + 2] = state[cell + 6]


@compiled
def parabolic(state: State, at: int, high: float, low: float, step: float, limit: float) -> float:
    """Parabolic stop and reverse: ``sar += af * (extreme - sar)``.

    ``extreme`` is the best price of the running trade, ``af`` grows by ``step`` with every new extreme up to
    ``limit``. The stop never enters the range of the last two bars. A bar that reaches it reverses: the stop jumps to
    the old extreme and ``af`` starts again. The second bar chooses the first side: short when it made the larger move
    downwards. The value printed is the stop that was in force during the bar. Memory ``[high, low, side, sar,
    extreme, af]``.
    """
    cell = at + HEADER
    state[at] += 1.0
    high_before = state[cell]
    low_before = state[cell + 1]
    state[cell] = high
    state[cell + 1] = low
    if state[at] == 1.0:
        return math.nan
    if state[at] == 2.0:
        down = low_before - low
        side = -1.0 if down > 0.0 and down > high - high_before else 1.0
        state[cell + 2] = side
        state[cell + 3] = low_before if side > 0.0 else high_before
        state[cell + 4] = high if side > 0.0 else low
        state[cell + 5] = step
        high_before = high
        low_before = low
    side = state[cell + 2]
    stop: float = state[cell + 3]
    extreme = state[cell + 4]
    reversed_now = low <= stop if side > 0.0 else high >= stop
    if reversed_now:
        side = -side
        stop = max(extreme, high_before, high) if side < 0.0 else min(extreme, low_before, low)
        extreme = low if side < 0.0 else high
        state[cell + 5] = step
    elif (high > extreme) if side > 0.0 else (low < extreme):
        extreme = high if side > 0.0 else low
        state[cell + 5] = min(state[cell + 5] + step, limit)
    following = stop + state[cell + 5] * (extreme - stop)
    state[cell + 2] = side
    state[cell + 3] = min(following, low_before, low) if side > 0.0 else max(following, high_before, high)
    state[cell + 4] = extreme
    return stop


@compiled
def supertrend(state: State, at: int, middle: float, atr: float, close: float, width: float, out: int) -> None:
    """Supertrend (Seban): a band ``width * atr`` from the middle price that only tightens while the trend holds.

    ``upper = min(middle + width * atr, upper[t-1])`` unless the last close was above it, ``lower`` mirrored. The trend
    turns down when the close falls below the lower band and up when it rises above the upper one; it starts up. Slots:
    the band the trend leans on, and the trend as +1 or -1. Memory ``[upper, lower, side, close]``.
    """
    cell = at + HEADER
    upper = middle + width * atr
    lower = middle - width * atr
    side = 1.0
    if state[at] > 0.0:
        if state[cell] < upper and state[cell + 3] <= state[cell]:
            upper = state[cell]
        if state[cell + 1] > lower and state[cell + 3] >= state[cell + 1]:
            lower = state[cell + 1]
        side = state[cell + 2]
        if side > 0.0 and close < lower:
            side = -1.0
        elif side < 0.0 and close > upper:
            side = 1.0
    state[at] += 1.0
    state[cell] = upper
    state[cell + 1] = lower
    state[cell + 2] = side
    state[cell + 3] = close
    state[out] = lower if side > 0.0 else upper
    state[out + 1] = side
