"""Normal and beta distribution of scipy, loaded with the first value asked for: a search asks for none."""

from __future__ import annotations


def normal_cdf(z: float) -> float:
    """``Phi(z)``, the standard normal distribution."""
    from scipy.special import ndtr  # takes as long to load as a search of fifty strategies

    return float(ndtr(z))


def normal_quantile(share: float) -> float:
    """``z`` with ``Phi(z) = share``; infinite at 0 and 1, NaN outside."""
    from scipy.special import ndtri  # as above

    return float(ndtri(share))


def beta_cdf(a: float, b: float, x: float) -> float:
    """``I_x(a, b)``, the regularised incomplete beta function."""
    from scipy.special import betainc  # as above

    return float(betainc(a, b, x))
