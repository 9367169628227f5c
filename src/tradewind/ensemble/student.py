"""Student's t distribution without a statistics library, for the process that decides.

Loading scipy for this one function would cost a running service 15 MiB and a third of a second at every start;
everything that judges strategies uses scipy. Tests hold this function against scipy's.
"""

from __future__ import annotations

import math

from tradewind.kernels.beta_fraction import beta_fraction


def student_cdf(t: float, degrees: float) -> float:
    """``P(T <= t)`` of Student's t with ``degrees`` > 0 degrees of freedom; NaN in, NaN out.

    ``1/2 + sign(t) I_y(1/2, degrees/2) / 2`` with ``y = t^2 / (degrees + t^2)`` (Abramowitz & Stegun 26.7.1); far from
    zero the same by the tail, ``I_{1-y}(degrees/2, 1/2) / 2``, so that neither side loses digits.

    >>> student_cdf(0.0, 5)
    0.5
    """
    if math.isnan(t):
        return math.nan
    square = t * t
    y = square / (degrees + square)
    if y <= 1.5 / (0.5 * degrees + 2.5):
        return 0.5 + math.copysign(0.5, t) * incomplete_beta(0.5, 0.5 * degrees, y)
    tail = 0.5 * incomplete_beta(0.5 * degrees, 0.5, degrees / (degrees + square))
    return 1.0 - tail if t > 0.0 else tail


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function ``I_x(a, b)`` for ``0 <= x <= 1``.

    A continued fraction on the side of the mean where it converges fast, the other side by
    ``I_x(a, b) = 1 - I_{1-x}(b, a)``.
    """
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - incomplete_beta(b, a, 1.0 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    return front * beta_fraction(float(a), float(b), float(x)) / a
