"""Measures of a series of simple returns per period, normally the daily mark-to-market returns of an equity curve."""

from __future__ import annotations

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Corrupt, Misconfigured
from tradewind.model.instrument import AssetClass
from tradewind.validation.moments import moments
from tradewind.validation.sharpe_evidence import probabilistic_sharpe

Floats = NDArray[np.float64]


class ReturnMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """Measures of returns ``r[0..n-1]`` with ``P = periods_per_year``; None wherever the formula is undefined.

    ``max_drawdown`` is negative or 0; ``drawdown_longest`` counts consecutive periods below the running peak.
    """

    n: int
    periods_per_year: float
    total_return: float
    cagr: float | None
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    max_drawdown: float
    drawdown_longest: int
    calmar: float | None
    ulcer: float
    upi: float | None
    omega: float | None
    skew: float | None
    kurtosis: float | None
    tail_ratio: float | None
    value_at_risk: float | None
    expected_shortfall: float | None
    psr0: float | None


def annualisation(asset_class: AssetClass) -> int:
    """Trading days in a year: 365 for crypto, which never closes, and 252 for everything else."""
    return 365 if asset_class is AssetClass.CRYPTO else 252


def daily_returns(day: NDArray[np.int64], equity: Floats, start_equity: float) -> Floats:
    """Simple return of each trading day, ``equity_last(d) / equity_last(d-1) - 1``, flat days kept.

    Args:
        day: trading-day number of each mark, shape ``(n,)``, never decreasing.
        equity: account equity at each mark, shape ``(n,)``, account currency.
        start_equity: equity before the first mark.

    Raises:
        Corrupt: the arrays differ in length, or the days run backwards.
        Misconfigured: ``start_equity`` is not positive.
    """
    if day.shape != equity.shape or bool(np.any(np.diff(day) < 0)):
        raise Corrupt("equity marks are not in order of their trading day", where="daily_returns")
    if not start_equity > 0.0:
        raise Misconfigured(f"start equity {start_equity!r}", allowed="a positive amount", next_step="set the balance")
    if day.size == 0:
        return np.empty(0)
    last = np.flatnonzero(np.append(np.diff(day) != 0, True))
    closes = np.concatenate(([start_equity], equity[last]))
    returns: Floats = closes[1:] / closes[:-1] - 1.0
    return returns


def drawdowns(returns: Floats) -> Floats:
    """``equity / running peak - 1`` after each period, shape ``(n,)``, at most 0; the start value counts as a peak."""
    equity = np.cumprod(1.0 + returns)
    peak = np.maximum.accumulate(np.concatenate(([1.0], equity)))[1:]
    below: Floats = equity / peak - 1.0
    return below


def longest_run(condition: NDArray[np.bool_]) -> int:
    """Length of the longest run of True; 0 when there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], condition, [False])).astype(np.int8)))
    return int(np.max(edges[1::2] - edges[::2])) if edges.size else 0


def ratio(numerator: float, denominator: float) -> float | None:
    """The quotient, or None where the denominator is 0 or the quotient not finite."""
    if denominator == 0.0:
        return None
    value = numerator / denominator
    return value if math.isfinite(value) else None


def return_metrics(returns: Floats, *, periods_per_year: float) -> ReturnMetrics:
    """All measures of ``returns``, shape ``(n,)``, simple returns per period; zero-return periods count.

    Sharpe = mean / std(ddof=1) * sqrt(P). Sortino = mean / sqrt(mean(min(r, 0)^2)) * sqrt(P), all n in the
    denominator. Calmar = CAGR / |max drawdown|. Ulcer = sqrt(mean(drawdown^2)). Quantiles are linear (type 7).

    Raises:
        Corrupt: a return is not finite or at or below -1.
    """
    r = np.ascontiguousarray(returns, dtype=np.float64)
    if r.size and not bool(np.all(np.isfinite(r)) and np.all(r > -1.0)):
        raise Corrupt("a return is not finite or loses everything", where="return_metrics", allowed="finite, above -1")
    n = int(r.size)
    below = drawdowns(r)
    total = float(np.prod(1.0 + r) - 1.0)
    deepest = float(np.min(below, initial=0.0))
    ulcer = math.sqrt(float(np.mean(below**2))) if n else 0.0
    cagr = float((1.0 + total) ** (periods_per_year / n) - 1.0) if n else None
    gains = float(np.sum(np.maximum(r, 0.0)))
    losses = float(-np.sum(np.minimum(r, 0.0)))
    low, high = (float(q) for q in np.quantile(r, [0.05, 0.95])) if n else (0.0, 0.0)
    shape = moments(r)
    root = math.sqrt(periods_per_year)
    downside = math.sqrt(float(np.mean(np.minimum(r, 0.0) ** 2))) if n else 0.0
    tail = ratio(high, low)
    return ReturnMetrics(
        n=n,
        periods_per_year=periods_per_year,
        total_return=total,
        cagr=cagr,
        volatility=None if shape is None else shape.deviation * root,
        sharpe=None if shape is None else shape.sharpe * root,
        sortino=ratio(float(np.mean(r)) * root, downside) if n else None,
        max_drawdown=deepest,
        drawdown_longest=longest_run(below < 0.0),
        calmar=None if cagr is None else ratio(cagr, abs(deepest)),
        ulcer=ulcer,
        upi=None if cagr is None else ratio(cagr, ulcer),
        omega=ratio(gains, losses),
        skew=None if shape is None else shape.skew,
        kurtosis=None if shape is None else shape.kurtosis,
        tail_ratio=None if tail is None else abs(tail),
        value_at_risk=low if n else None,
        expected_shortfall=float(np.mean(r[r <= low])) if n else None,
        psr0=None if shape is None else probabilistic_sharpe(shape.sharpe, n, shape.skew, shape.kurtosis),
    )
