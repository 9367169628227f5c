"""The continued fraction of the incomplete beta function."""

from __future__ import annotations

from typing import Final

from tradewind.kernels.compiled import compiled

TINY: Final = 1e-300
CLOSE_ENOUGH: Final = 1e-16
STEPS: Final = 400


@compiled
def beta_fraction(a: float, b: float, x: float) -> float:
    """Abramowitz & Stegun 26.5.8 by the method of Lentz (1976), for ``0 < x < 1`` below the mean of the distribution.

    Ends when a step changes nothing that counts, at the latest after ``STEPS``. ``TINY`` stands in for zeros, as Lentz'
    method asks.
    """
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    if not abs(d) > TINY:
        d = TINY
    d = 1.0 / d
    fraction = d
    for m in range(1, STEPS):
        numerator = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        d = 1.0 + numerator * d
        d = 1.0 / (d if abs(d) > TINY else TINY)
        c = 1.0 + numerator / c
        if not abs(c) > TINY:
            c = TINY
        fraction *= c * d
        numerator = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        d = 1.0 + numerator * d
        d = 1.0 / (d if abs(d) > TINY else TINY)
        c = 1.0 + numerator / c
        if not abs(c) > TINY:
            c = TINY
        fraction *= c * d
        if abs(c * d - 1.0) < CLOSE_ENOUGH:
            break
    return fraction
