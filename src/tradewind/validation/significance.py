"""How much a count of wins proves: intervals, exact tests, break-even win rates and the price of many looks."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tradewind.errors import Misconfigured
from tradewind.validation.special_functions import beta_cdf, normal_quantile


def wilson(wins: float, n: float, confidence: float = 0.95) -> tuple[float, float] | None:
    """Wilson score interval of a win rate (Wilson 1927); None for no trades.

    Of trades that overlap, ``n`` is what they amount to and ``wins`` their share of it; neither need be whole.
    ``(p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)``, ``z`` the two-sided normal quantile.
    """
    if n <= 0:
        return None
    z = normal_quantile(0.5 + confidence / 2.0)
    p = wins / n
    centre = p + z * z / (2.0 * n)
    half = z * math.sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n))
    scale = 1.0 + z * z / n
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def breakeven_win_rate(payoff: float, cost: float = 0.0) -> float:
    """Win rate at which the expectancy is 0: ``(1 + c) / (1 + R)``.

    ``payoff`` R = average win / average loss; ``cost`` c in average losses, 0 when R is already net of costs.
    """
    return (1.0 + cost) / (1.0 + payoff)


def binomial_p(wins: int, n: int, rate: float) -> float:
    """Exact one-sided ``P(K >= wins)`` for ``K ~ Binomial(n, rate)``; 1 for no trades.

    Uses ``P(K >= k) = I_rate(k, n - k + 1)``, the regularised incomplete beta function.

    Raises:
        Misconfigured: wins above n, or a rate outside [0, 1].
    """
    if not 0 <= wins <= n or not 0.0 <= rate <= 1.0:
        raise Misconfigured(
            f"{wins} wins of {n} against a rate of {rate}", where="binomial_p", allowed="0 <= wins <= n, rate in [0, 1]"
        )
    if wins == 0:
        return 1.0
    return beta_cdf(wins, n - wins + 1, rate)


def bonferroni(p: float, looked_at: int) -> float:
    """The first step of Holm for one candidate out of ``looked_at``: ``min(1, p * looked_at)``.

    Raises:
        Misconfigured: ``looked_at`` below 1.
    """
    if looked_at < 1:
        raise Misconfigured(f"looked_at = {looked_at}", allowed="at least 1, the candidate itself")
    return min(1.0, p * looked_at)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Holm's step-down adjusted p-values, in the order given; the family-wise error stays at the level tested.

    Sorted ascending, ``adjusted[i] = max over j <= i of min(1, (m - j) * p[j])`` (Holm 1979).
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    worst = 0.0
    for rank, i in enumerate(order):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = worst
    return tuple(adjusted)
