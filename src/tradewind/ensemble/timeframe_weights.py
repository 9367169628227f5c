"""Weights of timeframes out of what each of them showed on bars that nobody was fitted on.

``w_t`` is proportional to the one-sided 95% lower bound of the mean result of timeframe ``t``, or 0 where that is
negative; no weight is below ``floor`` or above ``cap``, and all sum to 1. A timeframe with too few results keeps its
weight. Where none has shown anything, all keep theirs: an average over what is known beats a guess.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tradewind.errors import Misconfigured

FLOOR: Final = 0.05
CAP: Final = 0.40
LEAST: Final = 30
"""Results below which a timeframe keeps its weight."""
_NORMAL_95: Final = 1.645


class TimeframeWeight(msgspec.Struct, frozen=True):
    """One timeframe: its weight now and the proposed one, and what that rests on (R, after costs; None: no result)."""

    timeframe: str
    now: float
    proposed: float
    n: int
    mean: float | None
    low: float | None
    why: str


def tuned(
    current: Mapping[str, float], results: Mapping[str, Sequence[float]], floor: float = FLOOR, cap: float = CAP
) -> tuple[TimeframeWeight, ...]:
    """A proposal for each of ``current``, whose weights sum to 1; ``results`` are in R, one an event.

    With fewer timeframes than a cap allows for (one or two at 0.4) the cap is what equal weights would be.

    Raises:
        Misconfigured: no timeframe, weights that do not sum to 1, or a floor that all together exceed 1.
    """
    k = len(current)
    if not k or abs(sum(current.values()) - 1.0) > 1e-9 or not 0.0 <= floor * k <= 1.0 or cap <= 0.0:
        raise Misconfigured(
            f"{k} timeframes of weight {sum(current.values()):g}, floor {floor:g}, cap {cap:g}",
            where="timeframe weights",
            allowed="at least one, weights that sum to 1, a floor of at most 1 / timeframes, a cap above 0",
        )
    shown = {name: _shown(results.get(name, ())) for name in current}
    judged = [name for name in current if shown[name][0] >= LEAST]
    scores = {name: max(0.0, shown[name][2] or 0.0) for name in judged}
    if not any(scores.values()):
        proposed, moved = dict(current), False
    else:
        share = sum(current[name] for name in judged)
        most = max(cap, 1.0 / k, share / len(judged))
        proposed, moved = {**current, **_bounded(scores, share, floor, most)}, True
    return tuple(
        TimeframeWeight(name, current[name], proposed[name], *shown[name], _why(shown[name], name in judged, moved))
        for name in current
    )


def _shown(results: Sequence[float]) -> tuple[int, float | None, float | None]:
    n = len(results)
    if not n:
        return 0, None, None
    mean = math.fsum(results) / n
    if n < 2:
        return n, mean, None
    spread = math.sqrt(math.fsum((one - mean) ** 2 for one in results) / (n - 1) / n)
    return n, mean, mean - _NORMAL_95 * spread


def _bounded(scores: Mapping[str, float], share: float, floor: float, cap: float) -> dict[str, float]:
    """``share`` in proportion to ``scores``; what is out of bounds is set to its bound, the rest shared anew."""
    fixed: dict[str, float] = {}
    least = min(floor, share / len(scores))
    while True:
        free = [name for name in scores if name not in fixed]
        left = share - sum(fixed.values())
        total = sum(scores[name] for name in free)
        found = {name: left * (scores[name] / total if total > 0.0 else 1.0 / len(free)) for name in free}
        above = {name: cap for name, weight in found.items() if weight > cap + 1e-12}
        below = {name: least for name, weight in found.items() if weight < least - 1e-12}
        over = sum(found[name] - cap for name in above)
        under = sum(least - found[name] for name in below)
        out = above if over >= under and above else below
        if not out:
            return {**fixed, **found}
        fixed.update(out)


def _why(shown: tuple[int, float | None, float | None], judged: bool, moved: bool) -> str:
    n, mean, low = shown
    if not judged:
        return f"{n} results, {LEAST} are needed: unchanged"
    if not moved:
        return "no timeframe has shown a gain beyond luck: unchanged"
    return (
        f"mean {mean:+.3f} R, at least {low:+.3f} R" if (low or 0.0) > 0.0 else f"mean {mean:+.3f} R, not beyond luck"
    )
