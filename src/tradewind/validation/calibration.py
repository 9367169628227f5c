"""Whether probabilities are what they say: calibration error with its noise floor, proper scores, a test.

``p`` float64 ``(n,)`` are probabilities of the event, ``y`` float64 ``(n,)`` is 1 where it happened and 0 where not.
No NaN is taken; None is what too little data gives.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured
from tradewind.validation.special_functions import normal_cdf

Floats = NDArray[np.float64]

BINS: Final = 10
_TINY: Final = 1e-12


class ReliabilityBin(NamedTuple):
    """Predictions of one interval: how many, their mean, and the share that came true."""

    low: float
    high: float
    n: int
    mean_p: float
    rate: float


class NoiseFloor(NamedTuple):
    """Calibration error that calibrated probabilities show by luck: mean, 95% quantile, share below a limit."""

    mean: float
    p95: float
    passing: float


def reliability(p: Floats, y: Floats, bins: int = BINS) -> tuple[ReliabilityBin, ...]:
    """Bins ``[k/b, (k+1)/b)`` of equal width, the last one closed; empty ones are left out."""
    _checked(p, y)
    place = np.minimum((p * bins).astype(np.int64), bins - 1)
    count = np.bincount(place, minlength=bins)
    total_p = np.bincount(place, p, bins)
    total_y = np.bincount(place, y, bins)
    return tuple(
        ReliabilityBin(
            k / bins, (k + 1) / bins, int(count[k]), float(total_p[k] / count[k]), float(total_y[k] / count[k])
        )
        for k in np.flatnonzero(count).tolist()
    )


def reliability_by_mass(p: Floats, y: Floats, bins: int = BINS) -> tuple[ReliabilityBin, ...]:
    """Bins of equally many predictions in the order of ``p``, each from its least to its largest one.

    Of a model whose forecasts all lie near 1/2, bins of equal width show one point.
    """
    _checked(p, y)
    if not p.size:
        return ()
    order = np.argsort(p, kind="stable")
    parts = ((p[part], y[part]) for part in np.array_split(order, min(bins, p.size)))
    return tuple(
        ReliabilityBin(float(said[0]), float(said[-1]), said.size, float(said.mean()), float(true.mean()))
        for said, true in parts
    )


def calibration_error(p: Floats, y: Floats, bins: int = BINS) -> float | None:
    """ECE: ``sum_k n_k / n |mean p - mean y|`` over bins of equal width; None without predictions.

    Guo et al. (2017), for the probability of the event instead of that of the likelier class.
    """
    found = reliability(p, y, bins)
    return sum(one.n * abs(one.mean_p - one.rate) for one in found) / p.size if found else None


def equal_mass_error(p: Floats, y: Floats, bins: int = BINS) -> float | None:
    """The same over bins that hold equally many predictions (in the order of ``p``); None without predictions."""
    found = reliability_by_mass(p, y, bins)
    return sum(one.n * abs(one.mean_p - one.rate) for one in found) / p.size if found else None


def top_label_error(p: Floats, y: Floats, bins: int = BINS) -> float | None:
    """ECE of the likelier class: confidence ``max(p, 1 - p)`` against whether that class came true."""
    _checked(p, y)
    said = p >= 0.5
    return calibration_error(np.where(said, p, 1.0 - p), (said == (y > 0.0)).astype(np.float64), bins)


def brier(p: Floats, y: Floats) -> float | None:
    """``mean (p - y)^2``; None without predictions."""
    _checked(p, y)
    return float(((p - y) ** 2).mean()) if p.size else None


def log_loss(p: Floats, y: Floats) -> float | None:
    """``-mean (y log p + (1 - y) log(1 - p))`` in nats, ``p`` kept 1e-12 off 0 and 1; None without predictions."""
    _checked(p, y)
    if not p.size:
        return None
    safe = np.clip(p, _TINY, 1.0 - _TINY)
    return float(-(y * np.log(safe) + (1.0 - y) * np.log(1.0 - safe)).mean())


def calibration_p(p: Floats, y: Floats) -> float | None:
    """Two-sided p-value that ``p`` are the true probabilities, by Spiegelhalter (1986); valid at any n.

    ``z = sum (y - p)(1 - 2p) / sqrt(sum (1 - 2p)^2 p (1 - p))``. None where every p is 0, 1/2 or 1: nothing to test.
    """
    _checked(p, y)
    tilt = 1.0 - 2.0 * p
    variance = float((tilt**2 * p * (1.0 - p)).sum())
    if variance <= 0.0:
        return None
    z = float(((y - p) * tilt).sum()) / math.sqrt(variance)
    return 2.0 * normal_cdf(-abs(z))


def noise_floor(
    p: Floats, generator: np.random.Generator, limit: float = 0.05, draws: int = 1000, bins: int = BINS
) -> NoiseFloor | None:
    """ECE of outcomes drawn from ``p`` itself: what a perfect model would show at this n. None without predictions."""
    if not p.size:
        return None
    _checked(p, p)
    place = np.minimum((p * bins).astype(np.int64), bins - 1)
    found = np.empty(draws)
    for draw in range(draws):
        off = p - (generator.random(p.size) < p)
        found[draw] = np.abs(np.bincount(place, off, bins)).sum() / p.size
    return NoiseFloor(float(found.mean()), float(np.quantile(found, 0.95)), float((found <= limit).mean()))


def _checked(p: Floats, y: Floats) -> None:
    if p.shape != y.shape or p.ndim != 1 or not (((p >= 0.0) & (p <= 1.0)).all() and ((y >= 0.0) & (y <= 1.0)).all()):
        raise Misconfigured(
            f"{p.shape} probabilities and {y.shape} outcomes, or some outside [0, 1]",
            where="calibration",
            allowed="as many of either, from 0 to 1, no NaN",
        )
