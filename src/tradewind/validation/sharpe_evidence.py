"""How much a Sharpe ratio proves, once the length, the shape and the number of trials behind it are counted.

Every Sharpe ratio ``SR`` here is per observation (not annualised) unless a name says otherwise, ``kurtosis`` is not in
excess (normal = 3), ``n`` is the number of observations. The convention is that of Bailey and Lopez de Prado (2012,
2014): the variance is taken at the *observed* SR, over ``n - 1``. The convention of Lopez de Prado, Lipton and
Zoonekynd (2025), variance at the *benchmark* SR over ``n``, is ``probabilistic_sharpe_at_null``; it gives higher
values for skewed returns and is never mixed with the other.

Undefined is None: fewer than two observations, a number that is not finite, or a variance that is not positive.
"""

from __future__ import annotations

import math
from typing import Final

from tradewind.validation.special_functions import normal_cdf, normal_quantile

EULER_GAMMA: Final = 0.5772156649015329

_MIN_OBSERVATIONS = 2


def sharpe_standard_error(sharpe: float, n: int, skew: float = 0.0, kurtosis: float = 3.0) -> float | None:
    """``SE = sqrt((1 - skew*SR + (kurt - 1)/4 * SR^2) / (n - 1))`` (Bailey and Lopez de Prado 2012, from Mertens)."""
    variance = _variance(sharpe, skew, kurtosis)
    return None if n < _MIN_OBSERVATIONS or variance is None else math.sqrt(variance / (n - 1))


def probabilistic_sharpe(sharpe: float, n: int, skew: float, kurtosis: float, benchmark: float = 0.0) -> float | None:
    """``PSR(SR*) = Phi((SR - SR*) / SE)``: probability that the true Sharpe ratio is above ``benchmark`` SR*.

    Bailey and Lopez de Prado (2012), The Sharpe ratio efficient frontier.
    """
    error = sharpe_standard_error(sharpe, n, skew, kurtosis)
    if error is None or not math.isfinite(benchmark):
        return None
    return normal_cdf((sharpe - benchmark) / error)


def probabilistic_sharpe_at_null(
    sharpe: float, n: int, skew: float, kurtosis: float, benchmark: float = 0.0
) -> float | None:
    """``Phi((SR - SR0) / sqrt((1 - skew*SR0 + (kurt - 1)/4 * SR0^2) / n))``: the variance belongs to the null.

    Lopez de Prado, Lipton and Zoonekynd (2025), How to use the Sharpe ratio.
    """
    variance = _variance(benchmark, skew, kurtosis)
    if n < 1 or variance is None or not math.isfinite(sharpe):
        return None
    return normal_cdf((sharpe - benchmark) / math.sqrt(variance / n))


def expected_maximum(trials: float) -> float | None:
    """``E[max_N] = (1 - g) z(1 - 1/N) + g z(1 - 1/(N e))``: of N independent standard normals, ``g`` Euler's constant.

    N may be fractional, such as an effective number of trials. At N = 1 the maximum is the value itself and the
    answer 0; the approximation, negative close to 1, is not allowed below that. None for N below 1.
    Bailey and Lopez de Prado (2014), The deflated Sharpe ratio.
    """
    if not 1.0 <= trials < math.inf:
        return None
    if trials == 1.0:
        return 0.0
    # z(1 - q) = -z(q), which keeps its digits where 1 - q has none left.
    best = (EULER_GAMMA - 1.0) * normal_quantile(1.0 / trials) - EULER_GAMMA * normal_quantile(1.0 / trials / math.e)
    return max(0.0, best)


def deflated_benchmark(sharpe_variance: float, trials: float) -> float | None:
    """``SR0 = sqrt(V) * E[max_N]``: the Sharpe ratio that the best of N trials without skill is expected to show.

    ``sharpe_variance`` V is the variance of the Sharpe ratios of trials without skill, per observation squared.
    """
    best = expected_maximum(trials)
    if best is None or not 0.0 <= sharpe_variance < math.inf:
        return None
    return math.sqrt(sharpe_variance) * best


def deflated_sharpe(
    sharpe: float, n: int, skew: float, kurtosis: float, *, sharpe_variance: float, trials: float
) -> float | None:
    """``DSR = PSR(SR0)`` with ``SR0 = sqrt(V) * E[max_N]`` (Bailey and Lopez de Prado 2014).

    Args:
        sharpe: observed Sharpe ratio of the chosen trial, per observation.
        n: observations behind it.
        skew: population skew of its returns.
        kurtosis: population kurtosis, normal = 3.
        sharpe_variance: variance V of the Sharpe ratios of trials without skill, per observation squared.
        trials: number N of independent trials: the effective number, from every trial ever looked at.
    """
    hurdle = deflated_benchmark(sharpe_variance, trials)
    return None if hurdle is None else probabilistic_sharpe(sharpe, n, skew, kurtosis, hurdle)


def minimum_track_record(
    sharpe: float, benchmark: float = 0.0, skew: float = 0.0, kurtosis: float = 3.0, confidence: float = 0.95
) -> float | None:
    """``MinTRL = 1 + (1 - skew*SR + (kurt - 1)/4 * SR^2) * (z / (SR - SR*))^2`` observations.

    The shortest record that shows at this confidence that the true Sharpe ratio is above the benchmark; None where the
    observed one is not above it, as then no length is enough. Bailey and Lopez de Prado (2012).
    """
    variance = _variance(sharpe, skew, kurtosis)
    ahead = sharpe - benchmark
    if variance is None or not 0.0 < ahead < math.inf or not 0.0 < confidence < 1.0:
        return None
    reach = normal_quantile(confidence) / ahead
    length = 1.0 + variance * reach * reach
    return length if math.isfinite(length) else None


def minimum_backtest_years(annual_sharpe: float, trials: float) -> float | None:
    """``MinBTL = (E[max_N] / SR)^2`` years, SR annual.

    A shorter backtest is expected to show this Sharpe ratio as the best of N trials without skill. None where SR is
    not positive. Bailey, Borwein, Lopez de Prado and Zhu (2014), Pseudo-mathematics and financial charlatanism.
    """
    best = expected_maximum(trials)
    if best is None or not 0.0 < annual_sharpe < math.inf:
        return None
    ratio = best / annual_sharpe
    years = ratio * ratio
    return years if math.isfinite(years) else None


def luck_hurdle(years: float, trials: float) -> float | None:
    """``E[max_N] / sqrt(years)``: annual Sharpe ratio the best of N trials without skill is expected to show."""
    best = expected_maximum(trials)
    if best is None or not 0.0 < years < math.inf:
        return None
    hurdle = best / math.sqrt(years)
    return hurdle if math.isfinite(hurdle) else None


def _variance(sharpe: float, skew: float, kurtosis: float) -> float | None:
    """``1 - skew*SR + (kurt - 1)/4 * SR^2``, or None where that is not a positive number."""
    variance = 1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe
    return variance if 0.0 < variance < math.inf else None
