"""How much of the allowed risk a trade deserves: less where it is less sure, never more than the caps.

Kelly's share of a bet that wins ``b`` with probability ``p`` and loses 1 otherwise: f = p - (1 - p) / b. A win rate is
an estimate, so its Wilson lower bound is taken where the trades behind it are known, half of the share is bet, and the
configured risk per trade is the most. Volatility targeting caps the position: leverage = target / yearly volatility.
"""

from __future__ import annotations

import math
from typing import Final

from tradewind.model.decision import Consensus

DECAY: Final = 0.94
"""Weight of the past in the exponential variance of daily returns (RiskMetrics)."""
TRADING_DAYS: Final = 252
LEAST: Final = 0.5
"""Share of the risk taken at the smallest confidence that makes a signal."""


def kelly(p: float, b: float) -> float:
    """p - (1 - p) / b: the share of capital that grows fastest, negative where the bet loses."""
    return p - (1.0 - p) / b


def wilson_low(wins: int, n: int, z: float = 1.959964) -> float:
    """Lower bound of a win rate by Wilson's score interval; NaN without trades."""
    if n == 0:
        return math.nan
    p, zz = wins / n, z * z
    return (p + zz / (2 * n) - z * math.sqrt(p * (1 - p) / n + zz / (4 * n * n))) / (1 + zz / n)


def growth(p: float, b: float) -> float:
    """Expected log growth of a bet at Kelly's share, 0 where the share is not positive."""
    share = kelly(p, b)
    return 0.0 if share <= 0.0 else p * math.log1p(share * b) + (1.0 - p) * math.log1p(-share)


def conviction(consensus: Consensus, least_confidence: float, risk_per_trade: float) -> float:
    """Share of ``risk_per_trade`` a consensus deserves, in [0, 1].

    It grows from ``LEAST`` at ``least_confidence`` to 1 at certainty, and never asks for more than half of Kelly's
    share at the calibrated win probability, whose odds are (1 - breakeven) / breakeven. Where these are unknown it is
    at most ``LEAST``.
    """
    confidence, p, even = consensus.confidence, consensus.win_probability, consensus.breakeven
    share = LEAST
    if confidence is not None and least_confidence < 1.0:
        sure = (confidence - least_confidence) / (1.0 - least_confidence)
        share = LEAST + (1.0 - LEAST) * min(1.0, max(0.0, sure))
    if p is None or even is None or not 0.0 < even < 1.0:
        return min(share, LEAST)
    return max(0.0, min(share, kelly(p, (1.0 - even) / even) / 2.0 / risk_per_trade))


def volatility_leverage(target: float, daily: float) -> float:
    """target / (daily volatility * sqrt(252)): notional per unit of equity that brings ``target`` volatility a year."""
    return target / (daily * math.sqrt(TRADING_DAYS))
